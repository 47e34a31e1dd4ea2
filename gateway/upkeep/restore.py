"""`siaga112 restore`: a backup becomes a HOME that the line can be started in."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.site.home import HomeUnusable
from gateway.upkeep.archive import DATABASE, RECORDINGS, Backup, BackupUnusable
from ticketing.model import JournalPosition
from ticketing.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gateway.upkeep.archive import Manifest


def restore(file: Path, home: Path, progress: Callable[[int], object], *, recordings: bool = True) -> Manifest:
    """Set up `home` from the backup, once all of the backup was found sound; leave nothing behind otherwise.

    `progress` is told of bytes: each of the backup's is read twice. Raises BackupUnusable, HomeUnusable, StoreUnusable.
    """
    _refuse_used(home)
    with Backup.opened(file) as backup:
        backup.verify(progress)
        names = [name for name in backup.manifest.files if recordings or not name.startswith(f"{RECORDINGS}/")]
        made = not home.exists()
        try:
            _check_room(backup, names, home)
            for name in names:
                _extract(backup, name, home, progress)
            asyncio.run(_find_places_again(home, backup.manifest))
        except BaseException:
            _clear(home, itself=made)
            raise
        return backup.manifest


def _refuse_used(home: Path) -> None:
    try:
        if home.exists() and any(home.iterdir()):
            raise HomeUnusable(f"{home} is not empty: a backup is restored into a folder of its own")
    except OSError as error:
        raise HomeUnusable(f"{home} cannot be used: {error.strerror}") from error


def _check_room(backup: Backup, names: list[str], home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise HomeUnusable(f"{home} cannot be made: {error.strerror}") from error
    needed = sum(backup.manifest.files[name].size for name in names)
    if needed > free:
        raise HomeUnusable(f"{home} has room for {free // 1_000_000} MB, and {needed // 1_000_000} MB are needed")


def _extract(backup: Backup, name: str, home: Path, progress: Callable[[int], object]) -> None:
    path = home / name
    try:
        for folder in reversed(path.relative_to(home).parents):
            (home / folder).mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as to:
            backup.read(name, progress, to)
            to.flush()
            os.fsync(descriptor)
        # The reader of the ledger goes by it: elders first.
        os.utime(path, (backup.changed_at(name), backup.changed_at(name)))
    except OSError as error:
        raise BackupUnusable(f"{path} cannot be written: {error.strerror}") from error


async def _find_places_again(home: Path, manifest: Manifest) -> None:
    """Have the store's places in the journals name the files as they are here."""
    now_at: Mapping[int, int] = {
        member.inode: (home / name).stat().st_ino for name, member in manifest.files.items() if member.inode
    }
    store = await open_store(f"sqlite+aiosqlite:///{home / DATABASE}")
    try:
        places = [_moved(place, now_at) for place in await store.journal_positions()]
        await store.transact(lambda tx: tx.keep_positions(places))
    finally:
        await store.close()


def _moved(place: JournalPosition, now_at: Mapping[int, int]) -> JournalPosition:
    # No file has inode 0: its reader begins with the oldest there is, and what is read twice changes nothing.
    inode = now_at.get(place.inode, 0)
    return JournalPosition(place.name, inode, place.offset if inode else 0)


def _clear(home: Path, *, itself: bool) -> None:
    with suppress(OSError):
        if itself:
            shutil.rmtree(home)
            return
        for one in home.iterdir():
            if one.is_dir():
                shutil.rmtree(one)
            else:
                one.unlink()
