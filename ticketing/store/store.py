"""The store upon SQLite: one connection that writes, one transaction at a time, and two that read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final, Self, TypeVar

from sqlalchemy import URL, bindparam, false, func, select
from sqlalchemy.ext.asyncio import create_async_engine

from ticketing.model import CallOutcome, CallType, TicketStatus
from ticketing.ports import MOST_COUNTED, KeptCallBack, KeptTicket, NumberHistory, Page, PastCall
from ticketing.store import cursors, histories
from ticketing.store.condition import BUSY_S, in_our_words
from ticketing.store.cursors import Place
from ticketing.store.dispatches import (
    DISPATCH,
    DISPATCHES,
    DISPATCHES_OF_OPEN_TICKETS,
    DISPATCHES_OPEN,
    DISPATCHES_UNDER_WAY,
)
from ticketing.store.nuisance import (
    EVIDENCE_ON_ALL,
    EVIDENCE_ON_NUMBERS,
    JUDGED_AFTER,
    evidence_of,
    judged_of,
    reversed_numbers,
)
from ticketing.store.premise_notes import VERSIONS, note_page, notes_at
from ticketing.store.queries import call_back_page, call_page, few, ticket_page, ticket_text_page
from ticketing.store.return_calls import (
    RETURN_CALL,
    RETURN_CALLS,
    RETURN_CALLS_OF_CALL_BACKS,
    RETURN_CALLS_UNDER_WAY,
    return_call_of,
)
from ticketing.store.rows import (
    call_back_of,
    call_of,
    dispatch_of,
    entry_of,
    position_of,
    premise_note_of,
    session_of,
    skpd_of,
    taker_of,
    ticket_of,
    user_of,
)
from ticketing.store.skpds import SKPD, SKPD_NAMES, SKPDS
from ticketing.store.tables import (
    call_backs,
    calls,
    dispatches,
    journal_positions,
    micros,
    nuisance_judged,
    premise_notes,
    return_calls,
    sessions,
    skpds,
    takers,
    tickets,
    timeline,
    tokens,
    users,
)
from ticketing.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import date
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Select, Table
    from sqlalchemy.ext.asyncio import AsyncEngine

    from ticketing.callbacks import CallBack
    from ticketing.dispatch import Dispatch
    from ticketing.model import Call, CallId, JournalPosition, Taker
    from ticketing.nuisance import Evidence, Judged
    from ticketing.people import Session, User
    from ticketing.ports import CallFilter, KeptCall, TicketFilter, Transaction
    from ticketing.premise import PremiseNote, PremiseState
    from ticketing.return_calls import ReturnCall
    from ticketing.skpd import Skpd
    from ticketing.timeline import Entry

T = TypeVar("T")

_READERS: Final = 2
_AT_ONCE: Final = 500  # numbers in one question: SQLite takes 32,766
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

_TICKETS = select(*tickets.c, *calls.c).join_from(tickets, calls)
_TICKETS_SINCE = _TICKETS.where(tickets.c.opened_at >= bindparam("since")).order_by(
    tickets.c.opened_at, tickets.c.number
)
_TICKET = _TICKETS.where(tickets.c.number == bindparam("number"))
_TICKETS_NUMBERED = _TICKETS.where(tickets.c.number.in_(bindparam("numbers", expanding=True)))
_CALLS_SINCE = select(calls).where(calls.c.arrived_at >= bindparam("since")).order_by(calls.c.arrived_at, calls.c.id)
# Neither ended nor interrupted: by their outcomes, which lead an index.
_UNDER_WAY = [CallOutcome.TALKING, CallOutcome.WAITING]
_CALLS_IN_PROGRESS = select(calls).where(calls.c.outcome.in_(_UNDER_WAY)).order_by(calls.c.arrived_at, calls.c.id)
_CALL = select(calls).where(calls.c.id == bindparam("call_id"))
_TIMELINE = (
    select(timeline)
    .join_from(timeline, tickets, timeline.c.call_id == tickets.c.call_id)
    .where(tickets.c.number == bindparam("number"))
    .order_by(timeline.c.position)
)
_CALL_TIMELINE = select(timeline).where(timeline.c.call_id == bindparam("call_id")).order_by(timeline.c.position)
_CALL_BACK = (
    select(*call_backs.c, *calls.c)
    .join_from(call_backs, calls, calls.c.call_back == call_backs.c.id)
    .where(call_backs.c.id == bindparam("call_back"))
    .order_by(calls.c.arrived_at, calls.c.id)
)
_CALL_BACKS_OWED = select(func.count()).select_from(call_backs).where(call_backs.c.settled_at.is_(None))
# By naming those that are open: to count what is closed is to read a year of it.
_NOT_CLOSED = sorted(set(TicketStatus) - {TicketStatus.CLOSED})
_ENTRIES = (
    select(timeline).where(timeline.c.seq > bindparam("after")).order_by(timeline.c.seq).limit(bindparam("at_most"))
)
_LAST_SEQ = select(func.coalesce(func.max(timeline.c.seq), 0))
_TAKERS = select(takers).order_by(takers.c.extension)
_USERS = select(users).order_by(users.c.name)
_USER = select(users).where(users.c.name == bindparam("name"))
_ENABLED = users.c.disabled.is_(false())
_SESSION = (
    select(*sessions.c, *users.c).join_from(sessions, users).where(sessions.c.digest == bindparam("digest"), _ENABLED)
)
_TOKEN_USER = select(*users.c).join_from(tokens, users).where(tokens.c.digest == bindparam("digest"), _ENABLED)
_POSITIONS = select(journal_positions).order_by(journal_positions.c.name)
_OPEN_TICKETS = select(func.count()).select_from(tickets).where(tickets.c.status.in_(_NOT_CLOSED))


class SqliteStore:
    """A Store (ticketing.ports) in one SQLite file; opened by `ticketing.store.open_store`."""

    def __init__(self, file: Path, writer: Writer, readers: AsyncEngine) -> None:
        self._file = file
        self._writer = writer
        self._readers = readers

    @classmethod
    async def opened(cls, file: Path) -> Self:
        """Open a database that `ticketing.store.migrate` has prepared."""
        writer = Writer(file)
        with in_our_words(file):
            await writer
        return cls(file, writer, _readers(file))

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one transaction and commit it; when it raises, nothing of it remains.

        Raises StoreUnusable when the database cannot take it: locked for longer than BUSY_S, disk full.
        """
        with in_our_words(self._file):
            return await self._writer.transact(work)

    async def tickets(self, since: datetime | None = None) -> tuple[KeptTicket, ...]:
        """Tickets opened at or after `since`, the earliest first."""
        return await self._read(_kept_ticket, _TICKETS_SINCE, since=since or _EVER)

    async def calls(self, since: datetime | None = None) -> tuple[KeptCall, ...]:
        """Calls that arrived at or after `since`, the earliest first."""
        return await self._read(_kept_call, _CALLS_SINCE, since=since or _EVER)

    async def calls_in_progress(self) -> tuple[KeptCall, ...]:
        """Calls that neither ended nor were interrupted, as far as is known; the earliest arrived first."""
        return await self._read(_kept_call, _CALLS_IN_PROGRESS)

    async def find_tickets(
        self, wanted: TicketFilter, *, cursor: str | None = None, limit: int = 50
    ) -> Page[KeptTicket]:
        """One page of these tickets, the latest opened first; raise BadCursor.

        With a `text` the day of the opening comes first, then the ticket's number.
        """
        if wanted.text is not None:
            return await self._find_tickets_by_text(wanted, wanted.text, cursor, limit)
        after = cursors.read("t", cursor, named=True) if cursor else None
        found = await self._read(_kept_ticket, ticket_page(wanted, after, limit + 1))
        return _page(found, limit, "t", lambda kept: Place(micros(kept.ticket.opened_at), kept.ticket.number))

    async def _find_tickets_by_text(
        self, wanted: TicketFilter, text: str, cursor: str | None, limit: int
    ) -> Page[KeptTicket]:
        after = cursors.read("x", cursor, named=False) if cursor else None
        narrowed = few(wanted)
        among_few = narrowed is not None and (await self._read(lambda row: bool(row[0]), narrowed))[0]
        query = ticket_text_page(wanted, text, after, limit + 1, among_few=among_few)
        found = await self._read(lambda row: (_kept_ticket(row), row[-1]), query)
        page = _page(found, limit, "x", lambda kept: Place(kept[1]))
        return Page(tuple(kept for kept, _ in page.items), page.next)

    async def find_calls(self, wanted: CallFilter, *, cursor: str | None = None, limit: int = 50) -> Page[KeptCall]:
        """One page of these calls, the latest arrived first; raise BadCursor."""
        after = cursors.read("c", cursor, named=True) if cursor else None
        found = await self._read(_kept_call, call_page(wanted, after, limit + 1))
        return _page(found, limit, "c", lambda kept: Place(micros(kept.call.arrival.at), kept.call.id))

    async def ticket(self, number: str) -> KeptTicket | None:
        """One ticket, None when there is none of this number."""
        return next(iter(await self._read(_kept_ticket, _TICKET, number=number)), None)

    async def tickets_numbered(self, numbers: Collection[str]) -> dict[str, KeptTicket]:
        """Give those of these tickets that there are, by number; a page's worth of numbers at a time."""
        found = await self._read(_kept_ticket, _TICKETS_NUMBERED, numbers=tuple(numbers)) if numbers else ()
        return {kept.ticket.number: kept for kept in found}

    async def call(self, call_id: CallId) -> KeptCall | None:
        """One call, None when it is not kept."""
        return next(iter(await self._read(_kept_call, _CALL, call_id=call_id)), None)

    async def timeline(self, number: str) -> tuple[Entry, ...]:
        """The whole timeline of a ticket's call, in order; empty when there is no such ticket."""
        return await self._read(_entry, _TIMELINE, number=number)

    async def call_timeline(self, call_id: CallId) -> tuple[Entry, ...]:
        """The whole timeline of a call, in order; empty when there is no such call."""
        return await self._read(_entry, _CALL_TIMELINE, call_id=call_id)

    async def call_backs(
        self, *, settled: bool = False, cursor: str | None = None, limit: int = 50
    ) -> Page[KeptCallBack]:
        """One page of what is owed, the oldest debt first; or of what is settled, the last settled first.

        Raises BadCursor.
        """
        kind = "s" if settled else "o"
        after = cursors.read(kind, cursor, named=True) if cursor else None
        rows = await self._read(_call_back_row, call_back_page(after, limit + 1, settled=settled))
        found = await self._with_return_calls(_kept_call_backs(rows))

        def place(kept: KeptCallBack) -> Place:
            settlement = kept.call_back.settlement
            return Place(micros(settlement.at if settlement else kept.call_back.since), str(kept.call_back.id))

        return _page(found, limit, kind, place)

    async def call_back(self, call_back: int) -> KeptCallBack | None:
        """One call-back, None when there is none of this id."""
        kept = _kept_call_backs(await self._read(_call_back_row, _CALL_BACK, call_back=call_back))
        return next(iter(await self._with_return_calls(kept)), None)

    async def _with_return_calls(self, kept: tuple[KeptCallBack, ...]) -> tuple[KeptCallBack, ...]:
        ids = tuple(one.call_back.id for one in kept)
        rows = await self._read(_return_call_of_call_back, RETURN_CALLS_OF_CALL_BACKS, call_backs=ids) if ids else ()
        made: dict[int, tuple[ReturnCall, ...]] = {
            call_back: tuple(one for _, one in of_one) for call_back, of_one in groupby(rows, key=lambda row: row[0])
        }
        return tuple(replace(one, return_calls=made.get(one.call_back.id, ())) for one in kept)

    async def call_backs_owed(self) -> int:
        """How many call-backs are owed."""
        (count,) = await self._read(lambda row: int(row[0]), _CALL_BACKS_OWED)
        return count

    async def dispatches(self, numbers: Collection[str]) -> dict[str, tuple[Dispatch, ...]]:
        """Give the dispatches of these tickets by ticket, the earliest requested first; only of those that have any."""
        found: list[Dispatch] = []
        wanted = tuple(numbers)
        for first in range(0, len(wanted), _AT_ONCE):
            found += await self._read(_dispatch, DISPATCHES, numbers=wanted[first : first + _AT_ONCE])
        return _by_ticket(found)

    async def dispatches_of_open_tickets(self) -> dict[str, tuple[Dispatch, ...]]:
        """Give the dispatches of the tickets that are not closed, by ticket, the earliest requested first."""
        return _by_ticket(await self._read(_dispatch, DISPATCHES_OF_OPEN_TICKETS))

    async def dispatch(self, dispatch: int) -> Dispatch | None:
        """One dispatch, None when there is none of this id."""
        return next(iter(await self._read(_dispatch, DISPATCH, dispatch=dispatch)), None)

    async def dispatches_under_way(self) -> tuple[Dispatch, ...]:
        """Give those of which the telephone has not told the end, the earliest requested first."""
        return await self._read(_dispatch, DISPATCHES_UNDER_WAY)

    async def dispatches_open(self, skpd: str, limit: int = 50) -> tuple[Dispatch, ...]:
        """Give the latest in which this SKPD still has something to do, the last requested first."""
        return await self._read(_dispatch, DISPATCHES_OPEN, skpd=skpd, at_most=limit)

    async def nuisance_evidence(self, since: datetime, numbers: Collection[str] | None = None) -> tuple[Evidence, ...]:
        """Give what the tickets opened since then say about these numbers; None: about all that bear a mark."""
        if numbers is None:
            marks = await self._read(evidence_of, EVIDENCE_ON_ALL, since=since)
            numbers = {one.number for one in marks}
        found: list[Evidence] = []
        wanted = reversed_numbers(numbers)
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            found += await self._read(evidence_of, EVIDENCE_ON_NUMBERS, since=since, backwards=some)
        return tuple(one for one in found if one.number in numbers)

    async def nuisance_judged(self, after: int = 0) -> tuple[Judged, ...]:
        """Give what supervisors have said, with ids after this one, the earliest first."""
        return await self._read(lambda row: judged_of(_named(nuisance_judged, row)), JUDGED_AFTER, after=after)

    async def return_call(self, return_call: int) -> ReturnCall | None:
        """One return call, None when there is none of this id."""
        return next(iter(await self._read(_return_call, RETURN_CALL, return_call=return_call)), None)

    async def return_calls(self, call_id: CallId) -> tuple[ReturnCall, ...]:
        """The return calls of a call, the earliest requested first."""
        return await self._read(_return_call, RETURN_CALLS, call_id=call_id)

    async def return_calls_under_way(self) -> tuple[ReturnCall, ...]:
        """Give those of which the telephone has not told the end, the earliest requested first."""
        return await self._read(_return_call, RETURN_CALLS_UNDER_WAY)

    async def number_history(self, number: str, but: CallId) -> NumberHistory:
        """Give what is known of an E.164 number, but for one call of it; only of callers who can be called."""
        last = await self._read(_past_call, histories.last_calls(number, but))
        if not last:
            return NumberHistory()
        in_hand = await self._read(_kept_ticket, histories.in_hand(number, but))
        counts = dict(await self._read(lambda row: (row[0], int(row[1])), histories.counted(number, but)))
        more = sum(counts.values()) > MOST_COUNTED
        without = counts.pop(None, 0)
        return NumberHistory(last, in_hand, {CallType(kind): n for kind, n in counts.items()}, without, more)

    async def area_history(self, area: str, since: datetime, until: datetime, but: str) -> tuple[KeptTicket, ...]:
        """Give MOST_REMEMBERED tickets around an area opened in that time, but for one, those not closed first.

        Around: in it, in what it contains, or in what contains it. Then the latest opened first.
        """
        return await self._read(_kept_ticket, histories.tickets_around(area, since, until, but))

    async def premise_notes_at(self, number: str | None, area: str | None, day: date) -> tuple[PremiseNote, ...]:
        """Give the MOST_NOTES_TOLD first premise notes in force on `day`, about a number or around an area."""
        if number is None and area is None:
            return ()
        return await self._read(_premise_note, notes_at(number, area, day))

    async def premise_notes(
        self, state: PremiseState, day: date, *, cursor: str | None = None, limit: int = 50
    ) -> Page[PremiseNote]:
        """One page of the premise notes in this state on `day`, the last written first; raise BadCursor."""
        after = cursors.read("p", cursor, named=False) if cursor else None
        found = await self._read(_premise_note, note_page(state, day, after, limit + 1))
        return _page(found, limit, "p", lambda note: Place(note.id))

    async def premise_note(self, premise_note: int) -> tuple[PremiseNote, ...]:
        """Every version of a premise note, the first one first; empty when there is none of this id."""
        return await self._read(_premise_note, VERSIONS, premise_note=premise_note)

    async def entries(self, after: int, limit: int) -> tuple[Entry, ...]:
        """Up to `limit` entries of all calls whose `seq` comes after this one, in their order."""
        return await self._read(_entry, _ENTRIES, after=after, at_most=limit)

    async def last_seq(self) -> int:
        """The highest `seq` there is; 0 before the first entry."""
        (last,) = await self._read(lambda row: int(row[0]), _LAST_SEQ)
        return last

    async def takers(self) -> tuple[Taker, ...]:
        """All call takers, by extension."""
        return await self._read(lambda row: taker_of(_named(takers, row)), _TAKERS)

    async def user(self, name: str) -> User | None:
        """One user, disabled or not; None when there is none of this name."""
        return next(iter(await self._read(_user, _USER, name=name)), None)

    async def users(self) -> tuple[User, ...]:
        """All users, disabled ones too, by name."""
        return await self._read(_user, _USERS)

    async def session(self, digest: str) -> tuple[Session, User] | None:
        """A session, expired or not, and its user; None when there is none, and for a disabled user."""
        return next(iter(await self._read(_session_and_user, _SESSION, digest=digest)), None)

    async def token_user(self, digest: str) -> User | None:
        """Whom a token acts for; None when there is no such token, and for a disabled user."""
        return next(iter(await self._read(_user, _TOKEN_USER, digest=digest)), None)

    async def skpds(self) -> tuple[Skpd, ...]:
        """All SKPDs but the removed ones, by code."""
        return await self._read(_skpd, SKPDS)

    async def skpd(self, code: str) -> Skpd | None:
        """One SKPD; None when there is none of this code, and for a removed one."""
        return next(iter(await self._read(_skpd, SKPD, code=code)), None)

    async def skpd_names(self) -> dict[str, str]:
        """The name of each SKPD by its code, of removed ones too."""
        return dict(await self._read(lambda row: (str(row[0]), str(row[1])), SKPD_NAMES))

    async def journal_positions(self) -> tuple[JournalPosition, ...]:
        """How far each journal was read."""
        return await self._read(lambda row: position_of(_named(journal_positions, row)), _POSITIONS)

    async def open_tickets(self) -> int:
        """How many tickets are not closed."""
        (count,) = await self._read(lambda row: int(row[0]), _OPEN_TICKETS)
        return count

    async def close(self) -> None:
        """Finish what runs, and let go of the database."""
        await self._writer.close()
        await self._readers.dispose()

    async def _read(self, shape: Callable[[Sequence[Any]], T], query: Select[Any], **values: object) -> tuple[T, ...]:
        with in_our_words(self._file):
            async with self._readers.connect() as connection:
                return tuple(shape(row) for row in await connection.execute(query, values))


def _readers(file: Path) -> AsyncEngine:
    return create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(file)),
        pool_size=_READERS,
        max_overflow=0,
        connect_args={"timeout": BUSY_S},
        hide_parameters=True,  # an error's text must not carry callers into the log
    )


def _named(table: Table, row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(table.c.keys(), row, strict=False))


def _kept_call(row: Sequence[Any]) -> KeptCall:
    return call_of(_named(calls, row))


def _kept_ticket(row: Sequence[Any]) -> KeptTicket:
    return KeptTicket(ticket_of(_named(tickets, row)), _kept_call(row[len(tickets.c) :]).call)


def _call_back_row(row: Sequence[Any]) -> tuple[CallBack, Call]:
    return call_back_of(_named(call_backs, row)), _kept_call(row[len(call_backs.c) :]).call


def _kept_call_backs(found: Iterable[tuple[CallBack, Call]]) -> tuple[KeptCallBack, ...]:
    """Put together what was joined: the rows of one call-back follow each other."""
    by_id = groupby(found, key=lambda pair: pair[0])
    return tuple(KeptCallBack(one, tuple(call for _, call in pairs)) for one, pairs in by_id)


def _past_call(row: Sequence[Any]) -> PastCall:
    of_ticket = row[len(calls.c) :]
    return PastCall(_kept_call(row).call, ticket_of(_named(tickets, of_ticket)) if of_ticket[0] else None)


def _premise_note(row: Sequence[Any]) -> PremiseNote:
    return premise_note_of(_named(premise_notes, row))


def _by_ticket(found: Iterable[Dispatch]) -> dict[str, tuple[Dispatch, ...]]:
    return {number: tuple(of_one) for number, of_one in groupby(found, key=lambda one: one.ticket)}


def _dispatch(row: Sequence[Any]) -> Dispatch:
    return dispatch_of(_named(dispatches, row))


def _return_call(row: Sequence[Any]) -> ReturnCall:
    return return_call_of(_named(return_calls, row))


def _return_call_of_call_back(row: Sequence[Any]) -> tuple[int, ReturnCall]:
    return int(row[-1]), _return_call(row)


def _entry(row: Sequence[Any]) -> Entry:
    return entry_of(_named(timeline, row))


def _user(row: Sequence[Any]) -> User:
    return user_of(_named(users, row))


def _skpd(row: Sequence[Any]) -> Skpd:
    return skpd_of(_named(skpds, row))


def _session_and_user(row: Sequence[Any]) -> tuple[Session, User]:
    return session_of(_named(sessions, row)), _user(row[len(sessions.c) :])


def _page(found: Sequence[T], limit: int, kind: str, place: Callable[[T], Place]) -> Page[T]:
    """Make a page of what was found: one more than `limit`, when there are more."""
    items = tuple(found[:limit])
    more = len(found) > limit
    return Page(items, cursors.written(kind, place(items[-1])) if more and items else None)
