"""Journals are rotated under load, and every call that SIPp made is in the ledger, and in the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from bench.sipp import Citizen, Pickup, citizens
from gateway.facts.call_facts import CallArrived, CallEnded, CallerConnected, from_cel, from_queue_log
from gateway.ledger.journal import journal_files
from gateway.process.clock import SystemClock
from tests.telephony.line import SITE, Line, eventually
from tests.ticketing.room import Told
from ticketing.commands import AddTaker
from ticketing.desk import TicketDesk
from ticketing.model import Taker
from ticketing.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Small enough that both journals are rotated several times within the seconds of this story.
SMALL_JOURNALS = "[storage]\nrotate_journals_mb = 0.01\n"
CALLS, PER_SECOND = 240, 40
TAKERS = {str(extension): f"secret{extension}" for extension in range(201, 231)}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    prepared = Line.prepared(tmp_path)
    (tmp_path / "siaga112.toml").write_text(SITE + SMALL_JOURNALS)
    prepared.logins.update(TAKERS)
    # At once, and not by thirty commands.
    asyncio.run(sign_everybody_in(f"sqlite+aiosqlite:///{tmp_path}/siaga112.sqlite3"))
    prepared.start()
    try:
        yield prepared
    finally:
        prepared.stop()


async def sign_everybody_in(database: str) -> None:
    store = await open_store(database)
    desk = TicketDesk(store, SystemClock(), Told(), ZoneInfo("Asia/Makassar"))
    for extension, password in TAKERS.items():
        await desk.handle(AddTaker(Taker(extension, f"Petugas {extension}", password, signed_in=True)))
    await store.close()


def lines_of(journal: Path) -> list[str]:
    return [line for file in journal_files(journal) for line in file.read_text().splitlines()]


def test_no_call_is_lost_while_both_journals_are_rotated_under_load(line: Line) -> None:
    queue_log, cel = line.home / "journals/queue_log", line.home / "journals/cel-custom/cel.json"
    with (
        line.staffed(*TAKERS, pickup=Pickup(rings_ms=10)),
        citizens(line.sip, Citizen(talk_ms=200), calls=CALLS, per_second=PER_SECOND) as callers,
    ):
        callers.finish()
    assert min(len(journal_files(queue_log)), len(journal_files(cel))) >= 3
    told = [from_cel(text) for text in lines_of(cel)]
    arrived = {fact.call for fact in told if isinstance(fact, CallArrived)}
    # SIPp's own count: each of its calls was answered, or `finish` would have failed.
    assert len(arrived) == CALLS
    assert {fact.call for fact in told if isinstance(fact, CallEnded)} >= arrived
    connected = [from_queue_log(text) for text in lines_of(queue_log)]
    assert {fact.call for fact in connected if isinstance(fact, CallerConnected)} == arrived
    eventually(lambda: line.health()["journal_lag_s"] == 0 and not [one for one in line.calls() if not one["ended_at"]])
    calls = line.calls()
    assert {call["id"] for call in calls} == arrived
    assert len({call["ticket"] for call in calls if call["outcome"] == "answered"}) == CALLS
    assert line.health()["unreadable"] == 0
