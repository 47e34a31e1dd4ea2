"""What callers hear: spoken by the real espeak-ng, fitted by the real sox, read back as Asterisk would."""

from __future__ import annotations

import array
import wave
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.telephony.prompts import PhraseUnreadable, speak, waiting_loop

CHECKOUT = Path(__file__).resolve().parents[2]
PHRASES = CHECKOUT / "asterisk-conf/sounds/phrases.id.txt"
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
    said: list[str]

    @property
    def phrases(self) -> Path:
        return self.folder / "phrases.id.txt"

    @property
    def sounds(self) -> Path:
        return self.folder / "sounds"

    def speak(self, text: str, voice: str = "id") -> None:
        self.phrases.write_text(text, encoding="utf-8")
        self.said.clear()
        speak(self.phrases, self.sounds, voice=voice, say=self.said.append)

    @property
    def present(self) -> list[str]:
        return sorted(file.name for file in self.sounds.glob("[!.]*"))


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    return Prompts(tmp_path, [])


def test_every_phrase_of_the_line_is_spoken_loud_enough_and_unclipped(prompts: Prompts) -> None:
    speak(PHRASES, prompts.sounds, say=prompts.said.append)
    assert set(prompts.present) >= {*("notice.wav", "nobody.wav", "signed-in.wav", "signed-out.wav", "failed.wav")}
    for file in prompts.sounds.glob("*.wav"):
        assert 0.65 < Sound.of(file).peak < 0.75, f"{file.name} peaks at -3 dB"


def test_a_long_sentence_takes_longer_to_say(prompts: Prompts) -> None:
    speak(PHRASES, prompts.sounds, say=prompts.said.append)
    notice, failed = (Sound.of(prompts.sounds / f"{name}.wav") for name in ("notice", "failed"))
    assert 8 < notice.seconds < 20
    assert 1 < failed.seconds < 3


def test_a_prompt_begins_and_ends_with_a_short_silence(prompts: Prompts) -> None:
    prompts.speak("greeting = Selamat pagi.")
    before, after = Sound.of(prompts.sounds / "greeting.wav").spoken()
    assert 0.2 < before < 0.5
    assert 0.3 < after < 0.7


def test_a_prompt_is_made_again_only_when_its_sentence_has_changed(prompts: Prompts) -> None:
    prompts.speak("one = Satu.\ntwo = Dua.")
    assert len(prompts.said) == 2
    one = (prompts.sounds / "one.wav").stat().st_ino
    before = (prompts.sounds / "two.wav").read_bytes()
    prompts.speak("one = Satu.\ntwo = Dua belas orang.")
    assert prompts.said == ["prompts: speaking 'two'"]
    assert (prompts.sounds / "one.wav").stat().st_ino == one
    assert (prompts.sounds / "two.wav").read_bytes() != before


def test_another_voice_speaks_everything_anew(prompts: Prompts) -> None:
    prompts.speak("one = Satu.")
    indonesian = (prompts.sounds / "one.wav").read_bytes()
    prompts.speak("one = Satu.", voice="en")
    assert (prompts.sounds / "one.wav").read_bytes() != indonesian


def test_a_prompt_that_was_lost_is_made_again(prompts: Prompts) -> None:
    prompts.speak("one = Satu.")
    (prompts.sounds / "one.wav").unlink()
    prompts.speak("one = Satu.")
    assert prompts.present == ["one.wav"]


def test_a_prompt_goes_with_its_phrase_and_a_recording_of_the_sites_own_stays(prompts: Prompts) -> None:
    prompts.speak("one = Satu.\ntwo = Dua.")
    (prompts.sounds / "mayor.wav").write_bytes(b"recorded at the town hall")
    prompts.speak("two = Dua.")
    assert prompts.present == ["mayor.wav", "two.wav"]
    assert sorted(file.name for file in prompts.sounds.glob(".*")) == [".two.wav.made"]


def test_comments_blank_lines_and_equals_signs_in_a_sentence_are_allowed(prompts: Prompts) -> None:
    prompts.speak("# the sums\n\n  sum = dua = dua  \n")
    assert prompts.present == ["sum.wav"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("greeting Selamat pagi", "not NAME = SENTENCE"),
        ("../greeting = Selamat pagi", "a name is"),
        ("Greeting = Selamat pagi", "a name is"),
        (" = Selamat pagi", "a name is"),
        (f"{'a' * 41} = Selamat pagi", "a name is"),
        ("greeting =", "nothing to say"),
        ("greeting = ...", "nothing to say"),
        ("greeting = Selamat\0pagi", "unprintable"),
        (f"greeting = {'a' * 601}", "more than 600 characters"),
        ("good = Baik sekali.", "there is a phrase good above"),
    ],
)
def test_a_malformed_line_is_named_with_its_file_and_place(prompts: Prompts, line: str, reason: str) -> None:
    with pytest.raises(PhraseUnreadable, match=rf"phrases\.id\.txt, line 3: .*{reason}"):
        prompts.speak(f"# phrases\ngood = Baik.\n{line}\n")
    assert prompts.present == []


def test_a_file_in_another_encoding_is_refused_with_the_line(prompts: Prompts) -> None:
    prompts.phrases.write_bytes(b"good = Baik.\nbad = caf\xe9\n")
    with pytest.raises(PhraseUnreadable, match="line 2: "):
        speak(prompts.phrases, prompts.sounds, say=prompts.said.append)


def test_a_file_without_end_is_refused(prompts: Prompts) -> None:
    with pytest.raises(PhraseUnreadable, match="more than 65536 bytes"):
        speak(Path("/dev/zero"), prompts.sounds, say=prompts.said.append)


def test_missing_phrases_are_named(prompts: Prompts) -> None:
    with pytest.raises(PhraseUnreadable, match=r"phrases\.id\.txt"):
        speak(prompts.phrases, prompts.sounds, say=prompts.said.append)


def test_a_sentence_is_never_taken_for_an_option(prompts: Prompts) -> None:
    prompts.speak("option = --version")
    assert Sound.of(prompts.sounds / "option.wav").peak > 0.5


@pytest.mark.parametrize(
    ("voice", "reason"), [("xx", "voice does not exist"), ("--help", "no voice"), ("", "no voice")]
)
def test_a_voice_that_espeak_does_not_have_is_refused(prompts: Prompts, voice: str, reason: str) -> None:
    with pytest.raises(PhraseUnreadable, match=reason):
        prompts.speak("one = Satu.", voice=voice)
    assert prompts.present == []


def test_without_the_tools_the_user_is_told_what_to_install(prompts: Prompts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(prompts.folder))
    with pytest.raises(PhraseUnreadable, match="espeak-ng is not installed: apt-get install espeak-ng sox"):
        prompts.speak("one = Satu.")


def test_a_waiting_caller_hears_the_notice_and_then_a_soft_sign_every_five_seconds(prompts: Prompts) -> None:
    prompts.speak("notice = Mohon tunggu.")
    notice = prompts.sounds / "notice.wav"
    waiting_loop(notice, prompts.folder / "moh")
    spoken, loop = Sound.of(notice), Sound.of(prompts.folder / "moh/waiting.wav")
    assert loop.samples[: len(spoken.samples)] == spoken.samples
    assert loop.seconds == pytest.approx(spoken.seconds + 20, abs=0.1)
    for five in range(4):
        start = spoken.seconds + five * 5
        assert 0.03 < loop.part(start, start + 5).peak < 0.1


def test_the_waiting_loop_is_made_again_only_when_the_notice_has_changed(prompts: Prompts) -> None:
    prompts.speak("notice = Mohon tunggu.")
    made: list[int] = []
    for text in ("notice = Mohon tunggu.", "notice = Mohon tunggu sebentar."):
        for _ in range(2):
            prompts.speak(text)
            waiting_loop(prompts.sounds / "notice.wav", prompts.folder / "moh")
            made.append((prompts.folder / "moh/waiting.wav").stat().st_mtime_ns)
    assert made[0] == made[1] < made[2] == made[3]


def test_only_the_loop_can_be_seen_in_the_folder_of_music_on_hold(prompts: Prompts) -> None:
    # Asterisk plays every file of that folder whose name does not begin with a dot.
    prompts.speak("notice = Mohon tunggu.")
    waiting_loop(prompts.sounds / "notice.wav", prompts.folder / "moh")
    assert [file.name for file in (prompts.folder / "moh").glob("[!.]*")] == ["waiting.wav"]


def test_a_notice_that_is_not_there_is_named(prompts: Prompts) -> None:
    with pytest.raises(PhraseUnreadable, match=r"notice\.wav"):
        waiting_loop(prompts.sounds / "notice.wav", prompts.folder / "moh")


def test_a_notice_that_is_no_sound_is_refused_and_the_former_loop_stays(prompts: Prompts) -> None:
    prompts.speak("notice = Mohon tunggu.")
    notice, loop = prompts.sounds / "notice.wav", prompts.folder / "moh/waiting.wav"
    waiting_loop(notice, loop.parent)
    former = loop.read_bytes()
    notice.write_text("no sound at all")
    with pytest.raises(PhraseUnreadable, match="sox: "):
        waiting_loop(notice, loop.parent)
    assert loop.read_bytes() == former
    assert sorted(file.name for file in loop.parent.iterdir()) == [".waiting.wav.made", "waiting.wav"]
