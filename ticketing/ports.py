"""What the desk needs from outside: a store, a clock, somebody to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from ticketing.timeline import NO_ENTRY, ChainHead

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime

    from ticketing.model import Call, CallId, JournalPosition, Taker, Ticket, TicketStatus
    from ticketing.timeline import Entry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call as the store keeps it: with the number of its ticket, and where its timeline ends."""

    call: Call
    ticket: str | None = None
    head: ChainHead = NO_ENTRY


@dataclass(frozen=True, slots=True)
class KeptTicket:
    """A ticket and its call."""

    ticket: Ticket
    call: Call


class Transaction(Protocol):
    """What may be done within one change of the store. All of it takes effect, or none."""

    def calls(self, ids: Collection[CallId]) -> dict[CallId, KeptCall]:
        """Give those of these calls that are kept."""

    def keep_calls(self, calls: Sequence[KeptCall]) -> None:
        """Keep these calls in place of what was kept of them."""

    def take_serials(self, day: date, count: int) -> int:
        """Take the next `count` ticket serials of a local day; give the first of them."""

    def open_tickets(self, tickets: Sequence[Ticket]) -> None:
        """Keep new tickets; their calls are kept before."""

    def settle_answer(self, number: str, answered_at: datetime, taker: str | None) -> None:
        """Correct who answered a ticket's call, and when; the ticket's version grows by one."""

    def append(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Add entries to the timeline; give them back with their `seq`."""

    def keep_positions(self, positions: Sequence[JournalPosition]) -> None:
        """Keep how far these journals were read."""

    def add_taker(self, taker: Taker) -> None:
        """Keep a new call taker; raise TakerExists."""

    def sign_taker(self, extension: str, *, signed_in: bool) -> None:
        """Sign a call taker in or out; raise UnknownTaker."""


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

    async def ticket(self, number: str) -> KeptTicket | None:
        """One ticket, None when there is none of this number."""

    async def call(self, call_id: CallId) -> KeptCall | None:
        """One call, None when it is not kept."""

    async def timeline(self, number: str) -> tuple[Entry, ...]:
        """The whole timeline of a ticket's call, in order; empty when there is no such ticket."""

    async def takers(self) -> tuple[Taker, ...]:
        """All call takers, by extension."""

    async def journal_positions(self) -> tuple[JournalPosition, ...]:
        """How far each journal was read."""

    async def counts(self) -> Mapping[TicketStatus, int]:
        """How many tickets have each status."""

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
