"""What the desk needs from outside: a store, a clock, somebody to tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from ticketing.timeline import NO_ENTRY, ChainHead

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime

    from ticketing.callbacks import CallBack, Debt, Settlement
    from ticketing.dispatch import Dispatch
    from ticketing.model import (
        Call,
        CallId,
        CallOutcome,
        CallType,
        JournalPosition,
        Taker,
        Ticket,
        TicketStatus,
    )
    from ticketing.nuisance import Evidence, Judged
    from ticketing.people import Session, Token, User
    from ticketing.premise import PremiseNote, Premises, PremiseState
    from ticketing.return_calls import ReturnCall
    from ticketing.skpd import Skpd
    from ticketing.timeline import Entry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call as the store keeps it: with its ticket's number, where its timeline ends, and the call-back it owes."""

    call: Call
    ticket: str | None = None
    head: ChainHead = NO_ENTRY
    call_back: int | None = None  # the call-back that it is, or was, part of


@dataclass(frozen=True, slots=True)
class KeptTicket:
    """A ticket and its call."""

    ticket: Ticket
    call: Call


@dataclass(frozen=True, slots=True)
class KeptCallBack:
    """A call-back and the calls that owe, or owed, it: one at least, the earliest arrived first.

    `return_calls` are those that were made for it by a click, the earliest requested first.
    """

    call_back: CallBack
    calls: tuple[Call, ...]
    return_calls: tuple[ReturnCall, ...] = ()


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call of a number, and the ticket that its answer opened."""

    call: Call
    ticket: Ticket | None


MOST_REMEMBERED: Final = 20
"""So many calls, or tickets, of a number or an area are told; whoever has a caller on the line reads no more."""

MOST_NOTES_TOLD: Final = 50
"""So many premise notes are told of one place."""

MOST_COUNTED: Final = 1_000
"""So many of a number's last calls are counted: a number that floods the line costs no more than that."""


@dataclass(frozen=True, slots=True)
class NumberHistory:
    """What else is known of a number: its last calls, the latest arrived first, and its tickets that are not closed.

    `by_type` and `without_ticket` count its last MOST_COUNTED calls; `more` says that there were more than those.
    """

    calls: tuple[PastCall, ...] = ()
    in_hand: tuple[KeptTicket, ...] = ()  # the latest opened first
    by_type: Mapping[CallType, int] = field(default_factory=dict)
    without_ticket: int = 0
    more: bool = False

    @property
    def counted(self) -> int:
        """How many calls were counted."""
        return self.without_ticket + sum(self.by_type.values())


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets: all that is given must hold; an empty set asks nothing.

    `since` and `until` (exclusive) are of the opening. `text` is looked for in what takers wrote, the ticket's
    number and the end of the caller's; all its words must occur, longer words by their beginnings too.
    `breached`: whether a clock of it ran out, as far as the timeline tells, and at `now` (UTC) by the clocks
    still running. `skpd`: sent to this SKPD.
    """

    statuses: frozenset[TicketStatus] = frozenset()
    call_types: frozenset[CallType] = frozenset()
    category: str | None = None
    skpd: str | None = None
    taker: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    breached: bool | None = None
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls: all that is given must hold; an empty set asks nothing.

    `since` and `until` (exclusive) are of the arrival. `text` is a ticket's number, or the end of the
    caller's. `taker` is the first who answered.
    """

    outcomes: frozenset[CallOutcome] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    taker: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list, in its order; `next` is the opaque cursor of what follows, None at its end."""

    items: tuple[T, ...]
    next: str | None = None


class Transaction(Protocol):
    """What may be done within one change of the store. All of it takes effect, or none."""

    def calls(self, ids: Collection[CallId]) -> dict[CallId, KeptCall]:
        """Give those of these calls that are kept."""

    def keep_calls(self, calls: Sequence[KeptCall]) -> None:
        """Keep these calls in place of what was kept of them."""

    def keep_head(self, call_id: CallId, head: ChainHead) -> None:
        """Keep where a kept call's timeline ends now."""

    def take_serials(self, day: date, count: int) -> int:
        """Take the next `count` ticket serials of a local day; give the first of them."""

    def open_tickets(self, tickets: Sequence[Ticket]) -> None:
        """Keep new tickets; their calls are kept before."""

    def settle_answer(
        self, number: str, answered_at: datetime, taker: str | None, *, watch_at: datetime | None = None
    ) -> None:
        """Correct who answered a ticket's call, and when; the ticket's version grows by one."""

    def ticket(self, number: str) -> Ticket:
        """Give a ticket; raise TicketUnknown."""

    def keep_ticket(self, ticket: Ticket) -> None:
        """Keep this ticket in place of what was kept of it."""

    def tickets_to_watch(self, now: datetime, limit: int) -> tuple[Ticket, ...]:
        """Give up to `limit` tickets whose `watch_at` has passed, the most overdue first."""

    def append(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Add entries to the timeline; give them back with their `seq`."""

    def call_back(self, call_back: int) -> CallBack:
        """Give a call-back; raise CallBackUnknown."""

    def open_call_back(self, number: str) -> CallBack | None:
        """Give what is owed to this number, None when nothing is."""

    def settled_call_backs(self, number: str, since: datetime) -> tuple[CallBack, ...]:
        """Give the number's call-backs that were settled at or after `since`, the earliest settled first."""

    def keep_call_back(self, call_back: CallBack) -> CallBack:
        """Keep a new call-back (id 0), or this in place of what was kept of it; give it back with its id."""

    def owe(self, call_id: CallId, call_back: int | None) -> None:
        """Have a kept call be part of this call-back."""

    def follow_calls(self, call_back: int) -> None:
        """Have a call-back's `since` follow its calls; forget it when it has none any more."""

    def debts(self, call_back: int) -> tuple[Debt, ...]:
        """Give the calls that are part of a call-back, in their order."""

    def answered_after(self, number: str, debt: Debt) -> Settlement | None:
        """Give what settles this debt of the number: its first call after that one that is answered."""

    def dispatch(self, dispatch: int | str) -> Dispatch:
        """Give a dispatch, by its id or, for one begun by telephone, its name there; raise DispatchUnknown."""

    def dispatches_of(self, number: str) -> tuple[Dispatch, ...]:
        """Give a ticket's dispatches, the earliest requested first."""

    def keep_dispatch(self, dispatch: Dispatch) -> Dispatch:
        """Keep a new dispatch (id 0), or this in place of what was kept of it; give it back with its id."""

    def evidence_on(self, number: str, since: datetime) -> tuple[Evidence, ...]:
        """Give what the tickets opened since then say about this number, in any order."""

    def judged(self, number: str) -> tuple[Judged, ...]:
        """Give what supervisors have said of this number, the earliest first."""

    def keep_judged(self, judged: Judged) -> None:
        """Keep what a supervisor says (id 0)."""

    def return_call(self, return_call: int) -> ReturnCall:
        """Give a return call; raise ReturnCallUnknown."""

    def return_calls_under_way(self) -> tuple[ReturnCall, ...]:
        """Give those of which the telephone has not told the end, the earliest requested first."""

    def keep_return_call(self, return_call: ReturnCall) -> ReturnCall:
        """Keep a new return call (id 0), or this in place of what was kept of it; give it back with its id."""

    def keep_positions(self, positions: Sequence[JournalPosition]) -> None:
        """Keep how far these journals were read."""

    def add_taker(self, taker: Taker) -> None:
        """Keep a new call taker; raise TakerExists."""

    def sign_taker(self, extension: str, *, signed_in: bool) -> None:
        """Sign a call taker in or out; raise UnknownTaker."""

    def add_user(self, user: User) -> None:
        """Keep a new user; raise UserExists."""

    def set_password(self, name: str, password_hash: str) -> None:
        """Give a user another password; raise UnknownUser."""

    def disable_user(self, name: str) -> None:
        """Mark a user as disabled; raise UnknownUser."""

    def start_session(self, session: Session) -> None:
        """Keep a session; raise UnknownUser, also for a disabled user."""

    def end_session(self, digest: str) -> None:
        """Forget a session, if there is one."""

    def end_sessions_of(self, user: str) -> None:
        """Forget a user's sessions."""

    def forget_expired_sessions(self, at: datetime) -> None:
        """Forget the sessions that had expired at this instant."""

    def add_token(self, token: Token) -> None:
        """Keep a token; raise UnknownUser, also for a disabled user."""

    def revoke_token(self, digest: str) -> None:
        """Forget a token; raise UnknownToken."""

    def revoke_tokens_of(self, user: str) -> None:
        """Forget a user's tokens."""

    def skpd(self, code: str) -> Skpd:
        """Give an SKPD; raise SkpdUnknown, also for one that was removed."""

    def short_numbers(self) -> frozenset[str]:
        """Give the short numbers that SKPDs have."""

    def add_skpd(self, skpd: Skpd) -> None:
        """Keep a new SKPD, or one whose code was removed; raise SkpdExists."""

    def change_skpd(self, skpd: Skpd) -> None:
        """Keep this SKPD in place of what was kept of it; raise SkpdUnknown."""

    def remove_skpd(self, code: str) -> None:
        """Mark an SKPD as removed; raise SkpdUnknown."""

    def premise_note(self, premise_note: int) -> PremiseNote:
        """Give a premise note as it is now; raise PremiseNoteUnknown."""

    def keep_premise_note(self, note: PremiseNote) -> PremiseNote:
        """Keep a new premise note (id 0), or the next version of one; give it back with its id."""

    def calls_in_hand_at(self, premises: Premises, limit: int) -> tuple[CallId, ...]:
        """Give the calls of up to `limit` tickets that are not closed, of this number or around this area.

        The latest opened first.
        """


class Store(Protocol):
    """Where calls, tickets and their timelines are kept. Reading sees only what was committed."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one transaction and commit it; when it raises, nothing of it remains.

        `work` is plain code that decides and calls the transaction; it runs beside the event loop, one
        transaction at a time, and must touch nothing that belongs to the loop.
        """

    async def tickets(self, since: datetime | None = None) -> tuple[KeptTicket, ...]:
        """Tickets opened at or after `since`, the earliest first."""

    async def calls(self, since: datetime | None = None) -> tuple[KeptCall, ...]:
        """Calls that arrived at or after `since`, the earliest first."""

    async def calls_in_progress(self) -> tuple[KeptCall, ...]:
        """Calls that neither ended nor were interrupted, as far as is known; the earliest arrived first."""

    async def find_tickets(
        self, wanted: TicketFilter, *, cursor: str | None = None, limit: int = 50
    ) -> Page[KeptTicket]:
        """One page of these tickets, the latest opened first; raise BadCursor.

        With a `text` the day of the opening comes first, then the ticket's number.
        """

    async def find_calls(self, wanted: CallFilter, *, cursor: str | None = None, limit: int = 50) -> Page[KeptCall]:
        """One page of these calls, the latest arrived first; raise BadCursor."""

    async def ticket(self, number: str) -> KeptTicket | None:
        """One ticket, None when there is none of this number."""

    async def tickets_numbered(self, numbers: Collection[str]) -> dict[str, KeptTicket]:
        """Give those of these tickets that there are, by number; a page's worth of numbers at a time."""

    async def call(self, call_id: CallId) -> KeptCall | None:
        """One call, None when it is not kept."""

    async def timeline(self, number: str) -> tuple[Entry, ...]:
        """The whole timeline of a ticket's call, in order; empty when there is no such ticket."""

    async def call_timeline(self, call_id: CallId) -> tuple[Entry, ...]:
        """The whole timeline of a call, in order; empty when there is no such call."""

    async def call_backs(
        self, *, settled: bool = False, cursor: str | None = None, limit: int = 50
    ) -> Page[KeptCallBack]:
        """One page of what is owed, the oldest debt first; or of what is settled, the last settled first.

        Raises BadCursor.
        """

    async def call_back(self, call_back: int) -> KeptCallBack | None:
        """One call-back, None when there is none of this id."""

    async def call_backs_owed(self) -> int:
        """How many call-backs are owed."""

    async def dispatches(self, numbers: Collection[str]) -> dict[str, tuple[Dispatch, ...]]:
        """Give the dispatches of these tickets by ticket, the earliest requested first; only of those that have any."""

    async def dispatches_of_open_tickets(self) -> dict[str, tuple[Dispatch, ...]]:
        """Give the dispatches of the tickets that are not closed, by ticket, the earliest requested first."""

    async def dispatch(self, dispatch: int) -> Dispatch | None:
        """One dispatch, None when there is none of this id."""

    async def dispatches_under_way(self) -> tuple[Dispatch, ...]:
        """Give those of which the telephone has not told the end, the earliest requested first."""

    async def dispatches_open(self, skpd: str, limit: int = 50) -> tuple[Dispatch, ...]:
        """Give the latest in which this SKPD still has something to do, the last requested first."""

    async def nuisance_evidence(self, since: datetime, numbers: Collection[str] | None = None) -> tuple[Evidence, ...]:
        """Give what the tickets opened since then say about these numbers; None: about all that bear a mark."""

    async def nuisance_judged(self, after: int = 0) -> tuple[Judged, ...]:
        """Give what supervisors have said, with ids after this one, the earliest first."""

    async def return_call(self, return_call: int) -> ReturnCall | None:
        """One return call, None when there is none of this id."""

    async def return_calls(self, call_id: CallId) -> tuple[ReturnCall, ...]:
        """The return calls of a call, the earliest requested first."""

    async def return_calls_under_way(self) -> tuple[ReturnCall, ...]:
        """Give those of which the telephone has not told the end, the earliest requested first."""

    async def number_history(self, number: str, but: CallId) -> NumberHistory:
        """Give what is known of an E.164 number, but for one call of it; only of callers who can be called."""

    async def area_history(self, area: str, since: datetime, until: datetime, but: str) -> tuple[KeptTicket, ...]:
        """Give MOST_REMEMBERED tickets around an area opened in that time, but for one, those not closed first.

        Around: in it, in what it contains, or in what contains it. Then the latest opened first.
        """

    async def premise_notes_at(self, number: str | None, area: str | None, day: date) -> tuple[PremiseNote, ...]:
        """Give the MOST_NOTES_TOLD first premise notes in force on `day`, about a number or around an area."""

    async def premise_notes(
        self, state: PremiseState, day: date, *, cursor: str | None = None, limit: int = 50
    ) -> Page[PremiseNote]:
        """One page of the premise notes in this state on `day`, the last written first; raise BadCursor."""

    async def premise_note(self, premise_note: int) -> tuple[PremiseNote, ...]:
        """Every version of a premise note, the first one first; empty when there is none of this id."""

    async def entries(self, after: int, limit: int) -> tuple[Entry, ...]:
        """Up to `limit` entries of all calls whose `seq` comes after this one, in their order."""

    async def last_seq(self) -> int:
        """The highest `seq` there is; 0 before the first entry."""

    async def takers(self) -> tuple[Taker, ...]:
        """All call takers, by extension."""

    async def user(self, name: str) -> User | None:
        """One user, disabled or not; None when there is none of this name."""

    async def users(self) -> tuple[User, ...]:
        """All users, disabled ones too, by name."""

    async def session(self, digest: str) -> tuple[Session, User] | None:
        """A session, expired or not, and its user; None when there is none, and for a disabled user."""

    async def token_user(self, digest: str) -> User | None:
        """Whom a token acts for; None when there is no such token, and for a disabled user."""

    async def skpds(self) -> tuple[Skpd, ...]:
        """All SKPDs but the removed ones, by code."""

    async def skpd(self, code: str) -> Skpd | None:
        """One SKPD; None when there is none of this code, and for a removed one."""

    async def skpd_names(self) -> dict[str, str]:
        """The name of each SKPD by its code, of removed ones too: what was sent to them is called by it."""

    async def journal_positions(self) -> tuple[JournalPosition, ...]:
        """How far each journal was read."""

    async def open_tickets(self) -> int:
        """How many tickets are not closed."""

    async def close(self) -> None:
        """Finish what runs, and let go of the database."""


class Clock(Protocol):
    """The wall clock. It is read in the store's thread as well."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class Publisher(Protocol):
    """Whoever tells screens, clocks and outboxes."""

    def publish(self, news: Sequence[Entry]) -> None:
        """Take committed entries, in the order of their commits; called on the event loop, must not block."""
