"""Calls callers back: the intent is in the store first, then the taker's phone is asked for, as a channel of its name.

From there on the dialplan goes on alone ([return-call] in extensions.conf): whoever has picked up is connected with the
caller, whether the gateway lives or not. What becomes of it is told by the ledger. Nothing is ever asked for twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from gateway import channel_variables as names
from gateway.ami_link import AmiRefused, AmiUnavailable
from gateway.return_call_facts import channel_id
from ticketing.commands import CancelReturnCall, RecordCalls, RequestReturnCall
from ticketing.errors import PhoneAbsent, PhoneInUse, ReturnCallUnknown, Siaga112Error, UnknownTaker
from ticketing.model import Instant, Precision
from ticketing.return_calls import ReturnTrace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.ami_listener import AmiListener
    from gateway.call_recorder import Journal
    from ticketing.desk import TicketDesk
    from ticketing.ports import Clock, Store
    from ticketing.return_calls import ReturnCall

log = structlog.get_logger()

# Whoever clicks sits beside the phone.
_PHONE_RINGS_S: Final = 25
_LOOK_EVERY_S: Final = 5.0
# An Originate is carried out, or its channel refused, within a moment.
_SEEN_BY: Final = timedelta(seconds=10)
_LEDGER_WITHIN_S: Final = 30.0
# Between an Originate and its channel.
_CHANNEL_LOOKS: Final = 10
_CHANNEL_PAUSE_S: Final = 0.1

# func_devstate (Asterisk 22). Of a phone that has never called UNKNOWN may be all that is known: it is tried.
_FREE: Final = frozenset({"NOT_INUSE", "UNKNOWN"})
_ABSENT: Final = frozenset({"UNAVAILABLE", "INVALID"})


def originate(call: ReturnCall, *, node: str) -> dict[str, str | list[str]]:
    """Give the headers of the one Originate of this return call: the taker's phone, which shows the caller's number."""
    return {
        "Channel": f"PJSIP/{call.phone}",
        "Context": "return-call",
        "Exten": "s",
        "Priority": "1",
        "Timeout": str(_PHONE_RINGS_S * 1000),
        "CallerID": f'"112 -> {call.number}" <{call.number}>',
        "Async": "true",
        "ChannelId": channel_id(node, call.id),
        "Variable": [
            f"{names.RETURN_CALL_ID}={call.id}",
            f"{names.RETURN_NUMBER}={call.number}",
            f"{names.RETURN_OF}={call.call_id}",
        ],
    }


def unheard_of(
    under_way: Iterable[ReturnCall], channels: Iterable[Mapping[str, str | list[str]]], node: str
) -> tuple[ReturnCall, ...]:
    """Give the return calls of which Asterisk has no channel."""
    alive = {str(event.get("Uniqueid")) for event in channels}
    return tuple(one for one in under_way if channel_id(node, one.id) not in alive)


@dataclass(slots=True)
class ReturnCaller:
    """See the module. `run` looks for ever after return calls of which nobody tells the end."""

    node: str
    ami: AmiListener
    journals: Iterable[Journal]
    store: Store
    desk: TicketDesk
    clock: Clock
    _missed: frozenset[int] = frozenset()

    async def request(
        self, phone: str, by: str, *, call_back: int | None = None, ticket: str | None = None
    ) -> ReturnCall:
        """Have the taker's phone rung, and then the caller of a call-back or of a ticket.

        Raises the refusals of RequestReturnCall, UnknownTaker, PhoneInUse, PhoneAbsent, AmiUnavailable, AmiRefused.
        When Asterisk cannot be asked, it is on record as failed, and the asker is told.
        """
        if phone not in {taker.extension for taker in await self.store.takers()}:
            raise UnknownTaker(phone)
        await self._must_be_free(phone)
        asked, *_ = await self.desk.handle(RequestReturnCall(phone, by, call_back, ticket))
        call = await self._kept(int(str(asked.body["return_call"])))
        try:
            await self.ami.action("Originate", **originate(call, node=self.node))
        except AmiUnavailable as error:
            if not error.sent:
                await self._give_up(call.id)
            raise
        except AmiRefused:
            await self._give_up(call.id)
            raise
        return call

    async def _must_be_free(self, phone: str) -> None:
        told = await self.ami.action("Getvar", Variable=f"DEVICE_STATE(PJSIP/{phone})")
        state = str(told.get("Value"))
        if state in _ABSENT:
            raise PhoneAbsent(phone)
        if state not in _FREE:
            raise PhoneInUse(phone)

    async def cancel(self, return_call: int, by: str) -> ReturnCall:
        """Withdraw it, and stop what rings; raise ReturnCallUnknown, ReturnCallOver, AmiUnavailable."""
        await self.desk.handle(CancelReturnCall(return_call, by))
        for _ in range(_CHANNEL_LOOKS):
            try:
                await self.ami.action("Hangup", Channel=channel_id(self.node, return_call), Cause="16")
                break
            except AmiRefused as error:
                # Not there any more; or, of one that was asked for in this very moment, not yet.
                if not (await self._kept(return_call)).under_way:
                    break
                log.info("channel_not_there", return_call=return_call, reason=str(error))
            await asyncio.sleep(_CHANNEL_PAUSE_S)
        return await self._kept(return_call)

    async def _kept(self, return_call: int) -> ReturnCall:
        kept = await self.store.return_call(return_call)
        if kept is None:
            raise ReturnCallUnknown(return_call)
        return kept

    async def _give_up(self, return_call: int) -> None:
        over = ReturnTrace(over=Instant(self.clock.now(), Precision.SECOND))
        await self.desk.handle(RecordCalls(return_calls=((return_call, over),)))

    async def run(self) -> None:
        """Look for ever for return calls that Asterisk has nothing of, and that nothing tells the end of."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.ami.connected()
            try:
                await self.look()
            except (Siaga112Error, TimeoutError) as error:
                # Asterisk, the store or the ledger's reader: whichever it is, it says so itself.
                log.warning("return_calls_not_looked_after", reason=str(error) or type(error).__name__)
                self._missed = frozenset()

    async def look(self) -> None:
        """Look once; raise AmiUnavailable, AmiRefused, TimeoutError or StoreUnusable."""
        before = self.clock.now() - _SEEN_BY
        if not await self.store.return_calls_under_way():
            self._missed = frozenset()
            return  # most of the time: then nobody else need be asked
        channels = await self.ami.list_action("CoreShowChannels")
        async with asyncio.timeout(_LEDGER_WITHIN_S):
            for journal in self.journals:
                await journal.read_from_now()
        under_way = [one for one in await self.store.return_calls_under_way() if one.requested_at < before]
        missed = unheard_of(under_way, channels, self.node)
        for call in missed:
            if call.id in self._missed:
                log.error("return_call_ended_unheard", return_call=call.id, call=call.call_id)
                await self._give_up(call.id)
        self._missed = frozenset(call.id for call in missed)
