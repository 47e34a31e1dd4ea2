"""espeak-ng speaks; sox fits the speech, or a recording, to the telephone.

What comes out is what format_wav.c reads: PCM of 16 bits, 8 kHz, one channel.
"""

from __future__ import annotations

import array
import subprocess
import sys
import wave
from typing import TYPE_CHECKING, Final

from gateway.telephony.levels import measured
from gateway.telephony.phrases import PhraseUnreadable

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.telephony.levels import Level

TOOL_S: Final = 60  # speaking 600 characters takes a fraction of a second
_SAMPLE_BYTES: Final = 2

TELEPHONE: Final = ("-r", "8000", "-c", "1", "-b", "16", "-t", "wav")
# A line opens late, and a cut last syllable sounds broken.
PAUSES: Final = ("0.3", "0.4")  # seconds of silence before and after
# Twelve digits follow one another.
PAUSES_OF_DIGITS: Final = ("0.05", "0.15")
_CUT_LEADING_SILENCE: Final = ("silence", "1", "0.02", "0.5%")
# Silence is cut at both ends, and as much given back as there should be.
_FITTING: Final = (
    *("highpass", "150", *_CUT_LEADING_SILENCE, "reverse", *_CUT_LEADING_SILENCE, "reverse"),
    *("rate", "-h", "8000", "norm", "-3", "pad"),
)
# Two minutes of a recording are played, and no more: what is small when it is packed may be hours of sound.
_BEGINNING: Final = ("trim", "0", "120")
# Two soft short tones every 5 s, for 20 s. Not the 425 Hz of the network's own tones.
COMFORT: Final = (
    *("synth", "0.15", "sine", "520", "fade", "h", "0.03", "0.15", "0.05", "vol", "-24dB"),
    *("pad", "0", "0.15", "repeat", "1", "pad", "2", "2.4", "repeat", "3"),
)


def speak(sentence: str, voice: str, target: Path, *, pauses: tuple[str, str] = PAUSES) -> None:
    """Write `target`, a sound, and beside it what espeak-ng said; raises PhraseUnreadable."""
    spoken = target.with_suffix(".spoken")
    # On standard input a sentence cannot be taken for an option. Slower than the default of 175 words a
    # minute: those who listen are frightened.
    run("espeak-ng", "-v", voice, "-s", "150", "-b", "1", "--stdin", "-w", str(spoken), text=sentence)
    run("sox", "-t", "wav", str(spoken), *TELEPHONE, str(target), *_FITTING, *pauses)


def fit(recording: Path, kind: str, target: Path) -> None:
    """Write `target` from a recording of this format, no louder and no quieter; raises PhraseUnreadable."""
    # -G: what would be cut off by mixing or by the other rate is made quieter instead.
    run("sox", "-G", "-t", kind, str(recording), *TELEPHONE, str(target), *_BEGINNING)


def decode(recording: Path, kind: str, target: Path) -> None:
    """Write `target`, PCM of 16 bits, as the recording was recorded; raises PhraseUnreadable."""
    # -D: dither would move samples from the end of the scale.
    run("sox", "-D", "-t", kind, str(recording), "-b", "16", "-e", "signed", "-t", "wav", str(target), *_BEGINNING)


def level_of(sound: Path) -> Level:
    """Measure a sound of 16 bits, of several channels the worst; raises PhraseUnreadable, OSError."""
    try:
        with wave.open(str(sound), "rb") as wav:
            if wav.getsampwidth() != _SAMPLE_BYTES:
                raise PhraseUnreadable(f"it has {8 * wav.getsampwidth()} bits, not 16")
            samples = array.array("h", wav.readframes(wav.getnframes()))
            rate, channels = wav.getframerate(), wav.getnchannels()
    except (wave.Error, EOFError, ValueError) as error:  # ValueError: it ends within a sample
        raise PhraseUnreadable(f"it is no sound: {error}") from error
    if sys.byteorder == "big":
        samples.byteswap()
    levels = [measured(samples[channel::channels], rate) for channel in range(channels)]
    return max(levels, key=lambda level: (level.clipped, level.heard_s))


def comfort_after(notice: Path, target: Path) -> None:
    """Write `target`: the notice, then 20 s of a soft sign that the line lives; raises PhraseUnreadable."""
    tones = target.with_suffix(".tones")
    run("sox", "-n", *TELEPHONE, str(tones), *COMFORT)
    run("sox", "-t", "wav", str(notice), "-t", "wav", str(tones), *TELEPHONE, str(target))


def run(tool: str, *arguments: str, text: str = "") -> None:
    """Have a tool do its work within TOOL_S; raises PhraseUnreadable with what it says."""
    try:
        subprocess.run(  # noqa: S603 - words of our own and checked ones, no shell
            [tool, *arguments], input=text.encode(), capture_output=True, check=True, timeout=TOOL_S
        )
    except FileNotFoundError as missing:
        raise PhraseUnreadable(f"{tool} is not installed: apt-get install espeak-ng sox") from missing
    except subprocess.TimeoutExpired as late:
        raise PhraseUnreadable(f"{tool} did not end within {TOOL_S} s") from late
    except subprocess.CalledProcessError as failed:
        raise PhraseUnreadable(f"{tool}: {_reason(failed, arguments)}") from failed


def _reason(failed: subprocess.CalledProcessError, arguments: tuple[str, ...]) -> str:
    said = " ".join(failed.stderr.decode(errors="replace").split())
    for path in arguments:
        if path.startswith("/"):  # where we work is nothing to the reader
            said = said.replace(path, path.rpartition("/")[2])
    shown = "".join(letter for letter in said if letter.isprintable())
    return shown[-300:] or f"exit status {failed.returncode}"
