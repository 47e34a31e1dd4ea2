"""What the calls about SKPDs take."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
)

from gateway.dispatching.line_syntax import parse_time
from gateway.facts.phone_numbers import LONGEST_TYPED, dialled_line
from gateway.web.api.answers import Day
from gateway.web.api.schemas import WHOLE, Body, Code
from ticketing.skpd import (
    LINE_CODES,
    LONGEST_NAME,
    MOST_CATEGORIES,
    MOST_LINES,
    PIN,
    RING_S,
    USUAL_RING_S,
    Hours,
    Line,
    Weekday,
    parse_name,
    parse_pin,
)


def _time_of_day(value: object) -> time:
    if not isinstance(value, str):
        raise ValueError("a time of day, such as 07:30")  # noqa: TRY004 - pydantic takes a TypeError for a fault
    return parse_time(value)


def _different(given: list[str]) -> list[str]:
    if len(set(given)) < len(given):
        raise ValueError("each of them once")
    return given


def _pin(secret: SecretStr) -> SecretStr:
    parse_pin(secret.get_secret_value())
    return secret


_TIME_PATTERN: Final = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), WithJsonSchema({"type": "string", "pattern": _TIME_PATTERN})]
RingTime = Annotated[int, Field(ge=RING_S[0], le=RING_S[-1]), WHOLE]
SkpdName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME), AfterValidator(parse_name)]
DialledLine = Annotated[str, StringConstraints(min_length=3, max_length=LONGEST_TYPED), AfterValidator(dialled_line)]
Days = Annotated[
    list[Day],
    Field(min_length=1, max_length=len(Weekday), json_schema_extra={"uniqueItems": True}),
    AfterValidator(_different),
]
Categories = Annotated[
    list[Code], Field(max_length=MOST_CATEGORIES, json_schema_extra={"uniqueItems": True}), AfterValidator(_different)
]
Pin = Annotated[
    SecretStr,
    AfterValidator(_pin),
    PlainSerializer(lambda secret: secret.get_secret_value()),
    WithJsonSchema({"type": "string", "pattern": f"^{PIN}$"}),
]


class HoursBody(Body):
    """When a line is staffed, by the city's clock; what ends no later than it begins goes on into the next day."""

    days: Days
    begins: TimeOfDay
    ends: TimeOfDay

    def hours(self) -> Hours:
        """What the city's rules make of it."""
        return Hours(self.begins, self.ends, frozenset(Weekday[day.upper()] for day in self.days))


class LineBody(Body):
    """A telephone line of an SKPD."""

    number: DialledLine = Field(
        description=f"As people write it, with its area code or +62; or one of {', '.join(sorted(LINE_CODES))}."
    )
    ring_s: RingTime = Field(default=USUAL_RING_S, description=f"Left out: {USUAL_RING_S}.")
    hours: HoursBody | None = Field(default=None, description="Null, or left out: always.")

    def line(self) -> Line:
        """What the city's rules make of it."""
        return Line(self.number, self.ring_s, self.hours.hours() if self.hours else None)


class SkpdBody(Body):
    """An SKPD, whole: what is left out is as it is for a new one."""

    name: SkpdName
    lines: Annotated[list[LineBody], Field(max_length=MOST_LINES)] = Field(
        description="In the order in which they are rung; each number once."
    )
    categories: Categories = Field(default=[], description="Left out: none.")
    confirm: bool = Field(default=True, description="Whether whoever answers has to press 1. Left out: true.")


class PinBody(Body):
    """The PIN of an SKPD's officers."""

    pin: Pin | None
