"""SKPDs: the city's departments that act on an incident, and the telephone lines that reach them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime

SKPD_CODE: Final = "[a-z][a-z0-9-]{1,19}"
PIN: Final = "[0-9]{4,8}"
E164: Final = r"\+[1-9][0-9]{6,14}"

LINE_CODES: Final = frozenset({"110", "113", "115", "117", "118", "119", "123", "129"})
"""Service codes that may be an SKPD's line.

Who answers there, and by what source: SERVICE_CODES of gateway/facts/phone_numbers.py.

Never 112, which is this line itself; and no code behind which nobody acts on an incident (108), or of which nobody
has said so in public (122).
"""

USUAL_RING_S: Final = 25
RING_S: Final = range(5, 121)
MOST_LINES: Final = 10
MOST_CATEGORIES: Final = 20
LONGEST_NAME: Final = 80
SHORT_NUMBERS: Final = range(11, 100)
"""What a taker dials on the phone, during a call, for an SKPD. Two digits: typed blindly, and read off a card."""

_CODE: Final = re.compile(SKPD_CODE)
_NUMBER: Final = re.compile(f"{E164}|{'|'.join(sorted(LINE_CODES))}")
_CATEGORY: Final = re.compile("[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}")
_PIN: Final = re.compile(PIN)
_SHORT: Final = tuple(map(str, SHORT_NUMBERS))


class Weekday(IntEnum):
    """A day of the week as `datetime.weekday()` counts it."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


EVERY_DAY: Final = frozenset(Weekday)


def parse_skpd_code(text: str) -> str:
    """Take 2 to 20 of a-z, 0-9 and `-`, a letter first; raise ValueError otherwise."""
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no SKPD's code: 2 to 20 of a-z, 0-9, '-', a letter first")
    return text


def parse_name(text: str) -> str:
    """Take a name that can be shown; raise ValueError otherwise."""
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise ValueError(f"an SKPD's name has 1 to {LONGEST_NAME} letters that can be shown")
    return text


def parse_pin(text: str) -> str:
    """Take the 4 to 8 digits that an officer types on a phone; raise ValueError otherwise, which does not show them."""
    if not _PIN.fullmatch(text):
        raise ValueError("a PIN has 4 to 8 digits")
    return text


@dataclass(frozen=True, slots=True)
class Hours:
    """When a line is staffed, by the city's clock: from `begins` up to `ends`, on these days.

    What ends no later than it begins goes on into the next day, and belongs to the day of its beginning: 22:00 to
    06:00 on Fridays is Saturday morning too, and 00:00 to 00:00 is the whole day. Raises ValueError for no day at
    all, and for times that are not whole minutes of a local day.
    """

    begins: time
    ends: time
    days: frozenset[Weekday] = EVERY_DAY

    def __post_init__(self) -> None:
        for one in (self.begins, self.ends):
            if one.tzinfo is not None or one.second or one.microsecond:
                raise ValueError(f"{one} is no whole minute of the city's day")
        if not self.days:
            raise ValueError("hours on no day of the week")

    def hold_at(self, local: datetime) -> bool:
        """Whether the line is staffed at this moment of the city's clock."""
        now = local.time()
        today = Weekday(local.weekday())
        if self.begins < self.ends:
            return today in self.days and self.begins <= now < self.ends
        yesterday = Weekday((local - timedelta(days=1)).weekday())
        return (today in self.days and self.begins <= now) or (yesterday in self.days and now < self.ends)


@dataclass(frozen=True, slots=True)
class Line:
    """A telephone line of an SKPD. Its number can be put into a dial string as it is: `+` and digits, nothing else.

    It rings for `ring_s` seconds before the next line's turn; without `hours` it is always staffed. Raises ValueError
    for a number that is neither E.164 nor one of LINE_CODES, and for a ring time outside RING_S.
    """

    number: str
    ring_s: int = USUAL_RING_S
    hours: Hours | None = None

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number):
            raise ValueError(
                f"{self.number[:40]!r} is no line's number: +62… or one of {', '.join(sorted(LINE_CODES))}"
            )
        if self.ring_s not in RING_S:
            raise ValueError(f"a line rings for {RING_S[0]} to {RING_S[-1]} seconds, not {self.ring_s}")

    def staffed_at(self, local: datetime) -> bool:
        """Whether somebody should be there at this moment of the city's clock."""
        return self.hours is None or self.hours.hold_at(local)


@dataclass(frozen=True, slots=True)
class Skpd:
    """An SKPD, its lines in the order in which they are rung, and the categories of incidents it is asked for first.

    `confirm`: whoever answers has to press 1 before the caller is joined; without it an answering machine gets the
    caller. `pin_hash` is of the PIN that its officers type when they report by telephone; None: they cannot.
    `short` is its number on the takers' phones (SHORT_NUMBERS), given by the desk; None where all are taken.
    Raises ValueError for a code, a name or a category that is none, for too many of them, and for one given twice.
    """

    code: str
    name: str
    lines: tuple[Line, ...]
    categories: tuple[str, ...] = ()
    confirm: bool = True
    pin_hash: str | None = field(default=None, repr=False)
    short: str | None = None

    def __post_init__(self) -> None:
        parse_skpd_code(self.code)
        parse_name(self.name)
        for category in self.categories:
            if not _CATEGORY.fullmatch(category):
                raise ValueError(f"{category[:40]!r} is no category: 1 to 40 of a-z, A-Z, 0-9, '_', '-'")
        if self.short is not None and self.short not in _SHORT:
            raise ValueError(f"{self.short[:40]!r} is no short number: {SHORT_NUMBERS[0]} to {SHORT_NUMBERS[-1]}")
        _few_and_different("lines", tuple(line.number for line in self.lines), MOST_LINES)
        _few_and_different("categories", self.categories, MOST_CATEGORIES)

    def lines_at(self, local: datetime) -> tuple[Line, ...]:
        """All lines in the order in which they are to be rung at this moment of the city's clock.

        Those that should be staffed come first; the others are an emergency's last resort, and never left out.
        """
        return tuple(sorted(self.lines, key=lambda line: not line.staffed_at(local)))


def free_short_number(taken: Container[str]) -> str | None:
    """Give the lowest short number that is not taken; None where none is free."""
    return next((number for number in _SHORT if number not in taken), None)


def _few_and_different(what: str, given: tuple[str, ...], most: int) -> None:
    if len(given) > most:
        raise ValueError(f"an SKPD has at most {most} {what}, not {len(given)}")
    for one in given:
        if given.count(one) > 1:
            raise ValueError(f"{one} is given twice among the {what}")
