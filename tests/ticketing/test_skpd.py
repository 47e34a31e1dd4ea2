from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.skpd import (
    EVERY_DAY,
    LINE_CODES,
    Hours,
    Line,
    Skpd,
    Weekday,
    parse_pin,
    parse_skpd_code,
)

MONDAY = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Makassar"))
OFFICE = Hours(time(7, 30), time(16), frozenset(Weekday) - {Weekday.SAT, Weekday.SUN})
NIGHT = Hours(time(22), time(6))
LAND = Line("+6237442113", hours=OFFICE)
DUTY = Line("+6281234500113", ring_s=40)
RADIO = Line("113", hours=NIGHT)
DAMKAR = Skpd("damkar", "Pemadam Kebakaran", (LAND, DUTY, RADIO), ("kebakaran",))


def of_the_week(day: Weekday, hour: int, minute: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize("code", ["damkar", "psc119", "rsud-bima", "ab", "a" * 20, "a-"])
def test_an_skpds_code_is_plain(code: str) -> None:
    assert parse_skpd_code(code) == code


@pytest.mark.parametrize(
    "code", ["", "a", "Damkar", "1psc", "-a", "damkar\n", "dam kar", "dam_kar", "dämkar", "a" * 21]
)
def test_no_other_code_is_an_skpds(code: str) -> None:
    with pytest.raises(ValueError, match="is no SKPD's code"):
        parse_skpd_code(code)
    with pytest.raises(ValueError, match="is no SKPD's code"):
        replace(DAMKAR, code=code)


@pytest.mark.parametrize("pin", ["1234", "00000000"])
def test_a_pin_is_what_a_phone_can_type(pin: str) -> None:
    assert parse_pin(pin) == pin


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "1234\n", "١٢٣٤", "12*4"])
def test_a_pin_that_is_none_is_refused_without_being_shown(pin: str) -> None:
    with pytest.raises(ValueError, match=r"^a PIN has 4 to 8 digits$"):
        parse_pin(pin)


def test_the_hash_of_a_pin_is_not_shown() -> None:
    assert "argon2" not in repr(replace(DAMKAR, pin_hash="$argon2id$…"))


@pytest.mark.parametrize("number", ["+6237442112", "+6281234500113", *sorted(LINE_CODES)])
def test_a_line_is_a_telephone_or_a_service_code(number: str) -> None:
    assert Line(number).number == number


@pytest.mark.parametrize(
    "number",
    [
        "112",
        "108",
        "911",
        "0374 42112",
        "037442112",
        "+062",
        "+62",
        "62374",
        "+6237442112\n",
        "+6237442112&SIP/x",
        "",
        "*11",
    ],
)
def test_nothing_else_is_a_line(number: str) -> None:
    with pytest.raises(ValueError, match="is no line's number"):
        Line(number)


@given(st.text(st.sampled_from("+0123456789\r\n&,;@/*#Ux\u0661 "), max_size=18) | st.text(max_size=18))
def test_a_dial_string_never_holds_more_than_a_plus_and_digits(text: str) -> None:
    try:
        number = Line(text).number
    except ValueError:
        return
    assert re.fullmatch(r"\+?[0-9]{3,15}", number, re.ASCII)
    assert number not in {"112", "+112"}


@pytest.mark.parametrize("ring_s", [4, 0, -1, 121])
def test_a_line_rings_neither_too_briefly_nor_for_ever(ring_s: int) -> None:
    with pytest.raises(ValueError, match="rings for 5 to 120 seconds"):
        Line("110", ring_s)
    assert [Line("110", bound).ring_s for bound in (5, 120)] == [5, 120]


@pytest.mark.parametrize(
    ("hours", "at", "held"),
    [
        (OFFICE, of_the_week(Weekday.MON, 7, 29), False),
        (OFFICE, of_the_week(Weekday.MON, 7, 30), True),
        (OFFICE, of_the_week(Weekday.FRI, 15, 59), True),
        (OFFICE, of_the_week(Weekday.FRI, 16), False),
        (OFFICE, of_the_week(Weekday.SAT, 9), False),
        (NIGHT, of_the_week(Weekday.MON, 22), True),
        (NIGHT, of_the_week(Weekday.MON, 5, 59), True),
        (NIGHT, of_the_week(Weekday.MON, 6), False),
    ],
)
def test_hours_hold_from_their_beginning_up_to_their_end(hours: Hours, at: datetime, held: bool) -> None:  # noqa: FBT001
    assert hours.hold_at(at) is held


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    friday_night = Hours(time(22), time(6), frozenset({Weekday.FRI}))
    assert [friday_night.hold_at(of_the_week(Weekday.FRI, hour)) for hour in (5, 22)] == [False, True]
    assert [friday_night.hold_at(of_the_week(Weekday.SAT, hour)) for hour in (5, 6, 22)] == [True, False, False]
    sunday_night = replace(friday_night, days=frozenset({Weekday.SUN}))
    assert sunday_night.hold_at(of_the_week(Weekday.MON, 5))


def test_a_whole_day_ends_where_it_began() -> None:
    sunday = Hours(time(), time(), frozenset({Weekday.SUN}))
    assert [sunday.hold_at(of_the_week(Weekday.SUN, 0) + timedelta(minutes=one)) for one in (-1, 0, 1439, 1440)] == [
        False,
        True,
        True,
        False,
    ]


@given(st.integers(0, 7 * 24 * 60), st.times(), st.times(), st.frozensets(st.sampled_from(Weekday), min_size=1))
def test_turned_around_hours_are_the_other_half_of_every_day(
    minute: int, one: time, other: time, days: frozenset[Weekday]
) -> None:
    one, other = one.replace(second=0, microsecond=0), other.replace(second=0, microsecond=0)
    at = MONDAY + timedelta(minutes=minute)
    assert Hours(one, other).hold_at(at) != Hours(other, one).hold_at(at) or one == other
    assert Hours(one, other).hold_at(at) or not Hours(one, other, days).hold_at(at)


@pytest.mark.parametrize("odd", [time(7, 30, 1), time(7, 30, 0, 1), time(7, 30, tzinfo=UTC)])
def test_hours_are_whole_minutes_of_the_citys_day(odd: time) -> None:
    for begins, ends in ((odd, time(16)), (time(7), odd)):
        with pytest.raises(ValueError, match="is no whole minute"):
            Hours(begins, ends)


def test_hours_are_on_some_day() -> None:
    with pytest.raises(ValueError, match="no day"):
        Hours(time(7), time(16), frozenset())
    assert Hours(time(7), time(16)).days == EVERY_DAY


@pytest.mark.parametrize(
    ("at", "order"),
    [
        (of_the_week(Weekday.MON, 9), (LAND, DUTY, RADIO)),
        (of_the_week(Weekday.MON, 23), (DUTY, RADIO, LAND)),
        (of_the_week(Weekday.SUN, 12), (DUTY, LAND, RADIO)),
    ],
)
def test_a_line_outside_its_hours_is_rung_last_and_never_left_out(at: datetime, order: tuple[Line, ...]) -> None:
    assert DAMKAR.lines_at(at) == order


def test_an_skpd_may_have_no_line_yet() -> None:
    assert replace(DAMKAR, lines=()).lines_at(MONDAY) == ()


@pytest.mark.parametrize("name", ["", "  ", "a" * 81, "Damkar\r\nX: 1", "Dam\x00kar", "\u202ekramaD", "\ud800"])
def test_an_skpds_name_can_be_shown(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 80 letters"):
        replace(DAMKAR, name=name)


@pytest.mark.parametrize("category", ["", "-a", "a b", "a\n", "a" * 41, "kebakaran;"])
def test_a_category_is_plain(category: str) -> None:
    with pytest.raises(ValueError, match="is no category"):
        replace(DAMKAR, categories=(category,))


def test_lines_and_categories_are_few_and_each_is_there_once() -> None:
    ten = tuple(Line(f"+62812345000{number}") for number in range(10, 20))
    twenty = tuple(f"kejadian-{number}" for number in range(20))
    assert replace(DAMKAR, lines=ten, categories=twenty).lines == ten
    for wrong, why in (
        ({"lines": (*ten, DUTY)}, "at most 10 lines, not 11"),
        ({"categories": (*twenty, "banjir")}, "at most 20 categories, not 21"),
        ({"lines": (DUTY, replace(DUTY, ring_s=10))}, r"\+6281234500113 is given twice"),
        ({"categories": ("banjir", "banjir")}, "banjir is given twice"),
    ):
        with pytest.raises(ValueError, match=why):
            replace(DAMKAR, **wrong)
