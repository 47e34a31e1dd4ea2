"""Keeps what the script of the service number knows of SKPDs as new as the store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from gateway.skpd_snapshot import MOST_DISPATCHES, Snapshot, department, encode
from gateway.telephony.render import replace_if_changed
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.watch.alarms import Alarms
    from ticketing.ports import Store
    from ticketing.timeline import Entry

log = structlog.get_logger()

# SKPDs, their lines and PINs are changed by the command line as well, which tells nobody.
_LOOK_EVERY_S: Final = 2.0
_AT_MOST_EVERY_S: Final = 0.5
_ALARM: Final = "skpd-snapshot"


@dataclass(slots=True)
class SkpdWatch:
    """A Publisher (ticketing.ports) that wakes up at each dispatch's news, and looks now and then."""

    store: Store
    alarms: Alarms
    file: Path
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, news: Sequence[Entry]) -> None:
        """Take committed entries; never waits."""
        if any(entry.type.startswith("dispatch_") for entry in news):
            self._woken.set()

    async def run(self) -> None:
        """Keep it for ever."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except Siaga112Error as error:  # the store, which says so itself
                log.warning("skpds_not_told", reason=str(error))
            # What happens together is looked at together: nobody on a telephone hears half a second.
            await asyncio.sleep(_AT_MOST_EVERY_S)
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Write what the store says, where it says something new; raise StoreUnusable."""
        departments = [
            department(skpd, await self.store.dispatches_open(skpd.code, MOST_DISPATCHES))
            for skpd in await self.store.skpds()
        ]
        try:
            await asyncio.to_thread(replace_if_changed, self.file, encode(Snapshot(tuple(departments))))
        except OSError as error:
            self.alarms.raise_(_ALARM, f"officers who report by telephone hear what is no longer so: {error.strerror}")
        else:
            self.alarms.clear(_ALARM)
