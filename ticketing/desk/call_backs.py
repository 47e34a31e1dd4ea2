"""What is owed to callers: follows from their calls, and from what people do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ticketing.callbacks import (
    Attempt,
    CallBack,
    CallBackOutcome,
    Debt,
    before,
    number_of,
    owes,
    reached_by,
    said_since,
    settled_by_calling_again,
    settled_since,
    tried,
)
from ticketing.desk.telling import tell
from ticketing.errors import GivingUpRefused
from ticketing.events import CallBackSettled, CallBackTried
from ticketing.permissions import Permission, may

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ticketing.commands import TryCallBack
    from ticketing.events import Event
    from ticketing.model import Call
    from ticketing.ports import KeptCall, Transaction
    from ticketing.timeline import Entry


def follow_debts(tx: Transaction, revised: Sequence[tuple[KeptCall | None, Call]], now: datetime) -> tuple[Entry, ...]:
    """Have the call-backs follow these calls, each given as it was kept before and as it is kept now."""
    entries: list[Entry] = []
    for kept, call in revised:
        entries += _follow_debt(tx, kept, call, now)
    for kept, call in revised:
        entries += _follow_answer(tx, kept.call if kept else None, call, now)
    return tuple(entries)


def try_call_back(tx: Transaction, command: TryCallBack, now: datetime) -> tuple[Entry, ...]:
    """Record somebody's turn at a call-back; raise CallBackUnknown, CallBackOver, GivingUpRefused or ReasonNeeded."""
    gives_up = command.outcome is CallBackOutcome.GIVEN_UP
    if gives_up and not may(command.role, Permission.GIVE_UP_CALL_BACK):
        raise GivingUpRefused(command.call_back, command.role)
    after = tried(tx.call_back(command.call_back), Attempt(now, command.by, command.outcome, command.note))
    tx.keep_call_back(after)
    news: list[Event] = []
    if not gives_up:
        news.append(CallBackTried(now, str(after.id), command.by, command.outcome, command.note))
    return _tell(tx, tx.debts(after.id), [*news, *_settled(after)], now)


def follow_return_call(
    tx: Transaction, call_back: int, attempt: Attempt, begun: datetime, now: datetime
) -> tuple[Entry, ...]:
    """Count a return call that was begun then among the attempts, and settle what it has reached the caller about.

    Not what is settled already; and whoever has said meanwhile what came of it knows better than the telephone.
    """
    owed = tx.call_back(call_back)
    if owed.settlement or said_since(owed, begun):
        return ()
    after, debts = tried(owed, attempt), tx.debts(owed.id)
    paid = reached_by(attempt, debts) if after.settlement else debts
    if not paid:
        return ()
    kept = _pay(tx, after, debts, paid)
    told = CallBackTried(attempt.at, str(kept.id), attempt.by, attempt.outcome, attempt.note)
    return _tell(tx, paid, [told, *_settled(kept)], now)


def _follow_debt(tx: Transaction, kept: KeptCall | None, call: Call, now: datetime) -> tuple[Entry, ...]:
    was = tx.call_back(kept.call_back) if kept and kept.call_back else None
    if was and was.settlement:
        return ()  # what was done about it was done
    if was and not owes(call):
        # It was answered after all, as its late evidence says: nobody has to call back.
        _move(tx, call, was, None)
    if not owes(call) or (was and kept and _debtor(kept.call) == _debtor(call)):
        return ()
    owed = _call_back_for(tx, call, was)
    _move(tx, call, was, owed)
    return _tell(tx, (Debt.of(call),), _settled(owed), now)


def _debtor(call: Call) -> tuple[str | None, Debt]:
    return number_of(call), Debt.of(call)


def _call_back_for(tx: Transaction, call: Call, was: CallBack | None) -> CallBack:
    """The call-back that this owing call is part of: a settled one, when what settles it is known already."""
    number, debt = number_of(call), Debt.of(call)
    if number is None:
        return was if was and was.number is None else tx.keep_call_back(CallBack(None, debt.arrived_at))
    settled = tx.settled_call_backs(number, debt.arrived_at)
    again = tx.answered_after(number, debt)
    if again:
        of_that_call = (one for one in settled if one.settlement and one.settlement.call_id == again.call_id)
        new = CallBack(number, debt.arrived_at, settlement=again)
        return next(of_that_call, None) or tx.keep_call_back(new)
    known = settled_since(debt, settled) or tx.open_call_back(number)
    return known or tx.keep_call_back(CallBack(number, debt.arrived_at))


def _move(tx: Transaction, call: Call, was: CallBack | None, to: CallBack | None) -> None:
    tx.owe(call.id, to.id if to else None)
    for one in {one.id for one in (was, to) if one}:
        tx.follow_calls(one)


def _follow_answer(tx: Transaction, known: Call | None, call: Call, now: datetime) -> tuple[Entry, ...]:
    """Settle what was owed to a caller who called again and is answered."""
    number = number_of(call)
    if call.answered is None or number is None:
        return ()
    if known and known.answered and _debtor(known) == _debtor(call):
        return ()
    owed = tx.open_call_back(number)
    debts = tx.debts(owed.id) if owed else ()
    paid = before(call, debts)
    if owed is None or not paid:
        return ()
    settled = _pay(tx, replace(owed, settlement=settled_by_calling_again(call.id, call.answered.at)), debts, paid)
    return _tell(tx, paid, _settled(settled), now)


def _pay(tx: Transaction, settled: CallBack, debts: tuple[Debt, ...], paid: tuple[Debt, ...]) -> CallBack:
    """Keep what is settled of a call-back with these debts."""
    if paid == debts:
        return tx.keep_call_back(settled)
    # Somebody with the same number called after that, in vain: it is still owed, and keeps its id.
    apart = tx.keep_call_back(replace(settled, id=0))
    for debt in paid:
        tx.owe(debt.call_id, apart.id)
    tx.follow_calls(settled.id)
    return apart


def _settled(call_back: CallBack) -> tuple[Event, ...]:
    settled = call_back.settlement
    if settled is None:
        return ()
    told = CallBackSettled(settled.at, str(call_back.id), settled.how, settled.by, settled.note, settled.call_id)
    return (told,)


def _tell(tx: Transaction, debts: Iterable[Debt], news: Sequence[Event], now: datetime) -> tuple[Entry, ...]:
    return tuple(entry for debt in debts for entry in tell(tx, debt.call_id, news, now))
