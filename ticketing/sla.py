"""The two clocks of a ticket, as pure functions of times (SOP steps 6 and 8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ticketing.events import SlaBreached
from ticketing.model import CallType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ticketing.model import Ticket


class SlaState(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"  # the due instant passed first; a clock met late stays breached
    EXEMPT = "exempt"  # no emergency: nobody has to be sent


@dataclass(frozen=True, slots=True)
class Targets:
    """What a city promises, counted from the call taker's answer."""

    on_progress: timedelta = timedelta(minutes=3)  # SOP step 6
    close: timedelta = timedelta(minutes=20)  # SOP step 8


SOP_TARGETS: Final = Targets()


@dataclass(frozen=True, slots=True)
class SlaClock:
    """One deadline: when it is due, when it was met (None: not yet), and how it stands."""

    due_at: datetime
    met_at: datetime | None
    state: SlaState


@dataclass(frozen=True, slots=True)
class SlaClocks:
    """Both deadlines of a ticket."""

    on_progress: SlaClock
    close: SlaClock


def clocks(ticket: Ticket, *, now: datetime, targets: Targets = SOP_TARGETS) -> SlaClocks:
    """Read both clocks of a ticket at the instant `now` (UTC)."""
    exempt = ticket.call_type is not CallType.EMERGENCY
    return SlaClocks(
        on_progress=_clock(ticket.answered_at + targets.on_progress, ticket.on_progress_at, now, exempt=exempt),
        close=_clock(ticket.answered_at + targets.close, ticket.closed_at, now, exempt=exempt),
    )


def _clock(due_at: datetime, met_at: datetime | None, now: datetime, *, exempt: bool) -> SlaClock:
    return SlaClock(due_at, met_at, SlaState.EXEMPT if exempt else _state(due_at, met_at, now))


def _state(due_at: datetime, met_at: datetime | None, now: datetime) -> SlaState:
    # The due instant itself is still in time.
    if (met_at or now) > due_at:
        return SlaState.BREACHED
    return SlaState.MET if met_at else SlaState.RUNNING


def breaches_owed(ticket: Ticket, *, now: datetime, targets: Targets = SOP_TARGETS) -> tuple[SlaBreached, ...]:
    """Give the breaches that the timeline should have by `now` (UTC) and has not, in the order of their due instants.

    A clock breaches once in a ticket's life, at its due instant: neither a reopening nor a call type that goes
    to and fro makes a second entry of it. A clock that was met late is owed its entry like one still running.
    """
    read = clocks(ticket, now=now, targets=targets)
    breached = (
        SlaBreached(clock.due_at, name, clock.due_at)
        for name, clock in _not_noted(ticket, read)
        if clock.state is SlaState.BREACHED
    )
    return tuple(sorted(breached, key=lambda breach: breach.due_at))


def noted(ticket: Ticket, breaches: Iterable[SlaBreached]) -> Ticket:
    """Give the ticket with these breaches on record. That is no new version: nobody's work is stale by it."""
    due = {breach.clock: breach.due_at for breach in breaches}
    return replace(
        ticket,
        on_progress_breached_at=due.get("on_progress", ticket.on_progress_breached_at),
        close_breached_at=due.get("close", ticket.close_breached_at),
    )


def watched(ticket: Ticket, *, targets: Targets = SOP_TARGETS) -> Ticket:
    """Give the ticket with the instant after which `breaches_owed` may have something more to say of it."""
    read = clocks(ticket, now=ticket.answered_at, targets=targets)
    waiting = (clock.due_at for _, clock in _not_noted(ticket, read) if _may_breach(clock))
    return replace(ticket, watch_at=min(waiting, default=None))


def _not_noted(ticket: Ticket, read: SlaClocks) -> Iterator[tuple[str, SlaClock]]:
    if ticket.on_progress_breached_at is None:
        yield "on_progress", read.on_progress
    if ticket.close_breached_at is None:
        yield "close", read.close


def _may_breach(clock: SlaClock) -> bool:
    return clock.state in {SlaState.RUNNING, SlaState.BREACHED}
