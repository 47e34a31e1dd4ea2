"""The life of a ticket as one table (SOP steps 6 and 8; who may: `RULES`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ticketing.errors import TransitionRefused
from ticketing.model import CallType, Role, Ticket, TicketStatus

if TYPE_CHECKING:
    from datetime import datetime

_SUPERVISOR: Final = frozenset({Role.SUPERVISOR})
_SUPERVISOR_OR_TAKER: Final = frozenset({Role.SUPERVISOR, Role.CALL_TAKER})
_ANY_TYPE: Final = frozenset(CallType)
_NO_EMERGENCY: Final = _ANY_TYPE - {CallType.EMERGENCY}


@dataclass(frozen=True, slots=True)
class Rule:
    """One way from a status to another: for which call types, by whom, and whether it needs a reason."""

    call_types: frozenset[CallType]
    roles: frozenset[Role]
    needs_reason: bool = False


# The SOP gives both changes to the supervisor alone. Most calls to a 112 line are no emergency at all: such a
# ticket costs the taker one key, so a taker closes it, straight from open.
RULES: Final[dict[tuple[TicketStatus, TicketStatus], tuple[Rule, ...]]] = {
    (TicketStatus.OPEN, TicketStatus.ON_PROGRESS): (Rule(_ANY_TYPE, _SUPERVISOR),),
    (TicketStatus.ON_PROGRESS, TicketStatus.CLOSED): (
        Rule(_ANY_TYPE, _SUPERVISOR),
        Rule(_NO_EMERGENCY, _SUPERVISOR_OR_TAKER),
    ),
    (TicketStatus.OPEN, TicketStatus.CLOSED): (Rule(_NO_EMERGENCY, _SUPERVISOR_OR_TAKER),),
    (TicketStatus.CLOSED, TicketStatus.OPEN): (Rule(_ANY_TYPE, _SUPERVISOR, needs_reason=True),),
}


def transition(ticket: Ticket, to: TicketStatus, *, by: Role, at: datetime, reason: str | None = None) -> Ticket:
    """Turn the ticket to `to` at the instant `at` (UTC); raise TransitionRefused when the rules forbid it.

    A reopened ticket keeps the instant at which it first was on progress: that clock was met. It has no
    closing time any more: the other clock runs again, from the answer as before.
    """
    refusal = _refusal(ticket, to, by, reason)
    if refusal:
        raise TransitionRefused(ticket.number, ticket.status, to, refusal)
    return replace(
        ticket,
        status=to,
        version=ticket.version + 1,
        on_progress_at=(ticket.on_progress_at or at) if to is TicketStatus.ON_PROGRESS else ticket.on_progress_at,
        closed_at=at if to is TicketStatus.CLOSED else None,
    )


def _refusal(ticket: Ticket, to: TicketStatus, by: Role, reason: str | None) -> str | None:
    rules = RULES.get((ticket.status, to), ())
    if not rules:
        return "there is no such step"
    for_its_type = [rule for rule in rules if ticket.call_type in rule.call_types]
    if not for_its_type:
        return f"not while its call type is {ticket.call_type}"
    allowed = [rule for rule in for_its_type if by in rule.roles]
    if not allowed:
        return f"not by {by} while its call type is {ticket.call_type}"
    if all(rule.needs_reason for rule in allowed) and not (reason or "").strip():
        return "it needs a reason"
    return None
