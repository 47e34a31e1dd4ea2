"""What a backup looks like: one tar, in which a manifest, the last member, says what every other one must be.

    siaga112.sqlite3                the store, as of one instant
    journals/…                      the ledger, at least to where that store had read it
    secrets.json  siaga112.toml     the secrets; the settings file, where there was one
    areas.csv  boundaries.geojson   the city's own table of areas, their boundaries, where there were such
    cells.csv                       the carriers' antennas, where they were imported
    prompts/NAME.wav                the city's recordings of what the line says
    recordings/YYYY/MM/DD/CALL.wav  when they were asked for
    manifest.json

Plain files only, each by a name of this kind, each once. Not compressed: what is in it is as large as it says.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "siaga112.sqlite3"
SECRETS: Final = "secrets.json"
SETTINGS: Final = "siaga112.toml"
AREAS: Final = "areas.csv"
BOUNDARIES: Final = "boundaries.geojson"
CELLS: Final = "cells.csv"
JOURNALS: Final = "journals"
PROMPTS: Final = "prompts"
RECORDINGS: Final = "recordings"

_NAMES: Final = re.compile(
    r"siaga112\.sqlite3|secrets\.json|siaga112\.toml|areas\.csv|boundaries\.geojson|cells\.csv"
    r"|journals/queue_log(?:[.-][\w.-]{1,100})?|journals/cel-custom/cel\.json(?:[.-][\w.-]{1,100})?"
    r"|prompts/[a-z0-9-]{1,40}\.[A-Za-z0-9]{1,10}"
    r"|recordings/(?:\d{4}/\d\d/\d\d|notes)/[\w.-]{1,100}\.wav",
    re.ASCII,
)
# With a million recordings it has some 150 MB.
_LARGEST_MANIFEST: Final = 512 * 1024 * 1024
_PIECE: Final = 1024 * 1024


def is_ours(name: str) -> bool:
    """Whether a file of a backup may be called so: no other is read."""
    return _NAMES.fullmatch(name) is not None


class BackupUnusable(Siaga112Error):
    """The file is no backup, or not what its manifest says."""


class Member(BaseModel):
    """What one file of a backup must be. `inode`: a journal's, where it was; the store's places name it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int = Field(ge=0)
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    inode: int = 0


class Manifest(BaseModel):
    """What is in a backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    made_at: str
    version: str
    files: dict[str, Member]


class Backup:
    """An archive opened to be read. Nothing that it says is believed before it was checked."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._members = _plain_members(tar)
        self.manifest = self._read_manifest()

    @classmethod
    @contextmanager
    def opened(cls, file: Path) -> Iterator[Backup]:
        """Open it and read its manifest; raise BackupUnusable, here and within the block."""
        try:
            with tarfile.open(file, "r:") as tar:
                yield cls(tar)
        except (tarfile.TarError, EOFError) as error:
            raise BackupUnusable(f"{file} is no whole backup: {error}") from error
        except OSError as error:
            raise BackupUnusable(f"{file} cannot be read: {error.strerror or error}") from error

    @property
    def size(self) -> int:
        """Bytes of all that is in it."""
        return sum(member.size for member in self.manifest.files.values())

    def verify(self, progress: Callable[[int], object]) -> None:
        """Read all of it; raise BackupUnusable unless every file is what the manifest says."""
        for name in self.manifest.files:
            self.read(name, progress)

    def read(self, name: str, progress: Callable[[int], object], to: IO[bytes] | None = None) -> None:
        """Read one file, into `to` if that is given; raise BackupUnusable when it is another than it should be."""
        source = self._tar.extractfile(self._members[name])
        if source is None:
            raise BackupUnusable(f"{name} is no file")

        digest = hashlib.sha256()
        while piece := source.read(_PIECE):
            digest.update(piece)
            if to is not None:
                to.write(piece)
            progress(len(piece))
        if digest.hexdigest() != self.manifest.files[name].sha256:
            raise BackupUnusable(f"{name} is not what the manifest says: its sum is another")

    def changed_at(self, name: str) -> float:
        """When the file was last written to."""
        return self._members[name].mtime

    def _read_manifest(self) -> Manifest:
        member = self._members.pop(MANIFEST, None)
        if member is None or member.size > _LARGEST_MANIFEST:
            raise BackupUnusable("it has no manifest: it was not made by siaga112 backup, or not to its end")
        text = self._tar.extractfile(member)
        try:
            manifest = Manifest.model_validate_json(text.read() if text else b"")
        except ValidationError as error:
            raise BackupUnusable("its manifest makes no sense") from error
        if manifest.format != FORMAT:
            raise BackupUnusable(f"it is of format {manifest.format}, and this siaga112 reads {FORMAT}")
        if set(manifest.files) != set(self._members) or DATABASE not in manifest.files:
            raise BackupUnusable("what is in it is not what its manifest lists")
        for name, told in manifest.files.items():
            if self._members[name].size != told.size:
                raise BackupUnusable(f"{name} is not what the manifest says: its size is another")
        return manifest


def _plain_members(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    members: dict[str, tarfile.TarInfo] = {}
    for member in tar:
        # No link, no device, no hole, no folder, no path that leads elsewhere.
        plain = member.isreg() and not member.issparse()
        if not plain or not (member.name == MANIFEST or is_ours(member.name)) or member.name in members:
            raise BackupUnusable(f"it holds what no backup of ours does: {member.name[:100]!r}")
        members[member.name] = member
    return members
