"""Return calls: asked for, withdrawn, told of by the telephone; the ticket and the settlement that follow from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ticketing.callbacks import Attempt, number_of
from ticketing.commands import CancelReturnCall, RequestReturnCall
from ticketing.desk.call_backs import follow_return_call
from ticketing.desk.telling import tell
from ticketing.errors import (
    CallBackOver,
    CallerNotCallable,
    CallerOnTheLine,
    PhoneInUse,
    ReturnCallOver,
    ReturnCallUnderWay,
    ReturnCallUnknown,
)
from ticketing.events import TicketOpened
from ticketing.model import Ticket, ticket_number
from ticketing.return_call_events import ReturnCallCancelled, ReturnCallRequested, return_call_news
from ticketing.return_calls import ReturnCall
from ticketing.sla import watched

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from ticketing.model import CallId
    from ticketing.ports import KeptCall, Transaction
    from ticketing.return_calls import ReturnTrace
    from ticketing.sla import Targets
    from ticketing.timeline import Entry


class _Whom(NamedTuple):
    """Whose call is returned, at which number."""

    call_id: CallId
    number: str


def change_return_call(
    tx: Transaction, command: RequestReturnCall | CancelReturnCall, now: datetime
) -> tuple[Entry, ...]:
    """Carry out a command about a return call; raises its refusals."""
    match command:
        case RequestReturnCall():
            return request_return_call(tx, command, now)
        case CancelReturnCall():
            return cancel_return_call(tx, command, now)


def request_return_call(tx: Transaction, command: RequestReturnCall, now: datetime) -> tuple[Entry, ...]:
    """Write the intent down; raises as RequestReturnCall says."""
    whom = _of_ticket(tx, command.ticket) if command.ticket is not None else _of_debt(tx, command.call_back or 0)
    for other in tx.return_calls_under_way():
        if other.number == whom.number:
            raise ReturnCallUnderWay(other.id, other.phone)
        if other.phone == command.phone:
            raise PhoneInUse(command.phone)
    kept = tx.keep_return_call(ReturnCall(whom.call_id, whom.number, command.phone, now, command.by))
    asked = ReturnCallRequested(now, str(kept.id), kept.number, kept.phone, command.by)
    return tell(tx, kept.call_id, (asked,), now)


def _of_ticket(tx: Transaction, number: str) -> _Whom:
    call_id = tx.ticket(number).call_id
    call = tx.calls([call_id])[call_id].call
    if call.over_at is None:
        raise CallerOnTheLine(call_id)
    return _Whom(call_id, _callable(number_of(call), call_id))


def _of_debt(tx: Transaction, call_back: int) -> _Whom:
    owed = tx.call_back(call_back)
    if owed.settlement:
        raise CallBackOver(owed.id, owed.settlement.how)
    kept = tx.calls([debt.call_id for debt in tx.debts(owed.id)])
    # The last of them that has a ticket: what the caller says belongs there. Else the last.
    last = max(kept.values(), key=lambda one: (one.ticket is not None, one.call.arrival.at, one.call.id)).call
    return _Whom(last.id, _callable(owed.number, last.id))


def _callable(number: str | None, call_id: CallId) -> str:
    if number is None:
        raise CallerNotCallable(call_id)
    return number


def cancel_return_call(tx: Transaction, command: CancelReturnCall, now: datetime) -> tuple[Entry, ...]:
    """Withdraw it; raise ReturnCallUnknown, ReturnCallOver."""
    call = tx.return_call(command.return_call)
    if not call.can_be_withdrawn:
        raise ReturnCallOver(call.id, str(call.outcome or call.state))
    if call.cancelled_at:
        return ()
    tx.keep_return_call(replace(call, cancelled_at=now))
    return tell(tx, call.call_id, (ReturnCallCancelled(now, str(call.id), command.by),), now)


def record_return_calls(
    tx: Transaction, pieces: Iterable[tuple[int, ReturnTrace]], now: datetime, zone: ZoneInfo, targets: Targets
) -> tuple[Entry, ...]:
    """Keep what the telephone tells of return calls, tell what of it is new, and do what follows from it.

    What it tells of one that is not in this store (of a database that was set back) is left: the ledger has it.
    """
    joined: dict[int, ReturnTrace] = {}
    for one, piece in pieces:
        joined[one] = joined[one].learn(piece) if one in joined else piece
    entries: list[Entry] = []
    for known, piece in joined.items():
        try:
            before = tx.return_call(known)
        except ReturnCallUnknown:
            continue
        after = before.learn(piece)
        if after != before:
            entries += _keep(tx, before, after, now, zone, targets)
    return tuple(entries)


def _keep(
    tx: Transaction, before: ReturnCall, after: ReturnCall, now: datetime, zone: ZoneInfo, targets: Targets
) -> tuple[Entry, ...]:
    tx.keep_return_call(after)
    kept = tx.calls([after.call_id])[after.call_id]
    opened = _open_ticket(tx, kept, after, now, zone, targets)
    news = return_call_news(before, after)
    told = tell(tx, after.call_id, (*news, *opened), now)
    if kept.call_back is None or after.tries is None or after.tries is before.tries:
        return told
    attempt = Attempt(after.tried_at, after.requested_by, after.tries, return_call=after.id)
    return (*told, *follow_return_call(tx, kept.call_back, attempt, after.requested_at, now))


def _open_ticket(
    tx: Transaction, kept: KeptCall, after: ReturnCall, now: datetime, zone: ZoneInfo, targets: Targets
) -> tuple[TicketOpened, ...]:
    """Open the ticket of a call that nobody had answered: its caller is answered now, and both clocks run from here."""
    at = after.reached_at
    if at is None or kept.ticket is not None:
        return ()
    day = at.astimezone(zone).date()
    number = ticket_number(day, tx.take_serials(day, 1))
    ticket = Ticket(number, after.call_id, now, at, after.phone, return_call=after.id)
    tx.keep_calls([replace(kept, ticket=number)])
    tx.open_tickets([watched(ticket, targets=targets)])
    return (TicketOpened(now, number, at, after.phone),)
