"""Keeps what the caller-ID script knows of marked numbers as new as the tickets, and counts those to be looked at."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.agi.nuisance_snapshot import encode, snapshot
from gateway.telephony.render import replace_if_changed
from gateway.watch.waking import looking
from ticketing.events import CallerIdentified, StatusTurned, TicketTriaged
from ticketing.nuisance import standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.alarms import Alarms
    from ticketing.nuisance import Evidence, Judged, NuisanceRules
    from ticketing.ports import Clock, Store
    from ticketing.timeline import Entry

# Marks decay by themselves; and whatever was not told is seen then.
_ALL_EVERY_S: Final = 3600.0
_AT_ONCE: Final = 500
_ALARM: Final = "nuisance-snapshot"
# What can give a number a mark, or take one away.
_TELLING: Final = frozenset({TicketTriaged.type, StatusTurned.type, CallerIdentified.type})


@dataclass(slots=True)
class NuisanceWatch:
    """A Publisher (ticketing.ports) that wakes up when a ticket may have become a mark, or none."""

    store: Store
    clock: Clock
    rules: NuisanceRules
    alarms: Alarms
    file: Path
    _changed: set[str] = field(default_factory=set)  # tickets
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _evidence: dict[str, tuple[Evidence, ...]] = field(default_factory=dict)
    _judged: dict[str, list[Judged]] = field(default_factory=dict)
    _last_judged: int = 0
    _all_at: float | None = None  # by the loop's clock

    def publish(self, news: Sequence[Entry]) -> None:
        """Take committed entries; never waits."""
        self._changed |= {entry.ticket_number for entry in news if entry.ticket_number and entry.type in _TELLING}
        if self._changed:
            self._woken.set()

    async def run(self) -> None:
        """Keep it for ever."""
        await looking(self.look, self._woken, "nuisance_not_told")

    async def look(self) -> None:
        """Write what follows from the tickets, where it says something new; raise StoreUnusable."""
        now = self.clock.now()
        judged = await self._hear_judges()
        if self._all_at is None or asyncio.get_running_loop().time() - self._all_at >= _ALL_EVERY_S:
            await self._read_all(now)
        elif self._changed:
            await self._read_again(now)
        elif not judged:
            return
        stands = [standing(one, found, self._judged.get(one, ()), now, self.rules) for one, found in self._known()]
        text = encode(snapshot(stands, now, self.rules))
        try:
            await asyncio.to_thread(replace_if_changed, self.file, text)
        except OSError as error:
            self._all_at = None  # again at the next look
            self.alarms.raise_(_ALARM, f"what marks cost callers is no longer kept up to date: {error.strerror}")
        else:
            self.alarms.clear(_ALARM)

    def _known(self) -> Iterable[tuple[str, tuple[Evidence, ...]]]:
        return ((number, found) for number, found in self._evidence.items() if any(one.is_mark for one in found))

    async def _hear_judges(self) -> bool:
        said = await self.store.nuisance_judged(self._last_judged)
        for one in said:
            self._judged.setdefault(one.number, []).append(one)
            self._last_judged = one.id
        return bool(said)

    async def _read_all(self, now: datetime) -> None:
        self._changed.clear()
        self._evidence = _by_number(await self.store.nuisance_evidence(now - self.rules.memory))
        self._all_at = asyncio.get_running_loop().time()

    async def _read_again(self, now: datetime) -> None:
        changed = sorted(self._changed)[:_AT_ONCE]
        kept = await self.store.tickets_numbered(changed)
        callers = (one.call.caller for one in kept.values())
        numbers = {caller.e164 for caller in callers if caller and caller.callable and caller.e164}
        found = _by_number(await self.store.nuisance_evidence(now - self.rules.memory, numbers))
        for number in numbers:
            self._evidence.pop(number, None)
        self._evidence.update(found)
        # Only now: what cannot be read is asked for again.
        self._changed.difference_update(changed)


def _by_number(evidence: Collection[Evidence]) -> dict[str, tuple[Evidence, ...]]:
    found: dict[str, list[Evidence]] = {}
    for one in evidence:
        found.setdefault(one.number, []).append(one)
    return {number: tuple(of_it) for number, of_it in found.items()}
