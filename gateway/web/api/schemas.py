"""What calls of the API take: bodies and query strings, parsed into types, bounded, nothing else let in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
)

from gateway.places.areas.table import AREA_CODE
from ticketing.asked import BY_A_TAKER, Question
from ticketing.callbacks import CallBackOutcome
from ticketing.commands import LONGEST_TEXT, SEVERITIES
from ticketing.dispatch import SAID_BY_SKPD, DispatchMode, DispatchState
from ticketing.model import CallOutcome, CallType, TicketStatus, well_formed
from ticketing.skpd import SKPD_CODE

LARGEST_PAGE: Final = 200
# SQLite's and PostgreSQL's largest integer: what lies above is no sequence number of ours.
LARGEST_SEQ: Final = 2**63 - 1

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_YEARS = r"(19[7-9][0-9]|2[0-9]{3})"


def _instant(value: object) -> datetime:
    # A plus sign that was not escaped arrives as a blank: 08:00:00 08:00 can mean nothing else.
    text = re.sub(r" (?=\d\d:\d\d$)", "+", str(value))
    if not _RFC3339.fullmatch(text):
        raise ValueError("a time with its offset, such as 2026-11-23T08:00:00+08:00 or 2026-11-23T00:00:00Z")
    if not re.match(_YEARS, text):
        raise ValueError("a year from 1970 to 2999")
    return datetime.fromisoformat(text).astimezone(UTC)


def _yes_or_no(value: object) -> bool:
    if value not in {"true", "false"}:
        raise ValueError("true or false")
    return value == "true"


def _digits(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,19}", value):
        raise ValueError("a whole number of at most 19 digits")
    return int(value)


def _whole(value: object) -> object:
    # In JSON 2.0 is the integer 2 (JSON Schema 2020-12, 6.1.1); some languages write it so.
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE: Final = BeforeValidator(_whole)


def _none_when_blank(text: str) -> str | None:
    return text if text.strip() else None


QueryTime = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{_YEARS}-"}),
]
QueryBool = Annotated[bool, BeforeValidator(_yes_or_no)]
Version = Annotated[int, Field(ge=1, le=LARGEST_SEQ), WHOLE]
Severity = Annotated[int, Field(ge=SEVERITIES[0], le=SEVERITIES[-1]), WHOLE]
# The digits are read before the bounds are asked about: what stands last is looked at first.
PageSize = Annotated[int, Field(ge=1, le=LARGEST_PAGE), BeforeValidator(_digits)]
QuerySeq = Annotated[int, Field(ge=0, le=LARGEST_SEQ), BeforeValidator(_digits)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}$")]
SkpdCode = Annotated[str, StringConstraints(pattern=f"^{SKPD_CODE}$")]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
SearchText = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(well_formed)]


_Free = (AfterValidator(well_formed), AfterValidator(_none_when_blank))
ShortText = Annotated[str, StringConstraints(max_length=200), *_Free]
PlaceText = Annotated[str, StringConstraints(max_length=1_000), *_Free]
LongText = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), *_Free]
AreaCode = Annotated[str, StringConstraints(pattern=f"^{AREA_CODE}$")]


def _by_a_taker(question: Question) -> Question:
    if question not in BY_A_TAKER:
        raise ValueError("this is asked of callers who wait")
    return question


def _said(state: DispatchState) -> DispatchState:
    if state not in SAID_BY_SKPD:
        raise ValueError(f"one of {', '.join(sorted(SAID_BY_SKPD))}")
    return state


class Query(BaseModel):
    """A query string: each parameter at most once, lists by repeating theirs."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PageQuery(Query):
    """Which page of a list: newest first; `cursor` is the `next` of the page before."""

    cursor: Cursor | None = None
    limit: PageSize = 50


class TicketQuery(PageQuery):
    """Which tickets: all that is given must hold; of a repeated parameter, one."""

    status: Annotated[list[TicketStatus], Field(max_length=10)] = []
    call_type: Annotated[list[CallType], Field(max_length=10)] = []
    category: Code | None = None
    skpd: SkpdCode | None = None
    taker: Code | None = None
    since: QueryTime | None = Field(default=None, description="Opened at this instant or later.")
    until: QueryTime | None = Field(default=None, description="Opened before this instant.")
    q: SearchText | None = Field(default=None, description="Text of the ticket, its number, or the caller's.")
    breached: QueryBool | None = Field(default=None, description="Whether one of its clocks is breached now.")


class CallQuery(PageQuery):
    """Which calls."""

    outcome: Annotated[list[CallOutcome], Field(max_length=10)] = []
    taker: Code | None = None
    since: QueryTime | None = Field(default=None, description="Arrived at this instant or later.")
    until: QueryTime | None = Field(default=None, description="Arrived before this instant.")
    q: SearchText | None = Field(default=None, description="The caller's number, or the ticket's.")


class CallBackQuery(Query):
    """Which call-backs, and which page of them; `cursor` is the `next` of the page before."""

    settled: QueryBool = Field(default=False, description="Those that are settled, instead of those that are owed.")
    cursor: Cursor | None = None
    limit: PageSize = 50


class LiveQuery(Query):
    """From where on the feed is told."""

    since: QuerySeq | None = Field(
        default=None, description="The last seq that was seen: what came after it is told first. Left out: from now on."
    )


def without_defaults(schema: dict[str, Any]) -> None:
    """Take the defaults out of a body's schema: what is left out has none."""
    for described in schema.get("properties", {}).values():
        described.pop("default", None)


class Body(BaseModel):
    """A JSON object with these members and no others; types are not guessed."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, json_schema_extra=without_defaults
    )


class SignInBody(Body):
    """Who signs in."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Annotated[
        SecretStr,
        Field(min_length=1, max_length=1024),
        PlainSerializer(lambda secret: secret.get_secret_value()),
    ]


class LocationBody(Body):
    """Where it happens. What is left out stays as it is; null clears it."""

    verbatim: PlaceText | None = Field(default=None, description="The caller's own words.")
    area_code: AreaCode | None = Field(default=None, description="Kemendagri's code with its dots.")
    landmark: PlaceText | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = Field(default=None, description="WGS84, degrees.")
    lon: Annotated[float, Field(ge=-180, le=180)] | None = Field(default=None, description="WGS84, degrees.")
    source: Code | None = None


class TriageBody(Body):
    """What a taker records. What is left out stays as it is; null clears it."""

    version: Version = Field(description="The version that was seen.")
    reporter_name: ShortText | None = None
    call_type: CallType = CallType.EMERGENCY
    category: Code | None = None
    location: LocationBody = LocationBody()
    description: LongText | None = None
    severity: Severity | None = None


class StatusBody(Body):
    """To what a ticket is to be turned."""

    status: TicketStatus
    reason: PlaceText | None = Field(default=None, description="Needed for reopening.")
    version: Version | None = Field(
        default=None, description="The version that was seen; left out: whatever it is now."
    )


class DispatchBody(Body):
    """Which SKPD is to be rung, and whether the taker wants a word with it before the caller is joined."""

    skpd: Code
    mode: DispatchMode = DispatchMode.BRIDGE


class QuestionBody(Body):
    """A question to a caller who cannot speak: 1 is yes, 2 is no."""

    question: Annotated[Question, Field(json_schema_extra={"enum": sorted(BY_A_TAKER)}), AfterValidator(_by_a_taker)]


class DispatchUpdateBody(Body):
    """What the SKPD says of its dispatch."""

    state: Annotated[DispatchState, Field(json_schema_extra={"enum": sorted(SAID_BY_SKPD)}), AfterValidator(_said)]
    note: PlaceText | None = None


class ReturnCallBody(Body):
    """From which phone to call back: a call taker's, by its extension. Whom is for the line to know."""

    phone: Annotated[str, StringConstraints(pattern="^[1-9][0-9]{1,5}$")]


class AttemptBody(Body):
    """What came of somebody's turn at a call-back. Giving it up needs the reason, as `note`."""

    outcome: CallBackOutcome
    note: PlaceText | None = None
