"""`siaga112 prompts …`: what an operator who lays recordings over the line's voice is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from gateway.cli.root import siaga112
from gateway.telephony.prompts import phrases_in, read
from tests.gateway.sound_room import Sound
from tests.telephony.line import spoken

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@dataclass(frozen=True)
class Site:
    """A HOME that was started once, and its command line."""

    home: Path

    def __call__(self, *words: str, status: int = 0) -> Result:
        done = CliRunner().invoke(siaga112, ["prompts", *words], env={"SIAGA112_HOME": str(self.home)})
        assert done.exit_code == status, done.output
        return done

    def told(self, *words: str, status: int = 0) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in json.loads(self(*words, "--json", status=status).stdout)}

    def record(self, file: str, *sounding: str, rate: str = "8000") -> Path:
        path = self.home / "prompts" / file
        subprocess.run(["sox", "-n", "-r", rate, str(path), "synth", "1", "sine", "440", *sounding], check=True)
        return path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.delenv("SIAGA112_CONFIG", raising=False)
    (tmp_path / "siaga112.toml").touch()  # found before any site's own file in the checkout
    (tmp_path / "prompts").mkdir()
    shutil.copytree(spoken(), tmp_path / "asterisk/sounds")
    return Site(tmp_path)


def test_what_espeak_ng_says_is_as_it_should_be(site: Site) -> None:
    assert site("check").stdout.splitlines()[-1] == "all as it should be"
    for name, row in site.told("check").items():
        assert (row["source"], row["flaws"]) == ("spoken", []), name
        assert row["peak_dbfs"] == pytest.approx(-3, abs=0.5)
        assert -26 < row["rms_dbfs"] < -8


def test_the_list_has_every_sentence_and_whose_voice_is_heard(site: Site) -> None:
    site.record("nobody.wav")
    site("make")
    listed = site.told("list")
    assert {name: row["sentence"] for name, row in listed.items()} == read(phrases_in("id"))
    assert {name for name, row in listed.items() if row["source"] == "recorded"} == {"nobody"}
    assert "Kota Bima" in site("list").stdout


def test_a_recording_is_heard_once_it_was_made_and_is_looked_over(site: Site) -> None:
    site.record("nobody.flac", "vol", "0.3", rate="44100")
    (waits,) = flawed(site).values()
    assert waits == ["another one than it should be: siaga112 prompts make"]
    assert site("make").stdout.startswith("prompts: making nobody\n")
    after = site.told("check")
    assert after.pop("nobody") == {
        "name": "nobody",
        "source": "recorded",
        "seconds": 1.0,
        "peak_dbfs": pytest.approx(-10.46, abs=0.2),
        "rms_dbfs": pytest.approx(-13.47, abs=0.2),
        "flaws": [],
    }
    assert {row["source"] for row in after.values()} == {"spoken"}
    assert Sound.of(site.home / "asterisk/sounds/nobody.wav").pitch == pytest.approx(440, abs=5)


def flawed(site: Site) -> dict[str, list[str]]:
    return {name: row["flaws"] for name, row in site.told("check", status=1).items() if row["flaws"]}


def test_everything_that_is_wrong_is_told_a_line_each(site: Site) -> None:
    site.record("notice.wav", "vol", "0.01")
    site.record("nobody.wav", "vol", "12dB", rate="44100")
    site.record("digit-7.wav", "pad", "0", "2")
    site.record("robot.wav", "trim", "0", "0.05")
    site.record("failed.wav", "vol", "0")
    (site.home / "prompts/signed-in.wav").write_text("no sound")
    site.record("notise\x1b[2J.wav")
    site("make")
    (site.home / "asterisk/sounds/signed-out.wav").unlink()
    (site.home / "asterisk/sounds/digit-1.wav").write_text("no sound")
    digit_2 = site.home / "asterisk/sounds/digit-2.wav"
    digit_2.write_bytes(digit_2.read_bytes()[:1001])  # within a sample
    found = flawed(site)
    not_sound = found.pop("signed-in")
    assert found == {
        "notice": ["too quiet: -43 dBFS, it should be above -28"],
        "nobody": ["clipped: it was recorded too loud"],
        "signed-out": ["missing: siaga112 prompts make"],
        "failed": ["the recording is not used: nothing is heard in it"],
        "robot": ["too short: 0.04 s are heard"],
        "digit-1": [
            "another one than it should be: siaga112 prompts make",
            "it is no sound: file does not start with RIFF id",
        ],
        "digit-2": [
            "another one than it should be: siaga112 prompts make",
            "it is no sound: bytes length not a multiple of item size",
        ],
        "digit-7": ["too long: 3.0 s, it should be below 1.7"],
        "notise\x1b[2J.wav": ["not used: no phrase has this name"],
    }
    assert not_sound[0].startswith("the recording is not used: sox: sox FAIL formats: ")
    lines = site("check", status=1).stdout.splitlines()
    assert len([line for line in lines if line.startswith("! ")]) == len(found) + 1
    assert "! notise\N{REPLACEMENT CHARACTER}[2J.wav: not used: no phrase has this name" in lines
    assert lines[-1] == "10 with flaws"


def test_where_no_line_was_started_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "siaga112.toml").touch()
    done = Site(tmp_path)("make", status=1)
    assert "there is no line in" in str(done.exception)
    assert [file.name for file in tmp_path.iterdir()] == ["siaga112.toml"]
