"""Who sits at the desk, for the pages: asked of Asterisk, and not more often than it can change on a screen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from gateway.web.pages.views import Seats

if TYPE_CHECKING:
    from gateway.dispatching.roster import Roster

GOOD_FOR_S: Final = 0.5


@dataclass(slots=True)
class AskedSeats:
    """Asks the roster, and gives the last answer again for a moment: fifty boards are one question."""

    roster: Roster
    _last: tuple[float, Seats | None] | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self) -> Seats | None:
        """Whose phone can be rung, and who is free; None when Asterisk does not say."""
        async with self._lock:
            time = asyncio.get_running_loop().time
            if self._last is None or time() - self._last[0] > GOOD_FOR_S:
                seats = await self._ask()
                # As old as its answer: while Asterisk is slow, all who wait share one question.
                self._last = (time(), seats)
            return self._last[1]

    async def _ask(self) -> Seats | None:
        try:
            desk = await self.roster.desk()
        except (AmiUnavailable, AmiRefused):
            return None
        return Seats(desk.reachable, desk.free, desk.ringing)
