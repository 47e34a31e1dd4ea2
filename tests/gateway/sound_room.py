"""What tests of the line's voice share: a folder of prompts, and a sound as Asterisk reads it."""

from __future__ import annotations

import array
import subprocess
import wave
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.telephony.prompts import make_prompts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FULL_SCALE = 32768


@dataclass(frozen=True)
class Sound:
    """A WAV file as Asterisk's format_wav takes it: 8 kHz, one channel, 16 bits."""

    samples: array.array[int]

    @classmethod
    def of(cls, file: Path) -> Sound:
        with wave.open(str(file)) as wav:
            assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (8000, 1, 2)
            return cls(array.array("h", wav.readframes(wav.getnframes())))

    @property
    def seconds(self) -> float:
        return len(self.samples) / 8000

    @property
    def peak(self) -> float:
        return max(abs(sample) for sample in self.samples) / FULL_SCALE

    @property
    def pitch(self) -> float:
        """Hz of a tone, by how often it crosses zero."""
        crossings = sum((one < 0) != (other < 0) for one, other in pairwise(self.samples))
        return crossings / 2 / self.seconds

    def part(self, start_s: float, end_s: float) -> Sound:
        return Sound(self.samples[round(start_s * 8000) : round(end_s * 8000)])

    def spoken(self) -> tuple[float, float]:
        """Seconds before the first and after the last sample that can be heard."""
        heard = [at for at, sample in enumerate(self.samples) if abs(sample) > FULL_SCALE * 0.01]
        return heard[0] / 8000, (len(self.samples) - heard[-1]) / 8000


@dataclass
class Prompts:
    """A folder of prompts, and the phrases they are made from."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recordings.mkdir()

    @property
    def phrases(self) -> Path:
        return self.folder / "phrases.id.txt"

    @property
    def sounds(self) -> Path:
        return self.folder / "sounds"

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    def speak(self, text: str, voice: str = "id") -> None:
        """Make them of these phrases, and of what was recorded."""
        self.phrases.write_text(text, encoding="utf-8")
        self.said.clear()
        make_prompts(self.phrases, self.sounds, recordings=self.recordings, voice=voice, say=self.said.append)

    def record(self, file: str, *synth: str, form: Sequence[str] = ()) -> Path:
        """Have a city record this file: a tone of 440 Hz for a second, unless said otherwise."""
        path = self.recordings / file
        sounding = synth or ("synth", "1", "sine", "440", "vol", "0.5")
        subprocess.run(["sox", "-n", *form, str(path), *sounding], check=True)
        return path

    @property
    def present(self) -> list[str]:
        return sorted(file.name for file in self.sounds.glob("[!.]*"))
