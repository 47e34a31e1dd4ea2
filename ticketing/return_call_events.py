"""What happened to a return call, and what of it is new when more becomes known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ticketing.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ticketing.return_calls import ReturnCall, ReturnLeg, ReturnOutcome


@dataclass(frozen=True, slots=True)
class ReturnCallRequested(Event):
    """A taker asked to call this call's caller back: committed before any phone rings."""

    type: ClassVar[str] = "return_call_requested"
    return_call: str
    number: str
    phone: str
    by: str


@dataclass(frozen=True, slots=True)
class ReturnCallPickedUp(Event):
    """The taker has picked up the own phone."""

    type: ClassVar[str] = "return_call_picked_up"
    return_call: str
    phone: str


@dataclass(frozen=True, slots=True)
class ReturnCallDialled(Event):
    """The caller is called, through this trunk."""

    type: ClassVar[str] = "return_call_dialled"
    return_call: str
    trunk: str


@dataclass(frozen=True, slots=True)
class ReturnCallReached(Event):
    """The caller's telephone was picked up: taker and caller are together."""

    type: ClassVar[str] = "return_call_reached"
    return_call: str
    phone: str
    trunk: str


@dataclass(frozen=True, slots=True)
class ReturnCallTried(Event):
    """This trunk did not get there, or nobody picked up. `cause` is Q.850, `sip` the status that came."""

    type: ClassVar[str] = "return_call_tried"
    return_call: str
    trunk: str
    outcome: ReturnOutcome
    cause: int | None
    sip: int | None


@dataclass(frozen=True, slots=True)
class ReturnCallEnded(Event):
    """It is over; a second one, with another outcome, corrects the first."""

    type: ClassVar[str] = "return_call_ended"
    return_call: str
    outcome: ReturnOutcome


@dataclass(frozen=True, slots=True)
class ReturnCallCancelled(Event):
    """Somebody withdrew it while it rang."""

    type: ClassVar[str] = "return_call_cancelled"
    return_call: str
    by: str


@dataclass(frozen=True, slots=True)
class ReturnCallPlayed(Event):
    """Somebody asked for the audio of a return call; as NotePlayed, an event with the fields of its own entry."""

    type: ClassVar[str] = "recording_played"
    by: str
    return_call: str


def return_call_news(before: ReturnCall, after: ReturnCall) -> tuple[Event, ...]:
    """Tell what the telephone has newly told of a return call; each thing once, as it was first known, by time."""
    known = {leg.trunk: leg for leg in before.trace.legs}
    news = [told for leg in after.trace.legs for told in _leg_news(after, known.get(leg.trunk), leg)]
    picked_up = after.trace.picked_up
    if picked_up and not before.trace.picked_up:
        news.append((picked_up.at, ReturnCallPickedUp(picked_up.at, str(after.id), after.phone)))
    in_time = [event for _, event in sorted(news, key=lambda dated: dated[0])]
    if after.trace.over and after.outcome and after.outcome is not before.outcome:
        in_time.append(ReturnCallEnded(after.trace.over.at, str(after.id), after.outcome))
    return tuple(in_time)


def _leg_news(call: ReturnCall, known: ReturnLeg | None, leg: ReturnLeg) -> Iterator[tuple[datetime, Event]]:
    if leg.dialled and not (known and known.dialled):
        yield leg.dialled.at, ReturnCallDialled(leg.dialled.at, str(call.id), leg.trunk)
    if leg.reached and not (known and known.reached):
        yield leg.reached.at, ReturnCallReached(leg.reached.at, str(call.id), call.phone, leg.trunk)
    if leg.ended and leg.outcome and leg.tried and not (known and known.ended):
        tried = (leg.outcome, leg.tried.cause, leg.tried.sip)
        yield leg.ended.at, ReturnCallTried(leg.ended.at, str(call.id), leg.trunk, *tried)
