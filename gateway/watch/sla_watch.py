"""Has breaches put on record at the instant at which they happen, or at the first one at which we look again."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from ticketing.commands import NoteBreaches
from ticketing.errors import Siaga112Error
from ticketing.events import TicketOpened
from ticketing.sla import SOP_TARGETS, Targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketing.desk import TicketDesk
    from ticketing.ports import Clock
    from ticketing.timeline import Entry

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 1.0
# The due instant itself is still in time.
_AFTER_DUE: Final = timedelta(milliseconds=1)


@dataclass(slots=True)
class DueInstants:
    """A Publisher (ticketing.ports) that learns from new tickets when their clocks run out.

    It only makes the watch punctual: what it does not know of is found within a second all the same.
    """

    targets: Targets = SOP_TARGETS
    _due: list[datetime] = field(default_factory=list)

    def publish(self, news: Sequence[Entry]) -> None:
        """Remember both due instants of each ticket that was opened."""
        for entry in news:
            if entry.type == TicketOpened.type:
                answered_at = datetime.fromisoformat(str(entry.body["answered_at"]))
                heapq.heappush(self._due, answered_at + self.targets.on_progress + _AFTER_DUE)
                heapq.heappush(self._due, answered_at + self.targets.close + _AFTER_DUE)

    def seconds_until_next(self, now: datetime) -> float:
        """How long to wait from `now`: to the next due instant, a second at most. What is past is forgotten."""
        while self._due and self._due[0] <= now:
            heapq.heappop(self._due)
        if not self._due:
            return _LOOK_EVERY_S
        return min((self._due[0] - now) / timedelta(seconds=1), _LOOK_EVERY_S)


@dataclass(slots=True)
class SlaWatch:
    """See the module."""

    desk: TicketDesk
    clock: Clock
    due: DueInstants
    failing: bool = False

    async def run(self) -> None:
        """Look for ever. The waiting is monotonic: a stepped wall clock delays a look by a second at most."""
        while True:
            noted = await self._look()
            # There may be more than one look puts on record: after a long time down, say.
            if not noted:
                await asyncio.sleep(self.due.seconds_until_next(self.clock.now()))

    async def _look(self) -> bool:
        """Look once; say whether there was something. A store that refuses is asked again."""
        try:
            noted = await self.desk.handle(NoteBreaches())
        except Siaga112Error as error:
            if not self.failing:
                log.error("breaches_not_noted", reason=str(error))
            self.failing = True
            return False
        self.failing = False
        return bool(noted)
