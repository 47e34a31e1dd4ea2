from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateway.web_desk import Room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    from tests.gateway.web_desk import open_room  # noqa: PLC0415

    async with open_room(tmp_path) as one:
        yield one
