"""What the line says, before anything is spoken: both files of sentences, and which phrases say a ticket."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.places.areas.table import kota_bima
from gateway.telephony.phrases import phrase_for_area, phrase_for_category, sentences, spoken_digits
from gateway.web.pages.texts import CATEGORIES, LANGUAGES
from ticketing.dispatch import DispatchState

CHECKOUT = Path(__file__).resolve().parents[2]
DIALPLAN = "\n".join(path.read_text() for path in (CHECKOUT / "asterisk-conf").glob("*.conf*"))


def phrases(language: str) -> dict[str, str]:
    file = CHECKOUT / f"asterisk-conf/sounds/phrases.{language}.txt"
    return sentences(file.read_bytes(), file.name)


INDONESIAN = phrases("id")


def test_every_language_of_the_pages_is_spoken_too_with_the_same_phrases_in_the_same_order() -> None:
    assert {path.name for path in (CHECKOUT / "asterisk-conf/sounds").iterdir()} == {
        f"phrases.{language}.txt" for language in LANGUAGES
    }
    for language in LANGUAGES:
        assert list(phrases(language)) == list(INDONESIAN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_abbreviations_are_written_as_they_are_said(language: str) -> None:
    # espeak-ng says 112 as a hundred and twelve, and KDRT as it pleases.
    for name, sentence in phrases(language).items():
        assert not re.search(r"[0-9]|[A-Z]{2}", sentence), f"{name} = {sentence}"


@pytest.mark.parametrize(("language", "said"), [("id", "satu satu dua"), ("en", "one one two")])
def test_whoever_is_called_hears_first_who_calls(language: str, said: str) -> None:
    for name in ("notice", "dispatch-hello", "update-hello"):
        assert f"{said} " in phrases(language)[name]
        assert "Kota Bima" in phrases(language)[name]


def test_the_dialplan_plays_nothing_that_is_not_said() -> None:
    played = set(re.findall(r"\$\{SIAGA_SOUNDS\}/([a-z0-9-]+)", DIALPLAN))
    assert "nobody" in played
    for name in played:
        # `digit-${…}`: the beginning of some.
        assert name in INDONESIAN or (name.endswith("-") and any(one.startswith(name) for one in INDONESIAN)), name


def test_every_state_of_a_dispatch_can_be_said_and_no_other() -> None:
    said = {name for name in INDONESIAN if name.startswith("state-")}
    assert said == {f"state-{state.replace('_', '-')}" for state in DispatchState}


def test_every_category_of_the_city_can_be_said_and_no_other() -> None:
    said = {name for name in INDONESIAN if name.startswith("category-")}
    assert said == {"category-none", *(phrase_for_category(code, INDONESIAN) for code in CATEGORIES)}
    assert len(said) == len(CATEGORIES) + 1


def test_every_area_of_the_city_can_be_said_with_its_name_and_its_districts() -> None:
    areas = kota_bima().by_code
    for code, area in areas.items():
        for language in LANGUAGES:
            sentence = phrases(language)[f"area-{code.replace('.', '-')}"].casefold()
            assert area.name.casefold() in sentence
            if code.count(".") > 2:
                assert areas[area.parent].name.casefold() in sentence
    assert len([name for name in INDONESIAN if name.startswith("area-")]) == len(areas) + 1


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        ("kebakaran", "category-kebakaran"),
        (None, "category-none"),
        ("none", "category-none"),
        ("letusan", "category-none"),  # the city's own, without a phrase
        ("", "category-none"),
        ("../../../etc/passwd", "category-none"),
        ("kebakaran&nobody", "category-none"),
        ("kebakaran\n", "category-none"),
    ],
)
def test_a_category_without_a_phrase_is_said_to_be_unrecorded(code: str | None, phrase: str) -> None:
    assert phrase_for_category(code, INDONESIAN) == phrase


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        ("52.72.01.1001", "area-52-72-01-1001"),
        ("52.72.01", "area-52-72-01"),
        (None, "area-none"),
        ("52.06.01.2001", "area-none"),  # a neighbour's
        ("", "area-none"),
        ("52.72.01&nobody", "area-none"),
    ],
)
def test_an_area_without_a_phrase_is_said_to_be_unrecorded(code: str | None, phrase: str) -> None:
    assert phrase_for_area(code, INDONESIAN) == phrase


def test_a_tickets_number_is_said_digit_by_digit_without_the_lines_own() -> None:
    assert [name.removeprefix("digit-") for name in spoken_digits("112-20261123-0001")] == list("202611230001")
    assert len(spoken_digits("112-20261123-12345")) == 13
    assert {f"digit-{digit}" for digit in range(10)} <= set(INDONESIAN)


@pytest.mark.parametrize("text", ["", "112-20261123", "112-2026\u0661123-0001", "112-20261123-0001\n", "20261123-0001"])
def test_what_is_no_tickets_number_is_not_said(text: str) -> None:
    with pytest.raises(ValueError, match="no ticket's number"):
        spoken_digits(text)
