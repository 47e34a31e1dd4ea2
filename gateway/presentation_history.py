"""Premise notes, and what is known of a ticket besides, as JSON: for API and `--json` alike. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.presentation import rfc3339
from ticketing.model import CallType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.presentation import Json
    from ticketing.model import Ticket
    from ticketing.ports import NumberHistory
    from ticketing.premise import PremiseNote


def premise_note_json(note: PremiseNote, day: date) -> Json:
    """A premise note as it stands on this day of the city."""
    return {
        "id": str(note.id),
        "version": note.version,
        "state": note.state(day),
        "number": note.premises.number,
        "area_code": note.premises.area,
        "address": note.premises.address,
        "kind": note.kind,
        "text": note.text,
        "expires_on": note.expires_on.isoformat(),
        "written_at": rfc3339(note.written_at),
        "written_by": note.written_by,
        "changed_at": rfc3339(note.changed_at),
        "changed_by": note.changed_by,
        "withdrawn_because": note.reason,
    }


def kept_premise_note_json(versions: Sequence[PremiseNote], day: date) -> Json:
    """A premise note with everything that was done to it, the first version first."""
    return {**premise_note_json(versions[-1], day), "history": [_version_json(one) for one in versions]}


def _version_json(note: PremiseNote) -> Json:
    return {
        "version": note.version,
        "act": note.act,
        "at": rfc3339(note.changed_at),
        "by": note.changed_by,
        "address": note.premises.address,
        "kind": note.kind,
        "text": note.text,
        "expires_on": note.expires_on.isoformat(),
        "reason": note.reason,
    }


def number_history_json(number: str, history: NumberHistory) -> Json:
    """What else is known of a caller's number."""
    return {
        "e164": number,
        "calls": [
            {
                "id": past.call.id,
                "arrived_at": rfc3339(past.call.arrival.at),
                "outcome": past.call.outcome,
                "ticket": past_ticket_json(past.ticket) if past.ticket else None,
            }
            for past in history.calls
        ],
        "in_hand": [past_ticket_json(kept.ticket) for kept in history.in_hand],
        "by_call_type": {kind.value: history.by_type.get(kind, 0) for kind in CallType},
        "without_ticket": history.without_ticket,
        "counted": history.counted,
        "more": history.more,
    }


def past_ticket_json(ticket: Ticket) -> Json:
    """What is told of another ticket: enough to see whether it is the same incident."""
    return {
        "number": ticket.number,
        "opened_at": rfc3339(ticket.opened_at),
        "status": ticket.status,
        "call_type": ticket.call_type,
        "category": ticket.category,
        "severity": ticket.severity,
        "verbatim": ticket.location.verbatim,
        "landmark": ticket.location.landmark,
        "area_code": ticket.location.area_code,
    }
