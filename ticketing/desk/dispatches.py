"""Dispatches: asked for, withdrawn, told of by the telephone and by the SKPD."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ticketing.commands import CancelDispatch, RequestDispatch, UpdateDispatch
from ticketing.desk.telling import tell
from ticketing.dispatch import Dispatch, DispatchState, Said, Trace, Update
from ticketing.dispatch_events import DispatchCancelled, DispatchRequested, DispatchUpdated, dispatch_news
from ticketing.errors import (
    DispatchOver,
    DispatchUnderWay,
    DispatchUnknown,
    SkpdWithoutLines,
    TicketClosed,
)
from ticketing.model import TicketStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ticketing.dispatch import Begun
    from ticketing.ports import Transaction
    from ticketing.timeline import Entry


def change_dispatch(
    tx: Transaction, command: RequestDispatch | CancelDispatch | UpdateDispatch, now: datetime
) -> tuple[Entry, ...]:
    """Carry out a command about a dispatch; raises its refusals."""
    match command:
        case RequestDispatch():
            return request_dispatch(tx, command, now)
        case CancelDispatch():
            return cancel_dispatch(tx, command, now)
        case UpdateDispatch():
            return update_dispatch(tx, command, now)


def request_dispatch(tx: Transaction, command: RequestDispatch, now: datetime) -> tuple[Entry, ...]:
    """Write the intent down; raise TicketUnknown, TicketClosed, SkpdUnknown, SkpdWithoutLines, DispatchUnderWay."""
    ticket, skpd = tx.ticket(command.number), tx.skpd(command.skpd)
    if ticket.status is TicketStatus.CLOSED:
        raise TicketClosed(ticket.number)
    lines = tuple(line.number for line in skpd.lines_at(command.local))
    if not lines:
        raise SkpdWithoutLines(skpd.code)
    for other in tx.dispatches_of(ticket.number):
        if other.skpd == skpd.code and other.under_way:
            raise DispatchUnderWay(skpd.code, other.id, other.state)
    new = Dispatch(ticket.number, ticket.call_id, skpd.code, lines, now, command.by, mode=command.mode)
    kept = tx.keep_dispatch(new)
    asked = DispatchRequested(now, str(kept.id), kept.skpd, lines, command.by)
    return tell(tx, kept.call_id, (asked,), now)


def cancel_dispatch(tx: Transaction, command: CancelDispatch, now: datetime) -> tuple[Entry, ...]:
    """Withdraw it; raise DispatchUnknown, DispatchOver."""
    dispatch = _of_ticket(tx, command.number, command.dispatch)
    if dispatch.cancelled_at:
        return ()
    if not dispatch.can_be_withdrawn:
        raise DispatchOver(dispatch.id, dispatch.state, "cancelled")
    tx.keep_dispatch(replace(dispatch, cancelled_at=now))
    return tell(tx, dispatch.call_id, (DispatchCancelled(now, str(dispatch.id), dispatch.skpd, command.by),), now)


def update_dispatch(tx: Transaction, command: UpdateDispatch, now: datetime) -> tuple[Entry, ...]:
    """Put on record what the SKPD says; raise DispatchUnknown, DispatchOver."""
    dispatch = _of_ticket(tx, command.number, command.dispatch)
    if command.skpd is not None and command.skpd != dispatch.skpd:
        raise DispatchUnknown(dispatch.id)
    if dispatch.state is DispatchState.CANCELLED:
        raise DispatchOver(dispatch.id, dispatch.state, str(command.state))
    if command.state is dispatch.state and command.note is None:
        return ()
    said = Update(now, command.state, command.by, command.note)
    tx.keep_dispatch(replace(dispatch, updates=(*dispatch.updates, said)))
    return tell(tx, dispatch.call_id, (_told(dispatch, said),), now)


def record_begun(tx: Transaction, begun: Iterable[Begun], now: datetime) -> tuple[Entry, ...]:
    """Put the dispatches that takers began by telephone on their tickets, each once; of a call without one, nothing."""
    entries: list[Entry] = []
    for one in begun:
        call = tx.calls([one.call_id]).get(one.call_id)
        if call is None or call.ticket is None or _is_kept(tx, one.name):
            continue
        new = Dispatch(call.ticket, one.call_id, one.skpd, one.lines, one.at, one.by, mode=one.mode, begun_as=one.name)
        kept = tx.keep_dispatch(new)
        asked = DispatchRequested(one.at, str(kept.id), kept.skpd, kept.lines, kept.requested_by)
        entries += tell(tx, kept.call_id, (asked,), now)
    return tuple(entries)


def _is_kept(tx: Transaction, name: str) -> bool:
    try:
        tx.dispatch(name)
    except DispatchUnknown:
        return False
    return True


def record_dispatches(tx: Transaction, pieces: Iterable[tuple[int | str, Trace]], now: datetime) -> tuple[Entry, ...]:
    """Keep what the telephone tells of dispatches, and tell what of it is new.

    What it tells of a dispatch that is not in this store (one of a database that was set back; one begun by telephone,
    of whose beginning the doorbell was not heard) is left: the ledger has it.
    """
    joined: dict[int | str, Trace] = {}
    for dispatch, piece in pieces:
        joined[dispatch] = joined[dispatch].learn(piece) if dispatch in joined else piece
    entries: list[Entry] = []
    for known, piece in joined.items():
        try:
            before = tx.dispatch(known)
        except DispatchUnknown:
            continue
        after = before.learn(piece)
        if after != before:
            tx.keep_dispatch(after)
            entries += tell(tx, after.call_id, dispatch_news(before, after), now)
    return tuple(entries)


def record_said(tx: Transaction, pieces: Iterable[tuple[int, Said]], now: datetime) -> tuple[Entry, ...]:
    """Keep what officers said by telephone, and tell what of it is new; of a dispatch that is not kept, nothing."""
    entries: list[Entry] = []
    for known, said in pieces:
        try:
            before = tx.dispatch(known)
        except DispatchUnknown:
            continue
        after, new = before.hear(said)
        if new:
            tx.keep_dispatch(after)
            entries += tell(tx, after.call_id, (_told(after, new),), now)
    return tuple(entries)


def _told(dispatch: Dispatch, said: Update) -> DispatchUpdated:
    return DispatchUpdated(said.at, str(dispatch.id), dispatch.skpd, said.state, said.by, said.note)


def _of_ticket(tx: Transaction, number: str, dispatch: int) -> Dispatch:
    found = tx.dispatch(dispatch)
    if found.ticket != number:
        raise DispatchUnknown(dispatch)
    return found
