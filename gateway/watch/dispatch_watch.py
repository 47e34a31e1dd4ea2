"""Alarms while an incident has been sent to nobody: every line of an SKPD was rung, and nobody accepted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from ticketing.dispatch import DispatchState, last_of_each
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.alarms import Alarms
    from ticketing.dispatch import Dispatch
    from ticketing.ports import Store
    from ticketing.timeline import Entry

log = structlog.get_logger()

_TELLING: Final = frozenset(
    {"status_turned", "dispatch_requested", "dispatch_accepted", "dispatch_failed", "dispatch_updated"}
)
_AGAIN_S: Final = 2.0
_AT_MOST_EVERY_S: Final = 0.5
_NAME: Final = "dispatch."


def unanswered(dispatches: Iterable[Dispatch]) -> tuple[Dispatch, ...]:
    """Give those of a ticket's dispatches that failed, and after which nobody was asked: the last of each SKPD's."""
    return tuple(one for one in last_of_each(dispatches) if one.state is DispatchState.FAILED)


@dataclass(slots=True)
class DispatchWatch:
    """A Publisher (ticketing.ports) that wakes up at what concerns it, and asks the store how things stand."""

    store: Store
    alarms: Alarms
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _told: frozenset[str] = frozenset()

    def publish(self, news: Sequence[Entry]) -> None:
        """Take committed entries; never waits."""
        if any(entry.type in _TELLING for entry in news):
            self._woken.set()

    async def run(self) -> None:
        """Watch for ever; first what stands from before the start."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except Siaga112Error as error:  # the store, which says so itself
                log.warning("dispatches_not_watched", reason=str(error))
                await asyncio.sleep(_AGAIN_S)
                continue
            # What happens together is looked at together: a look costs as much as there are open tickets.
            await asyncio.sleep(_AT_MOST_EVERY_S)
            await self._woken.wait()

    async def look(self) -> None:
        """Raise an alarm for each dispatch that failed and stands, and clear those that do not; raise StoreUnusable."""
        texts = {
            f"{_NAME}{one.id}": f"ticket {number}: no line of {one.skpd} has accepted; try again, or another SKPD"
            for number, dispatches in (await self.store.dispatches_of_open_tickets()).items()
            for one in unanswered(dispatches)
        }
        for name in self._told - texts.keys():
            self.alarms.set(name, None)
        for name, text in texts.items():
            self.alarms.set(name, text, grave=True)
        self._told = frozenset(texts)
