"""Keeps what the script of the service number knows of SKPDs as new as the store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.agi.skpd_snapshot import MOST_DISPATCHES, Snapshot, department, encode
from gateway.telephony.render import replace_if_changed
from gateway.watch.waking import looking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.alarms import Alarms
    from ticketing.ports import Store
    from ticketing.timeline import Entry

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
        await looking(self.look, self._woken, "skpds_not_told")

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
