"""The line's voice: sentences of a text file, and a city's recordings of them, become what Asterisk plays.

A recording goes before speech. One that cannot be used is told, and the sentence is spoken: a caller hears something.
"""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.telephony import speech
from gateway.telephony.made import fingerprint, is_made, put, remove_all_but, storing, sum_of
from gateway.telephony.phrases import LONGEST_FILE, PhraseUnreadable, has_substitute, is_digit, sentences
from gateway.telephony.recordings import content_of, format_of, found_in
from gateway.telephony.render import SOURCE
from gateway.telephony.waiting import ENDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from gateway.site.config import Settings
    from gateway.site.home import Home
    from gateway.telephony.levels import Level

    Say = Callable[[str], None]

RECORDED: Final = "recorded"
SPOKEN: Final = "spoken"
# The work is espeak-ng's and sox's: a few at a time, and never the whole of a large machine that takes calls.
WORKERS: Final = max(2, min(4, os.cpu_count() or 1))
_NAMES_TOLD: Final = 3


@dataclass(frozen=True, slots=True)
class Sentence:
    """What espeak-ng speaks."""

    text: str
    voice: str
    pauses: tuple[str, str]
    kind: str = SPOKEN

    def fingerprint(self) -> str:
        """Another one means another sound."""
        return fingerprint(self.voice, *self.pauses, self.text)

    def write(self, target: Path) -> None:
        """Speak it; raises PhraseUnreadable."""
        speech.speak(self.text, self.voice, target, pauses=self.pauses)

    def complaint(self, error: Exception) -> str:
        """What is told when it cannot be."""
        return f"cannot be spoken: {error}"


@dataclass(frozen=True, slots=True)
class Recording:
    """What a city recorded."""

    file: Path
    kind: str = RECORDED

    def fingerprint(self) -> str:
        """Another one means another sound; raises PhraseUnreadable."""
        return fingerprint(format_of(self.file), hashlib.sha256(content_of(self.file)).hexdigest())

    def write(self, target: Path) -> None:
        """Fit it to the telephone; raises PhraseUnreadable, also where nothing is heard."""
        speech.fit(self._copy(target), format_of(self.file), target)
        _level_heard(target)

    def original(self, scratch: Path) -> Level:
        """Measure it as it was recorded; raises PhraseUnreadable."""
        target = scratch / "original.wav"
        speech.decode(self._copy(target), format_of(self.file), target)
        return _level_heard(target)

    def _copy(self, target: Path) -> Path:
        # What was looked at is what sox reads, whatever becomes of the file meanwhile.
        copy = target.with_suffix(".recorded")
        copy.write_bytes(content_of(self.file))
        return copy

    def complaint(self, error: Exception) -> str:
        """What is told when it cannot be used."""
        return f"the recording {self.file.name} is not used: {error}"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A phrase, and what its sound is made from: the recording where it can be used, else the sentence."""

    name: str
    recording: Recording | None
    spoken: Sentence

    @property
    def sources(self) -> tuple[Recording | Sentence, ...]:
        """In order of preference."""
        return (self.recording, self.spoken) if self.recording else (self.spoken,)

    def sound(self, folder: Path) -> Path:
        """Where its sound is."""
        return folder / f"{self.name}.wav"

    def is_made(self, folder: Path) -> bool:
        """Whether its sound is there, from what it should be made from."""
        try:
            return is_made(self.sound(folder), self.sources[0].kind, self.sources[0].fingerprint())
        except PhraseUnreadable:  # a recording that cannot be read
            return False


def lay_prompts(settings: Settings, home: Home, say: Say) -> None:
    """Make all that Asterisk plays in HOME; raises PhraseUnreadable where the line would have nothing to play."""
    phrases = phrases_in(settings.language)
    if settings.prompts is None:
        with suppress(OSError):  # told as a folder that is not there
            settings.prompts_dir.mkdir(mode=0o700, exist_ok=True)
    make_prompts(phrases, home.sounds, recordings=settings.prompts_dir, voice=settings.language, say=say)
    for last, folder in ENDS.items():
        waiting_loop(home.sounds / f"{last}.wav", home.sounds / "moh" / folder)


def phrases_in(language: str) -> Path:
    """The sentences of a language."""
    return SOURCE / "sounds" / f"phrases.{language}.txt"


def make_prompts(phrases: Path, into: Path, *, recordings: Path | None = None, voice: str = "id", say: Say) -> None:
    """Make `into`/NAME.wav of each line `NAME = SENTENCE` of `phrases`; remove those whose phrase is gone.

    A file NAME.wav (.flac, …) of the folder `recordings` is played in place of the sentence. `voice` is one of
    espeak-ng's; `say` takes lines of progress, and what could not be used. Raises PhraseUnreadable where the line would
    have nothing to play.
    """
    with storing(into) as scratch:
        wanted, unused = prompts_of(phrases, recordings, voice)
        for file, reason in unused.items():
            say(f"prompts: {file!r} is not used: {reason}")
        stale = [prompt for prompt in wanted if not prompt.is_made(into)]
        if stale:
            say(f"prompts: making {_some([prompt.name for prompt in stale])}")
        for complaints in _each(stale, lambda prompt: _make(prompt, into, scratch)):
            for complaint in complaints:
                say(complaint)
        remove_all_but({prompt.name for prompt in wanted}, into)


def waiting_loop(notice: Path, into: Path) -> None:
    """Make `into`/waiting.wav, for music on hold: the notice, then 20 s of a soft sign that the line lives.

    Raises PhraseUnreadable.
    """
    target = into / "waiting.wav"
    with storing(into) as scratch:
        of = fingerprint(*speech.COMFORT, sum_of(notice))
        if not is_made(target, SPOKEN, of):
            made = scratch / target.name
            speech.comfort_after(notice, made)
            put(made, target, SPOKEN, of)


def prompts_of(phrases: Path, recordings: Path | None, voice: str) -> tuple[list[Prompt], dict[str, str]]:
    """Every prompt, in the order of the file; and which recordings are of none of them, and why.

    Raises PhraseUnreadable.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9+_-]{0,39}", voice):
        raise PhraseUnreadable(f"{voice[:40]!r} is no voice of espeak-ng")
    said = read(phrases)
    found = found_in(recordings, said) if recordings else None
    prompts = []
    for name, text in said.items():
        pauses = speech.PAUSES_OF_DIGITS if is_digit(name) else speech.PAUSES
        recording = Recording(found.used[name]) if found and name in found.used else None
        prompts.append(Prompt(name, recording, Sentence(text, voice, pauses)))
    return prompts, found.unused if found else {}


def read(phrases: Path) -> dict[str, str]:
    """The sentences of a file by their names; raises PhraseUnreadable with the line that is wrong."""
    with phrases.open("rb") as stream:
        return sentences(stream.read(LONGEST_FILE + 1), str(phrases))


def _level_heard(sound: Path) -> Level:
    level = speech.level_of(sound)
    if not level.heard_s:
        raise PhraseUnreadable("nothing is heard in it")
    return level


def _some(names: list[str]) -> str:
    told, more = names[:_NAMES_TOLD], len(names) - _NAMES_TOLD
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _each(wanted: Iterable[Prompt], make: Callable[[Prompt], list[str]]) -> Iterator[list[str]]:
    """Make several at a time, begun and told in this order; at the first error, begin no more."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="prompts")
    try:
        yield from pool.map(make, wanted)
    finally:
        pool.shutdown(cancel_futures=True)


def _make(prompt: Prompt, into: Path, scratch: Path) -> list[str]:
    """Make one prompt from the first source that can be used; give complaints.

    Raises what is wrong with the last source, where the line has nothing to play instead.
    """
    complaints: list[str] = []
    for source in prompt.sources:
        try:
            _bring(source, prompt.sound(into), scratch)
        except (OSError, PhraseUnreadable) as error:
            complaint = f"prompts: {prompt.name}: {source.complaint(error)}"
            if source is prompt.sources[-1] and not has_substitute(prompt.name):
                raise PhraseUnreadable(complaint) from error
            complaints.append(complaint)
        else:
            break
    return complaints


def _bring(source: Recording | Sentence, target: Path, scratch: Path) -> None:
    of = source.fingerprint()
    if not is_made(target, source.kind, of):
        source.write(scratch / target.name)
        put(scratch / target.name, target, source.kind, of)
