"""What is known of a ticket's caller and of its place besides: gathered once, for the API and the page alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ticketing.model import Role, TicketStatus
from ticketing.permissions import Permission, may

if TYPE_CHECKING:
    from datetime import date, datetime

    from gateway.web.door.context import Web
    from ticketing.ports import KeptTicket, NumberHistory
    from ticketing.premise import PremiseNote

AROUND: Final = timedelta(hours=24)
"""So long before and after a ticket's opening others of its area are told: a second caller of the same fire."""


@dataclass(frozen=True, slots=True)
class AreaHistory:
    """Tickets around an area, opened from `since` until `until`."""

    area: str
    since: datetime
    until: datetime
    tickets: tuple[KeptTicket, ...]


@dataclass(frozen=True, slots=True)
class TicketHistory:
    """All of it: `number` and `area` are None where there is none, or it is not the asker's."""

    number: NumberHistory | None
    area: AreaHistory | None
    notes: tuple[PremiseNote, ...]


async def history_of(parts: Web, kept: KeptTicket, role: Role, picked: str | None) -> TicketHistory:
    """The history of a ticket that the asker may know of; `picked` is the area on the screen, not saved yet.

    An SKPD is told the notes of its ticket while that is not closed, and nothing else: neither who else called, nor
    what stands at any other place.
    """
    caller = kept.call.caller
    number = caller.e164 if caller and caller.callable else None
    if not may(role, Permission.READ_CALLS):
        area = kept.ticket.location.area_code
        in_hand = kept.ticket.status is not TicketStatus.CLOSED
        return TicketHistory(None, None, await _notes(parts, number, area) if in_hand else ())
    area = picked or kept.ticket.location.area_code
    return TicketHistory(
        await parts.store.number_history(number, kept.call.id) if number else None,
        await _around(parts, kept, area) if area else None,
        await _notes(parts, number, area),
    )


async def _around(parts: Web, kept: KeptTicket, area: str) -> AreaHistory:
    since, until = kept.ticket.opened_at - AROUND, kept.ticket.opened_at + AROUND
    tickets = await parts.store.area_history(area, since, until, kept.ticket.number)
    return AreaHistory(area, since, until, tickets)


async def _notes(parts: Web, number: str | None, area: str | None) -> tuple[PremiseNote, ...]:
    return await parts.store.premise_notes_at(number, area, today(parts))


def today(parts: Web) -> date:
    """The day in the city."""
    return parts.clock.now().astimezone(parts.city.zone).date()
