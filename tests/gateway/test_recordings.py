"""A city's own recordings, laid over what espeak-ng says: by the real sox, read back as Asterisk would."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from gateway.site.config import Settings
from gateway.site.home import Home
from gateway.telephony.made import kind_made
from gateway.telephony.prompts import lay_prompts, waiting_loop
from gateway.telephony.recordings import LARGEST
from tests.gateway.sound_room import Prompts, Sound
from tests.telephony.line import spoken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SENTENCES = "notice = Mohon tunggu.\nnobody = Mohon maaf."


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    return Prompts(tmp_path)


def kinds(prompts: Prompts) -> dict[str, str | None]:
    return {name: kind_made(prompts.sounds / f"{name}.wav") for name in ("notice", "nobody")}


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("notice.wav", ("-r", "44100", "-c", "2", "-b", "24")),
        ("notice.WAV", ("-r", "8000", "-e", "mu-law")),
        ("notice.flac", ("-r", "48000")),
        ("notice.ogg", ("-r", "44100", "-c", "2")),
        ("notice.aiff", ("-r", "22050")),
    ],
)
def test_a_recording_is_played_in_place_of_its_sentence(prompts: Prompts, file: str, form: tuple[str, ...]) -> None:
    prompts.record(file, form=form)
    prompts.speak(SENTENCES)
    assert kinds(prompts) == {"notice": "recorded", "nobody": "spoken"}
    heard = Sound.of(prompts.sounds / "notice.wav")
    assert heard.seconds == pytest.approx(1, abs=0.01)
    assert heard.pitch == pytest.approx(440, abs=5)
    assert heard.peak == pytest.approx(0.5, abs=0.05)  # no louder, no quieter


def test_a_recording_as_loud_as_can_be_is_not_cut_off_by_fitting_it(prompts: Prompts) -> None:
    # Resampled, a square wave swings out beyond its own height.
    prompts.record("notice.wav", "synth", "1", "square", "440", "norm", "0", form=("-r", "44100"))
    prompts.speak(SENTENCES)
    samples = Sound.of(prompts.sounds / "notice.wav").samples
    assert max(samples) > 30_000
    assert len([sample for sample in samples if abs(sample) >= 32766]) < len(samples) / 100


def test_without_the_recording_the_sentence_is_back(prompts: Prompts) -> None:
    recording = prompts.record("notice.wav")
    prompts.speak(SENTENCES)
    recording.unlink()
    prompts.speak(SENTENCES)
    assert kinds(prompts) == {"notice": "spoken", "nobody": "spoken"}
    assert prompts.said == ["prompts: making notice"]


def test_a_recording_is_fitted_again_only_when_it_has_changed(prompts: Prompts) -> None:
    prompts.record("notice.wav")
    prompts.speak(SENTENCES)
    prompts.speak(SENTENCES)
    assert prompts.said == []
    prompts.record("notice.wav", "synth", "1", "sine", "660")
    prompts.speak(SENTENCES)
    assert prompts.said == ["prompts: making notice"]
    assert Sound.of(prompts.sounds / "notice.wav").pitch == pytest.approx(660, abs=5)


def no_sound(file: Path) -> None:
    file.write_text("no sound at all")


def empty(file: Path) -> None:
    file.touch()


def silent(file: Path) -> None:
    subprocess.run(["sox", "-n", "-r", "8000", str(file), "trim", "0", "1"], check=True)


def a_link(file: Path) -> None:
    outside = file.parent.parent / "outside.wav"
    subprocess.run(["sox", "-n", "-r", "8000", str(outside), "synth", "1", "sine", "440"], check=True)
    file.symlink_to(outside)


def a_link_without_end(file: Path) -> None:
    file.symlink_to("/dev/zero")


def a_pipe(file: Path) -> None:
    os.mkfifo(file)


def a_folder(file: Path) -> None:
    file.mkdir()


def too_large(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(LARGEST + 1)


@pytest.mark.parametrize(
    ("lay", "reason"),
    [
        (no_sound, "sox: sox FAIL formats: can't open input file `notice.recorded': "),
        (empty, "sox: "),
        (silent, "nothing is heard in it"),
        (a_link, "it is a link"),
        (a_link_without_end, "it is a link"),
        (a_pipe, "it is no file"),
        (a_folder, "Is a directory"),
        (too_large, "it has more than 32 MB"),
    ],
)
def test_a_recording_that_cannot_be_used_is_told_and_the_sentence_is_spoken(
    prompts: Prompts, lay: Callable[[Path], None], reason: str
) -> None:
    lay(prompts.recordings / "notice.wav")
    prompts.speak(SENTENCES)
    assert kinds(prompts) == {"notice": "spoken", "nobody": "spoken"}
    assert Sound.of(prompts.sounds / "notice.wav").peak > 0.5
    complaint = prompts.said[-1]
    assert complaint.startswith(f"prompts: notice: the recording notice.wav is not used: {reason}")
    assert complaint.isprintable()
    # And so at each start, until somebody mends it; the sentence is not spoken again.
    prompts.speak(SENTENCES)
    assert prompts.said[-1] == complaint


def test_a_recording_that_broke_gives_way_to_the_sentence(prompts: Prompts) -> None:
    no_sound(prompts.record("notice.wav"))
    prompts.record("nobody.wav")
    prompts.speak(SENTENCES)
    assert kinds(prompts) == {"notice": "spoken", "nobody": "recorded"}
    no_sound(prompts.recordings / "nobody.wav")
    prompts.speak(SENTENCES)
    assert kinds(prompts) == {"notice": "spoken", "nobody": "spoken"}


def test_files_that_are_recordings_of_nothing_are_told(prompts: Prompts) -> None:
    for file in ("notice.flac", "notice.wav", "notise.wav", "NOBODY.wav", ".hidden.wav"):
        prompts.record(file)
    (prompts.recordings / "nobody.m3u").write_text("/etc/passwd")
    prompts.speak(SENTENCES)
    assert prompts.said == [
        "prompts: 'NOBODY.wav' is not used: no phrase has this name",
        "prompts: 'nobody.m3u' is not used: a recording is NAME.wav|flac|ogg|mp3|aiff",
        "prompts: 'notice.wav' is not used: notice.flac is used for this phrase",
        "prompts: 'notise.wav' is not used: no phrase has this name",
        "prompts: making notice, nobody",
    ]
    assert prompts.present == ["nobody.wav", "notice.wav"]


def test_a_folder_of_recordings_that_is_not_there_is_told_and_sentences_are_spoken(prompts: Prompts) -> None:
    prompts.recordings.rmdir()
    prompts.speak(SENTENCES)
    assert prompts.said[0] == f"prompts: '{prompts.recordings}/' is not used: No such file or directory"
    assert kinds(prompts) == {"notice": "spoken", "nobody": "spoken"}


def test_a_line_makes_a_folder_for_recordings_that_nobody_else_may_write_to(tmp_path: Path) -> None:
    site = Settings(home=tmp_path)
    shutil.copytree(spoken(), Home.of(site).sounds)
    said: list[str] = []
    lay_prompts(site, Home.of(site), said.append)
    assert said == []
    assert site.prompts_dir.stat().st_mode & 0o777 == 0o700
    subprocess.run(["sox", "-n", str(site.prompts_dir / "nobody.wav"), "synth", "1", "sine", "440"], check=True)
    lay_prompts(site, Home.of(site), said.append)
    assert said == ["prompts: making nobody"]


def test_a_recording_without_end_is_cut(prompts: Prompts) -> None:
    prompts.record("notice.wav", "synth", "130", "sine", "440", form=("-r", "8000"))
    prompts.speak(SENTENCES)
    assert Sound.of(prompts.sounds / "notice.wav").seconds == 120


def test_a_waiting_caller_hears_the_notice_that_the_city_recorded(prompts: Prompts) -> None:
    prompts.record("notice.wav")
    prompts.speak(SENTENCES)
    waiting_loop(prompts.sounds / "notice.wav", prompts.folder / "moh")
    assert Sound.of(prompts.folder / "moh/waiting.wav").part(0, 1).pitch == pytest.approx(440, abs=5)
