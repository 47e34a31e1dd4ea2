from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.databases import new_store
from tests.ticketing.evidence import MORNING
from tests.ticketing.room import SetClock, Told
from ticketing.desk import TicketDesk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ticketing.store import SqliteStore


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "siaga112.sqlite3"


@pytest.fixture
async def store(database: Path) -> AsyncIterator[SqliteStore]:
    store = await new_store(database)
    yield store
    await store.close()


@pytest.fixture
def clock() -> SetClock:
    return SetClock(MORNING)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def desk(store: SqliteStore, clock: SetClock, told: Told) -> TicketDesk:
    return TicketDesk(store, clock, told, ZoneInfo("Asia/Makassar"))
