"""The two clocks of a ticket, as pure functions of times (SOP steps 6 and 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ticketing.model import CallType

if TYPE_CHECKING:
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
