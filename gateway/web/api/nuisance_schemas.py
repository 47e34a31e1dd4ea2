"""What the calls about marked numbers take and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from gateway.web.api.answers import Answer, Seconds, Time
from gateway.web.api.schemas import Body
from ticketing.commands import LONGEST_TEXT
from ticketing.model import CallType, well_formed
from ticketing.nuisance import Judgement  # noqa: TC001 - pydantic reads it

_Note = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(well_formed)]


class JudgementBody(Body):
    """What a supervisor makes of a number's marks."""

    judgement: Judgement
    note: _Note | None = None


class MarkAnswer(Answer):
    """A ticket that was closed as a prank or a ghost; `at`: when it was answered."""

    ticket: str
    call_type: CallType
    at: Time


class StandingAnswer(Answer):
    """How a number stands by its marks, and what they cost its calls."""

    number: str
    marks: list[MarkAnswer] = Field(description="Those that count, the latest first.")
    score: Annotated[float, Field(ge=0, description="What they count by now: a mark decays.")]
    since_at: Time | None
    beyond: bool = Field(description="Of the threshold: a supervisor should look.")
    confirmed_by: str | None
    confirmed_at: Time | None
    note: str | None = Field(description="What the supervisor said when confirming.")
    until_at: Time | None = Field(description="So long the confirmation holds.")
    delay_s: Seconds = Field(description="Its calls wait as if they had come so much later.")


class NuisanceList(Answer):
    """Numbers beyond the threshold, and those that are confirmed; first those that a supervisor should look at."""

    items: list[StandingAnswer]


class TicketNuisanceAnswer(Answer):
    """What is known of a ticket's caller; null for one who cannot be called back, and so is never marked."""

    standing: StandingAnswer | None
