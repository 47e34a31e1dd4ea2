"""Gives a number's place in line to the next of its calls, when the one that had it is over.

The dialplan lets one call of a number wait where its arrival puts it, and the others behind everybody else
([place-in-line] in asterisk-conf/extensions_place.conf). Asterisk knows which one has the place, for as long as that
call lives; asked is Asterisk alone, and nothing is remembered here but which numbers have several calls. Without the
gateway the others are served when nobody else waits.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from gateway.doorbell.ami_link import AmiRefused
from gateway.facts import channel_variables as names
from gateway.telephony.render import QUEUE
from ticketing.errors import Siaga112Error
from ticketing.events import CallEnded, CallerIdentified, CallInterrupted, TakerAnswered, TakerLeft
from ticketing.model import CALLABLE_KINDS, CallId, created

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.doorbell.ami_link import Headers
    from ticketing.ports import Store
    from ticketing.timeline import Entry, Json

log = structlog.get_logger()

# The end of a call wakes it up; what nobody told is found by looking.
_LOOK_EVERY_S: Final = 3.0
_PRIORITY: Final = re.compile(r"-?[0-9]{1,10}")
_DIGITS: Final = re.compile(r"[0-9]{3,15}")


class Telephone(Protocol):
    """Who asks Asterisk (gateway.doorbell.ami_listener)."""

    async def action(self, name: str, /, **headers: str | Sequence[str]) -> Headers:
        """Ask for one action; raise AmiRefused, AmiUnavailable."""


@dataclass(slots=True)
class NumberTurns:
    """A Publisher (ticketing.ports) that knows which numbers have several calls now, and whose turn it is."""

    ami: Telephone
    store: Store
    _calls: dict[str, set[CallId]] = field(default_factory=dict)  # number (digits) → its calls that live
    _number: dict[CallId, str] = field(default_factory=dict)
    _talking: set[CallId] = field(default_factory=set)
    _shared: set[str] = field(default_factory=set)  # numbers of which several calls lived at a time, until none does
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, news: Sequence[Entry]) -> None:
        """Take committed entries; never waits."""
        for entry in news:
            if follow := _FOLLOWED.get(entry.type):
                follow(self, entry.call_id, entry.body)

    def _identified(self, call: CallId, body: Mapping[str, Json]) -> None:
        if number := _callable_digits(body.get("caller")):
            self._lives(call, number)

    def _lives(self, call: CallId, number: str) -> None:
        self._forget(call)
        self._number[call] = number
        calls = self._calls.setdefault(number, set())
        calls.add(call)
        if len(calls) > 1:
            self._shared.add(number)

    def _answered(self, call: CallId, _body: Mapping[str, Json]) -> None:
        self._talking.add(call)

    def _left(self, call: CallId, _body: Mapping[str, Json]) -> None:
        self._talking.discard(call)

    def _ended(self, call: CallId, _body: Mapping[str, Json]) -> None:
        number = self._number.get(call)
        self._forget(call)
        if number in self._shared:
            self._woken.set()

    def _forget(self, call: CallId) -> None:
        self._talking.discard(call)
        number = self._number.pop(call, None)
        if number is None:
            return
        self._calls[number].discard(call)
        if not self._calls[number]:
            del self._calls[number]
            self._shared.discard(number)

    async def run(self) -> None:
        """Look after whose turn it is, for ever."""
        begun = False
        while True:
            self._woken.clear()
            try:
                if not begun:
                    await self._begin()
                    begun = True
                await self.look()
            except Siaga112Error as error:  # Asterisk or the store, which say so themselves
                log.warning("turns_not_looked_after", reason=str(error))
                await asyncio.sleep(1)
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _begin(self) -> None:
        """Learn which calls live, of those that were told before the start."""
        for kept in await self.store.calls_in_progress():
            caller = kept.call.caller
            if caller and caller.callable and caller.e164 and kept.call.id not in self._number:
                self._lives(kept.call.id, caller.e164.removeprefix("+"))
                if kept.call.takers and any(leg.ended is None for leg in kept.call.answers):
                    self._talking.add(kept.call.id)

    async def look(self) -> None:
        """Give the place to whose turn it is, of each number of which nobody has it; raise AmiUnavailable."""
        for number in sorted(self._shared):
            # Whoever talks has a taker already: as long as one does, no other call of the number is put in front.
            calls = self._calls.get(number, ())
            for call in sorted(calls, key=lambda one: (one not in self._talking, _arrival(one))):
                try:
                    await self._give_place(number, call)
                except AmiRefused:
                    self._forget(call)  # it is gone, whoever tells of its end
                else:
                    break

    async def _give_place(self, number: str, call: CallId) -> None:
        """Give this call its number's place unless another has it; raise AmiRefused when it is gone."""
        if await self._told(call, f"GROUP_COUNT({number}@place)") != "0":
            return
        channel, place = await self._told(call, "CHANNEL(name)"), await self._told(call, names.PLACE)
        if not _PRIORITY.fullmatch(place):
            return  # it is not that far yet
        await self.ami.action("Setvar", Channel=channel, Variable=names.PLACE_GROUP, Value=number)
        await self.ami.action("Setvar", Channel=channel, Variable=names.QUEUE_PRIO, Value=place)
        log.info("turn_given", call=call)
        if call not in self._talking:
            await self._move_up(channel, place)

    async def _move_up(self, channel: str, place: str) -> None:
        try:
            await self.ami.action(
                "QueueChangePriorityCaller", Queue=QUEUE, Caller=channel, Priority=place, Immediate="yes"
            )
        except AmiRefused as error:
            # It is not in the queue at this instant: it goes back there with the priority that it has now.
            log.info("not_moved_up", reason=error.answer)

    async def _told(self, call: CallId, variable: str) -> str:
        told = await self.ami.action("Getvar", Channel=call, Variable=variable)
        value = told.get("Value")
        return value if isinstance(value, str) else ""


_FOLLOWED: Final[Mapping[str, Callable[[NumberTurns, CallId, Mapping[str, Json]], None]]] = {
    CallerIdentified.type: NumberTurns._identified,  # noqa: SLF001 - its own
    TakerAnswered.type: NumberTurns._answered,  # noqa: SLF001
    TakerLeft.type: NumberTurns._left,  # noqa: SLF001
    CallEnded.type: NumberTurns._ended,  # noqa: SLF001
    CallInterrupted.type: NumberTurns._ended,  # noqa: SLF001
}


def _callable_digits(caller: Json) -> str | None:
    """The digits of a caller's number, as an entry tells of the caller; None for who cannot be called back."""
    if not isinstance(caller, dict) or caller.get("kind") not in CALLABLE_KINDS:
        return None
    digits = str(caller.get("e164") or "").removeprefix("+")
    return digits if _DIGITS.fullmatch(digits) else None


def _arrival(call: CallId) -> tuple[float, int]:
    return created(call).at.timestamp(), int(call.rpartition(".")[2])
