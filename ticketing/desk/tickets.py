"""What people do to a ticket, and what its clocks do when nobody does anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ticketing.commands import AskCaller, NoteBreaches, NoteRecordingAccess, TriageTicket, TurnStatus
from ticketing.desk.asking import ask_caller
from ticketing.desk.telling import tell
from ticketing.errors import StaleVersion
from ticketing.events import NotePlayed, RecordingPlayed, StatusTurned
from ticketing.return_call_events import ReturnCallPlayed
from ticketing.sla import breaches_owed, noted, watched
from ticketing.transitions import transition
from ticketing.triage import triaged

if TYPE_CHECKING:
    from datetime import datetime

    from ticketing.events import Event
    from ticketing.model import Ticket
    from ticketing.ports import Transaction
    from ticketing.sla import Targets
    from ticketing.timeline import Entry

_BREACHES_AT_ONCE: Final = 200  # after a long downtime: an answer that opens a ticket must not wait for them all


def change_ticket(
    tx: Transaction,
    command: TriageTicket | TurnStatus | NoteBreaches | NoteRecordingAccess | AskCaller,
    now: datetime,
    targets: Targets,
) -> tuple[Entry, ...]:
    """Carry out a command about a ticket or its call; raises its refusals."""
    match command:
        case TriageTicket():
            return triage_ticket(tx, command, now, targets)
        case TurnStatus():
            return turn_status(tx, command, now, targets)
        case NoteBreaches():
            return note_breaches(tx, now, targets)
        case NoteRecordingAccess():
            return note_recording_access(tx, command, now)
        case AskCaller():
            return ask_caller(tx, command, now)


def triage_ticket(tx: Transaction, command: TriageTicket, now: datetime, targets: Targets) -> tuple[Entry, ...]:
    """Record what the taker learned; raise TicketUnknown, StaleVersion or ReopenFirst."""
    ticket = _seen(tx, command.number, command.version)
    after, triage = triaged(ticket, command.changes, by=command.by, at=now)
    if triage is None:
        return ()
    return _keep(tx, ticket, after, triage, now, targets)


def turn_status(tx: Transaction, command: TurnStatus, now: datetime, targets: Targets) -> tuple[Entry, ...]:
    """Turn the ticket; raise TicketUnknown, StaleVersion or TransitionRefused."""
    ticket = _seen(tx, command.number, command.version)
    after = transition(ticket, command.to, by=command.role, at=now, reason=command.reason)
    turned = StatusTurned(now, command.by, ticket.status, command.to, command.reason)
    return _keep(tx, ticket, after, turned, now, targets)


def note_breaches(tx: Transaction, now: datetime, targets: Targets) -> tuple[Entry, ...]:
    """Put the breaches that are due on record, the most overdue first, a bounded number at a time."""
    entries: list[Entry] = []
    for ticket in tx.tickets_to_watch(now, _BREACHES_AT_ONCE):
        breaches = breaches_owed(ticket, now=now, targets=targets)
        tx.keep_ticket(watched(noted(ticket, breaches), targets=targets))
        entries += tell(tx, ticket.call_id, breaches, now)
    return tuple(entries)


def note_recording_access(tx: Transaction, command: NoteRecordingAccess, now: datetime) -> tuple[Entry, ...]:
    """Put on record who asked for a call's audio, a spoken note's, or a return call's; raise CallUnknown."""
    return tell(tx, command.call_id, (_played(command, now),), now)


def _played(command: NoteRecordingAccess, now: datetime) -> Event:
    if command.return_call is not None:
        return ReturnCallPlayed(now, command.by, str(command.return_call))
    note = command.note
    return NotePlayed(now, command.by, str(note.dispatch), note.name) if note else RecordingPlayed(now, command.by)


def _seen(tx: Transaction, number: str, version: int | None) -> Ticket:
    ticket = tx.ticket(number)
    if version is not None and version != ticket.version:
        raise StaleVersion(number, version, ticket.version)
    return ticket


def _keep(
    tx: Transaction, before: Ticket, after: Ticket, change: Event, now: datetime, targets: Targets
) -> tuple[Entry, ...]:
    """Keep a changed ticket and tell of it: what its clocks owed before the change, the change, what they owe by it."""
    owed_before = breaches_owed(before, now=now, targets=targets)
    after = noted(after, owed_before)
    owed_by_it = breaches_owed(after, now=now, targets=targets)
    tx.keep_ticket(watched(noted(after, owed_by_it), targets=targets))
    return tell(tx, after.call_id, (*owed_before, change, *owed_by_it), now)
