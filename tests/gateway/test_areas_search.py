"""What a taker types finds the area that is meant, however it is spelled, and with one slip of a finger."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.places.areas.search import (
    MOST_FOUND,
    Closeness,
    begins_one_error_apart,
    one_error_apart,
    search,
    squeezed,
)
from gateway.places.areas.table import AreaTable, kota_bima

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.places.areas.search import Found
    from gateway.places.areas.table import Area

LETTERS = "aox"  # those in which names of the city differ most, and one that is in none of them
TABLE = kota_bima()
KELURAHAN = [area for area in TABLE.by_code.values() if area.level == "kelurahan"]
# Every spelling that is in use of these, beside those that differ in case, blanks and apostrophes alone.
OTHERWISE = {"Jatibaru Timur": ["Jaibaru Timur"], "Ule": ["Ole"]}
FIRST = 5


def found(text: str) -> list[str]:
    return [one.area.name for one in search(TABLE, text)]


def spellings(area: Area) -> list[str]:
    name = area.name
    ways = [name, *OTHERWISE.get(name, [])]
    return [
        written
        for way in ways
        for written in (
            way,
            way.upper(),
            way.lower(),
            way.replace(" ", ""),
            way.replace(" ", "  "),
            way.replace("'", ""),
            way.replace("'", " "),
            way.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"),
            way.replace(" ", "-") + ".",
            way[:-1] + way[-1].upper(),
            way[:-1] + "'" + way[-1],
            f"kel. {way}",
            f"{way}, {area_parent(area).name}",
        )
    ]


def area_parent(area: Area) -> Area:
    parent = TABLE.parent(area)
    assert parent
    return parent


def slips(text: str) -> Iterator[str]:
    """Everything that one typing error makes of it."""
    for place in range(len(text) + 1):
        before, behind = text[:place], text[place:]
        yield from (before + letter + behind for letter in LETTERS)
        if behind:
            yield before + behind[1:]
            yield from (before + letter + behind[1:] for letter in LETTERS)
        if len(behind) > 1:
            yield before + behind[1] + behind[0] + behind[2:]


def distance(one: str, other: str) -> int:
    """Optimal string alignment: how many insertions, deletions, replacements, transpositions of neighbours."""
    table = {(row, 0): row for row in range(len(one) + 1)} | {(0, column): column for column in range(len(other) + 1)}
    for row in range(1, len(one) + 1):
        for column in range(1, len(other) + 1):
            same = one[row - 1] == other[column - 1]
            best = min(table[row - 1, column] + 1, table[row, column - 1] + 1, table[row - 1, column - 1] + (not same))
            if row > 1 and column > 1 and one[row - 2 : row] == other[column - 2 : column][::-1]:
                best = min(best, table[row - 2, column - 2] + 1)
            table[row, column] = best
    return table[len(one), len(other)]


@pytest.mark.parametrize("area", KELURAHAN, ids=lambda area: area.name)
def test_every_spelling_finds_the_kelurahan_first(area: Area) -> None:
    for text in spellings(area):
        first, *others = search(TABLE, text)
        assert (first.area, first.closeness) == (area, Closeness.EXACT)
        assert Closeness.EXACT not in {one.closeness for one in others}


@pytest.mark.parametrize("area", KELURAHAN, ids=lambda area: area.name)
def test_with_one_typing_error_it_is_among_the_first_and_only_what_is_as_near_stands_before_it(area: Area) -> None:
    for name in (area.name, *OTHERWISE.get(area.name, [])):
        for slip in slips(squeezed(name)):
            before = _those_before(area, search(TABLE, slip))
            assert len(before) < FIRST, (slip, before)
            for one in before:
                # Another name, or the beginning of one, is exactly what was typed; or it is one error away as well.
                assert one.closeness in {Closeness.EXACT, Closeness.BEGINS, Closeness.NEAR}


def _those_before(area: Area, results: tuple[Found, ...]) -> tuple[Found, ...]:
    return results[: [one.area for one in results].index(area)]


@given(st.data())
def test_a_slip_in_a_name_with_blanks_and_capitals_is_forgiven_too(data: st.DataObject) -> None:
    area = data.draw(st.sampled_from(KELURAHAN))
    written = data.draw(st.sampled_from(spellings(area)[:11]))
    places = [place for place, letter in enumerate(written) if letter.isalpha()]
    place = data.draw(st.sampled_from(places))
    text = data.draw(
        st.sampled_from(
            (
                written[:place] + written[place + 1 :],
                written[:place] + "x" + written[place + 1 :],
                written[:place] + "q" + written[place:],
            )
        )
    )
    assert area in [one.area for one in search(TABLE, text)][:FIRST]


def test_names_one_letter_apart_are_told_apart_by_their_order() -> None:
    apart = [(one, other) for one, other in combinations(KELURAHAN, 2) if distance(*_squeezed(one, other)) == 1]
    assert [(one.name, other.name) for one, other in apart] == [("Kodo", "Kolo")]
    assert [(one.area.name, one.closeness) for one in search(TABLE, "kolo")][:2] == [
        ("Kolo", Closeness.EXACT),
        ("Kodo", Closeness.NEAR),
    ]
    # As near as each other: both are NEAR, in the order of the alphabet.
    assert [(one.area.name, one.closeness) for one in search(TABLE, "kono")][:2] == [
        ("Kodo", Closeness.NEAR),
        ("Kolo", Closeness.NEAR),
    ]


def _squeezed(one: Area, other: Area) -> tuple[str, str]:
    return squeezed(one.name), squeezed(other.name)


def test_what_is_typed_so_far_finds_what_begins_so_the_shorter_name_first() -> None:
    assert found("rabad")[:2] == ["Rabadompu Barat", "Rabadompu Timur"]
    assert found("jatibaru")[:2] == ["Jatibaru", "Jatibaru Timur"]
    assert found("penat")[0] == "Penatoi"
    assert found("rabngod")[:2] == ["Rabangodu Utara", "Rabangodu Selatan"]


def test_another_word_of_the_name_or_a_piece_of_it_finds_it_too() -> None:
    assert {"Jatibaru Timur", "Rabadompu Timur", "Rasanae Timur"} <= set(found("timur"))
    assert "Lelamase" in found("mase")
    assert found("rasanae barat")[0] == "Rasanae Barat"


def test_the_name_of_a_kecamatan_finds_its_kelurahan_behind_it() -> None:
    results = search(TABLE, "asakota")
    assert [one.area.name for one in results] == [
        "Asakota",
        "Ule",
        "Kolo",
        "Melayu",
        "Jatibaru",
        "Jatiwangi",
        "Jatibaru Timur",
    ]
    assert {one.closeness for one in results[1:]} == {Closeness.PARENT}
    assert found("kec. Asakota") == found("asakota")
    assert found("kecamatan")[:1] != ["Asakota"]


@pytest.mark.parametrize("text", ["", " ", "'", "?!", "\0", "\N{ZERO WIDTH SPACE}", "xyzzy", "z" * 5000])
def test_what_means_nothing_finds_nothing(text: str) -> None:
    assert search(TABLE, text) == ()


def test_a_text_that_begins_many_names_finds_ten_of_them() -> None:
    assert len(search(TABLE, "r")) == MOST_FOUND
    assert len(search(TABLE, "r", limit=3)) == 3
    assert search(AreaTable(), "r") == ()


@given(st.text(alphabet="abc", max_size=6), st.text(alphabet="abc", max_size=6))
def test_one_error_apart_is_a_distance_of_one(one: str, other: str) -> None:
    assert one_error_apart(one, other) == (distance(one, other) == 1)


@given(st.text(alphabet="abc", max_size=6), st.text(alphabet="abc", max_size=6))
def test_beginning_one_error_apart_is_a_distance_of_one_at_most_to_a_beginning(typed: str, name: str) -> None:
    beginnings = [name[:length] for length in range(len(name) + 1)]
    assert begins_one_error_apart(typed, name) == any(distance(typed, one) <= 1 for one in beginnings)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_answered(text: str) -> None:
    for one in search(TABLE, text):
        assert one.area.code in TABLE
