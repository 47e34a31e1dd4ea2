"""Files that an operator imports into HOME: read within bounds, replaced in one step, removed, looked at for news.

Whoever keeps one says by which error (`refuses`) it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.site.home import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from ticketing.errors import Siaga112Error

    Version = tuple[int, int, int]

_ONE_MORE: Final = 1  # byte than may be read: then it is too large, however much more there is


def content(file: Path, most: int, refuses: type[Siaga112Error], what: str = "") -> bytes:
    """Read a file, of one that is larger than `most` bytes one byte more; raise `refuses`. `what` it is, for people."""
    try:
        with file.open("rb") as source:
            return source.read(most + _ONE_MORE)
    except OSError as error:
        raise refuses(f"cannot read {what}{file}: {error.strerror}") from error


def keep(file: Path, text: str, refuses: type[Siaga112Error]) -> None:
    """Keep this in place of whatever was kept, in one step; raise `refuses`."""
    try:
        write_private(file, text)
    except OSError as error:
        raise refuses(f"cannot write {file}: {error.strerror}") from error


def remove(file: Path, refuses: type[Siaga112Error]) -> bool:
    """Have none from now on; say whether there was one. Raises `refuses`."""
    there = file.exists()
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise refuses(f"cannot remove {file}: {error.strerror}") from error
    return there


def version_of(file: Path) -> Version | None:
    """Give what changes whenever the file is another one; None when there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
