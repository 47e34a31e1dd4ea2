"""A store looked through from end to end while others write to it: in small pieces, with bounded memory.

Synchronous: for whoever does nothing else (`siaga112 verify`). Each piece is read as of one instant and let go of, so
that the writer's -wal file does not grow meanwhile.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, literal_column, select

from ticketing.store.condition import BUSY_S, in_our_words
from ticketing.store.rows import call_of, entry_of, position_of, ticket_of
from ticketing.store.statements import Statement
from ticketing.store.tables import calls, journal_positions, micros, tickets, timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from ticketing.model import CallId, JournalPosition, Ticket
    from ticketing.ports import KeptCall
    from ticketing.timeline import Entry

_PIECE: Final = 200
_MOST_FLAWS: Final = 100  # of a database that is broken, no more need be told

_CALLS_AFTER = Statement(
    select(calls)
    .where(calls.c.id > bindparam("after"))
    .order_by(calls.c.id)
    .limit(bindparam("at_most"))
    .offset(literal_column("0")),
    gives=list(calls.c),
)
_CALL = Statement(select(calls).where(calls.c.id == bindparam("call_id")), gives=list(calls.c))
_TICKETS_OF = Statement(select(tickets).where(tickets.c.call_id == bindparam("of_call")), gives=list(tickets.c))
_ENTRIES_OF = Statement(
    select(timeline).where(timeline.c.call_id == bindparam("of_call")).order_by(timeline.c.position),
    gives=list(timeline.c),
)
_POSITIONS = Statement(select(journal_positions), gives=list(journal_positions.c))
# `112-20261123-0001`: the day and its serials, beside the counter that gives the next one.
_NUMBERS: Final = """
    WITH given AS (
        SELECT substr(number, 5, 4) || '-' || substr(number, 9, 2) || '-' || substr(number, 11, 2) AS day,
               CAST(substr(number, 14) AS INTEGER) AS serial
        FROM tickets)
    SELECT day, count(*), count(DISTINCT serial), min(serial), max(serial), COALESCE(last, 0)
    FROM given LEFT JOIN ticket_numbers USING (day) GROUP BY day
    UNION ALL
    SELECT day, 0, 0, 0, 0, last FROM ticket_numbers WHERE last > 0 AND day NOT IN (SELECT day FROM given)
    ORDER BY 1
"""


class Kept(NamedTuple):
    """What the store keeps of one call."""

    call: KeptCall
    tickets: tuple[Ticket, ...]
    entries: tuple[Entry, ...] = ()


class Numbers(NamedTuple):
    """The ticket numbers of one local day."""

    day: str
    tickets: int
    different: int
    first: int
    last: int
    counter: int  # the last serial that was given

    @property
    def in_a_row(self) -> bool:
        """Whether they run from 1 to the last that was given, each once."""
        return (self.first, self.different, self.tickets, self.last) == (1, self.tickets, self.counter, self.counter)


class Inspection:
    """One database, opened to be looked at. Nothing of it is changed."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self._file = file
        self._connection = connection
        # On disk, should it become large; in a database of this connection's own.
        connection.execute("CREATE TEMP TABLE told (id TEXT PRIMARY KEY) WITHOUT ROWID")

    @classmethod
    @contextmanager
    def of(cls, file: Path) -> Iterator[Inspection]:
        """Open it; raise StoreDamaged or StoreUnusable, here and within the block."""
        with in_our_words(file), closing(_opened(file)) as connection:
            yield cls(file, connection)

    def flaws(self, *, full: bool) -> tuple[str, ...]:
        """What SQLite finds wrong with the file; `full` compares the indexes with their tables as well."""
        check = "integrity_check" if full else "quick_check"
        found = [str(row[0]) for row in self._connection.execute(f"PRAGMA {check}({_MOST_FLAWS})")]
        broken = self._connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST_FLAWS)
        strays = [f"a row of {table} belongs to none of {parent}" for table, _, parent, _ in broken]
        return (*(" ".join(flaw.split()) for flaw in found if flaw != "ok"), *strays)

    def all(self) -> Iterator[Kept]:
        """Every call with its tickets and its whole timeline, by id."""
        after = ""
        while True:
            with self._at_one_instant():
                rows = _CALLS_AFTER.rows(self._connection, {"after": after, "at_most": _PIECE})
                piece = [self._whole(call_of(row)) for row in rows]
            if not piece:
                return
            yield from piece
            after = piece[-1].call.call.id

    def of_calls(self, ids: Iterable[CallId]) -> dict[CallId, Kept]:
        """Those of these calls that are kept, with their tickets; all as of one instant."""
        with self._at_one_instant():
            rows = [row for one in ids for row in _CALL.rows(self._connection, {"call_id": one})]
            kept = [call_of(row) for row in rows]
            return {one.call.id: Kept(one, self._tickets(one.call.id)) for one in kept}

    def numbers(self) -> Iterator[Numbers]:
        """The ticket numbers, day by day."""
        return map(Numbers._make, self._connection.execute(_NUMBERS).fetchall())

    def positions(self) -> dict[str, JournalPosition]:
        """How far each journal was read, by name."""
        found = map(position_of, _POSITIONS.rows(self._connection, {}))
        return {position.name: position for position in found}

    def tell(self, ids: Iterable[CallId]) -> None:
        """Remember that these calls were told of elsewhere."""
        self._connection.executemany("INSERT OR IGNORE INTO temp.told VALUES (?)", ((one,) for one in ids))

    def untold(self, since: datetime, until: datetime) -> Iterator[KeptCall]:
        """Calls that arrived from `since` to `until` and were not told of."""
        ids = self._connection.execute(
            "SELECT id FROM calls WHERE arrived_at BETWEEN ? AND ? AND id NOT IN (SELECT id FROM temp.told)",
            (micros(since), micros(until)),
        ).fetchall()
        for (one,) in ids:
            yield from (kept.call for kept in self.of_calls([one]).values())

    def _whole(self, kept: KeptCall) -> Kept:
        entries = _ENTRIES_OF.rows(self._connection, {"of_call": kept.call.id})
        return Kept(kept, self._tickets(kept.call.id), tuple(map(entry_of, entries)))

    def _tickets(self, call: CallId) -> tuple[Ticket, ...]:
        return tuple(map(ticket_of, _TICKETS_OF.rows(self._connection, {"of_call": call})))

    @contextmanager
    def _at_one_instant(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")


def _opened(file: Path) -> sqlite3.Connection:
    # Not `mode=ro`: that cannot make the index that a -wal file needs. A file that is not there is not made either.
    return sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)
