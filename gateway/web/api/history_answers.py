"""What the calls about premise notes and the history of a ticket answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.web.api.answers import Answer, Time
from ticketing.model import CallOutcome, CallType, TicketStatus
from ticketing.premise import PremiseAct, PremiseKind, PremiseState

Date = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\d$",
        json_schema_extra={"format": "date"},
        description="A day of the city.",
    ),
]


class PremiseNoteAnswer(Answer):
    """What whoever goes there has to know; `number`, or `area_code` and `address`, say where it is."""

    id: str
    version: int
    state: PremiseState
    number: str | None
    area_code: str | None
    address: str | None
    kind: PremiseKind
    text: str
    expires_on: Date = Field(description="The last day of the city on which it holds.")
    written_at: Time
    written_by: str
    changed_at: Time
    changed_by: str
    withdrawn_because: str | None


class PremiseVersionAnswer(Answer):
    """A note as it was after something was done to it."""

    version: int
    act: PremiseAct
    at: Time
    by: str
    address: str | None
    kind: PremiseKind
    text: str
    expires_on: Date
    reason: str | None


class KeptPremiseNoteAnswer(PremiseNoteAnswer):
    """A note with all its versions, the first one first."""

    history: list[PremiseVersionAnswer]


class PremiseNotePage(Answer):
    """Premise notes, the last written first."""

    items: list[PremiseNoteAnswer]
    next: str | None


class PastTicketAnswer(Answer):
    """Another ticket: enough to see whether it is the same incident."""

    number: str
    opened_at: Time
    status: TicketStatus
    call_type: CallType
    category: str | None
    severity: int | None
    verbatim: str | None
    landmark: str | None
    area_code: str | None


class PastCallAnswer(Answer):
    """Another call of the same number; `ticket` is null when nobody answered it."""

    id: str
    arrived_at: Time
    outcome: CallOutcome
    ticket: PastTicketAnswer | None


class NumberHistoryAnswer(Answer):
    """The last calls of a number, the latest first, and those of its tickets that are not closed.

    The counts are of its last 1,000 calls; `more` says that there are others before them.
    """

    e164: str
    calls: list[PastCallAnswer]
    in_hand: list[PastTicketAnswer]
    by_call_type: dict[CallType, int]
    without_ticket: int
    counted: int
    more: bool


class AreaHistoryAnswer(Answer):
    """Tickets around an area, those not closed first, then the latest first."""

    area_code: str
    since: Time
    until: Time
    tickets: list[PastTicketAnswer]


class HistoryAnswer(Answer):
    """What is known besides; `number` and `area` are null where there is none, or it is not the asker's."""

    number: NumberHistoryAnswer | None
    area: AreaHistoryAnswer | None
    notes: list[PremiseNoteAnswer]
