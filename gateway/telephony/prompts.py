"""The line's voice: sentences of a text file become the sound files that Asterisk plays.

espeak-ng speaks; sox fits the speech to the telephone. What comes out is what format_wav.c reads: PCM of 16 bits,
8 kHz, one channel. A file is made again only when what it is made from has changed: a fingerprint of that lies
beside it, hidden. A file without one is the site's own, and is never removed.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RECIPE = "1"  # raised when the same sentence is to sound different
LONGEST_FILE, LONGEST_SENTENCE = 65536, 600  # bytes, characters
TOOL_S = 60  # speaking 600 characters takes a fraction of a second

TELEPHONE = ("-r", "8000", "-c", "1", "-b", "16", "-t", "wav")
_CUT_LEADING_SILENCE = ("silence", "1", "0.02", "0.5%")
# Silence is cut at both ends and a little given back: a line opens late, and a cut last syllable sounds broken.
FITTING = (
    *("highpass", "150", *_CUT_LEADING_SILENCE, "reverse", *_CUT_LEADING_SILENCE, "reverse"),
    *("rate", "-h", "8000", "norm", "-3", "pad", "0.3", "0.4"),
)
# Two soft short tones every 5 s, for 20 s. Not the 425 Hz of the network's own tones.
COMFORT = (
    *("synth", "0.15", "sine", "520", "fade", "h", "0.03", "0.15", "0.05", "vol", "-24dB"),
    *("pad", "0", "0.15", "repeat", "1", "pad", "2", "2.4", "repeat", "3"),
)


class PhraseUnreadable(Siaga112Error):
    """A sentence cannot be read, spoken or stored; the message says where and why."""


def speak(phrases: Path, into: Path, *, voice: str = "id", say: Callable[[str], None]) -> None:
    """Make `into`/NAME.wav of each line `NAME = SENTENCE` of `phrases`; remove those whose phrase is gone.

    `voice` is one of espeak-ng's; `say` takes a line of progress for each file made. Raises PhraseUnreadable.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9+_-]{0,39}", voice):
        raise PhraseUnreadable(f"{voice[:40]!r} is no voice of espeak-ng")
    with _storing(into):
        wanted = read(phrases)
        for name, sentence in wanted.items():
            fingerprint = _fingerprint(voice.encode(), sentence.encode())
            if not _is_made(into / f"{name}.wav", fingerprint):
                say(f"prompts: speaking {name!r}")
                with _replacing(into / f"{name}.wav", fingerprint) as partial:
                    _speak(sentence, voice, partial)
        for mark in into.glob(".*.wav.made"):
            name = mark.name.removeprefix(".").removesuffix(".wav.made")
            if name not in wanted:
                (into / f"{name}.wav").unlink(missing_ok=True)
                mark.unlink()


def waiting_loop(notice: Path, into: Path) -> None:
    """Make `into`/waiting.wav, for music on hold: the notice, then 20 s of a soft sign that the line lives.

    Raises PhraseUnreadable.
    """
    target = into / "waiting.wav"
    with _storing(into):
        fingerprint = _fingerprint(" ".join(COMFORT).encode(), notice.read_bytes())
        if _is_made(target, fingerprint):
            return
        with _replacing(target, fingerprint) as partial, _scratch() as folder:
            tones = f"{folder}/tones.wav"
            _run("sox", "-n", *TELEPHONE, tones, *COMFORT)
            _run("sox", "-t", "wav", str(notice), tones, *TELEPHONE, str(partial))


def read(phrases: Path) -> dict[str, str]:
    """The sentences of a file by their names; raises PhraseUnreadable with the line that is wrong."""
    with phrases.open("rb") as stream:
        content = stream.read(LONGEST_FILE + 1)
    if len(content) > LONGEST_FILE:
        raise PhraseUnreadable(f"{phrases}: more than {LONGEST_FILE} bytes")
    found: dict[str, str] = {}
    for number, line in enumerate(content.split(b"\n"), start=1):
        where = f"{phrases}, line {number}"
        try:
            phrase = parse(line)
        except ValueError as wrong:
            raise PhraseUnreadable(f"{where}: {wrong}") from wrong
        if phrase is None:
            continue
        name, sentence = phrase
        if name in found:
            raise PhraseUnreadable(f"{where}: there is a phrase {name} above")
        found[name] = sentence
    return found


def parse(line: bytes) -> tuple[str, str] | None:
    """Name and sentence of one line, None of an empty one or a comment; raises ValueError."""
    text = line.decode().strip()
    if not text or text.startswith("#"):
        return None
    name, equals, sentence = (part.strip() for part in text.partition("="))
    if not equals:
        raise ValueError("it is not NAME = SENTENCE")
    if not re.fullmatch(r"[a-z0-9-]{1,40}", name):
        raise ValueError(f"a name is 1 to 40 of a-z, 0-9 and -, not {name[:40]!r}")
    if len(sentence) > LONGEST_SENTENCE:
        raise ValueError(f"the sentence has more than {LONGEST_SENTENCE} characters")
    if not sentence.isprintable() or not any(letter.isalnum() for letter in sentence):
        raise ValueError("the sentence has nothing to say, or unprintable characters")
    return name, sentence


def _speak(sentence: str, voice: str, target: Path) -> None:
    with _scratch() as folder:
        spoken = f"{folder}/spoken.wav"
        # On standard input a sentence cannot be taken for an option. Slower than the default of 175 words a
        # minute: those who listen are frightened.
        _run("espeak-ng", "-v", voice, "-s", "150", "-b", "1", "--stdin", "-w", spoken, text=sentence)
        _run("sox", spoken, *TELEPHONE, str(target), *FITTING)


def _run(tool: str, *arguments: str, text: str = "") -> None:
    try:
        subprocess.run(  # noqa: S603 - words of our own and checked ones, no shell
            [tool, *arguments], input=text.encode(), capture_output=True, check=True, timeout=TOOL_S
        )
    except FileNotFoundError as missing:
        raise PhraseUnreadable(f"{tool} is not installed: apt-get install espeak-ng sox") from missing
    except subprocess.TimeoutExpired as late:
        raise PhraseUnreadable(f"{tool} did not end within {TOOL_S} s") from late
    except subprocess.CalledProcessError as failed:
        reason = failed.stderr.decode(errors="replace").strip()[-300:] or f"exit status {failed.returncode}"
        raise PhraseUnreadable(f"{tool}: {reason}") from failed


def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="siaga112-")


@contextmanager
def _storing(into: Path) -> Iterator[None]:
    try:
        into.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise PhraseUnreadable(f"prompts in {into}: {error}") from error


def _fingerprint(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join((RECIPE.encode(), *parts))).hexdigest()


def _mark(target: Path) -> Path:
    # Hidden: music on hold plays every file of its folder but these.
    return target.with_name(f".{target.name}.made")


def _is_made(target: Path, fingerprint: str) -> bool:
    mark = _mark(target)
    return target.exists() and mark.exists() and mark.read_text() == fingerprint


@contextmanager
def _replacing(target: Path, fingerprint: str) -> Iterator[Path]:
    """Give a hidden file to write; put it in the target's place in one step, with its fingerprint."""
    # What an interrupted run leaves there, the next one writes over.
    partial = target.with_name(f".{target.name}.partial")
    yield partial
    with partial.open("rb") as whole:
        os.fsync(whole.fileno())
    partial.replace(target)
    _mark(target).write_text(fingerprint)
