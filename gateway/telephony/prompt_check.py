"""Whether what the line plays can be heard: every prompt measured and judged.

A prompt that is too quiet is noticed by nobody but the caller who does not hear it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from gateway.telephony import speech
from gateway.telephony.made import is_made, kind_made
from gateway.telephony.phrases import PhraseUnreadable, is_digit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.telephony.levels import Level
    from gateway.telephony.prompts import Prompt

# RFC 7874, section 4: speech on the wire has -19 dBm0, which is -22 dBFS, give or take 6 dB.
TOO_QUIET_DBFS: Final = -28.0
# Nobody says a word in less.
TOO_SHORT_S: Final = 0.1
# A caller who hears one of our sentences waits as long as it lasts; the longest of them, a menu, has some twenty.
TOO_LONG_S: Final = 60.0
# A ticket's number has twelve: more than twenty seconds of them are not kept in mind.
DIGIT_TOO_LONG_S: Final = 1.7

CLIPPED: Final = "clipped: it was recorded too loud"


@dataclass(frozen=True, slots=True)
class Checked:
    """A prompt, what it was made from, how it sounds, and what is wrong with it."""

    name: str
    source: str | None
    level: Level | None
    flaws: tuple[str, ...]


def check(prompts: Iterable[Prompt], unused: dict[str, str], folder: Path) -> list[Checked]:
    """Look at every prompt in `folder`, and at the files that are recordings of none; raises OSError."""
    with TemporaryDirectory(prefix="siaga112-") as scratch:
        found = [_checked(prompt, folder, Path(scratch)) for prompt in prompts]
    return [*found, *(Checked(file, None, None, (f"not used: {reason}",)) for file, reason in unused.items())]


def flaws_of(name: str, level: Level) -> list[str]:
    """What is wrong with a sound of this name."""
    if level.rms_dbfs is None:
        return ["nothing is heard in it"]
    flaws = []
    if level.rms_dbfs < TOO_QUIET_DBFS:
        flaws.append(f"too quiet: {level.rms_dbfs:.0f} dBFS, it should be above {TOO_QUIET_DBFS:.0f}")
    if level.clipped:
        flaws.append(CLIPPED)
    if level.heard_s < TOO_SHORT_S:
        flaws.append(f"too short: {level.heard_s:.2f} s are heard")
    longest = DIGIT_TOO_LONG_S if is_digit(name) else TOO_LONG_S
    if level.seconds > longest:
        flaws.append(f"too long: {level.seconds:.1f} s, it should be below {longest:g}")
    return flaws


def _checked(prompt: Prompt, folder: Path, scratch: Path) -> Checked:
    sound, flaws = prompt.sound(folder), []
    source, level = prompt.sources[0], None
    try:
        # Fitted to the telephone, a recording that was too loud no longer ends at the end of the scale.
        if prompt.recording and prompt.recording.original(scratch).clipped:
            flaws.append(CLIPPED)
    except PhraseUnreadable as error:
        source = prompt.spoken
        flaws.append(f"the recording is not used: {error}")
    if not sound.is_file():
        return Checked(prompt.name, None, None, (*flaws, "missing: siaga112 prompts make"))
    if not is_made(sound, source.kind, source.fingerprint()):
        flaws.append("another one than it should be: siaga112 prompts make")
    try:
        level = speech.level_of(sound)
        flaws += flaws_of(prompt.name, level)
    except PhraseUnreadable as error:
        flaws.append(str(error))
    return Checked(prompt.name, kind_made(sound), level, tuple(dict.fromkeys(flaws)))
