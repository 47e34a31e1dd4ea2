"""A city's own recordings of what the line says: files of one folder, named as the phrases are."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.telephony.phrases import PhraseUnreadable, is_name

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

# What sox reads without asking the file what it is: a playlist, say, would lead it elsewhere. mp3 needs
# libsox-fmt-mp3.
FORMATS: Final = ("wav", "flac", "ogg", "mp3", "aiff")
LARGEST: Final = 32_000_000  # bytes: two minutes at 48 kHz, two channels of 24 bits


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in the folder."""

    used: dict[str, Path] = field(default_factory=dict)  # by the phrase's name
    unused: dict[str, str] = field(default_factory=dict)  # why not, by the file's name


def found_in(folder: Path, names: Container[str]) -> Found:
    """Which files are recordings of these phrases, and which are not; so is a folder that cannot be read."""
    found = Found()
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        return Found(unused={f"{folder}/": str(error.strerror)})
    for file in files:
        if file.name.startswith("."):
            continue
        name = file.stem
        if format_of(file) not in FORMATS:
            found.unused[file.name] = f"a recording is NAME.{'|'.join(FORMATS)}"
        elif name not in names:
            found.unused[file.name] = "no phrase has this name"
        elif name in found.used:
            found.unused[file.name] = f"{found.used[name].name} is used for this phrase"
        else:
            found.used[name] = file
    return found


def recordings_in(folder: Path) -> list[Path]:
    """Every plain file that some phrase could have as its recording; raises OSError."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    named = [file for file in files if is_name(file.stem) and format_of(file) in FORMATS]
    return [file for file in named if stat.S_ISREG(file.lstat().st_mode) and file.lstat().st_size <= LARGEST]


def format_of(file: Path) -> str:
    """As sox calls it."""
    return file.suffix.lower().removeprefix(".")


def content_of(file: Path) -> bytes:
    """Read a recording; raises PhraseUnreadable for what is no plain file in the folder itself."""
    try:
        # A link could lead to any file of this user's; opening a pipe would wait for somebody to write.
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PhraseUnreadable("it is no file")
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise PhraseUnreadable("it is a link" if error.errno == errno.ELOOP else str(error.strerror)) from error
    if len(content) > LARGEST:
        raise PhraseUnreadable(f"it has more than {LARGEST // 1_000_000} MB")
    return content
