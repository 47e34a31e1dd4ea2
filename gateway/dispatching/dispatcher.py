"""Rings SKPDs: the intent is in the store first, then one channel is asked for, whose id follows from it.

From there on the dialplan goes on alone ([skpd] in extensions.conf): it rings line after line, has the acceptance
confirmed and joins the conversation, whether the gateway lives or not. What becomes of it is told by the ledger.
Nothing is ever asked for twice: what a former gateway may or may not have asked for is looked for, not asked for again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from gateway.calls.live_calls import read_channels
from gateway.dispatching.unheard import EndsUnheard
from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from gateway.facts import channel_variables as names
from gateway.facts.dispatch_facts import channel_ids
from gateway.facts.return_call_facts import channel_id as return_channel_id
from gateway.telephony.phrases import phrase_for_area, phrase_for_category, spoken_digits
from ticketing.commands import CancelDispatch, RecordCalls, RequestDispatch
from ticketing.dispatch import DispatchMode, Trace
from ticketing.errors import DispatchUnknown, NobodyToHandOverTo, NotConsulting, TicketUnknown
from ticketing.model import Instant, LegKind, Precision
from ticketing.return_calls import ReturnState
from ticketing.skpd import USUAL_RING_S

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from gateway.site.config import Settings
    from gateway.site.home import Home
    from ticketing.desk import TicketDesk
    from ticketing.dispatch import Dispatch
    from ticketing.model import Call, CallId, Ticket
    from ticketing.ports import KeptTicket, Store
    from ticketing.skpd import Skpd

log = structlog.get_logger()

# What a line may take beside its ringing: the announcement twice, the wait for a key, a trunk that does not answer.
_A_LINE_TAKES_S: Final = 90


class Joined(NamedTuple):
    """The channel whose conversation an SKPD joins; without a name it is gone."""

    name: str
    unique_id: str


def originate(
    dispatch: Dispatch, skpd: Skpd, kept: KeptTicket, *, node: str, caller: Joined, trunks: int, known: Container[str]
) -> dict[str, str | list[str]]:
    """Give the headers of the one Originate of this dispatch. `caller` is the channel to be joined.

    `trunks` is through how many a line may have to be tried; `known` are the phrases that there are.
    """
    rings = {line.number: line.ring_s for line in skpd.lines}
    lines = [(number, rings.get(number, USUAL_RING_S)) for number in dispatch.lines]
    longest = sum((ring_s + _A_LINE_TAKES_S) * max(trunks, 1) for _, ring_s in lines)
    near, far = channel_ids(node, dispatch.id)
    inherited = {
        names.DISPATCH_ID: str(dispatch.id),
        names.DISPATCH_CONFIRM: "1" if skpd.confirm else "0",
        names.DISPATCH_SAY: "&".join(announcement(kept.ticket, known, caller_is_there=bool(caller.name))),
    }
    own = {
        names.DISPATCH_MODE: dispatch.mode,
        names.DISPATCH_LINES: "&".join(f"{number}:{ring_s}" for number, ring_s in lines),
        names.DISPATCH_CALLER: caller.name,
        names.DISPATCH_CALL: caller.unique_id,
        names.DISPATCH_CALL_BACK: _call_back(kept.call),
    }
    return {
        "Channel": "Local/s@skpd/n",
        "Context": "skpd-join",
        "Exten": "s",
        "Priority": "1",
        "Timeout": str(longest * 1000),
        "CallerID": '"112" <112>',
        "Async": "true",
        "ChannelId": near,
        "OtherChannelId": far,
        "Variable": [
            *(f"__{name}={value}" for name, value in inherited.items()),
            *(f"{name}={value}" for name, value in own.items()),
        ],
    }


def announcement(ticket: Ticket, known: Container[str], *, caller_is_there: bool) -> tuple[str, ...]:
    """Give the phrases that an officer hears: who calls, which ticket, what, where, and what to press."""
    return (
        "dispatch-hello",
        "dispatch-ticket",
        *spoken_digits(ticket.number),
        phrase_for_category(ticket.category, known),
        phrase_for_area(ticket.location.area_code, known),
        "dispatch-press-1" if caller_is_there else "dispatch-press-1-gone",
    )


def _call_back(call: Call) -> str:
    caller = call.caller
    return caller.e164 if caller and caller.callable and caller.e164 else ""


def _playable(sounds: Path) -> frozenset[str]:
    return frozenset(file.stem for file in sounds.glob("*.wav"))


def unheard_of(
    under_way: Iterable[Dispatch],
    channels: Iterable[Mapping[str, str | list[str]]],
    node: str,
    begun: Container[str] = (),
) -> tuple[Dispatch, ...]:
    """Give the dispatches of which Asterisk has no channel: neither half of their own, nor a line that is rung.

    `begun` are the names of those that takers began by telephone and of which there is a channel.
    """
    alive = {str(event.get(name)) for event in channels for name in ("Uniqueid", "Linkedid")}

    def lives(one: Dispatch) -> bool:
        return one.begun_as in begun if one.begun_as else bool(alive.intersection(channel_ids(node, one.id)))

    return tuple(one for one in under_way if not lives(one))


@dataclass(slots=True)
class Dispatcher(EndsUnheard["Dispatch"]):
    """See the module. `run` looks for ever after dispatches of which nobody tells the end."""

    settings: Settings
    home: Home
    store: Store
    desk: TicketDesk

    async def request(self, number: str, skpd: str, by: str, mode: DispatchMode = DispatchMode.BRIDGE) -> Dispatch:
        """Have an SKPD rung for a ticket; raise the refusals of RequestDispatch, AmiUnavailable or AmiRefused.

        When Asterisk cannot be asked, the dispatch is on record as failed, and the asker is told.
        """
        local = self.clock.now().astimezone(self.settings.zone)
        asked, *_ = await self.desk.handle(RequestDispatch(number, skpd, by, local, mode))
        dispatch = await self._kept(int(str(asked.body["dispatch"])))
        try:
            await self._ring(dispatch)
        except AmiUnavailable as error:
            if not error.sent:
                await self._give_up(dispatch)
            raise
        except AmiRefused:
            await self._give_up(dispatch)
            raise
        return dispatch

    async def cancel(self, number: str, dispatch: int, by: str) -> Dispatch:
        """Withdraw a dispatch, and stop what rings for it; raise DispatchUnknown, DispatchOver, AmiUnavailable."""
        await self.desk.handle(CancelDispatch(number, dispatch, by))
        kept = await self._kept(dispatch)
        channels = await self.ami.list_action("CoreShowChannels")
        near = await self._near_half(kept, channels)
        # First the channel that dials, or it would go on with the next line; then the line: while an officer hears the
        # announcement, the channel that dials looks at nothing.
        of_it = [event for event in channels if event.get("Linkedid") == near]
        for event in sorted(of_it, key=lambda one: not str(one.get("Channel")).startswith("Local/")):
            await self._hang_up(str(event["Channel"]))
        return await self._kept(dispatch)

    async def _hang_up(self, channel: str) -> None:
        try:
            await self.ami.action("Hangup", Channel=channel, Cause="16")
        except AmiRefused as error:
            log.info("channel_gone_already", reason=str(error))

    async def join(self, dispatch: Dispatch) -> None:
        """Bring caller, taker and SKPD together, whose taker has consulted the SKPD; the music ends by itself.

        Raises NotConsulting, AmiUnavailable, AmiRefused.
        """
        if not dispatch.consults:
            raise NotConsulting(dispatch.id)
        if dispatch.begun_as is None:
            near = channel_ids(self.settings.node, dispatch.id)[0]
        else:
            near = await self._near_half(dispatch, await self.ami.list_action("CoreShowChannels"))
        name = await self.ami.channel_of(near) if near else ""
        if not name:
            raise NotConsulting(dispatch.id)
        # The taker follows: whoever is left by the SKPD's channel goes back to the caller ([consult-back]).
        await self.ami.action("Redirect", Channel=name, Context="skpd-join", Exten="together", Priority="1")

    async def _near_half(self, dispatch: Dispatch, channels: Iterable[Mapping[str, str | list[str]]]) -> str:
        """The unique id of the half of a dispatch's channel that is joined; empty when there is none."""
        if dispatch.begun_as is None:
            return channel_ids(self.settings.node, dispatch.id)[0]
        return (await self._begun(channels)).get(dispatch.begun_as, "")

    async def _begun(self, channels: Iterable[Mapping[str, str | list[str]]]) -> dict[str, str]:
        """The dispatches that takers began by telephone and that have a channel: name → unique id of the near half."""
        found: dict[str, str] = {}
        for event in channels:
            channel = str(event.get("Channel"))
            if channel.startswith("Local/s@skpd-") and channel.endswith(";1"):
                with suppress(AmiRefused):  # gone meanwhile
                    told = await self.ami.action("Getvar", Channel=channel, Variable=names.DISPATCH_ID)
                    found[str(told.get("Value"))] = str(event.get("Uniqueid"))
        return found

    async def hand_over(self, number: str) -> None:
        """Free the takers of a ticket whose caller talks with an SKPD: their phones are put down for them.

        Raises TicketUnknown, NobodyToHandOverTo, AmiUnavailable.
        """
        kept = await self.store.ticket(number)
        if kept is None:
            raise TicketUnknown(number)
        dispatches = (await self.store.dispatches([number])).get(number, ())
        if not any(one.talks for one in dispatches):
            raise NobodyToHandOverTo(number)
        taken_by = {leg.channel for leg in kept.call.legs if leg.kind is LegKind.TAKER}
        for channel in read_channels(await self.ami.list_action("CoreShowChannels")):
            if channel.id in taken_by:
                await self._hang_up(channel.name)

    async def _ring(self, dispatch: Dispatch) -> None:
        skpd, kept = await self.store.skpd(dispatch.skpd), await self.store.ticket(dispatch.ticket)
        if skpd is None or kept is None:
            raise DispatchUnknown(dispatch.id)  # removed in this very moment
        caller = await self._conversation(dispatch.call_id)
        headers = originate(
            dispatch,
            skpd,
            kept,
            node=self.settings.node,
            caller=caller,
            trunks=sum(1 for trunk in self.settings.trunks if trunk.outward),
            known=await asyncio.to_thread(_playable, self.home.sounds),
        )
        await self.ami.action("Originate", **headers)

    async def _conversation(self, call: CallId) -> Joined:
        """Give the channel to be joined: the caller's; of a caller who was called back, the taker's."""
        name = await self.ami.channel_of(call)
        talks = () if name else await self.store.return_calls(call)
        for made in talks:
            if made.state is ReturnState.TALKING:
                taker = return_channel_id(self.settings.node, made.id)
                return Joined(await self.ami.channel_of(taker), taker)
        return Joined(name, call)

    async def _kept(self, dispatch: int) -> Dispatch:
        kept = await self.store.dispatch(dispatch)
        if kept is None:
            raise DispatchUnknown(dispatch)
        return kept

    async def _give_up(self, one: Dispatch) -> None:
        over = Trace(over=Instant(self.clock.now(), Precision.SECOND))
        await self.desk.handle(RecordCalls(dispatches=((one.id, over),)))

    async def _under_way(self) -> Sequence[Dispatch]:
        return await self.store.dispatches_under_way()

    async def _unheard(
        self, under_way: Sequence[Dispatch], channels: Sequence[Mapping[str, str | list[str]]]
    ) -> Sequence[Dispatch]:
        begun = await self._begun(channels) if any(one.begun_as for one in under_way) else {}
        return unheard_of(under_way, channels, self.settings.node, begun)
