"""Whether a call to 112 would be answered, recorded and ticketed now, and if not, why."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.agi.probe import probe
from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from gateway.presentation import alarm_json
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.alarms import Alarm, Alarms
    from gateway.calls.call_recorder import CallRecorder, Journal
    from gateway.dispatching.roster import Roster
    from gateway.doorbell.ami_listener import AmiListener
    from gateway.site.config import Bind
    from gateway.watch.ledger_audit import LedgerAudit
    from ticketing.ports import Store

_PROBE_WITHIN_S = 1.0
# Asked more often than this, the last answer is given again: a health check must not become a load.
_GOOD_FOR_S = 0.5


@dataclass(frozen=True, slots=True)
class Health:
    """What `status --json` and `GET /api/v1/health` show."""

    ready: bool
    staffed: int  # takers signed in, phone registered, not paused; those who talk included
    free: int  # of them: can be rung this instant
    ami: str
    agi: str
    store: str
    journal_lag_s: float
    open_tickets: int
    call_backs_owed: int  # callers whom nobody has called back yet; one without a usable number counts for each call
    unreadable: int  # events and journal lines since the start that made no sense
    audit: int  # discrepancies between ledger and store that stand now; must be zero
    reasons: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    trunks: Mapping[str, str] = field(default_factory=dict)  # name → up, down or unknown

    def as_json(self) -> dict[str, Any]:
        """The same as JSON-ready values."""
        alarms = [alarm_json(alarm) for alarm in self.alarms]
        return {**asdict(self), "reasons": list(self.reasons), "alarms": alarms}


@dataclass(slots=True)
class HealthCheck:
    """Asks every part, and remembers the answer for a moment."""

    ami: AmiListener
    agi: Bind
    store: Store
    recorder: CallRecorder
    journals: Sequence[Journal]
    roster: Roster
    audit: LedgerAudit
    alarms: Alarms
    trunks: Mapping[str, str] = field(default_factory=dict)
    _last: tuple[float, Health] | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def now(self) -> Health:
        """How things stand."""
        async with self._lock:
            time = asyncio.get_running_loop().time
            if self._last is None or time() - self._last[0] > _GOOD_FOR_S:
                health = await self._ask()
                # As old as its answer: while a part is slow, all who wait share one question.
                self._last = (time(), health)
            return self._last[1]

    async def _ask(self) -> Health:
        agi_answers = await probe(self.agi, _PROBE_WITHIN_S)
        staffed, free = await self._staff()
        store, open_tickets, owed = await self._store()
        reasons = {
            f"Asterisk's event feed: {self.ami.state}": self.ami.state != "connected",
            "the AGI server does not answer": not agi_answers,
            f"the store: {store}": store != "ok",
            "the ledger has not been read to its end yet": not all(j.read_once.is_set() for j in self.journals),
        }
        wrong = tuple(reason for reason, is_so in reasons.items() if is_so)
        return Health(
            ready=not wrong,
            staffed=staffed,
            free=free,
            ami=self.ami.state,
            agi="ok" if agi_answers else "silent",
            store=store,
            journal_lag_s=round(max(journal.tail.lag_s() for journal in self.journals), 1),
            open_tickets=open_tickets,
            call_backs_owed=owed,
            unreadable=self.recorder.unreadable,
            audit=self.audit.count,
            reasons=wrong,
            alarms=self.alarms.standing(),
            trunks=dict(self.trunks),
        )

    async def _staff(self) -> tuple[int, int]:
        try:
            desk = await self.roster.desk()
        except (AmiUnavailable, AmiRefused):
            return 0, 0
        return len(desk.reachable), len(desk.free)

    async def _store(self) -> tuple[str, int, int]:
        try:
            open_tickets, owed = await self.store.open_tickets(), await self.store.call_backs_owed()
        except Siaga112Error as error:
            return str(error), 0, 0
        return self.recorder.failing or "ok", open_tickets, owed
