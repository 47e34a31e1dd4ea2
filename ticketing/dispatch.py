"""One SKPD asked to act on one ticket: which lines were rung, who accepted, how it goes on. Pure.

What the telephone tells of a dispatch comes as what it tells of a call: in pieces, twice, late, in any order.
`Trace.learn` joins two pieces and does not care. What people say of it (`Update`) comes through the desk, in order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ticketing.model import surer, well_formed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ticketing.model import CallId, Instant

DISPATCH_ID: Final = "[0-9]{1,9}"
"""How a dispatch's id is written. Nine digits: the telephone's own names for its channels are made of it."""

BEGUN_AS: Final = "t[0-9]{1,11}x[0-9]{1,9}x[0-9]{1,3}"
"""What the telephone calls a dispatch that a taker began there: by the taker's channel, and a count."""


class DispatchMode(StrEnum):
    """What becomes of an SKPD that accepts."""

    BRIDGE = "bridge"  # into the conversation of caller and taker
    CONSULT = "consult"  # a word with the taker first, the caller on music meanwhile


class LegOutcome(StrEnum):
    """What became of one attempt to reach one line."""

    ACCEPTED = "accepted"
    NOT_CONFIRMED = "not_confirmed"  # picked up, and nobody pressed 1: a machine, silence, a hang-up
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"  # no such number, or nothing answers there
    FAILED = "failed"  # the trunk's own failure, or Asterisk's
    CANCELLED = "cancelled"


# Q.850 (ITU-T) and SIP (RFC 3261) as Asterisk 22 maps them: 486 → 17, 480 → 19, 404 → 1, 603 → 21, 503 → 34.
_BY_CAUSE: Final = {
    1: LegOutcome.UNREACHABLE,  # unallocated number
    3: LegOutcome.UNREACHABLE,  # no route
    17: LegOutcome.BUSY,
    20: LegOutcome.UNREACHABLE,  # absent: a mobile that is switched off
    22: LegOutcome.UNREACHABLE,  # number changed
    27: LegOutcome.UNREACHABLE,  # out of order
    28: LegOutcome.UNREACHABLE,  # invalid number
}
_NOBODY_ANSWERED: Final = frozenset({18, 19})  # no user responding; alerted, no answer
_BY_SIP: Final = {
    404: LegOutcome.UNREACHABLE,
    410: LegOutcome.UNREACHABLE,
    480: LegOutcome.NO_ANSWER,
    484: LegOutcome.UNREACHABLE,
    486: LegOutcome.BUSY,
    600: LegOutcome.BUSY,
    603: LegOutcome.REFUSED,
    604: LegOutcome.UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class Tried:
    """How Dial() ended: DIALSTATUS, whether it rang, the cause (Q.850) and SIP's status where there was one."""

    status: str
    rang: bool = False
    cause: int | None = None
    sip: int | None = None

    @property
    def outcome(self) -> LegOutcome:
        """What that means. DIALSTATUS alone is not believed: on some causes it says something else (Asterisk 22)."""
        if self.status == "CANCEL":
            return LegOutcome.CANCELLED
        if self.sip in _BY_SIP:
            return _BY_SIP[self.sip]
        if self.status == "BUSY":
            return LegOutcome.BUSY
        if self.cause in _BY_CAUSE:
            return _BY_CAUSE[self.cause]
        if self.status == "NOANSWER" or self.cause in _NOBODY_ANSWERED:
            # A line that is not there at all looks the same, but for the ringing.
            return LegOutcome.NO_ANSWER if self.rang else LegOutcome.UNREACHABLE
        return LegOutcome.FAILED


@dataclass(frozen=True, slots=True)
class DispatchLeg:
    """One attempt to reach one line (`line`: its place among the dispatch's lines, from 1) through one trunk."""

    line: int
    trunk: str
    dialled: Instant | None = None
    ringing: Instant | None = None  # from the doorbell, or not known at all
    answered: Instant | None = None
    accepted: Instant | None = None
    ended: Instant | None = None
    cause: int | None = None  # Q.850
    tried: Tried | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "trunk", well_formed(self.trunk))

    @property
    def key(self) -> tuple[int, str]:
        """What tells it from the others of its dispatch."""
        return self.line, self.trunk

    @property
    def outcome(self) -> LegOutcome | None:
        """What became of it; None while it is under way."""
        if self.accepted:
            return LegOutcome.ACCEPTED
        if self.ended is None:
            return None
        if self.answered:
            return LegOutcome.NOT_CONFIRMED
        return self.tried.outcome if self.tried else LegOutcome.FAILED

    @property
    def ended_by(self) -> int | None:
        """The cause of its end (Q.850), None while nothing tells."""
        return self.cause if self.cause is not None else (self.tried.cause if self.tried else None)

    def learn(self, more: DispatchLeg) -> DispatchLeg:
        """Join two pieces of knowledge about the same leg."""
        return DispatchLeg(
            line=self.line,
            trunk=self.trunk,
            dialled=surer(self.dialled, more.dialled),
            ringing=surer(self.ringing, more.ringing),
            answered=surer(self.answered, more.answered),
            accepted=surer(self.accepted, more.accepted),
            ended=surer(self.ended, more.ended),
            cause=_greater(self.cause, more.cause),
            tried=max((one for one in (self.tried, more.tried) if one), key=repr, default=None),
        )


def _greater(one: int | None, other: int | None) -> int | None:
    return max((value for value in (one, other) if value is not None), default=None)


@dataclass(frozen=True, slots=True)
class Trace:
    """What the telephone tells of one dispatch. Equal knowledge is equal: the legs are kept in one order.

    `consulted`: the taker went aside with the SKPD. `joined`: it came into the caller's conversation. `left`: it went.
    `over`: no line rings any more, and nobody talks.
    """

    legs: tuple[DispatchLeg, ...] = ()
    consulted: Instant | None = None
    joined: Instant | None = None
    left: Instant | None = None
    over: Instant | None = None

    def __post_init__(self) -> None:
        joined: dict[tuple[int, str], DispatchLeg] = {}
        for leg in self.legs:
            joined[leg.key] = joined[leg.key].learn(leg) if leg.key in joined else leg
        object.__setattr__(self, "legs", tuple(joined[key] for key in sorted(joined)))

    def learn(self, more: Trace) -> Trace:
        """Join two pieces of knowledge about the same dispatch."""
        return Trace(
            legs=(*self.legs, *more.legs),
            consulted=surer(self.consulted, more.consulted),
            joined=surer(self.joined, more.joined),
            left=surer(self.left, more.left),
            over=surer(self.over, more.over),
        )

    @property
    def accepted(self) -> Instant | None:
        """When somebody pressed 1: the first who did."""
        return min((leg.accepted for leg in self.legs if leg.accepted), key=lambda one: one.at, default=None)


class DispatchState(StrEnum):
    """How a dispatch stands (SOP steps 4 to 8)."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    HANDLED = "handled"
    DECLINED = "declined"
    FAILED = "failed"  # no line of the SKPD accepted
    CANCELLED = "cancelled"


SAID_BY_SKPD: Final = frozenset(
    {
        DispatchState.ACCEPTED,
        DispatchState.ASSIGNED,
        DispatchState.EN_ROUTE,
        DispatchState.ON_SCENE,
        DispatchState.HANDLED,
        DispatchState.DECLINED,
    }
)
"""What an SKPD can say of a dispatch."""

OPEN_STATES: Final = frozenset(DispatchState) - {
    DispatchState.HANDLED,
    DispatchState.DECLINED,
    DispatchState.FAILED,
    DispatchState.CANCELLED,
}
"""States in which somebody still has something to do."""


@dataclass(frozen=True, slots=True)
class Update:
    """What somebody of the SKPD, or of the room for it, said of the dispatch."""

    at: datetime
    state: DispatchState
    by: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What an officer says of a dispatch by telephone, at the telephone's instant.

    `by` is the line that was called from, as a URI (RFC 3966): no user's name has a colon. `state` None: a note alone.
    """

    at: datetime
    by: str
    state: DispatchState | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A dispatch that a taker began on the telephone, as the telephone tells it.

    `name` is what it is called there (BEGUN_AS), `by` the taker's extension, `lines` the numbers that were to be rung.
    """

    name: str
    call_id: CallId
    skpd: str
    lines: tuple[str, ...]
    at: datetime
    by: str
    mode: DispatchMode = DispatchMode.BRIDGE


@dataclass(frozen=True, slots=True)
class SpokenNote:
    """A note that an officer has spoken on a dispatch; `name` is the note of the update that tells of it."""

    dispatch: int
    name: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One SKPD asked to act on one ticket. `lines` are the numbers that were to be rung, as they stood then."""

    ticket: str
    call_id: CallId
    skpd: str
    lines: tuple[str, ...]
    requested_at: datetime
    requested_by: str
    trace: Trace = Trace()
    updates: tuple[Update, ...] = ()
    cancelled_at: datetime | None = None
    mode: DispatchMode = DispatchMode.BRIDGE
    begun_as: str | None = None  # for one that a taker began by telephone: what it is called there
    id: int = 0  # 0: not kept yet

    @property
    def state(self) -> DispatchState:
        """How it stands: as somebody said last, else as the telephone tells."""
        # A note on a dispatch that nobody has accepted says nothing of how it stands.
        said = next((one.state for one in reversed(self.updates) if one.state in SAID_BY_SKPD), None)
        if said:
            return said
        if self.trace.accepted:
            return DispatchState.ACCEPTED
        if self.cancelled_at:
            return DispatchState.CANCELLED
        return DispatchState.FAILED if self.trace.over else DispatchState.REQUESTED

    @property
    def rings(self) -> bool:
        """Whether lines of it may still be rung: nobody accepted, and nothing says that it is over."""
        return self.trace.over is None and self.trace.accepted is None

    @property
    def under_way(self) -> bool:
        """Whether it is neither over nor withdrawn: its SKPD is not rung a second time for the same ticket."""
        return self.trace.over is None and self.cancelled_at is None

    @property
    def talks(self) -> bool:
        """Whether the SKPD is in the conversation."""
        return self.trace.joined is not None and self.trace.left is None

    @property
    def consults(self) -> bool:
        """Whether the SKPD and the taker speak apart from the caller."""
        trace = self.trace
        return trace.consulted is not None and trace.joined is None and trace.over is None

    @property
    def can_be_withdrawn(self) -> bool:
        """Whether lines of it may still ring. What its SKPD has said in other ways stands, and stops no telephone."""
        return self.rings

    @property
    def accepted_at(self) -> datetime | None:
        """When the SKPD accepted, by key or in words."""
        by_key = self.trace.accepted
        accepting = SAID_BY_SKPD - {DispatchState.DECLINED}
        said = next((one.at for one in self.updates if one.state in accepting), None)
        return min((at for at in (by_key and by_key.at, said) if at), default=None)

    def line(self, leg: DispatchLeg) -> str:
        """Which number a leg rang; empty for one that the dispatch does not have."""
        return self.lines[leg.line - 1] if 0 < leg.line <= len(self.lines) else ""

    def learn(self, trace: Trace) -> Dispatch:
        """Join what the telephone tells."""
        return replace(self, trace=self.trace.learn(trace))

    def hear(self, said: Said) -> tuple[Dispatch, Update | None]:
        """Join what was said by telephone, and give what of it is new: None when it is known, or says nothing new.

        The ledger may tell it late and twice. So it goes to its place by time, and what somebody has said since
        stands. Nothing is refused: an officer who was heard to be on the way to a withdrawn dispatch is on the way.
        """
        place = next((n for n in range(len(self.updates), 0, -1) if self.updates[n - 1].at <= said.at), 0)
        before = replace(self, updates=self.updates[:place]).state
        update = Update(said.at, said.state or before, said.by, said.note)
        if said.note is None:
            says_nothing_new = update.state is before
        else:
            says_nothing_new = any(one.by == said.by and one.note == said.note for one in self.updates)
        if says_nothing_new:
            return self, None
        return replace(self, updates=(*self.updates[:place], update, *self.updates[place:])), update


def last_of_each(dispatches: Iterable[Dispatch]) -> tuple[Dispatch, ...]:
    """Give the last dispatch to each SKPD, of a ticket's in their order: what was tried before it is history."""
    return tuple({one.skpd: one for one in dispatches}.values())
