"""What callers who wait hear, and for how long they are asked."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import pytest

from gateway.places.areas.kept import table_of
from gateway.site.config import load
from gateway.site.home import Home, Secrets
from gateway.telephony import waiting
from gateway.telephony.phrases import sentences
from gateway.telephony.provide import Installed
from gateway.telephony.render import SOURCE, render

if TYPE_CHECKING:
    from pathlib import Path

DISTRICTS = ("area-52-72-01", "area-52-72-02")


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_phrase_of_every_row_has_its_sentence(language: str) -> None:
    known = sentences((SOURCE / f"sounds/phrases.{language}.txt").read_bytes(), "phrases")
    assert {phrase for row in waiting.rows(DISTRICTS).values() for phrase in row} <= set(known)


def test_every_row_ends_in_the_sign_that_the_line_lives() -> None:
    rows = waiting.rows(DISTRICTS)
    assert waiting.files(rows["silent-what"]) == ["ask-silent", "moh/ask-what/waiting"]
    assert waiting.files(rows["wrong-district"]) == [
        *("ask-wrong", "ask-district", "press-1", "area-52-72-01", "press-2", "area-52-72-02"),
        "moh/ask-district/waiting",
    ]
    assert all(waiting.files(row)[-1].startswith("moh/") for row in rows.values())


def test_a_question_stands_until_its_longest_form_was_said_and_answered() -> None:
    lasts = {"a": 20.0, "b": 12.3, "c": 1.0}
    assert waiting.stands_s([("a", "b"), ("b", "c")], lasts.__getitem__, 40) == 33 + waiting.ANSWERING_S
    assert waiting.stands_s([("c",)], lasts.__getitem__, 40) == 40


@pytest.mark.parametrize(
    ("phrase", "seconds", "stands", "place"),
    [
        ("ask-what", 2, 40, 20),
        ("ask-what", 41, 56, 20),
        # Of the question where, which says one kecamatan after the other.
        ("press-3", 30, 45, 20),
        ("ask-place", 17, 40, 32),
        # Told to who waits, and no question.
        ("place-many", 50, 40, 20),
    ],
)
def test_a_citys_own_long_recordings_are_heard_to_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phrase: str, seconds: int, stands: int, place: int
) -> None:
    monkeypatch.setenv("SIAGA112_HOME", str(tmp_path))
    settings = load()
    assert len(table_of(settings).districts()) == 5
    home = Home.of(settings)
    home.make()
    home.sounds.mkdir(exist_ok=True)
    with wave.open(str(home.sounds / f"{phrase}.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 8000 * seconds))
    secrets = Secrets(ami="rahasiaami0123456789", test_call="rahasiauji0123456789")
    render(settings, home, secrets, Installed("22.10.1", ("/opt/asterisk",), tmp_path, tmp_path))
    text = (home.etc / "extensions_site.conf").read_text()
    assert f"SIAGA_ASK_S = {stands}\nSIAGA_ASK_PLACE_S = {place}\n" in text
