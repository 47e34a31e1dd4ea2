"""The store upon SQLite: one thread that writes, two that read.

A transaction is plain code that runs whole in the writing thread: nothing of another task can come between
its statements, and the event loop waits once for all of it, not once for each statement.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import URL, bindparam, create_engine, event, func, select

from ticketing.model import TicketStatus
from ticketing.ports import KeptTicket
from ticketing.store.condition import BUSY_S, in_our_words
from ticketing.store.rows import call_of, entry_of, position_of, taker_of, ticket_of
from ticketing.store.tables import calls, journal_positions, takers, tickets, timeline
from ticketing.store.transaction import SqlTransaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Engine, Select, Table
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from ticketing.model import CallId, JournalPosition, Taker
    from ticketing.ports import KeptCall, Transaction
    from ticketing.timeline import Entry

T = TypeVar("T")

_READING_THREADS: Final = 2
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

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = _engine(file)
        self._pooled = self._engine.raw_connection()
        assert self._pooled.dbapi_connection
        self._writer = self._pooled.dbapi_connection
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="store-writes")
        self._reading = ThreadPoolExecutor(_READING_THREADS, thread_name_prefix="store-reads")

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one transaction and commit it; when it raises, nothing of it remains.

        Raises StoreUnusable when the database cannot take it: locked for longer than BUSY_S, disk full.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._transact, work)

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
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._reading.shutdown()
        self._writing.shutdown()
        self._pooled.close()
        self._engine.dispose()

    def _transact(self, work: Callable[[Transaction], T]) -> T:
        with in_our_words(self._file), _transaction(self._writer):
            return work(SqlTransaction(self._writer))

    async def _read(self, shape: Callable[[Sequence[Any]], T], query: Select[Any], **values: object) -> tuple[T, ...]:
        def work() -> tuple[T, ...]:
            with in_our_words(self._file), self._engine.connect() as connection:
                return tuple(shape(row) for row in connection.execute(query, values))

        return await asyncio.get_running_loop().run_in_executor(self._reading, work)


@contextmanager
def _transaction(connection: DBAPIConnection) -> Iterator[None]:
    # IMMEDIATE: a write lock taken only at the first write may find that what was read has changed.
    connection.cursor().execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _engine(file: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        pool_size=1 + _READING_THREADS,
        max_overflow=0,
        connect_args={"timeout": BUSY_S},
        hide_parameters=True,  # an error's text must not carry callers into the log
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # sqlite3 would begin transactions on its own, and only before the first write.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _named(table: Table, row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(table.c.keys(), row, strict=False))


def _kept_call(row: Sequence[Any]) -> KeptCall:
    return call_of(_named(calls, row))


def _kept_ticket(row: Sequence[Any]) -> KeptTicket:
    return KeptTicket(ticket_of(_named(tickets, row)), _kept_call(row[len(tickets.c) :]).call)
