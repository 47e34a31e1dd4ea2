"""What is known of a ticket besides, and premise notes, as they are shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.web.pages.views import grouped
from ticketing.premise import USUAL_TERM, PremiseState

if TYPE_CHECKING:
    from datetime import date

    from gateway.web.histories import TicketHistory
    from gateway.web.pages.views import When, Words
    from ticketing.model import Call, Ticket
    from ticketing.premise import PremiseNote

SOON: Final = timedelta(days=30)
"""A note that expires within these days is to be looked at."""


@dataclass(frozen=True, slots=True)
class PastView:
    """Another call, with its ticket or without; `outcome` is for one that opened none."""

    when: When
    number: str | None
    status: str | None
    call_type: str | None
    category: str | None
    place: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """A premise note. `where` is its address with its area; of a number it is None, and `number` says which."""

    id: int
    version: int
    kind: str
    act: str
    text: str
    number: str | None
    where: str | None
    address: str | None
    expires_on: str  # for the field of a form
    until: str  # for people
    state: str
    soon: bool
    renewed: str | None  # until when a renewal of today would hold; None where it changes nothing
    renewed_until: str
    written: When
    written_by: str
    changed: When
    changed_by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class NumberView:
    """What else the line knows of a number; `counts` are words and how often, the most frequent first."""

    in_hand: tuple[PastView, ...]
    calls: tuple[PastView, ...]
    counted: int
    more: bool
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class HistoryView:
    """All of it; `number` and `area` are None where there is none."""

    notes: tuple[NoteView, ...]
    number: NumberView | None
    area: str | None
    around: tuple[PastView, ...]


def history_view(history: TicketHistory, day: date, words: Words) -> HistoryView:
    """What a taker is shown beside a ticket, on this day of the city."""
    area = history.area
    return HistoryView(
        notes=tuple(note_view(note, day, words) for note in history.notes),
        number=_number_view(history, words) if history.number else None,
        area=words.city.areas.name(area.area) if area else None,
        around=tuple(_past(kept.call, kept.ticket, words) for kept in area.tickets) if area else (),
    )


def _number_view(history: TicketHistory, words: Words) -> NumberView | None:
    known = history.number
    if known is None:
        return None
    counts = [(words.t(f"call_type.{kind}"), count) for kind, count in known.by_type.items()]
    counts += [(words.t("history.without_ticket"), known.without_ticket)] if known.without_ticket else []
    return NumberView(
        in_hand=tuple(_past(kept.call, kept.ticket, words) for kept in known.in_hand),
        calls=tuple(_past(past.call, past.ticket, words) for past in known.calls),
        counted=known.counted,
        more=known.more,
        counts=tuple(sorted(counts, key=lambda one: -one[1])),
    )


def _past(call: Call, ticket: Ticket | None, words: Words) -> PastView:
    if ticket is None:
        return PastView(words.when(call.arrival.at), None, None, None, None, None, call.outcome)
    place = ticket.location
    return PastView(
        when=words.when(call.arrival.at),
        number=ticket.number,
        status=ticket.status,
        call_type=ticket.call_type,
        category=words.t.category(ticket.category),
        place=place.verbatim or place.landmark or words.city.areas.name(place.area_code),
        outcome=call.outcome,
    )


def note_view(note: PremiseNote, day: date, words: Words) -> NoteView:
    """A premise note on this day of the city."""
    premises, state = note.premises, note.state(day)
    area = words.city.areas.name(premises.area)
    renewed = day + USUAL_TERM
    return NoteView(
        id=note.id,
        version=note.version,
        kind=note.kind,
        act=note.act,
        text=note.text,
        number=grouped(premises.number) if premises.number else None,
        where=f"{premises.address}, {area}" if area else None,
        address=premises.address,
        expires_on=note.expires_on.isoformat(),
        until=_day(note.expires_on, words),
        state=state,
        soon=state is PremiseState.IN_FORCE and note.expires_on <= day + SOON,
        renewed=renewed.isoformat() if state is not PremiseState.WITHDRAWN and renewed > note.expires_on else None,
        renewed_until=_day(renewed, words),
        written=words.when(note.written_at),
        written_by=note.written_by,
        changed=words.when(note.changed_at),
        changed_by=note.changed_by,
        reason=note.reason,
    )


def _day(day: date, words: Words) -> str:
    return f"{day.day} {words.t.month(day.month)} {day.year}"
