"""What the calls about premise notes and the history of a ticket take."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from gateway.facts.phone_numbers import LONGEST_TYPED, telephone
from gateway.web.api.schemas import AreaCode, Body, PageQuery, PlaceText, Query, Version, without_defaults
from ticketing.premise import LONGEST_ADDRESS, LONGEST_NOTE, PremiseKind, PremiseState

if TYPE_CHECKING:
    from pydantic.config import JsonDict

_DAY: Final = "(19[7-9][0-9]|2[0-9]{3})-[0-9]{2}-[0-9]{2}"


def _day(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(_DAY, value, re.ASCII):
        raise ValueError("a day, such as 2027-11-23")
    return date.fromisoformat(value)


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("something")
    return text


DayOfCity = Annotated[
    date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{_DAY}$"})
]
_Written = (StringConstraints(min_length=1, max_length=LONGEST_NOTE), AfterValidator(_says_something))
NoteText = Annotated[str, *_Written]
Address = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ADDRESS), AfterValidator(_says_something)]
Telephone = Annotated[str, StringConstraints(min_length=3, max_length=LONGEST_TYPED), AfterValidator(telephone)]


class HistoryQuery(Query):
    """Around which area."""

    area: AreaCode | None = Field(
        default=None, description="The area picked, while the ticket has it not yet. Left out: the ticket's."
    )


class PremiseNoteQuery(PageQuery):
    """Which premise notes: as they stand today, the last written first."""

    state: PremiseState = Field(default=PremiseState.IN_FORCE, description="Left out: those in force.")


def _about_one_of_both(schema: JsonDict) -> None:
    without_defaults(schema)
    text: JsonDict = {"type": "string"}
    none: JsonDict = {"type": "null"}
    schema["oneOf"] = [
        {"required": ["number"], "properties": {"number": text, "area_code": none, "address": none}},
        {"required": ["area_code", "address"], "properties": {"number": none, "area_code": text, "address": text}},
    ]


class PremiseNoteBody(Body):
    """A new note: about a number, or about an address in an area."""

    model_config = ConfigDict(json_schema_extra=_about_one_of_both)

    number: Telephone | None = Field(
        default=None, description="As people write it, with its area code or country code."
    )
    area_code: AreaCode | None = Field(default=None, description="Kemendagri's code with its dots.")
    address: Address | None = Field(default=None, description="Needed with an area: the house, or how to find it.")
    kind: PremiseKind
    text: NoteText
    expires_on: DayOfCity | None = Field(
        default=None, description="The last day on which it holds, at most two years on. Left out: a year from today."
    )


class PremiseChangeBody(Body):
    """What is to be changed of a note; what is left out, or null, stays as it is. Another day renews it."""

    version: Version = Field(description="The version that was seen.")
    address: Address | None = None
    kind: PremiseKind | None = None
    text: NoteText | None = None
    expires_on: DayOfCity | None = None


class WithdrawBody(Body):
    """Why a note is withdrawn."""

    reason: PlaceText | None = None
    version: Version | None = Field(
        default=None, description="The version that was seen; left out: whatever it is now."
    )
