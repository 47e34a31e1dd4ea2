"""What happened to a dispatch, and what of it is new when more becomes known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ticketing.dispatch import DispatchState
from ticketing.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ticketing.dispatch import Dispatch, DispatchLeg, LegOutcome


@dataclass(frozen=True, slots=True)
class DispatchRequested(Event):
    """Somebody asked for an SKPD: committed before the first line rings."""

    type: ClassVar[str] = "dispatch_requested"
    dispatch: str
    skpd: str
    lines: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class DispatchLineDialled(Event):
    """One line of the SKPD is called, through this trunk."""

    type: ClassVar[str] = "dispatch_line_dialled"
    dispatch: str
    line: str
    trunk: str


@dataclass(frozen=True, slots=True)
class DispatchLineRinging(Event):
    """It rings there."""

    type: ClassVar[str] = "dispatch_line_ringing"
    dispatch: str
    line: str
    trunk: str


@dataclass(frozen=True, slots=True)
class DispatchLineAnswered(Event):
    """Somebody, or a machine, picked up."""

    type: ClassVar[str] = "dispatch_line_answered"
    dispatch: str
    line: str
    trunk: str


@dataclass(frozen=True, slots=True)
class DispatchLineEnded(Event):
    """This attempt is over. `cause` is Q.850, `sip` the status that came, where one came."""

    type: ClassVar[str] = "dispatch_line_ended"
    dispatch: str
    line: str
    trunk: str
    outcome: LegOutcome
    cause: int | None
    sip: int | None


@dataclass(frozen=True, slots=True)
class DispatchAccepted(Event):
    """Somebody of the SKPD pressed 1 on this line."""

    type: ClassVar[str] = "dispatch_accepted"
    dispatch: str
    skpd: str
    line: str
    trunk: str


@dataclass(frozen=True, slots=True)
class DispatchConsulted(Event):
    """The taker speaks with the SKPD, apart from the caller."""

    type: ClassVar[str] = "dispatch_consulted"
    dispatch: str
    skpd: str


@dataclass(frozen=True, slots=True)
class DispatchJoined(Event):
    """The SKPD is in the caller's conversation."""

    type: ClassVar[str] = "dispatch_joined"
    dispatch: str
    skpd: str


@dataclass(frozen=True, slots=True)
class DispatchLeft(Event):
    """The SKPD has left the conversation, or it is over."""

    type: ClassVar[str] = "dispatch_left"
    dispatch: str
    skpd: str


@dataclass(frozen=True, slots=True)
class DispatchFailed(Event):
    """No line of the SKPD accepted: somebody has to try again, or another SKPD."""

    type: ClassVar[str] = "dispatch_failed"
    dispatch: str
    skpd: str


@dataclass(frozen=True, slots=True)
class DispatchCancelled(Event):
    """Somebody withdrew it before anybody accepted."""

    type: ClassVar[str] = "dispatch_cancelled"
    dispatch: str
    skpd: str
    by: str


@dataclass(frozen=True, slots=True)
class DispatchUpdated(Event):
    """The SKPD says how it stands, or somebody of the room for it."""

    type: ClassVar[str] = "dispatch_updated"
    dispatch: str
    skpd: str
    state: DispatchState
    by: str
    note: str | None


def dispatch_news(before: Dispatch, after: Dispatch) -> tuple[Event, ...]:
    """Tell what the telephone has newly told of a dispatch; each thing once, as it was first known, by time."""
    known = {leg.key: leg for leg in before.trace.legs}
    news = [told for leg in after.trace.legs for told in _leg_news(after, known.get(leg.key), leg)]
    news += _own_news(before, after)
    return tuple(event for _, event in sorted(news, key=lambda dated: dated[0]))


def _leg_news(dispatch: Dispatch, known: DispatchLeg | None, leg: DispatchLeg) -> Iterator[tuple[datetime, Event]]:
    of_line = (str(dispatch.id), dispatch.line(leg), leg.trunk)
    if leg.dialled and not (known and known.dialled):
        yield leg.dialled.at, DispatchLineDialled(leg.dialled.at, *of_line)
    if leg.ringing and not (known and known.ringing):
        yield leg.ringing.at, DispatchLineRinging(leg.ringing.at, *of_line)
    if leg.answered and not (known and known.answered):
        yield leg.answered.at, DispatchLineAnswered(leg.answered.at, *of_line)
    if leg.accepted and not (known and known.accepted):
        accepted = DispatchAccepted(leg.accepted.at, str(dispatch.id), dispatch.skpd, dispatch.line(leg), leg.trunk)
        yield leg.accepted.at, accepted
    if leg.ended and leg.outcome and not (known and known.ended):
        sip = leg.tried.sip if leg.tried else None
        yield leg.ended.at, DispatchLineEnded(leg.ended.at, *of_line, leg.outcome, leg.ended_by, sip)


def _own_news(before: Dispatch, after: Dispatch) -> Iterator[tuple[datetime, Event]]:
    whose = (str(after.id), after.skpd)
    was, trace = before.trace, after.trace
    if trace.consulted and not was.consulted:
        yield trace.consulted.at, DispatchConsulted(trace.consulted.at, *whose)
    if trace.joined and not was.joined:
        yield trace.joined.at, DispatchJoined(trace.joined.at, *whose)
    if trace.left and not was.left:
        yield trace.left.at, DispatchLeft(trace.left.at, *whose)
    if trace.over and after.state is DispatchState.FAILED and before.state is not DispatchState.FAILED:
        yield trace.over.at, DispatchFailed(trace.over.at, *whose)
