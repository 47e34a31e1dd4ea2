"""The ledger's files as they are at one instant, opened, whatever is rotated meanwhile."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from gateway.ledger.journal import journal_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST_LINE: Final = 64 * 1024
_LOOKS: Final = 10


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """One file of a journal; `size` is up to the end of its last whole line."""

    name: str
    file: BinaryIO
    inode: int
    size: int
    mtime: float


@contextmanager
def ledger_files(journal: Path) -> Iterator[tuple[LedgerFile, ...]]:
    """Open a journal and its rotated elders, oldest first; raise OSError."""
    with ExitStack() as stack:
        for _ in range(_LOOKS):
            found = _opened(journal, stack)
            # Rotated between the listing and the opening: the names would not be those of what was opened.
            if found is not None:
                yield found
                return
        raise OSError(0, "it is rotated all the time", str(journal))


def _opened(journal: Path, stack: ExitStack) -> tuple[LedgerFile, ...] | None:
    listed = journal_files(journal)
    try:
        files = [stack.enter_context(path.open("rb")) for path in listed]
        states = [os.fstat(file.fileno()) for file in files]
        if [path.stat().st_ino for path in listed] != [state.st_ino for state in states]:
            return None
    except FileNotFoundError:
        return None
    if journal_files(journal) != listed:
        return None
    return tuple(
        LedgerFile(path.name, file, state.st_ino, _whole_lines(file, state.st_size), state.st_mtime)
        for path, file, state in zip(listed, files, states, strict=True)
    )


def _whole_lines(file: BinaryIO, size: int) -> int:
    start = max(size - _LONGEST_LINE, 0)
    file.seek(start)
    end = file.read(size - start).rfind(b"\n") + 1
    file.seek(0)
    return start + end
