"""Where what nobody could read is kept, apart from the ledger, for somebody to look at.

The ledger itself is left as it is: this is a copy of its unreadable pieces, with the place where each stands.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from ticketing.model import JournalPosition

# Garbage without an end must not fill the disk of the evidence: what comes after so much is counted and not copied.
_MOST_BYTES: Final = 16 * 1024 * 1024
_LONGEST_PIECE: Final = 64 * 1024


class SetAside:
    """One file of JSON lines: which journal, before which place of it, and the piece itself."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def keep(self, text: str, before: JournalPosition) -> None:
        """Keep this piece of a journal, which stands somewhere before this place. Never raises for a bad disk."""
        record = {
            "journal": before.name,
            "inode": before.inode,
            "read_up_to": before.offset,
            "text": text[:_LONGEST_PIECE],
        }
        # A disk that is full has worse to tell than this, and does.
        with suppress(OSError):
            if self._file.exists() and self._file.stat().st_size > _MOST_BYTES:
                return
            with self._file.open("a", encoding="ascii", errors="replace") as kept:
                kept.write(f"{json.dumps(record)}\n")
