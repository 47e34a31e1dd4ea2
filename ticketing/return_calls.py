"""A call taker calls a caller of the line back, by a click: first the own phone rings, then the caller's. Pure.

What the telephone tells of it comes as what it tells of a dispatch: in pieces, twice, late, in any order.
`ReturnTrace.learn` joins two pieces and does not care. What follows for what is owed to the caller: `ReturnCall.tries`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ticketing.callbacks import CallBackOutcome
from ticketing.dispatch import LegOutcome
from ticketing.model import Precision, surer, well_formed

if TYPE_CHECKING:
    from datetime import datetime

    from ticketing.dispatch import Tried
    from ticketing.model import CallId, Instant

RETURN_CALL_ID: Final = "[0-9]{1,9}"
"""How a return call's id is written. Nine digits: the telephone's own name for its channel is made of it."""

TALKED: Final = timedelta(seconds=5)
"""Whoever hung up sooner has not been spoken with."""


class ReturnState(StrEnum):
    """How a return call stands while it is under way."""

    PHONE_RINGS = "phone_rings"  # the taker's own
    CALLING = "calling"  # the caller is being called
    TALKING = "talking"


class ReturnOutcome(StrEnum):
    """What came of a return call."""

    REACHED = "reached"
    REFUSED = "refused"  # declined, or picked up and put down at once
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    FAILED = "failed"  # no trunk got there, or Asterisk's own failure
    TAKER_NO_ANSWER = "taker_no_answer"  # the taker did not pick up: the caller was not called
    CANCELLED = "cancelled"  # withdrawn, or the taker hung up while it rang
    INTERRUPTED = "interrupted"  # a fault of the line cut the conversation off


_BY_LEG: Final = {
    LegOutcome.BUSY: ReturnOutcome.BUSY,
    LegOutcome.NO_ANSWER: ReturnOutcome.NO_ANSWER,
    LegOutcome.REFUSED: ReturnOutcome.REFUSED,
    LegOutcome.UNREACHABLE: ReturnOutcome.UNREACHABLE,
    LegOutcome.CANCELLED: ReturnOutcome.CANCELLED,
}
_ATTEMPTS: Final = {
    ReturnOutcome.REACHED: CallBackOutcome.REACHED,
    ReturnOutcome.REFUSED: CallBackOutcome.REFUSED,
    ReturnOutcome.BUSY: CallBackOutcome.BUSY,
    ReturnOutcome.NO_ANSWER: CallBackOutcome.NO_ANSWER,
    ReturnOutcome.UNREACHABLE: CallBackOutcome.UNREACHABLE,
}
"""What is a turn at calling somebody back. Where the caller's telephone was not called to the end, nobody had one."""


@dataclass(frozen=True, slots=True)
class ReturnLeg:
    """The caller called through one trunk."""

    trunk: str
    dialled: Instant | None = None
    reached: Instant | None = None  # somebody, or a machine, picked up
    tried: Tried | None = None
    ended: Instant | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "trunk", well_formed(self.trunk))

    @property
    def outcome(self) -> ReturnOutcome | None:
        """What became of it; None while it is under way, and once it was picked up."""
        if self.reached or self.tried is None or self.tried.status == "ANSWER":
            return None
        if self.tried.sip is None and not self.tried.rang and self.tried.status == "NOANSWER":
            return ReturnOutcome.FAILED  # not a word from the trunk: that says nothing of the caller's telephone
        return _BY_LEG.get(self.tried.outcome, ReturnOutcome.FAILED)

    def learn(self, more: ReturnLeg) -> ReturnLeg:
        """Join two pieces of knowledge about the same leg."""
        return ReturnLeg(
            trunk=self.trunk,
            dialled=surer(self.dialled, more.dialled),
            reached=surer(self.reached, more.reached),
            tried=max((one for one in (self.tried, more.tried) if one), key=repr, default=None),
            ended=surer(self.ended, more.ended),
        )


@dataclass(frozen=True, slots=True)
class ReturnTrace:
    """What the telephone tells of one return call. Equal knowledge is equal: the legs are kept in one order.

    `picked_up`: the taker is on the own phone. `over`: the taker's phone is put down, or rings no more.
    """

    legs: tuple[ReturnLeg, ...] = ()
    picked_up: Instant | None = None
    over: Instant | None = None

    def __post_init__(self) -> None:
        joined: dict[str, ReturnLeg] = {}
        for leg in self.legs:
            joined[leg.trunk] = joined[leg.trunk].learn(leg) if leg.trunk in joined else leg
        object.__setattr__(self, "legs", tuple(joined[trunk] for trunk in sorted(joined)))

    def learn(self, more: ReturnTrace) -> ReturnTrace:
        """Join two pieces of knowledge about the same return call."""
        return ReturnTrace(
            legs=(*self.legs, *more.legs),
            picked_up=surer(self.picked_up, more.picked_up),
            over=surer(self.over, more.over),
        )

    @property
    def reached(self) -> ReturnLeg | None:
        """The leg that was picked up."""
        return next((leg for leg in self.legs if leg.reached), None)


@dataclass(frozen=True, slots=True)
class ReturnCall:
    """A caller called back. It belongs to the call that it returns: to its record, and to what is owed for it."""

    call_id: CallId
    number: str  # E.164
    phone: str  # the taker's extension
    requested_at: datetime
    requested_by: str
    trace: ReturnTrace = ReturnTrace()
    cancelled_at: datetime | None = None
    id: int = 0  # 0: not kept yet

    @property
    def under_way(self) -> bool:
        """Whether a telephone may still ring for it, or somebody talks."""
        return self.trace.over is None

    @property
    def state(self) -> ReturnState | None:
        """How it stands; None when it is over."""
        if self.trace.over:
            return None
        if self.trace.reached:
            return ReturnState.TALKING
        return ReturnState.CALLING if self.trace.picked_up or self.trace.legs else ReturnState.PHONE_RINGS

    @property
    def can_be_withdrawn(self) -> bool:
        """Whether it only rings: a conversation is ended by those who have it."""
        return self.under_way and self.trace.reached is None

    @property
    def reached_at(self) -> datetime | None:
        """When the caller's telephone was picked up."""
        leg = self.trace.reached
        return leg.reached.at if leg and leg.reached else None

    @property
    def outcome(self) -> ReturnOutcome | None:
        """What came of it; None while it is under way."""
        if self.trace.over is None:
            return None
        if self.reached_at:
            return self._of_conversation(self.reached_at)
        if self.cancelled_at:
            return ReturnOutcome.CANCELLED
        if not self.trace.legs:
            # Of one that the ledger does not tell the end of, nobody knows whether any phone rang.
            rang = self.trace.picked_up is None and self.trace.over.precision is Precision.LEDGER
            return ReturnOutcome.TAKER_NO_ANSWER if rang else ReturnOutcome.FAILED
        # The last that was tried: what failed before it was a trunk.
        last = max(self.trace.legs, key=lambda leg: (leg.dialled is not None, leg.dialled and leg.dialled.at))
        return last.outcome or ReturnOutcome.FAILED

    def _of_conversation(self, reached_at: datetime) -> ReturnOutcome:
        ended = self._conversation_ended
        if ended is None:
            return ReturnOutcome.INTERRUPTED
        return ReturnOutcome.REACHED if ended - reached_at >= TALKED else ReturnOutcome.REFUSED

    @property
    def _conversation_ended(self) -> datetime | None:
        """When it ended, as the ledger tells. That there is nothing of it any more does not say since when."""
        leg, over = self.trace.reached, self.trace.over
        if leg and leg.ended:
            return leg.ended.at
        return over.at if over and over.precision is Precision.LEDGER else None

    @property
    def tries(self) -> CallBackOutcome | None:
        """As what it counts among the attempts to call back; None for one that is none, or is not over."""
        outcome = self.outcome
        return _ATTEMPTS.get(outcome) if outcome else None

    @property
    def tried_at(self) -> datetime:
        """The instant of that attempt: of the answer, else of the end."""
        return self.reached_at or (self.trace.over.at if self.trace.over else self.requested_at)

    def learn(self, trace: ReturnTrace) -> ReturnCall:
        """Join what the telephone tells."""
        return replace(self, trace=self.trace.learn(trace))
