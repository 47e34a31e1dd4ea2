"""Files that are made from something, and made again when that has changed, or when they are not what was made.

A mark beside the file, hidden, says what it was made from and what came out.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.telephony.phrases import PhraseUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

RECIPE: Final = "2"  # raised when the same sentence is to sound different


@contextmanager
def storing(into: Path) -> Iterator[Path]:
    """Give a hidden folder in `into` for what is not finished; turn an OSError into PhraseUnreadable."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        # A folder a run: two of them at a time (a start, and somebody at the command line) do not meet.
        with tempfile.TemporaryDirectory(dir=into, prefix=".making-") as scratch:
            yield Path(scratch)
    except OSError as error:
        raise PhraseUnreadable(f"prompts in {into}: {error}") from error


def fingerprint(*parts: str) -> str:
    """Another one of what a file is made from means another file."""
    return hashlib.sha256("\0".join((RECIPE, *parts)).encode()).hexdigest()


def sum_of(file: Path) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def is_made(target: Path, kind: str, of: str) -> bool:
    """Whether the file is there as it was made of this fingerprint."""
    mark = _read(mark_of(target))
    return mark.startswith(f"{kind} {of} ") and target.is_file() and mark == _mark(kind, of, target)


def kind_made(target: Path) -> str | None:
    """Which kind of thing the file was made from; None where there is none, or it is not what was made."""
    kind, _, rest = _read(mark_of(target)).partition(" ")
    return kind if is_made(target, kind, rest.partition(" ")[0]) else None


def put(made: Path, target: Path, kind: str, of: str) -> None:
    """Put what was made in its place, whole and in one step: Asterisk may be playing the former one."""
    # No fsync: a sound that a power failure tore is not the one of its mark, and is made again.
    mark = _mark(kind, of, made)
    made.replace(target)
    mark_of(target).write_text(mark)


def remove_all_but(names: set[str], into: Path) -> None:
    """Remove the sounds that were made under other names; a file without a mark is the site's own."""
    for mark in into.glob(".*.wav.made"):
        name = mark.name.removeprefix(".").removesuffix(".wav.made")
        if name not in names:
            (into / f"{name}.wav").unlink(missing_ok=True)
            mark.unlink(missing_ok=True)


def mark_of(target: Path) -> Path:
    """Where its mark is. Hidden: music on hold plays every file of its folder but these."""
    return target.with_name(f".{target.name}.made")


def _mark(kind: str, of: str, made: Path) -> str:
    return f"{kind} {of} {sum_of(made)}"


def _read(mark: Path) -> str:
    return mark.read_text(errors="replace") if mark.exists() else ""
