"""Questions to a caller who cannot speak, answered by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from gateway.web.api.answers import TicketAnswer
from gateway.web.api.schemas import QuestionBody
from gateway.web.api.tickets import kept_ticket, show_ticket
from gateway.web.door import guard
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.door.routes import Route
from ticketing.errors import CallerGone, QuestionUnderWay, TicketUnknown
from ticketing.permissions import Permission

if TYPE_CHECKING:
    from aiohttp import web


async def _ask(request: web.Request) -> web.Response:
    kept, asked = await kept_ticket(request), guard.body(request, QuestionBody)
    await web_of(request).questions.ask(kept.ticket.number, asked.question, asker(request).user.name)
    return await show_ticket(request)


ROUTES: Final = (
    Route(
        "POST",
        "/tickets/{number}/questions",
        _ask,
        Permission.TRIAGE,
        "Play a question to a caller who cannot speak, into the conversation; the key that answers it comes to the "
        "ticket's `said` and its timeline",
        TicketAnswer,
        body=QuestionBody,
        errors=(NoSuchThing, TicketUnknown, CallerGone, QuestionUnderWay, AmiUnavailable, AmiRefused),
    ),
)
