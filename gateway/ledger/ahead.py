"""Has the ledger read and understood in a process beside the gateway, one piece ahead of the writer.

Only while there is much to catch up with. Reading, parsing and joining are half of the work, the store is the other:
in one interpreter they wait for each other.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from gateway.ledger.journal import JournalTail
from gateway.ledger.reading import JournalReader, Piece, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from gateway.ledger.formats import JournalFormat
    from gateway.ledger.reading import Reader
    from ticketing.model import JournalPosition


class ReadFrom(NamedTuple):
    """What the process is told of a journal."""

    path: Path
    position: JournalPosition | None
    format: JournalFormat


class Ahead:
    """The process that reads these journals on from where they were read to. Blocking, for a thread."""

    def __init__(self, journals: Iterable[Reader]) -> None:
        """Start it; raise OSError."""
        command = [sys.executable, "-m", "gateway.ledger.worker", str(os.getpid())]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
        asked = tuple(ReadFrom(one.tail.path, one.tail.position, one.format) for one in journals)
        assert self._process.stdin
        with suppress(BrokenPipeError), self._process.stdin as told:  # it has died: its first piece will tell
            pickle.dump(asked, told)

    def next(self) -> Piece | None:
        """The next piece; None at the journals' ends, and when the process has died: it was only to be faster."""
        assert self._process.stdout
        try:
            piece = pickle.load(self._process.stdout)  # noqa: S301 - from our own child
        except (OSError, EOFError, ValueError, pickle.PickleError):
            return None
        assert isinstance(piece, Piece)
        return piece

    def close(self) -> None:
        """End the process."""
        assert self._process.stdout
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def read_for(asked: Sequence[ReadFrom]) -> Iterator[Piece]:
    """Read the journals as the process does."""
    tails = [JournalTail(one.path, one.position) for one in asked]
    try:
        yield from pieces([JournalReader(tail, one.format) for tail, one in zip(tails, asked, strict=True)])
    finally:
        for tail in tails:
            tail.close()
