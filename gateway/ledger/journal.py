"""The ledger's files: read on from where the last commit stood, through rotation, never a torn line.

Asterisk appends to `queue_log` and `cel.json` whether or not anybody reads. A reader's place is an inode and an
offset; it is saved in the same transaction as what was derived from the lines before it, so that a crash repeats
lines and never skips one.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from ticketing.model import JournalPosition

if TYPE_CHECKING:
    from pathlib import Path

# What one read takes at most: some 1,400 records of CEL, one transaction's worth while there is much to catch up with.
_CHUNK = 512 * 1024
MANY_LINES = 2_000
# What somebody else made of an elder; its lines were read before, or are lost to us.
_COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zst"})
# No record is near this long. Without a newline for so many bytes it is garbage, and is stepped over.
_LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines, in order, and the place after the last of them."""

    lines: tuple[str, ...]
    position: JournalPosition
    skipped: str = ""  # garbage without an end, or a torn line that a rotation left behind
    more: bool = False  # there are further lines already


def journal_files(path: Path) -> list[Path]:
    """The journal and its rotated elders (`queue_log.1`, `queue_log-20261123`, …), oldest first."""
    elders = [one for one in path.parent.glob(f"{path.name}[.-]*") if one.is_file() and one.suffix not in _COMPRESSED]
    elders.sort(key=lambda one: one.stat().st_mtime_ns)
    return [*elders, *([path] if path.exists() else [])]


class JournalTail:
    """Reads one journal on. Not safe for two threads at once."""

    def __init__(self, path: Path, position: JournalPosition | None) -> None:
        self.path = path
        self._position = position
        self._file: BinaryIO | None = None
        self._behind_since: float | None = None

    def read(self, most_lines: int = MANY_LINES) -> Chunk | None:
        """The next whole lines, so many at most, or None when there are none now.

        The place moves on with `confirm` alone: until then the same lines are read again.
        """
        file = self._open()
        if file is None or self._position is None:
            return None
        file.seek(self._position.offset)
        data = file.read(_CHUNK)
        self._behind_since = (self._behind_since or time.monotonic()) if data else None
        end = data.rfind(b"\n") + 1
        if end:
            there = data[: end - 1].split(b"\n")
            taken = there[:most_lines]
            lines = tuple(_text(line) for line in taken if line)
            place = self._moved(sum(map(len, taken)) + len(taken))
            return Chunk(lines, place, more=len(taken) < len(there) or len(data) == _CHUNK)
        if len(data) > _LONGEST_LINE:
            return Chunk((), self._moved(len(data)), skipped=_text(data))
        return self._next_file(torn=data)

    def confirm(self, position: JournalPosition) -> None:
        """What was read up to here is committed."""
        if self._position is None or position.inode != self._position.inode:
            self.close()
        self._position = position

    @property
    def position(self) -> JournalPosition | None:
        """The place of the last confirmation; None before the first reading of all."""
        return self._position

    def lag_s(self) -> float:
        """For how long something has lain unread, in seconds; 0 when all is read."""
        return time.monotonic() - self._behind_since if self._behind_since else 0.0

    def _moved(self, count: int) -> JournalPosition:
        at = self._require_position()
        return JournalPosition(at.name, at.inode, at.offset + count)

    def _require_position(self) -> JournalPosition:
        if self._position is None:
            raise RuntimeError("nothing has been opened yet")
        return self._position

    def _open(self) -> BinaryIO | None:
        if self._file is None:
            with suppress(FileNotFoundError):
                self._file = self._find()
        if self._file is None:
            return None
        status = os.fstat(self._file.fileno())
        if self._position is None or self._position.inode != status.st_ino or self._position.offset > status.st_size:
            # Never read before, or cut off and begun anew: from the start.
            self._position = JournalPosition(self.path.name, status.st_ino, 0)
        return self._file

    def _find(self) -> BinaryIO:
        """The file with our place in it, by whatever name it bears now; failing that, the oldest there is.

        A place is lost when the journals were copied to another file system. What is read again changes nothing.
        """
        files = self._files()
        ours = [path for path in files if self._position and path.stat().st_ino == self._position.inode]
        return next(iter([*ours, *files]), self.path).open("rb")

    def read_elders(self) -> tuple[Path, ...]:
        """The rotated elders of which every line is committed, oldest first."""
        files, at = self._files(), self._position
        inodes = [path.stat().st_ino for path in files]
        return tuple(files[: inodes.index(at.inode)]) if at and at.inode in inodes else ()

    def _files(self) -> list[Path]:
        return journal_files(self.path)

    def _next_file(self, torn: bytes) -> Chunk | None:
        """At the end of a file that is no longer the journal: go on to the next one."""
        at = self._require_position()
        inodes = [path.stat().st_ino for path in self._files()]
        if not inodes or at.inode == inodes[-1]:
            return None
        if self._file is not None and os.fstat(self._file.fileno()).st_size > at.offset + len(torn):
            # Written after we looked, and before the next file was begun. Nothing comes after that.
            return None
        # Removed, or renamed to something that is no name of ours: go on with the journal itself. Its elders were read.
        following = inodes[inodes.index(at.inode) + 1] if at.inode in inodes else inodes[-1]
        return Chunk((), JournalPosition(at.name, following, 0), skipped=_text(torn))

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
