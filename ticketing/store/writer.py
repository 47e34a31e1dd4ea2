"""The connection that writes: aiosqlite's, with a whole transaction run in its thread at once.

aiosqlite hands each call to its thread and waits. A transaction of eight statements, each of which SQLAlchemy's async
engine turns into three or four such calls, cost 3.8 ms of CPU an opened ticket; handed over as one piece,
0.7 ms. It has a second virtue: nothing of another task can come between its statements.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, TypeVar

import aiosqlite

from ticketing.store.condition import BUSY_S
from ticketing.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ticketing.ports import Transaction

T = TypeVar("T")


class Writer(aiosqlite.Connection):
    """One connection, one transaction at a time. `await Writer(file)` opens it."""

    def __init__(self, file: Path) -> None:
        super().__init__(lambda: _connected(file), iter_chunk_size=64)
        # A process that dies without closing its store would wait for this thread for ever.
        self._thread.daemon = True

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one transaction and commit it; when it raises, nothing of it remains."""
        done: T = await self._execute(self._transact, work)  # type: ignore[no-untyped-call]  # aiosqlite's own
        return done

    def _transact(self, work: Callable[[Transaction], T]) -> T:
        # IMMEDIATE: a write lock taken only at the first write may find that what was read has changed.
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            done = work(SqlTransaction(self._conn))
            self._conn.commit()
        except BaseException:
            self._conn.rollback()
            raise
        return done


def _connected(file: Path) -> sqlite3.Connection:
    # sqlite3 would begin transactions on its own, and only before the first write.
    connection = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # Pages, 32 MB. An opened ticket writes some 14: at the default of 1,000, moving them into the database itself
    # would fall on every seventieth call, that is, into the slowest hundredth.
    connection.execute("PRAGMA wal_autocheckpoint=8000")
    return connection
