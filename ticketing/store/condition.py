"""What condition a database file is in, found out without touching it or the files beside it."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError

from ticketing.errors import StoreDamaged, StoreForeign, StoreUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_S: Final = 5.0  # how long to wait for another process (the command line) that has the database
_LOOKS: Final = 5  # how often to look again when another process opens or closes it meanwhile
_OUR_TABLES: Final = frozenset({"alembic_version", "timeline"})


def schema_of(file: Path, *, checked: bool) -> str | None:
    """Give the schema's revision of the database in `file`; None when there is no database yet.

    Raises StoreDamaged for what is no database, is cut off, or (`checked`: all of it is read) is broken
    within; StoreForeign for another program's; StoreUnusable when it cannot be read.
    """
    with in_our_words(file):
        for _ in range(_LOOKS - 1):
            siblings = _siblings(file)
            try:
                return _look(file, siblings, checked=checked)
            except (StoreUnusable, sqlite3.Error, OSError):
                # The way to look depends on the siblings: where they come and go, the verdict may be wrong.
                if siblings == _siblings(file):
                    raise
        return _look(file, _siblings(file), checked=checked)


@contextmanager
def in_our_words(file: Path) -> Iterator[None]:
    """Raise StoreDamaged or StoreUnusable for what SQLite and the system say of the file, the disk and locks.

    What SQLite says of our own statements (a constraint, a wrong call) passes as it is.
    """
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        # SQLITE_NOTADB and SQLITE_CORRUPT come as DatabaseError itself.
        if type(cause) is sqlite3.DatabaseError:
            raise StoreDamaged(str(file), str(cause)) from error
        if isinstance(cause, sqlite3.OperationalError):
            raise StoreUnusable(f"the database {file} cannot be used: {cause}") from error
        raise
    except OSError as error:
        raise StoreUnusable(f"the database {file} cannot be used: {error.strerror}: {error.filename}") from error


def _siblings(file: Path) -> dict[str, int]:
    """Give the size of each file that SQLite keeps beside a database, by suffix."""
    sizes = {suffix: _size(_beside(file, suffix)) for suffix in ("-wal", "-shm", "-journal")}
    return {suffix: size for suffix, size in sizes.items() if size is not None}


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _size(file: Path) -> int | None:
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(status.st_mode):
        raise StoreUnusable(f"the database {file} cannot be used: it is not a file")
    return status.st_size


def _look(file: Path, siblings: dict[str, int], *, checked: bool) -> str | None:
    size = _size(file)
    if not size:
        return None
    if siblings.keys() >= {"-wal", "-shm"}:
        # A live database, or one whose process was killed: read-only with its own index of the -wal file.
        return _read(file, file, "mode=ro&readonly_shm=1", checked=checked)
    if siblings.get("-wal") or siblings.get("-journal"):
        # Reading it would replay these files; a copy can be touched.
        return _read_copy(file, checked=checked)
    # Nothing is beside it, and by `immutable` SQLite makes nothing beside it either.
    return _read(file, file, "mode=ro&immutable=1", checked=checked, size=size)


def _read_copy(file: Path, *, checked: bool) -> str | None:
    with TemporaryDirectory(prefix="siaga112-") as folder:
        copy = Path(folder) / "copy"
        for suffix in ("", "-wal", "-journal"):
            if _size(_beside(file, suffix)):
                shutil.copyfile(_beside(file, suffix), _beside(copy, suffix))
        return _read(file, copy, "mode=rw", checked=checked)


def _read(file: Path, opened: Path, options: str, *, checked: bool, size: int | None = None) -> str | None:
    uri = f"{opened.as_uri()}?{options}"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as connection:
        if size:
            _refuse_cut_page(file, connection, size)
        if checked:
            _refuse_broken(file, connection)
        return _revision(file, connection)


def _refuse_cut_page(file: Path, connection: sqlite3.Connection, size: int) -> None:
    # SQLite reads the lost end of a last page as zeros, and says nothing.
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    if size % page:
        raise StoreDamaged(str(file), "its last page is cut off")


def _refuse_broken(file: Path, connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StoreDamaged(str(file), " ".join(verdict.split())[:200])


def _revision(file: Path, connection: sqlite3.Connection) -> str | None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    if not tables >= _OUR_TABLES:
        raise StoreForeign(str(file))
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise StoreDamaged(str(file), "the revision of its schema is missing")
    return str(row[0])
