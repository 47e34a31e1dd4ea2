"""One change of the store, in the desk's words."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, literal_column, select, update
from sqlalchemy.dialects import sqlite

from ticketing.errors import TakerExists, UnknownTaker
from ticketing.store.rows import call_of, call_values, entry_values, position_values, ticket_values
from ticketing.store.statements import Statement
from ticketing.store.tables import calls, journal_positions, takers, ticket_numbers, tickets, timeline

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime
    from sqlite3 import Connection

    from sqlalchemy import Table

    from ticketing.model import CallId, JournalPosition, Taker, Ticket
    from ticketing.ports import KeptCall
    from ticketing.timeline import Entry


def _upsert(table: Table) -> sqlite.Insert:
    """Insert, or replace what is there of the same key. PostgreSQL's dialect has the same method."""
    statement = sqlite.insert(table)
    key = {column.name for column in table.primary_key}
    values = {column.name: column for column in statement.excluded if column.name not in key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)


_CALL = Statement(select(calls).where(calls.c.id == bindparam("call_id")), gives=list(calls.c))
_KEEP_CALL = Statement(_upsert(calls))

_first_serials = sqlite.insert(ticket_numbers)
_TAKE_SERIALS = Statement(
    _first_serials.on_conflict_do_update(
        index_elements=[ticket_numbers.c.day],
        set_={"last": ticket_numbers.c.last + _first_serials.excluded.last},
    ).returning(ticket_numbers.c.last),
    gives=[ticket_numbers.c.last],
)
_OPEN_TICKET = Statement(insert(tickets))
_SETTLE_ANSWER = Statement(
    update(tickets)
    .where(tickets.c.number == bindparam("of_ticket"))
    .values(answered_at=bindparam("at"), taker=bindparam("by"), version=tickets.c.version + literal_column("1"))
)

_APPEND = Statement(insert(timeline).returning(timeline.c.seq), takes=timeline.c.keys()[1:], gives=[timeline.c.seq])

_KEEP_POSITION = Statement(_upsert(journal_positions))
_ADD_TAKER = Statement(sqlite.insert(takers).on_conflict_do_nothing())
_SIGN_TAKER = Statement(
    update(takers).where(takers.c.extension == bindparam("of_taker")).values(signed_in=bindparam("signed"))
)


class SqlTransaction:
    """A Transaction (ticketing.ports) upon an open connection. Whoever opened it commits or rolls back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def calls(self, ids: Collection[CallId]) -> dict[CallId, KeptCall]:
        """Give those of these calls that are kept."""
        found = (row for one in ids for row in _CALL.rows(self._connection, {"call_id": one}))
        return {kept.call.id: kept for kept in map(call_of, found)}

    def keep_calls(self, calls: Sequence[KeptCall]) -> None:
        """Keep these calls in place of what was kept of them."""
        _KEEP_CALL.run_for_each(self._connection, map(call_values, calls))

    def take_serials(self, day: date, count: int) -> int:
        """Take the next `count` ticket serials of a local day; give the first of them."""
        (row,) = _TAKE_SERIALS.rows(self._connection, {"day": day, "last": count})
        last: int = row["last"]
        return last - count + 1

    def open_tickets(self, tickets: Sequence[Ticket]) -> None:
        """Keep new tickets; their calls are kept before."""
        _OPEN_TICKET.run_for_each(self._connection, map(ticket_values, tickets))

    def settle_answer(self, number: str, answered_at: datetime, taker: str | None) -> None:
        """Correct who answered a ticket's call, and when; the ticket's version grows by one."""
        _SETTLE_ANSWER.run(self._connection, {"of_ticket": number, "at": answered_at, "by": taker})

    def append(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Add entries to the timeline; give them back with their `seq`."""
        return tuple(replace(entry, seq=self._seq_of(entry)) for entry in entries)

    def _seq_of(self, entry: Entry) -> int:
        (row,) = _APPEND.rows(self._connection, entry_values(entry))
        seq: int = row["seq"]
        return seq

    def keep_positions(self, positions: Sequence[JournalPosition]) -> None:
        """Keep how far these journals were read."""
        _KEEP_POSITION.run_for_each(self._connection, map(position_values, positions))

    def add_taker(self, taker: Taker) -> None:
        """Keep a new call taker; raise TakerExists."""
        if not _ADD_TAKER.run(self._connection, asdict(taker)):
            raise TakerExists(taker.extension)

    def sign_taker(self, extension: str, *, signed_in: bool) -> None:
        """Sign a call taker in or out; raise UnknownTaker."""
        if not _SIGN_TAKER.run(self._connection, {"of_taker": extension, "signed": signed_in}):
            raise UnknownTaker(extension)
