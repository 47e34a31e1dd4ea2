"""What calls of the API answer, as models: the description (openapi.py) is made of them, the tests hold them true.

The values themselves are written by `gateway.presentation`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.places.areas.search import Closeness
from gateway.places.areas.table import Level
from ticketing.asked import Question
from ticketing.callbacks import CallBackOutcome, SettledHow
from ticketing.dispatch import DispatchMode, DispatchState, LegOutcome
from ticketing.located import Shape, SourceKind
from ticketing.model import CallerKind, CallOutcome, CallType, Role, TicketStatus
from ticketing.return_calls import ReturnOutcome, ReturnState
from ticketing.sla import SlaState

Time = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        json_schema_extra={"format": "date-time"},
        description="UTC, with microseconds.",
    ),
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Seconds = Annotated[float, Field(ge=0)]


class Answer(BaseModel):
    """A JSON object with exactly these members."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CallerAnswer(Answer):
    """Who called, as sent and as understood."""

    raw: str
    e164: str | None
    kind: CallerKind
    callable: bool


class SaidAnswer(Answer):
    """What the caller answered by key, or where in the recording they were asked to speak (milliseconds)."""

    at: Time
    question: Question
    answer: str


class CivicAnswer(Answer):
    """A part of an address, by RFC 5139's name for it."""

    element: str
    text: str


class LocationSourceAnswer(Answer):
    """A place that the network told of; none of them is the caller's word, and none is taken over by itself.

    `lat`, `lon` are WGS84 degrees, of a cell those of its antenna where it was imported; the place is within
    `uncertainty_m` of there, with the `confidence` (percent) that was sent. `reference` is a cell's id or a URI;
    `found_at` when the place was found, if that was sent; `refusal` why nothing could be made of what was sent.
    """

    kind: SourceKind
    at: Time
    shape: Shape | None
    lat: float | None
    lon: float | None
    uncertainty_m: float | None
    confidence: float | None
    outline: list[list[float]]
    civic: list[CivicAnswer]
    method: str | None
    found_at: Time | None
    reference: str | None
    cell_name: str | None
    refusal: str | None


class CallAnswer(Answer):
    """A call that reached the line."""

    id: str
    node: str
    arrived_at: Time
    answered_at: Time | None
    ended_at: Time | None
    wait_s: Seconds | None
    talk_s: Seconds | None
    outcome: CallOutcome
    takers: list[str]
    ticket: str | None
    trunk: str
    caller: CallerAnswer
    said: list[SaidAnswer]
    location_sources: list[LocationSourceAnswer]
    recording: str | None = Field(description="Where the audio is, for who may hear it.")


class LocationAnswer(Answer):
    """Where it happens: the caller's own words, and what maps and people made of them."""

    verbatim: str | None
    area_code: str | None
    landmark: str | None
    lat: float | None
    lon: float | None
    source: str | None


class ClockAnswer(Answer):
    """One deadline."""

    due_at: Time
    met_at: Time | None
    state: SlaState


class SlaAnswer(Answer):
    """Both deadlines; they run from the answer."""

    on_progress: ClockAnswer
    close: ClockAnswer


class DispatchLegAnswer(Answer):
    """One attempt to reach one line of an SKPD; `ringing_at` is null where nobody knows, `cause` is Q.850."""

    line: str
    trunk: str
    started_at: Time | None
    ringing_at: Time | None
    answered_at: Time | None
    accepted_at: Time | None
    ended_at: Time | None
    outcome: LegOutcome | None
    cause: int | None
    sip: int | None


class DispatchUpdateAnswer(Answer):
    """What somebody of the SKPD, or of the room for it, said."""

    at: Time
    state: DispatchState
    by: str
    note: str | None


class DispatchAnswer(Answer):
    """One SKPD asked to act on one ticket."""

    id: str
    skpd: str
    state: DispatchState
    requested_at: Time
    requested_by: str
    mode: DispatchMode
    accepted_at: Time | None
    consulted_at: Time | None
    bridged_at: Time | None
    left_at: Time | None
    cancelled_at: Time | None
    legs: list[DispatchLegAnswer]
    updates: list[DispatchUpdateAnswer]


class TicketAnswer(Answer):
    """A ticket, with what its call tells and both clocks as they stand now."""

    number: str
    version: int
    status: TicketStatus
    call_type: CallType
    category: str | None
    severity: int | None
    call_id: str
    answered_at: Time
    opened_at: Time
    wait_s: Seconds | None
    taker: str | None
    caller: CallerAnswer
    said: list[SaidAnswer]
    reporter_name: str | None
    location: LocationAnswer
    location_sources: list[LocationSourceAnswer]
    description: str | None
    dispatches: list[DispatchAnswer]
    sla: SlaAnswer


class EntryAnswer(Answer):
    """One entry of a timeline, with its place in the hash chain."""

    seq: int
    type: str
    at: Time
    call_id: str
    ticket: str | None
    body: dict[str, Any]
    position: int
    recorded_at: Time
    previous_hash: str
    hash: str


class TicketPage(Answer):
    """Tickets, newest first; `next` is the cursor of the page after, null on the last."""

    items: list[TicketAnswer]
    next: str | None


class CallPage(Answer):
    """Calls, newest first; `next` is the cursor of the page after, null on the last."""

    items: list[CallAnswer]
    next: str | None


class OwingCallAnswer(Answer):
    """A call that owes, or owed, its caller a call back."""

    id: str
    arrived_at: Time
    wait_s: Seconds | None
    outcome: CallOutcome


class AttemptAnswer(Answer):
    """Somebody tried to call back; with a `return_call` the outcome is the telephone's word."""

    at: Time
    by: str
    outcome: CallBackOutcome
    note: str | None
    return_call: str | None


class ReturnLegAnswer(Answer):
    """The caller called through one trunk; `cause` is Q.850."""

    trunk: str
    started_at: Time | None
    reached_at: Time | None
    ended_at: Time | None
    outcome: ReturnOutcome | None
    cause: int | None
    sip: int | None


class ReturnCallAnswer(Answer):
    """A caller called back by a click; `state` while it is under way, `outcome` from its end on."""

    id: str
    call_id: str
    number: str
    phone: str
    requested_at: Time
    requested_by: str
    state: ReturnState | None
    picked_up_at: Time | None
    reached_at: Time | None
    ended_at: Time | None
    cancelled_at: Time | None
    outcome: ReturnOutcome | None
    legs: list[ReturnLegAnswer]


class ReturnCallList(Answer):
    """The return calls of a call, the earliest requested first."""

    items: list[ReturnCallAnswer]


class SettlementAnswer(Answer):
    """Why nothing is owed any more; `call_id` is the call in which the caller was answered after all."""

    at: Time
    how: SettledHow
    by: str | None
    note: str | None
    call_id: str | None


class CallBackAnswer(Answer):
    """What is, or was, owed to one number, or to one caller without a usable number; the last call's caller."""

    id: str
    caller: CallerAnswer
    owed_since: Time
    calls: list[OwingCallAnswer]
    attempts: list[AttemptAnswer]
    return_calls: list[ReturnCallAnswer]
    settled: SettlementAnswer | None


class CallBackPage(Answer):
    """Call-backs: owed ones the oldest debt first, settled ones the last settled first."""

    items: list[CallBackAnswer]
    next: str | None


class HoursAnswer(Answer):
    """When a line is staffed, by the city's clock; what ends no later than it begins goes on into the next day."""

    days: list[Day]
    begins: str
    ends: str


class LineAnswer(Answer):
    """A telephone line, as it is dialled."""

    number: str
    ring_s: int
    hours: HoursAnswer | None


class SkpdAnswer(Answer):
    """An SKPD, its lines in the order in which they are rung."""

    code: str
    name: str
    lines: list[LineAnswer]
    categories: list[str]
    confirm: bool = Field(description="Whether whoever answers has to press 1.")
    has_pin: bool
    short: str | None = Field(description="What a taker dials for it during a call: *7, or *8 to consult, then this.")


class SkpdList(Answer):
    """All SKPDs, by code."""

    items: list[SkpdAnswer]


class AreaAnswer(Answer):
    """A kelurahan, a kecamatan or the city; its point lies in it, and says no more than that."""

    code: str = Field(description="Kemendagri's code with its dots.")
    level: Level
    name: str
    also: list[str] = Field(description="Other ways to spell it.")
    parent: str
    parent_name: str | None
    lat: float
    lon: float
    closeness: Closeness | None = Field(
        description="How near the name is to what was typed; null where nothing was. As near: the text does not tell."
    )


class AreaList(Answer):
    """All areas, or those that were searched for, the nearest first."""

    items: list[AreaAnswer]


class TimelineAnswer(Answer):
    """Everything that happened to a call, in order."""

    items: list[EntryAnswer]


class SessionAnswer(Answer):
    """Who is signed in; `csrf` goes into the header X-CSRF-Token of every change, null with a token."""

    name: str
    role: Role
    skpd: str | None
    csrf: str | None


class AlarmAnswer(Answer):
    """Something that somebody has to know; `grave`: calls, tickets or evidence are at risk."""

    name: str
    text: str
    since: Time
    grave: bool


class HealthAnswer(Answer):
    """How the line stands; `reasons` say why it is not ready, `alarms` what else is wrong."""

    ready: bool
    staffed: int
    free: int
    ami: str
    agi: str
    store: str
    journal_lag_s: float
    open_tickets: int
    call_backs_owed: int
    unreadable: int
    audit: int
    reasons: list[str]
    alarms: list[AlarmAnswer]
    trunks: dict[str, Literal["up", "down", "unknown"]]


class TestCallAnswer(Answer):
    """What was seen of a test call; `reason` says what was missing, null when it went the whole way."""

    passed: bool
    reason: str | None
    call: str | None
    ticket: str | None
    wait_s: Seconds | None = Field(description="From its arrival to the robot's answer.")


class FeedMessage(Answer):
    """One message of the live feed: an entry, or a heartbeat with the last seq told."""

    seq: int
    type: str
    at: Time | None = None
    call_id: str | None = None
    ticket: str | None = None
    body: dict[str, Any] | None = None


class FlawAnswer(Answer):
    """What is wrong with one member or parameter."""

    where: str
    why: str


class ProblemAnswer(BaseModel):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[FlawAnswer] | None = None


class StaleAnswer(ProblemAnswer):
    """A change of something that somebody else has changed meanwhile: `ticket` is how it stands now."""

    type: Literal["urn:siaga112:problem:stale-version"]
    given: int
    current: int
    ticket: TicketAnswer
