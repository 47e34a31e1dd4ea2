"""What becomes known of calls: joined with what is kept, told, and a ticket opened by the answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from ticketing.desk.call_backs import follow_debts
from ticketing.events import Event, TicketOpened, learned
from ticketing.model import Call, CallId, CallType, Ticket, ticket_number
from ticketing.ports import KeptCall
from ticketing.sla import watched
from ticketing.timeline import NO_ENTRY, chained

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from ticketing.commands import RecordCalls
    from ticketing.ports import Transaction
    from ticketing.sla import Targets
    from ticketing.timeline import Entry


@dataclass(frozen=True, slots=True)
class _Revision:
    """A call of which something became known."""

    kept: KeptCall | None
    call: Call

    @property
    def before(self) -> Call | None:
        return self.kept.call if self.kept else None

    @property
    def ticket(self) -> str | None:
        return self.kept.ticket if self.kept else None

    @property
    def call_back(self) -> int | None:
        return self.kept.call_back if self.kept else None


def record_calls(
    tx: Transaction, command: RecordCalls, now: datetime, zone: ZoneInfo, targets: Targets
) -> tuple[Entry, ...]:
    """Keep what is new of these calls, open the tickets that their answers owe, and note who is owed a call back."""
    revisions = _revisions(tx, command.calls)
    opened = _tickets_owed(tx, revisions, now, zone)
    entries: list[Entry] = []
    kept: list[KeptCall] = []
    for revision in revisions:
        ticket = opened.get(revision.call.id)
        number = ticket.number if ticket else revision.ticket
        head = revision.kept.head if revision.kept else NO_ENTRY
        news = chained(revision.call.id, _news(revision, ticket), head, recorded_at=now, ticket_number=number)
        entries += news
        kept.append(KeptCall(revision.call, number, news[-1].head if news else head, revision.call_back))
    tx.keep_calls(kept)
    tx.open_tickets([watched(ticket, targets=targets) for ticket in opened.values()])
    _settle_answers(tx, revisions, targets)
    tx.keep_positions(command.positions)
    told = tx.append(entries)
    return (*told, *follow_debts(tx, [(revision.kept, revision.call) for revision in revisions], now))


def _revisions(tx: Transaction, pieces: Iterable[Call]) -> tuple[_Revision, ...]:
    joined: dict[CallId, Call] = {}
    for piece in pieces:
        joined[piece.id] = joined[piece.id].learn(piece) if piece.id in joined else piece
    kept = tx.calls(joined)
    revisions = (_revision(kept.get(call_id), piece) for call_id, piece in joined.items())
    return tuple(one for one in revisions if one.call.reached_the_line and one.call != one.before)


def _revision(kept: KeptCall | None, piece: Call) -> _Revision:
    return _Revision(kept, kept.call.learn(piece) if kept else piece)


class _Answer(NamedTuple):
    """What a ticket takes over from its call: the first answer, and the first call taker who gave one."""

    at: datetime
    taker: str | None  # None while only backup numbers answered
    is_test: bool  # the line called itself


def _answer(call: Call | None) -> _Answer | None:
    first = call.answered if call else None
    return _Answer(first.at, next(iter(call.takers), None), call.is_test) if call and first else None


def _tickets_owed(
    tx: Transaction, revisions: Iterable[_Revision], now: datetime, zone: ZoneInfo
) -> dict[CallId, Ticket]:
    """Number a ticket for each answered call that has none, in the order of the answers."""
    owed = sorted(
        (answer.at, revision.call.id, answer)
        for revision in revisions
        if revision.ticket is None and (answer := _answer(revision.call))
    )
    tickets: dict[CallId, Ticket] = {}
    for day, of_one_day in groupby(owed, key=lambda one: one[0].astimezone(zone).date()):
        answers = tuple(of_one_day)
        first = tx.take_serials(day, len(answers))
        for serial, (at, call_id, answer) in enumerate(answers, first):
            call_type = CallType.TEST if answer.is_test else CallType.EMERGENCY
            tickets[call_id] = Ticket(ticket_number(day, serial), call_id, now, at, answer.taker, call_type=call_type)
    return tickets


def _news(revision: _Revision, ticket: Ticket | None) -> tuple[Event, ...]:
    news = learned(revision.before, revision.call)
    if ticket is None:
        return news
    return (*news, TicketOpened(ticket.opened_at, ticket.number, ticket.answered_at, ticket.taker))


def _settle_answers(tx: Transaction, revisions: Iterable[_Revision], targets: Targets) -> None:
    """Let tickets follow their calls: to a surer instant, or an earlier answer that was learned of later."""
    # Sooner than needed when a clock has been met: then that look finds nothing, and sets the next.
    watch_after = min(targets.on_progress, targets.close)
    for revision in revisions:
        answer = _answer(revision.call)
        if revision.ticket and answer and answer != _answer(revision.before):
            tx.settle_answer(revision.ticket, answer.at, answer.taker, watch_at=answer.at + watch_after)
