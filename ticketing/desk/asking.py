"""Questions to a caller who cannot speak: the intent is on record before anything is played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketing.desk.telling import tell
from ticketing.errors import CallerGone
from ticketing.events import QuestionAsked

if TYPE_CHECKING:
    from datetime import datetime

    from ticketing.commands import AskCaller
    from ticketing.ports import Transaction
    from ticketing.timeline import Entry


def ask_caller(tx: Transaction, command: AskCaller, now: datetime) -> tuple[Entry, ...]:
    """Write down that the question is asked; raise TicketUnknown, CallerGone."""
    ticket = tx.ticket(command.number)
    call = tx.calls([ticket.call_id])[ticket.call_id].call
    if call.over_at is not None:
        raise CallerGone(ticket.number)
    return tell(tx, call.id, (QuestionAsked(now, command.by, command.question),), now)
