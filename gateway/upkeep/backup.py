"""`siaga112 backup`: one file from which the line can be set up anew, made while calls run."""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from gateway.presentation import rfc3339
from gateway.site.config import find_file
from gateway.site.home import Home
from gateway.telephony.recordings import recordings_in
from gateway.upkeep.archive import (
    AREAS,
    BOUNDARIES,
    CELLS,
    DATABASE,
    FORMAT,
    JOURNALS,
    MANIFEST,
    PROMPTS,
    RECORDINGS,
    SECRETS,
    SETTINGS,
    Manifest,
    Member,
    is_ours,
)
from gateway.upkeep.ledger_files import ledger_files
from ticketing.errors import Siaga112Error, StoreUnusable
from ticketing.store import file_of
from ticketing.store.condition import in_our_words, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from gateway.site.config import Settings


class BackupNotMade(Siaga112Error):
    """No backup was written; the message says why."""


@dataclass(slots=True)
class _Summed:
    """A file of which the sum is taken as it is read."""

    source: IO[bytes]
    progress: Callable[[int], object]
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def read(self, size: int) -> bytes:
        """Read on."""
        piece = self.source.read(size)
        self.digest.update(piece)
        self.progress(len(piece))
        return piece


@dataclass(slots=True)
class _Writer:
    """Puts files into the archive, and their sums into its manifest."""

    tar: tarfile.TarFile
    progress: Callable[[int], object]
    files: dict[str, Member] = field(default_factory=dict)

    def add(self, name: str, source: IO[bytes], *, size: int, mtime: float, inode: int = 0) -> None:
        """Add exactly so many bytes of this file: it may be growing. Raises OSError when there are fewer."""
        summed = _Summed(source, self.progress)
        self.tar.addfile(_header(name, size, mtime), cast("IO[bytes]", summed))
        self.files[name] = Member(size=size, sha256=summed.digest.hexdigest(), inode=inode)

    def add_path(self, name: str, path: Path) -> None:
        """Add a file as long as it is now."""
        with path.open("rb") as source:
            found = os.fstat(source.fileno())
            self.add(name, source, size=found.st_size, mtime=found.st_mtime)


def back_up(
    settings: Settings, file: Path, made_at: datetime, *, recordings: bool, progress: Callable[[int], object]
) -> Manifest:
    """Write the backup to `file`, whole or not at all; raise BackupNotMade, StoreUnusable.

    `progress` is told of bytes that were copied.
    """
    home = Home.of(settings)
    if file.exists():
        raise BackupNotMade(f"{file} is there already: it is left as it is")
    try:
        with (
            _partial(file) as stream,
            tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            writer = _Writer(tar, progress)
            # The store before the ledger: what the store has read is then in the ledger too.
            copy = Path(folder) / DATABASE
            _copy_store(file_of(settings.database), copy)
            writer.add_path(DATABASE, copy)
            _add_rest(writer, home, settings, recordings=recordings)
            manifest = Manifest(
                format=FORMAT, made_at=str(rfc3339(made_at)), version=version("siaga112"), files=writer.files
            )
            text = manifest.model_dump_json(indent=1).encode()
            tar.addfile(_header(MANIFEST, len(text), made_at.timestamp()), io.BytesIO(text))
    except OSError as error:
        raise BackupNotMade(f"{file} was not written: {error.strerror or error}: {error.filename or ''}") from error
    return manifest


def _add_rest(writer: _Writer, home: Home, settings: Settings, *, recordings: bool) -> None:
    for journal, name in ((home.queue_log, JOURNALS), (home.cel, f"{JOURNALS}/{home.cel.parent.name}")):
        with ledger_files(journal) as files:
            for one in files:
                writer.add(f"{name}/{one.name}", one.file, size=one.size, mtime=one.mtime, inode=one.inode)
    of_the_site = (
        (home.root / SECRETS, SECRETS),
        (find_file(), SETTINGS),
        (settings.areas or home.areas, AREAS),
        (home.boundaries, BOUNDARIES),
        (home.cells, CELLS),
    )
    for path, name in of_the_site:
        if path is not None and path.exists():
            writer.add_path(name, path)
    for prompt in recordings_in(settings.prompts_dir):
        writer.add_path(f"{PROMPTS}/{prompt.name}", prompt)
    for audio in sorted(home.recordings.rglob("*.wav")) if recordings else ():
        name = f"{RECORDINGS}/{audio.relative_to(home.recordings)}"
        # Somebody's own file among ours must not make a backup that cannot be read.
        if is_ours(name):
            writer.add_path(name, audio)


def _copy_store(source: Path, to: Path) -> None:
    """Copy the database as of one instant, while others write to it, and look the copy over."""
    if schema_of(source, checked=False) is None:
        raise StoreUnusable(f"there is no database {source} to back up")
    with (
        in_our_words(source),
        closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as original,
        closing(sqlite3.connect(to)) as copy,
    ):
        # In one step: in several, a writer between two of them would have it begin anew, on a busy line for ever.
        original.backup(copy, pages=-1)
    # What is broken would be found out on the day on which it is needed.
    schema_of(to, checked=True)


@contextmanager
def _partial(file: Path) -> Iterator[IO[bytes]]:
    """A file of another name, for its owner alone, which takes its own once it is whole and on the disk."""
    partial = file.with_name(f"{file.name}.partial")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, 0o600)
            yield stream
            stream.flush()
            os.fsync(descriptor)
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)


def _header(name: str, size: int, mtime: float) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mtime, header.mode = size, mtime, 0o600
    return header
