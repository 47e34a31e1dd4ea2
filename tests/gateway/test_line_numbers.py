"""What people type as an SKPD's line, and what becomes of it."""

from __future__ import annotations

import re
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatching.line_syntax import hours_text, line_text, parse_hours, parse_line
from gateway.facts.phone_numbers import SERVICE_CODES, dialled_line
from ticketing.skpd import LINE_CODES, Hours, Line, Weekday

WEEK = frozenset(Weekday) - {Weekday.SAT, Weekday.SUN}
LANDLINE = "+6237442112"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0374 42112", LANDLINE),
        ("(0374)42112", LANDLINE),
        ("(0374) 42-112", LANDLINE),
        ("0374/42112", LANDLINE),
        ("+62 374 42112", LANDLINE),
        ("+62374\u00a042112", LANDLINE),
        ("0812-3456-7890", "+6281234567890"),
        ("0812.3456.7890", "+6281234567890"),
        ("+6281234567890", "+6281234567890"),
        (" 110 ", "110"),
    ],
)
def test_a_lines_number_is_read_as_people_write_it(typed: str, number: str) -> None:
    assert dialled_line(typed) == number
    assert Line(number).number == number


@pytest.mark.parametrize("code", sorted(LINE_CODES))
def test_a_service_code_that_is_a_line_is_dialled_as_it_is_and_has_its_source(code: str) -> None:
    assert dialled_line(code) == code
    assert SERVICE_CODES[code]


@pytest.mark.parametrize(
    "typed",
    [
        "112",  # this line itself
        "+112",
        "108",
        "14045",
        "1500123",
        "0800 1 234567",
        "42112",  # of which city?
        "812 3456 7890",
        "6281234567890",
        "+6591234567",  # Singapore: a line is of this country
        "0062 812 3456 7890",
        "0374 42112 / 42113",
        "0374 1",
        "0812",
        "+62",
    ],
)
def test_what_cannot_be_rung_for_certain_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is no telephone of this country"):
        dialled_line(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+",
        "radio",
        "0374 42112\r\nVariable: x",
        "+6237442112&PJSIP/101",
        "+6237442112;ext=1",
        "sip:+6237442112@10.0.0.1",
        "0374,42112",
        "*11",
        "#",
        "٠٣٧٤٤٢١١٢",
        "\x0037442112",
        "0" * 41,
        " " * 1_000_000,
    ],
)
def test_what_is_more_than_a_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is no telephone number") as refused:
        dialled_line(typed)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


@given(
    st.text(st.characters(exclude_categories=()), max_size=60)
    | st.text(st.sampled_from("+0123456789 ()-./&;@\r\n"), max_size=30)
)
def test_no_text_becomes_more_than_a_plus_and_digits(text: str) -> None:
    try:
        number = dialled_line(text)
    except ValueError:
        return
    assert re.fullmatch(r"\+62[0-9]{7,12}|1[0-9]{2}", number, re.ASCII)
    assert number == Line(number).number != "112"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("110", Line("110")),
        ("0374 42112,ring=40", Line(LANDLINE, 40)),
        ("0374 42112, hours=07:30-16:00", Line(LANDLINE, 25, Hours(time(7, 30), time(16)))),
        ("113,ring=5,hours=Mon-Fri 07:30-16:00", Line("113", 5, Hours(time(7, 30), time(16), WEEK))),
        ("113,hours=mon-fri 07:30 - 16:00,ring=5", Line("113", 5, Hours(time(7, 30), time(16), WEEK))),
    ],
)
def test_a_line_is_typed_with_its_ring_time_and_hours(typed: str, line: Line) -> None:
    assert parse_line(typed) == line


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("Sat Sun 00:00-24:00", {Weekday.SAT, Weekday.SUN}),
        ("Sat-Mon 00:00-24:00", {Weekday.SAT, Weekday.SUN, Weekday.MON}),
        ("Mon-Wed Fri 00:00-24:00", {Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.FRI}),
        ("Tue-Tue 00:00-24:00", {Weekday.TUE}),
        ("00:00-24:00", set(Weekday)),
    ],
)
def test_days_are_typed_one_by_one_or_from_first_to_last(typed: str, days: set[Weekday]) -> None:
    assert parse_hours(typed) == Hours(time(), time(), frozenset(days))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "is no telephone number"),
        (",ring=25", "is no telephone number"),
        ("110,ring=", "is no number of seconds"),
        ("110,ring=1e2", "is no number of seconds"),
        ("110,ring=٢٥", "is no number of seconds"),
        ("110,ring=200", "5 to 120"),
        ("110,ring=20,ring=30", "ring is given twice"),
        ("110,wait=20", "is neither ring=SECONDS nor hours=HOURS"),
        ("110,20", "is neither ring=SECONDS nor hours=HOURS"),
        ("110,hours=", "hours are written"),
        ("110,hours=7:30-16:00", "hours are written"),
        ("110,hours=Mon Fri", "hours are written"),
        ("110,hours=25:00-26:00", "is no time of day"),
        ("110,hours=Senin 07:30-16:00", "'Senin' is no day: Mon, Tue"),
        ("110,hours=Mon- 07:30-16:00", "'' is no day"),
        ("110" + " " * 200, "at most 200 characters"),
    ],
)
def test_what_is_no_line_is_refused_with_the_reason(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_line(typed)


@pytest.mark.parametrize(
    "text", ["07:30-16:00", "Mon-Fri 07:30-16:00", "Sat Sun 22:00-06:00", "Mon Wed Fri 00:00-00:00", "Sun 08:00-09:00"]
)
def test_hours_are_written_as_they_are_typed(text: str) -> None:
    assert hours_text(parse_hours(text)) == text


minutes = st.times().map(lambda one: one.replace(second=0, microsecond=0))
hours = st.builds(Hours, minutes, minutes, st.frozensets(st.sampled_from(Weekday), min_size=1))


@given(st.builds(Line, st.sampled_from(["110", LANDLINE]), st.integers(5, 120), st.none() | hours))
def test_every_line_can_be_typed_as_it_is_written(line: Line) -> None:
    assert parse_line(line_text(line)) == line
