"""One board for all who look: made at most a few times a second, and never older than what its asker has heard.

Each screen fetches the board whenever the feed tells of something. Made for each of fifty screens at each of ten
events a second it would take the gateway's whole time, and the recorder of tickets lives in the same process.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

PAUSE_S: Final = 0.25
_GOOD_FOR_S: Final = 1.0  # without news: ages and phones go on


class _Made(NamedTuple):
    html: str
    seq: int
    at: float


@dataclass(slots=True)
class _Kind:
    """The board as one kind of visitor has it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    made: _Made | None = None


@dataclass(slots=True)
class SharedBoard:
    """Keeps what was made last, for each kind of visitor."""

    last_seq: Callable[[], Awaitable[int]]
    pause_s: float = PAUSE_S
    _kinds: dict[Hashable, _Kind] = field(default_factory=dict)

    async def html(self, kind: Hashable, heard: int, make: Callable[[], Awaitable[str]]) -> str:
        """Give the board with everything up to the entry `heard`; those who ask meanwhile are given the same.

        `kind` is everything that makes a difference between visitors; there are few.
        """
        mine = self._kinds.setdefault(kind, _Kind())
        async with mine.lock:
            now = asyncio.get_running_loop().time
            if mine.made is None or mine.made.seq < heard or now() - mine.made.at > _GOOD_FOR_S:
                if mine.made is not None:
                    await asyncio.sleep(mine.made.at + self.pause_s - now())
                # Read first: whatever comes after it makes the next one.
                seq = await self.last_seq()
                mine.made = _Made(await make(), seq, now())
            return mine.made.html
