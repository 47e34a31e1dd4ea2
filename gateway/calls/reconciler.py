"""Holds what is known of calls against what lives in Asterisk: at every start, at every new link, and now and then.

A look is: the channels that live now; then the ledger, read on to its end; then what the store has in progress. A call
that two looks in a row do not find is over, and nobody will tell when. The order matters: what ended before the first
step is in the ledger by the second.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from gateway.calls.live_calls import LiveChannel, gone, interrupted, read_channels, untold
from gateway.doorbell.ami_listener import LINK_UP
from ticketing.commands import RecordCalls
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from gateway.calls.call_recorder import Journal
    from gateway.doorbell.ami_listener import AmiListener
    from ticketing.desk import TicketDesk
    from ticketing.model import Call, CallerIdStyle, CallId
    from ticketing.ports import Clock, Store

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 10.0
# CEL is written by a thread of its own: between a channel's end and its record lie milliseconds, in a storm some more.
_LOOK_AGAIN_S: Final = 4.0
_LEDGER_WITHIN_S: Final = 30.0


@dataclass(slots=True)
class Reconciler:
    """See the module. `run` runs for ever; `hear` takes the doorbell's events."""

    node: str
    style_of: Callable[[str], CallerIdStyle]
    ami: AmiListener
    journals: Sequence[Journal]
    store: Store
    desk: TicketDesk
    clock: Clock
    interrupted: int = 0  # since the start
    untold: int = 0
    _started_at: datetime | None = None  # Asterisk, as far as it has said
    _missed: frozenset[CallId] = frozenset()  # by the last look
    _new_link: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, event: Mapping[str, str | list[str]]) -> None:
        """Take one AMI event. Never waits, never raises."""
        if event.get("Event") == LINK_UP:
            self._new_link.set()
        uptime = event.get("Uptime")
        if event.get("Event") == "FullyBooted" and isinstance(uptime, str) and uptime.isdigit():
            self._started_at = self.clock.now() - timedelta(seconds=min(int(uptime), 10**9))

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.ami.connected()
            self._new_link.clear()
            try:
                await self.look()
            except (Siaga112Error, TimeoutError) as error:
                # Asterisk, the store or the ledger's reader: whichever it is, it says so itself.
                log.warning("calls_not_reconciled", reason=str(error) or type(error).__name__)
                self._missed = frozenset()
            await self._pause(_LOOK_AGAIN_S if self._missed else _LOOK_EVERY_S)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._new_link.wait()
        except TimeoutError:
            return
        # The first look of a new link need not be the second of an old one.
        self._missed = frozenset()

    async def look(self) -> None:
        """Look once; raise AmiUnavailable, AmiRefused, TimeoutError or StoreUnusable."""
        looked_at = self.clock.now()
        channels = read_channels(await self.ami.list_action("CoreShowChannels"))
        async with asyncio.timeout(_LEDGER_WITHIN_S):
            for journal in self.journals:
                await journal.read_from_now()
        known = {one.call.id: one for one in await self.store.calls_in_progress()}
        missed = gone(known.values(), {channel.id for channel in channels}, self.node, looked_at=looked_at)
        over = [known[call].call for call in sorted(missed & self._missed)]
        self._missed = missed - {call.id for call in over}
        pieces = [interrupted(call, started_at=self._started_at, looked_at=looked_at) for call in over]
        new = await self._untold(channels, known)
        if pieces or new:
            await self._keep(pieces, new)

    async def _untold(self, channels: Iterable[LiveChannel], known: Mapping[CallId, object]) -> list[Call]:
        pieces = untold(channels, known, self.style_of)
        return [piece for piece in pieces if await self.store.call(piece.id) is None]

    async def _keep(self, over: Sequence[Call], new: Sequence[Call]) -> None:
        await self.desk.handle(RecordCalls((*over, *new)))
        self.interrupted += len(over)
        self.untold += len(new)
        for call in over:
            log.error("call_interrupted", call=call.id, by=str(call.interrupted_at))
        for call in new:
            log.error("call_not_in_the_ledger", call=call.id)
