"""An SKPD's line as it is typed on the command line: NUMBER[,ring=25][,hours=Mon-Fri 07:30-16:00]."""

from __future__ import annotations

import re
from datetime import time
from typing import Final

from gateway.facts.phone_numbers import dialled_line
from ticketing.skpd import EVERY_DAY, USUAL_RING_S, Hours, Line, Weekday

LONGEST: Final = 200
_HOURS: Final = re.compile(
    r"(?:(?P<days>[A-Za-z -]+?) +)?(?P<begins>[0-9]{2}:[0-9]{2}) *- *(?P<ends>[0-9]{2}:[0-9]{2})"
)
_TIME: Final = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
_RING: Final = re.compile("[0-9]{1,3}")
_HELP: Final = "hours are written 07:30-16:00, or Mon-Fri 07:30-16:00, or Sat Sun 00:00-24:00"


def parse_line(text: str) -> Line:
    """Read one line; raise ValueError, which says what is wrong with it."""
    if len(text) > LONGEST:
        raise ValueError(f"a line is written in at most {LONGEST} characters")
    number, *options = text.split(",")
    given: dict[str, str] = {}
    for option in options:
        name, equals, value = option.strip().partition("=")
        if name not in {"ring", "hours"} or not equals:
            raise ValueError(f"{option[:40]!r} is neither ring=SECONDS nor hours=HOURS")
        if name in given:
            raise ValueError(f"{name} is given twice")
        given[name] = value
    ring_s = _ring_s(given["ring"]) if "ring" in given else USUAL_RING_S
    return Line(dialled_line(number), ring_s, parse_hours(given["hours"]) if "hours" in given else None)


def _ring_s(text: str) -> int:
    if not _RING.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no number of seconds")
    return int(text)


def parse_hours(text: str) -> Hours:
    """Read hours: days (each, or first-last, blanks between them) and times of day; without days, every day."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r}: {_HELP}")
    days = _days(match["days"]) if match["days"] else EVERY_DAY
    return Hours(parse_time(match["begins"]), parse_time(match["ends"]), days)


def parse_time(text: str) -> time:
    """Read HH:MM; 24:00 is the midnight at a day's end, which Hours knows as 00:00. Raises ValueError."""
    if text == "24:00":
        return time()
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no time of day: 00:00 to 24:00")
    return time.fromisoformat(text)


def _days(text: str) -> frozenset[Weekday]:
    found: set[Weekday] = set()
    for word in text.split():
        first, dash, last = word.partition("-")
        begins = _day(first)
        found.add(begins)
        # From Saturday to Monday is over the week's end.
        while dash and begins is not _day(last):
            begins = Weekday((begins + 1) % len(Weekday))
            found.add(begins)
    return frozenset(found)


def _day(word: str) -> Weekday:
    try:
        return Weekday[word.upper()]
    except KeyError:
        raise ValueError(f"{word[:20]!r} is no day: {', '.join(day.name.capitalize() for day in Weekday)}") from None


def line_text(line: Line) -> str:
    """Write a line as it is typed, with its ring time; `parse_line` reads it back."""
    hours = f",hours={hours_text(line.hours)}" if line.hours else ""
    return f"{line.number},ring={line.ring_s}{hours}"


def hours_text(hours: Hours) -> str:
    """Write hours as they are typed."""
    times = f"{hours.begins:%H:%M}-{hours.ends:%H:%M}"
    if hours.days == EVERY_DAY:
        return times
    days = sorted(hours.days)
    names = [day.name.capitalize() for day in days]
    unbroken = len(days) > 2 and days[-1] - days[0] == len(days) - 1  # noqa: PLR2004 - two are as short by name
    return f"{names[0]}-{names[-1]} {times}" if unbroken else f"{' '.join(names)} {times}"
