"""Where calls, tickets and their timelines are kept: SQLAlchemy Core over SQLite, migrated by Alembic."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ticketing.errors import StoreUnusable
from ticketing.store.migrate import prepare
from ticketing.store.store import SqliteStore

__all__ = ["SqliteStore", "file_of", "open_store"]


async def open_store(url: str, *, checked: bool = True) -> SqliteStore:
    """Open the database of this SQLAlchemy URL (`sqlite+aiosqlite:////path/to/file`); close() it in the end.

    A new one is made, with its directory; an older one is migrated. `checked` reads the whole file first, to
    find broken pages. Raises StoreTooNew, StoreDamaged, StoreForeign or StoreUnusable; the files are then as
    they were.
    """
    file = file_of(url)
    await asyncio.to_thread(prepare, file, checked=checked)
    return await SqliteStore.opened(file)


def file_of(url: str) -> Path:
    """The file of this SQLAlchemy URL, through links; raises StoreUnusable for what is no file's."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreUnusable("SIAGA112_DATABASE_URL is no database URL") from error
    name = parsed.database or ""
    if parsed.get_backend_name() != "sqlite":
        raise StoreUnusable(f"there is no store for {parsed.get_backend_name()} yet: use sqlite+aiosqlite:///FILE")
    if not name or name.startswith((":", "file:")) or "?" in url:
        raise StoreUnusable("the database must be a plain file: sqlite+aiosqlite:///FILE")
    # Through links: SQLite keeps its other files beside the real one.
    return Path(name).resolve()
