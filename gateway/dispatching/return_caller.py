"""Calls callers back: the intent is in the store first, then the taker's phone is asked for, as a channel of its name.

From there on the dialplan goes on alone ([return-call] in extensions.conf): whoever has picked up is connected with the
caller, whether the gateway lives or not. What becomes of it is told by the ledger. Nothing is ever asked for twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from gateway.dispatching.unheard import EndsUnheard
from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from gateway.facts import channel_variables as names
from gateway.facts.return_call_facts import channel_id
from ticketing.commands import CancelReturnCall, RecordCalls, RequestReturnCall
from ticketing.errors import PhoneAbsent, PhoneInUse, ReturnCallUnknown, UnknownTaker
from ticketing.model import Instant, Precision
from ticketing.return_calls import ReturnTrace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ticketing.desk import TicketDesk
    from ticketing.ports import Store
    from ticketing.return_calls import ReturnCall

log = structlog.get_logger()

# Whoever clicks sits beside the phone.
_PHONE_RINGS_S: Final = 25
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
class ReturnCaller(EndsUnheard["ReturnCall"]):
    """See the module. `run` looks for ever after return calls of which nobody tells the end."""

    node: str
    store: Store
    desk: TicketDesk

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
                await self._give_up(call)
            raise
        except AmiRefused:
            await self._give_up(call)
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

    async def _give_up(self, one: ReturnCall) -> None:
        over = ReturnTrace(over=Instant(self.clock.now(), Precision.SECOND))
        await self.desk.handle(RecordCalls(return_calls=((one.id, over),)))

    async def _under_way(self) -> Sequence[ReturnCall]:
        return await self.store.return_calls_under_way()

    async def _unheard(
        self, under_way: Sequence[ReturnCall], channels: Sequence[Mapping[str, str | list[str]]]
    ) -> Sequence[ReturnCall]:
        return unheard_of(under_way, channels, self.node)
