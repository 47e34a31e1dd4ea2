"""What a taker's record makes of a ticket. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ticketing.errors import ReopenFirst
from ticketing.events import TicketTriaged
from ticketing.model import CallType, Location, TicketStatus

if TYPE_CHECKING:
    from datetime import datetime

    from ticketing.commands import Triage
    from ticketing.model import Ticket


def triaged(ticket: Ticket, changes: Triage, *, by: str, at: datetime) -> tuple[Ticket, TicketTriaged | None]:
    """Give the ticket's next version and what is new in it; the same ticket and None when nothing is.

    A closed ticket may be completed (SOP step 9). A field that is not given stays: a point from a map does
    not touch the caller's own words. Raises ReopenFirst: a prank that was closed must not become an emergency
    that no supervisor has closed, nor an emergency that was late a prank whose clocks nobody reads.
    """
    given = changes.given
    if ticket.status is TicketStatus.CLOSED and isinstance(changes.call_type, CallType):
        _settled(ticket, changes.call_type)
    place = {name: given.pop(name) for name in Location.__slots__ if name in given}
    differing = {
        **_differing(ticket, given),
        **{f"location.{name}": change for name, change in _differing(ticket.location, place).items()},
    }
    if not differing:
        return ticket, None
    changed: Ticket = _with(ticket, {**given, "location": _with(ticket.location, place)})
    return replace(changed, version=ticket.version + 1), TicketTriaged(at, by, differing)


def _settled(ticket: Ticket, to: CallType) -> None:
    if (ticket.call_type is CallType.EMERGENCY) != (to is CallType.EMERGENCY):
        raise ReopenFirst(ticket.number, ticket.call_type, to)


def _differing(before: Ticket | Location, given: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (getattr(before, name), value) for name, value in given.items() if getattr(before, name) != value}


def _with(value: Any, fields: dict[str, Any]) -> Any:  # noqa: ANN401 - the same dataclass comes back
    return replace(value, **fields)
