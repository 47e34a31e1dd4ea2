"""Migrations that run by themselves: opening a database makes it, or brings it to the newest schema."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from sqlalchemy import URL, NullPool, create_engine, event

from ticketing.errors import StoreTooNew, StoreUnusable
from ticketing.store.condition import BUSY_S, in_our_words, schema_of

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection

MIGRATIONS: Final = Path(__file__).with_name("migrations")

_ALEMBIC: Final = Lock()  # its context is one for the whole process


def prepare(file: Path, *, checked: bool, migrations: Path = MIGRATIONS) -> None:
    """Make the database in `file`, or bring it to the newest schema, in one transaction.

    Raises StoreTooNew, StoreDamaged, StoreForeign or StoreUnusable; the file is then as it was.
    """
    found = schema_of(file, checked=checked)
    known = _revisions(migrations)
    if found is not None and found not in known:
        raise StoreTooNew(str(file), found)
    if found == known[-1]:
        return
    if found is None:
        _make(file)
    _upgrade(file, migrations)


def _revisions(migrations: Path) -> list[str]:
    """The revisions, oldest first: a migration's file is named for its revision (`0002_people.py`)."""
    return sorted(path.name.partition("_")[0] for path in (migrations / "versions").glob("[0-9]*_*.py"))


def _make(file: Path) -> None:
    """Make an empty file that only its owner may read: it will hold callers and the phones' passwords."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnusable(f"the database {file} cannot be made: {error.strerror}: {error.filename}") from error


def _upgrade(file: Path, migrations: Path) -> None:
    # Alembic takes a fifth of a second to import, and nearly every opening needs none of it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    engine = create_engine(
        URL.create("sqlite", database=str(file)), poolclass=NullPool, connect_args={"timeout": BUSY_S}
    )
    event.listen(engine, "connect", _manual_transactions)
    with in_our_words(file), _ALEMBIC, engine.connect() as connection:
        _use_wal(file, connection)
        # Taken before Alembic looks: of two processes that start together, the second finds all done.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _manual_transactions(connection: sqlite3.Connection, _record: object) -> None:
    # sqlite3 would commit before DDL; without its help a migration is one transaction, DDL and all.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")


def _use_wal(file: Path, connection: Connection) -> None:
    mode = connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar_one()
    if mode != "wal":
        raise StoreUnusable(f"the database {file} cannot be used: its file system has no shared memory for WAL")
