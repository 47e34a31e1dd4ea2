"""Who is owed a call back, and what settles it. Pure.

A call that nobody answered, or that a fault of the line cut off, counts as an emergency until somebody has spoken with
its caller. What is owed to one number is one `CallBack`, however often it called; a caller without a usable number has
one for each call, since nobody knows whether two of them are one person.

Settled is what somebody was reached about, what a supervisor gave up, and what the caller settled by calling again and
being answered. That last rule looks at the calls alone, at their arrivals: it comes out the same whichever of the two
calls becomes known first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from ticketing.errors import CallBackOver, ReasonNeeded
from ticketing.model import CallId, CallOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ticketing.model import Call

OWING: Final = frozenset({CallOutcome.ABANDONED, CallOutcome.INTERRUPTED, CallOutcome.OVERFLOW})
"""How a call ends that owes its caller a call back."""


CALL_BACK_ID: Final = "[0-9]{1,18}"
"""How a call-back's id is written."""


class CallBackOutcome(StrEnum):
    """What came of somebody's turn at a call-back."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REFUSED = "refused"  # hung up on us, or would not talk
    UNREACHABLE = "unreachable"  # switched off, out of coverage, no such number
    GIVEN_UP = "given_up"  # no attempt: a supervisor's decision


class SettledHow(StrEnum):
    """What settled a call-back."""

    REACHED = "reached"
    CALLED_AGAIN = "called_again"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tried to call back; `return_call`: by a click, and its outcome is the telephone's word."""

    at: datetime
    by: str
    outcome: CallBackOutcome
    note: str | None = None
    return_call: int | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """Why nothing is owed any more, since when, by whom; or by which call the caller settled it."""

    at: datetime
    how: SettledHow
    by: str | None = None
    note: str | None = None
    call_id: CallId | None = None


@dataclass(frozen=True, slots=True)
class CallBack:
    """What is, or was, owed to one number; None: nobody knows one. `since` is the arrival of the oldest owing call."""

    number: str | None  # E.164
    since: datetime
    attempts: tuple[Attempt, ...] = ()
    settlement: Settlement | None = None
    id: int = 0  # 0: not kept yet


class Debt(NamedTuple):
    """A call that owes, in the order of the arrivals."""

    arrived_at: datetime
    call_id: CallId

    @classmethod
    def of(cls, call: Call) -> Debt:
        """The debt of this call, and its place among those of its number."""
        return cls(call.arrival.at, call.id)


def owes(call: Call) -> bool:
    """Whether this call, as it is known now, owes its caller a call back."""
    return call.outcome in OWING and not call.is_test


def number_of(call: Call) -> str | None:
    """The number to call back (E.164); None when there is none that can be called."""
    return call.caller.e164 if call.caller and call.caller.callable else None


def settled_by_calling_again(call_id: CallId, answered_at: datetime) -> Settlement:
    """What an answered call settles of the same number's earlier ones."""
    return Settlement(answered_at, SettledHow.CALLED_AGAIN, call_id=call_id)


def before(call: Call, debts: Iterable[Debt]) -> tuple[Debt, ...]:
    """Those of these debts that this call settles when it is answered: of calls that arrived before it."""
    return tuple(debt for debt in debts if debt < Debt.of(call))


def settled_since(debt: Debt, settled: Iterable[CallBack]) -> CallBack | None:
    """Of the number's settled call-backs, the one by which somebody was reached after this debt began.

    What was given up is no such one: the supervisor did not know of this call.
    """
    for one in settled:
        if one.settlement and one.settlement.how is SettledHow.REACHED and one.settlement.at >= debt.arrived_at:
            return one
    return None


def reached_by(attempt: Attempt, debts: Iterable[Debt]) -> tuple[Debt, ...]:
    """Those of these debts that this attempt reached the caller about: of calls that had arrived by then."""
    return tuple(debt for debt in debts if debt.arrived_at <= attempt.at)


def said_since(call_back: CallBack, at: datetime) -> bool:
    """Whether somebody has said since then what came of calling back."""
    return any(one.return_call is None and one.at >= at for one in call_back.attempts)


def tried(call_back: CallBack, attempt: Attempt) -> CallBack:
    """The call-back after somebody's turn at it; what is told anew of a return call takes the place of what was told.

    Raises CallBackOver when it was settled before, ReasonNeeded when it is given up without one.
    """
    if call_back.settlement:
        raise CallBackOver(call_back.id, call_back.settlement.how)
    if attempt.outcome is CallBackOutcome.GIVEN_UP:
        if not (attempt.note or "").strip():
            raise ReasonNeeded(call_back.id)
        return replace(call_back, settlement=_settled(attempt, SettledHow.GIVEN_UP))
    known = () if attempt.return_call is None else (attempt.return_call,)
    others = tuple(one for one in call_back.attempts if one.return_call not in known)
    after = replace(call_back, attempts=(*others, attempt))
    if attempt.outcome is CallBackOutcome.REACHED:
        return replace(after, settlement=_settled(attempt, SettledHow.REACHED))
    return after


def _settled(attempt: Attempt, how: SettledHow) -> Settlement:
    return Settlement(attempt.at, how, attempt.by, attempt.note)
