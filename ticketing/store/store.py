"""The store upon SQLite: one connection that writes, one transaction at a time, and two that read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self, TypeVar

from sqlalchemy import URL, bindparam, func, select
from sqlalchemy.ext.asyncio import create_async_engine

from ticketing.model import TicketStatus
from ticketing.ports import KeptTicket
from ticketing.store.condition import BUSY_S, in_our_words
from ticketing.store.rows import call_of, entry_of, position_of, taker_of, ticket_of
from ticketing.store.tables import calls, journal_positions, takers, tickets, timeline
from ticketing.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Select, Table
    from sqlalchemy.ext.asyncio import AsyncEngine

    from ticketing.model import CallId, JournalPosition, Taker
    from ticketing.ports import KeptCall, Transaction
    from ticketing.timeline import Entry

T = TypeVar("T")

_READERS: Final = 2
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

_TICKETS = select(*tickets.c, *calls.c).join_from(tickets, calls)
_TICKETS_SINCE = _TICKETS.where(tickets.c.opened_at >= bindparam("since")).order_by(
    tickets.c.opened_at, tickets.c.number
)
_TICKET = _TICKETS.where(tickets.c.number == bindparam("number"))
_CALLS_SINCE = select(calls).where(calls.c.arrived_at >= bindparam("since")).order_by(calls.c.arrived_at, calls.c.id)
_CALL = select(calls).where(calls.c.id == bindparam("call_id"))
_TIMELINE = (
    select(timeline)
    .join_from(timeline, tickets, timeline.c.call_id == tickets.c.call_id)
    .where(tickets.c.number == bindparam("number"))
    .order_by(timeline.c.position)
)
_TAKERS = select(takers).order_by(takers.c.extension)
_POSITIONS = select(journal_positions).order_by(journal_positions.c.name)
_COUNTS = select(tickets.c.status, func.count()).group_by(tickets.c.status)


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

    async def ticket(self, number: str) -> KeptTicket | None:
        """One ticket, None when there is none of this number."""
        return next(iter(await self._read(_kept_ticket, _TICKET, number=number)), None)

    async def call(self, call_id: CallId) -> KeptCall | None:
        """One call, None when it is not kept."""
        return next(iter(await self._read(_kept_call, _CALL, call_id=call_id)), None)

    async def timeline(self, number: str) -> tuple[Entry, ...]:
        """The whole timeline of a ticket's call, in order; empty when there is no such ticket."""
        return await self._read(lambda row: entry_of(_named(timeline, row)), _TIMELINE, number=number)

    async def takers(self) -> tuple[Taker, ...]:
        """All call takers, by extension."""
        return await self._read(lambda row: taker_of(_named(takers, row)), _TAKERS)

    async def journal_positions(self) -> tuple[JournalPosition, ...]:
        """How far each journal was read."""
        return await self._read(lambda row: position_of(_named(journal_positions, row)), _POSITIONS)

    async def counts(self) -> Mapping[TicketStatus, int]:
        """How many tickets have each status."""
        counted = dict(await self._read(lambda row: (row[0], row[1]), _COUNTS))
        return {status: counted.get(status, 0) for status in TicketStatus}

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
