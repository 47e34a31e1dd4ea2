"""What the line deals in: calls, callers, tickets. Frozen values and pure functions of them.

A `Call` holds what is known of one call. Knowledge comes in pieces, from a doorbell (AMI) and a ledger
(Asterisk's journals), twice, late and in any order; `Call.learn` joins two pieces and does not care: it is
idempotent, commutative and associative.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final, NewType

from ticketing.asked import CallerAnswer, joined
from ticketing.located import LocationSource
from ticketing.located import joined as joined_sources
from ticketing.text import well_formed as well_formed  # noqa: PLC0414 - whoever uses the model may need it

CallId = NewType("CallId", str)
"""Node and Uniqueid of the caller's channel as Asterisk writes them together: `bima1-1763929000.12`."""

# Eleven digits of epoch reach the year 5138; twelve would pass the last year that a datetime can hold.
_CALL_ID = re.compile(r"(?P<node>[a-z0-9]{1,16})-(?P<epoch>[0-9]{1,11})\.(?P<serial>[0-9]{1,12})")


def parse_call_id(text: str) -> CallId:
    """Take `node-epoch.serial`; raise ValueError for anything else."""
    if not _CALL_ID.fullmatch(text):
        raise ValueError(f"not a channel's unique id: {text[:80]!r}")
    return CallId(text)


class Precision(IntEnum):
    """How well an instant is known; the higher value wins."""

    SECOND = 1  # queue_log, and the epoch in a unique id: whole seconds
    DOORBELL = 2  # AMI's own stamp: microseconds, taken about a millisecond after the fact
    LEDGER = 3  # CEL: microseconds, taken in the channel's own thread


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment (UTC) and how well it is known."""

    at: datetime
    precision: Precision


def surer(one: Instant | None, other: Instant | None) -> Instant | None:
    """The better known of two; of two known equally well, the earlier."""
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda instant: (-instant.precision, instant.at))


class CallerKind(StrEnum):
    """What sort of number a call comes from."""

    MOBILE = "mobile"
    FIXED = "fixed"
    FOREIGN = "foreign"
    SHORT = "short"  # a service number (110, 14045): it identifies an institution, not a telephone
    ANONYMOUS = "anonymous"  # no SIM, or the number withheld: nobody to call back
    UNKNOWN = "unknown"  # something was sent, and it is no number we can make sense of


TEST_TRUNK: Final = "test"
"""The trunk by which the line calls itself: no carrier's."""


class CallerIdStyle(StrEnum):
    """How a trunk writes numbers. A setting of the trunk: bare digits cannot be told apart by looking."""

    AUTO = "auto"
    E164 = "e164"  # +628123456789
    E164_BARE = "e164-bare"  # 628123456789
    NATIONAL = "national"  # 08123456789


@dataclass(frozen=True, slots=True)
class PresentedIdentity:
    """What the trunk sent about the caller, as it was sent but for brackets (`_`): hostile text, kept as evidence."""

    number: str = ""
    name: str = ""
    from_header: str = ""
    asserted_identity: str = ""  # P-Asserted-Identity
    privacy: str = ""

    def __post_init__(self) -> None:
        for name in ("number", "name", "from_header", "asserted_identity", "privacy"):
            object.__setattr__(self, name, well_formed(getattr(self, name)))


CALLABLE_KINDS: Final = frozenset({CallerKind.MOBILE, CallerKind.FIXED, CallerKind.FOREIGN})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the number tells."""

    raw: str
    e164: str | None
    kind: CallerKind
    presented: PresentedIdentity = PresentedIdentity()

    def __post_init__(self) -> None:
        object.__setattr__(self, "raw", well_formed(self.raw))

    @property
    def callable(self) -> bool:
        """Whether this number can be called back."""
        return self.e164 is not None and self.kind in CALLABLE_KINDS


UNKNOWN_CALLER = Caller(raw="", e164=None, kind=CallerKind.UNKNOWN)


class LegKind(StrEnum):
    """Who was called for the caller."""

    TAKER = "taker"
    BACKUP = "backup"  # a number outside the room, when no taker could be rung
    ROBOT = "robot"  # what answers the line's own test calls


_SURER_KINDS: Final = (LegKind.TAKER, LegKind.ROBOT, LegKind.BACKUP)


@dataclass(frozen=True, slots=True)
class AnswerLeg:
    """One attempt at an answer: a channel to a taker's phone or a backup number.

    `connected` says that the caller was given to this leg; an answer time alone does not: a phone may be
    picked up in the instant in which the caller hangs up.
    """

    channel: str
    party: str  # the taker's extension, the backup number's trunk, or the robot
    kind: LegKind = LegKind.TAKER
    connected: bool = False
    answered: Instant | None = None
    ended: Instant | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "channel", well_formed(self.channel))
        object.__setattr__(self, "party", well_formed(self.party))

    def learn(self, more: AnswerLeg) -> AnswerLeg:
        """Join two pieces of knowledge about the same channel."""
        # TAKER is what a piece says that does not know better: whoever says something else, knows.
        known_as = max(self.kind, more.kind, key=_SURER_KINDS.index)
        return AnswerLeg(
            channel=self.channel,
            party=max(self.party, more.party),
            kind=known_as,
            connected=self.connected or more.connected,
            answered=surer(self.answered, more.answered),
            ended=surer(self.ended, more.ended),
        )


class CallOutcome(StrEnum):
    """How a call stands, or ended."""

    WAITING = "waiting"
    TALKING = "talking"
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    INTERRUPTED = "interrupted"  # cut by a fault of the line, while it waited or talked


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of one call to the line. Equal knowledge is equal: the legs are kept in one order."""

    id: CallId
    arrived: Instant | None = None
    trunk: str = ""
    caller: Caller | None = None
    identified: bool = False  # the caller-ID script has spoken; until then `caller` is what the trunk sent
    legs: tuple[AnswerLeg, ...] = ()
    overflowed_at: datetime | None = None
    ended: Instant | None = None
    hangup_cause: int | None = None  # Q.850
    said: tuple[CallerAnswer, ...] = ()  # what the caller answered by key or voice
    # Asterisk died while it lived, or nothing tells of its end: by then at the latest it was gone.
    interrupted_at: datetime | None = None
    # What the network told of the place: side by side, none in place of another.
    locations: tuple[LocationSource, ...] = ()

    def __post_init__(self) -> None:
        if self.identified and self.caller is None:
            # The flag ranks the caller it comes with; alone it would lift whatever it is joined with.
            raise ValueError(f"{self.id}: identified, but as nobody")
        object.__setattr__(self, "trunk", well_formed(self.trunk))
        object.__setattr__(self, "legs", _one_a_channel(self.legs))
        if self.locations:
            object.__setattr__(self, "locations", joined_sources(self.locations, ()))

    @property
    def node(self) -> str:
        """The Asterisk that took the call."""
        return self.id.rpartition("-")[0]

    @property
    def reached_the_line(self) -> bool:
        """Whether anything proves that this channel is a call to the line, not some other call."""
        return self.caller is not None or self.arrived is not None or any(leg.connected for leg in self.legs)

    @property
    def arrival(self) -> Instant:
        """When it arrived: as told, or from its unique id, to the second."""
        return self.arrived or created(self.id)

    @property
    def answers(self) -> tuple[AnswerLeg, ...]:
        """The legs that were given the caller, in order of their answer."""
        connected = [(leg.answered.at, leg.channel, leg) for leg in self.legs if leg.connected and leg.answered]
        if len(connected) > 1:
            connected.sort(key=lambda one: one[:2])
        return tuple(leg for _, _, leg in connected)

    @property
    def answered(self) -> Instant | None:
        """The first answer: the instant from which both SLA clocks run."""
        return next((leg.answered for leg in self.answers), None)

    @property
    def takers(self) -> tuple[str, ...]:
        """Everybody who answered it, in order, each once."""
        return tuple(dict.fromkeys(leg.party for leg in self.answers if leg.kind is LegKind.TAKER))

    @property
    def over_at(self) -> datetime | None:
        """When it was over: its end as known, else by when it was gone; None while it lives."""
        return self.ended.at if self.ended else self.interrupted_at

    @property
    def is_test(self) -> bool:
        """Whether the line called itself: no citizen's call, and nobody is owed anything for it."""
        return self.trunk == TEST_TRUNK or any(leg.kind is LegKind.ROBOT for leg in self.legs)

    @property
    def outcome(self) -> CallOutcome:
        """How it stands now. A known end wins: whatever was believed meanwhile, that call was not interrupted."""
        if self.ended is None and self.interrupted_at:
            return CallOutcome.INTERRUPTED
        if self.answered:
            return CallOutcome.ANSWERED if self.ended else CallOutcome.TALKING
        if not self.ended:
            return CallOutcome.WAITING
        return CallOutcome.OVERFLOW if self.overflowed_at else CallOutcome.ABANDONED

    @property
    def wait(self) -> timedelta | None:
        """From arrival to the answer, or to the end without one; None while it waits."""
        until = self.answered.at if self.answered else self.over_at
        return max(until - self.arrival.at, timedelta()) if until else None

    @property
    def talk(self) -> timedelta | None:
        """From the answer to the end; None before that, and for a call nobody answered."""
        if self.answered is None or self.over_at is None:
            return None
        return max(self.over_at - self.answered.at, timedelta())

    def learn(self, more: Call) -> Call:
        """Join two pieces of knowledge about the same call; raise ValueError for two calls."""
        if self.id != more.id:
            raise ValueError(f"{self.id} and {more.id} are two calls")
        # Not through dataclasses.replace, which costs as much again: a call is joined a dozen times.
        return Call(
            id=self.id,
            arrived=surer(self.arrived, more.arrived),
            trunk=max(self.trunk, more.trunk),
            caller=_better_known_caller(self, more),
            identified=self.identified or more.identified,
            legs=(*self.legs, *more.legs),
            overflowed_at=_earlier(self.overflowed_at, more.overflowed_at),
            ended=surer(self.ended, more.ended),
            hangup_cause=max(
                (cause for cause in (self.hangup_cause, more.hangup_cause) if cause is not None), default=None
            ),
            interrupted_at=_earlier(self.interrupted_at, more.interrupted_at),
            locations=(*self.locations, *more.locations),
            said=joined(self.said, more.said),
        )


def created(call: CallId) -> Instant:
    """When the caller's channel was made, from its unique id: to the second."""
    match = _CALL_ID.fullmatch(call)
    if match is None:
        raise ValueError(f"not a call's id: {call[:80]!r}")
    return Instant(datetime.fromtimestamp(int(match["epoch"]), UTC), Precision.SECOND)


def _better_known_caller(one: Call, other: Call) -> Caller | None:
    if one.caller is None or other.caller is None or one.caller == other.caller:
        return one.caller or other.caller
    known = ((one.identified, one.caller), (other.identified, other.caller))
    _, caller = max(known, key=lambda pair: (pair[0], repr(replace(pair[1], presented=PresentedIdentity()))))
    # The script's copy of what was sent may be cut short: the longer one is the evidence.
    return replace(caller, presented=max((who.presented for _, who in known), key=_amount))


def _amount(presented: PresentedIdentity) -> tuple[int, str]:
    return sum(len(getattr(presented, name)) for name in PresentedIdentity.__slots__), repr(presented)


def _one_a_channel(legs: tuple[AnswerLeg, ...]) -> tuple[AnswerLeg, ...]:
    joined: dict[str, AnswerLeg] = {}
    for leg in legs:
        joined[leg.channel] = joined[leg.channel].learn(leg) if leg.channel in joined else leg
    return tuple(joined[channel] for channel in sorted(joined))


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at), default=None)


class TicketStatus(StrEnum):
    """A ticket's life (SOP steps 6 and 8)."""

    OPEN = "open"
    ON_PROGRESS = "on_progress"
    CLOSED = "closed"


class Role(StrEnum):
    """Who asks: what each may do is in `ticketing.transitions` and in the tables of the parts above."""

    CALL_TAKER = "call_taker"
    SKPD = "skpd"  # an SKPD's dispatcher
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class CallType(StrEnum):
    """What the call turned out to be. Until somebody says otherwise, an emergency."""

    EMERGENCY = "emergency"
    INFORMATION = "information"
    PRANK = "prank"
    GHOST = "ghost"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Location:
    """Where it happens: the caller's own words, and apart from them what maps and people made of it."""

    verbatim: str | None = None
    area_code: str | None = None  # Kemendagri code with its dots
    landmark: str | None = None
    lat: float | None = None  # WGS84 degrees
    lon: float | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """One incident as the desk keeps it. Its call's own facts (caller, answer, wait) stay on the `Call`.

    `on_progress_breached_at` and `close_breached_at` say which breaches are on its timeline, by the instant at
    which they were due; how the clocks stand is for `ticketing.sla` to say. `watch_at` is the desk's note of
    when to look at them next, None when there is nothing to wait for.
    """

    number: str
    call_id: CallId
    opened_at: datetime
    answered_at: datetime
    taker: str | None
    version: int = 1
    status: TicketStatus = TicketStatus.OPEN
    call_type: CallType = CallType.EMERGENCY
    category: str | None = None
    severity: int | None = None
    reporter_name: str | None = None
    description: str | None = None
    location: Location = field(default=Location())
    on_progress_at: datetime | None = None
    closed_at: datetime | None = None
    on_progress_breached_at: datetime | None = None
    close_breached_at: datetime | None = None
    watch_at: datetime | None = field(default=None, compare=False)
    return_call: int | None = None  # the return call in which its caller was answered: nobody had answered the call


TICKET_NUMBER: Final = r"112-[0-9]{8}-[0-9]{4,9}"
"""How a ticket's number is written: `112-20261123-0001`, the day of the answer in the city's time."""


def is_ticket_number(text: str) -> bool:
    """Whether this could be a ticket's number."""
    return re.fullmatch(TICKET_NUMBER, text, re.ASCII) is not None


def ticket_number(day: date, serial: int) -> str:
    """`112-YYYYMMDD-NNNN`, by the city's local date; the serial grows past four digits when it must."""
    return f"112-{day.isoformat().replace('-', '')}-{serial:04d}"


@dataclass(frozen=True, slots=True)
class Taker:
    """A call taker and the phone."""

    extension: str
    name: str
    password: str = field(repr=False)  # the phone's SIP secret, generated
    signed_in: bool = False


_EXTENSION = re.compile(r"[1-9][0-9]{1,5}")


def parse_extension(text: str) -> str:
    """Take two to six digits, not beginning with 0 and not 112; raise ValueError otherwise."""
    if not _EXTENSION.fullmatch(text) or text == "112":
        raise ValueError(f"{text[:20]!r} is no extension: two to six digits, not beginning with 0, not 112")
    return text


@dataclass(frozen=True, slots=True)
class JournalPosition:
    """How far one of Asterisk's journals has been read: everything before `offset` is in the store."""

    name: str
    inode: int
    offset: int  # bytes
