"""What prank and ghost calls cost their number: a place further back, for a while, and never an answer. Pure.

A ticket that is closed as a prank or as a ghost is a mark on its caller's number. Marks follow from the tickets as
they are now, as call-backs follow from the calls: a ticket that is opened again, or turns out to be something else,
takes its mark away. A mark is as old as the call that it was given for, however late somebody judged it: how a number
stands does not depend on the order in which tickets are closed or things become known.

Marks decay by themselves. An emergency of the same number, vouched for by a supervisor, and a supervisor's forgiveness
take away all that was before them. What marks alone cost is little; what costs more needs a supervisor who has looked,
and ends by itself. Both have a bound, and the dialplan has the same once more: nobody waits for ever.

Nobody is marked who cannot be called back (`Caller.callable`): behind a hidden number is somebody else each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ticketing.model import CallType, TicketStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MARKING: Final = frozenset({CallType.PRANK, CallType.GHOST})
"""As what a ticket is closed that is a mark on its caller's number."""

E164: Final = r"\+[1-9][0-9]{1,14}"
"""How a number that can bear marks is written."""

LONGEST_DELAY: Final = timedelta(minutes=5)
"""No number waits longer than as if it had called so much later, whatever is set. SIAGA_MOST_PENALTY has it again."""

_HALF_LIVES: Final = 6  # after so many a mark counts nothing: what is left of it is less than 2 %


class Judgement(StrEnum):
    """What a supervisor has made of a number's marks."""

    CONFIRMED = "confirmed"
    FORGIVEN = "forgiven"


@dataclass(frozen=True, slots=True)
class NuisanceRules:
    """What a site has decided. Raises ValueError for what would be no bound at all."""

    half_life: timedelta = timedelta(days=30)
    threshold: float = 4.5  # marks, as they count by then: five within four days, more of them within a longer time
    delay: timedelta = timedelta(seconds=60)  # as if the caller had called so much later, by marks alone
    confirmed_delay: timedelta = timedelta(minutes=5)
    confirmed_for: timedelta = timedelta(days=14)

    def __post_init__(self) -> None:
        if self.half_life <= timedelta() or self.threshold <= 0:
            raise ValueError("half_life and threshold must be more than nothing")
        if not timedelta() <= self.delay <= self.confirmed_delay <= LONGEST_DELAY:
            raise ValueError(f"delay, confirmed_delay, {LONGEST_DELAY}: each at most the next")

    @property
    def memory(self) -> timedelta:
        """After so long a mark counts nothing, and so does all that could take it away."""
        return self.half_life * _HALF_LIVES


@dataclass(frozen=True, slots=True)
class Evidence:
    """A ticket that says something about its caller's number. `at`: when it was answered."""

    number: str  # E.164
    ticket: str
    at: datetime
    call_type: CallType

    @property
    def is_mark(self) -> bool:
        """Whether it is a mark; otherwise it is an emergency, which takes marks away."""
        return self.call_type in MARKING


@dataclass(frozen=True, slots=True)
class Judged:
    """A supervisor's word on a number; kept for ever."""

    number: str
    at: datetime
    judgement: Judgement
    by: str
    note: str | None = None
    id: int = 0  # 0: not kept yet


@dataclass(frozen=True, slots=True)
class Standing:
    """How a number stands at an instant: the marks that count, and what they cost."""

    number: str
    marks: tuple[Evidence, ...]  # the latest first
    score: float
    beyond: bool  # of the threshold: a supervisor should look
    confirmed: Judged | None  # that still holds
    until: datetime | None  # so long it holds
    delay: timedelta  # as if the caller had called so much later

    @property
    def since(self) -> datetime | None:
        """When the oldest mark that counts was earned."""
        return self.marks[-1].at if self.marks else None


def says_something(status: TicketStatus, call_type: CallType) -> bool:
    """Whether a ticket of this status and type says anything about its caller's number.

    An open ticket is an emergency until somebody says otherwise: it has not been vouched for.
    """
    if call_type is CallType.EMERGENCY:
        return status is not TicketStatus.OPEN
    return status is TicketStatus.CLOSED and call_type in MARKING


def standing(
    number: str, evidence: Iterable[Evidence], judged: Iterable[Judged], now: datetime, rules: NuisanceRules
) -> Standing:
    """How a number stands at `now`, by all that is known of it, given in any order and however often."""
    known, said = frozenset(evidence), frozenset(judged)
    cleared = [one.at for one in known if not one.is_mark and one.at <= now]
    cleared += [one.at for one in said if one.judgement is Judgement.FORGIVEN]
    left = [one for one in known if one.is_mark and all(one.at > at for at in cleared)]
    left.sort(key=lambda one: (one.at, one.ticket), reverse=True)
    score = _score(left, now, rules)
    confirmed = _confirmation(left, said, now, rules)
    return Standing(
        number,
        tuple(one for one in left if _counts(one, now, rules)),
        score,
        beyond=score >= rules.threshold,
        confirmed=confirmed,
        until=confirmed.at + rules.confirmed_for if confirmed else None,
        delay=rules.confirmed_delay if confirmed else rules.delay * min(1.0, score / rules.threshold),
    )


def _counts(mark: Evidence, at: datetime, rules: NuisanceRules) -> bool:
    return at - rules.memory < mark.at <= at


def _score(marks: Iterable[Evidence], at: datetime, rules: NuisanceRules) -> float:
    return math.fsum(0.5 ** ((at - one.at) / rules.half_life) for one in marks if _counts(one, at, rules))


def _confirmation(
    marks: Iterable[Evidence], judged: Iterable[Judged], now: datetime, rules: NuisanceRules
) -> Judged | None:
    """The latest confirmation that holds: within its time, and by marks that were beyond the threshold then.

    It stands upon the tickets as they are now: when those turn out to be something else, or are cleared away, it falls.
    """
    confirmations = [one for one in judged if one.judgement is Judgement.CONFIRMED]
    confirmations.sort(key=lambda one: (one.at, one.id), reverse=True)
    for one in confirmations:
        if one.at <= now < one.at + rules.confirmed_for and _score(marks, one.at, rules) >= rules.threshold:
            return one
    return None
