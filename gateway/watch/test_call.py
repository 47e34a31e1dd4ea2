"""The line calls itself, the whole way: trunk, queue, robot, recording, ticket of type `test`, closed again.

Asterisk sends an INVITE from one endpoint of its own (`test-call`) to another (`trunk-test`), which lets it in by
digest; from there on it is a call like any other, but for its queue, whose only member is a robot. What counts is what
is in the store and on the disk afterwards.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from ticketing.commands import TurnStatus
from ticketing.errors import Siaga112Error
from ticketing.model import CallType, Role, TicketStatus
from ticketing.ports import CallFilter, TicketFilter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from gateway.alarms import Alarms
    from gateway.doorbell.ami_listener import AmiListener
    from gateway.site.home import Home
    from ticketing.desk import TicketDesk
    from ticketing.model import CallId
    from ticketing.ports import Clock, KeptCall, Store

log = structlog.get_logger()

ALARM: Final = "test-call"
BY: Final = "test call"
_ANSWERED_WITHIN_S: Final = 15
_SEEN_WITHIN_S: Final = 25.0  # the answer, the ledger, the disk; longer than what Asterisk has for the answer
_LOOK_EVERY_S: Final = 0.1
_NOT_CLOSED: Final = frozenset(TicketStatus) - {TicketStatus.CLOSED}
_TEST: Final = frozenset({CallType.TEST})
# Asterisk counts its channels from 0: so high it never gets.
_FIRST_SERIAL: Final = 900_000_000_000


@dataclass(frozen=True, slots=True)
class SeenCall:
    """What was seen of a test call; `reason` says what was missing, None when it went the whole way."""

    call_id: str | None = None
    ticket: str | None = None
    wait_s: float | None = None  # from its arrival to the robot's answer
    reason: str | None = None

    @property
    def passed(self) -> bool:
        """Whether it went the whole way."""
        return self.reason is None

    def as_json(self) -> dict[str, bool | str | float | None]:
        """For the API."""
        return {
            "passed": self.passed,
            "reason": self.reason,
            "call": self.call_id,
            "ticket": self.ticket,
            "wait_s": self.wait_s,
        }


@dataclass(slots=True)
class CallPlacer:
    """Places test calls, one after the other."""

    ami: AmiListener
    store: Store
    desk: TicketDesk
    home: Home
    clock: Clock
    node: str
    within_s: float = _SEEN_WITHIN_S
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def place(self) -> SeenCall:
        """Place one now, and say what was seen of it; what stands in its way is its reason, and no error."""
        async with self._one_at_a_time:
            try:
                return await self._placed()
            except Siaga112Error as error:
                return SeenCall(reason=str(error))

    async def _placed(self) -> SeenCall:
        since = self.clock.now()
        before = {kept.call.id for kept in await self._test_calls(since)}
        serial = _FIRST_SERIAL + secrets.randbelow(_FIRST_SERIAL // 10)
        await self.ami.action(
            "Originate",
            Channel="PJSIP/112@test-call",
            Context="test-caller",
            Exten="s",
            Priority="1",
            Timeout=str(_ANSWERED_WITHIN_S * 1000),
            Async="true",
            ChannelId=f"{self.node}-{int(since.timestamp())}.{serial}",
        )
        seen = SeenCall(reason="it did not reach the line")
        try:
            async with asyncio.timeout(self.within_s):
                async for kept in self._looks(since, before):
                    seen = await self._seen(kept)
                    if seen.passed or (kept.call.overflowed_at and not kept.call.answered):
                        break
        except TimeoutError:
            log.warning("test_call_not_seen_to_its_end", reason=seen.reason, call=seen.call_id)
        await self._close()
        return seen

    async def _looks(self, since: datetime, before: set[CallId]) -> AsyncIterator[KeptCall]:
        while True:
            for kept in await self._test_calls(since):
                if kept.call.id not in before:
                    yield kept
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _test_calls(self, since: datetime) -> list[KeptCall]:
        # A second earlier: an arrival may be known to the second only.
        page = await self.store.find_calls(CallFilter(since=since - timedelta(seconds=1)), limit=100)
        return [kept for kept in page.items if kept.call.is_test]

    async def _seen(self, kept: KeptCall) -> SeenCall:
        call = kept.call
        wait_s = call.wait.total_seconds() if call.answered and call.wait else None
        return SeenCall(call.id, kept.ticket, wait_s, await self._missing(kept))

    async def _missing(self, kept: KeptCall) -> str | None:
        if kept.call.answered is None:
            return "the robot did not answer it"
        if kept.ticket is None:
            return "no ticket was opened for it"
        if kept.call.caller is None:
            return "the ledger does not tell of its arrival"
        if kept.call.ended is None:
            return "the ledger does not tell of its end"
        if not await asyncio.to_thread(self.home.recording(kept.call.id).is_file):
            return "it was not recorded"
        return None

    async def _close(self) -> None:
        """Close the tickets of test calls, those that a former run left open too."""
        open_ = await self.store.find_tickets(TicketFilter(_NOT_CLOSED, _TEST), limit=100)
        for kept in open_.items:
            if kept.call.is_test:
                closed = TurnStatus(kept.ticket.number, TicketStatus.CLOSED, BY, Role.CALL_TAKER)
                await self.desk.handle(closed)


@dataclass(slots=True)
class ScheduledCalls:
    """A test call every `every_s` seconds, the first after that time; an alarm from a bad one to the next good one."""

    placer: CallPlacer
    alarms: Alarms
    every_s: float  # 0: only those that somebody asks for

    async def run(self) -> None:
        """Place them for ever."""
        if not self.every_s:
            return
        while True:
            await asyncio.sleep(self.every_s)
            await self.place()

    async def place(self) -> SeenCall:
        """Place one now; raise or clear the alarm by what was seen of it."""
        seen = await self.placer.place()
        text = None if seen.passed else f"the test call failed: {seen.reason}"
        self.alarms.set(ALARM, text, grave=True)
        log.info("test_call", passed=seen.passed, reason=seen.reason, wait_s=seen.wait_s, ticket=seen.ticket)
        return seen
