"""Tickets: /tickets, what a taker records, the status, the timeline."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from gateway.presentation import entry_json, ticket_json
from gateway.web.api.answers import StaleAnswer, TicketAnswer, TicketPage, TimelineAnswer
from gateway.web.api.schemas import StatusBody, TicketQuery, TriageBody
from gateway.web.door import guard, problems
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.door.routes import Route
from ticketing.commands import Triage, TriageTicket, TurnStatus
from ticketing.errors import BadCursor, ReopenFirst, StaleVersion, TicketUnknown, TransitionRefused
from ticketing.model import Role, is_ticket_number
from ticketing.permissions import Permission
from ticketing.ports import TicketFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.presentation import Json
    from ticketing.ports import KeptTicket


async def _list(request: web.Request) -> web.Response:
    asked = guard.query(request, TicketQuery)
    parts, user = web_of(request), asker(request).user
    wanted = TicketFilter(
        statuses=frozenset(asked.status),
        call_types=frozenset(asked.call_type),
        category=asked.category,
        # An SKPD's dispatcher asks about nobody else's tickets, whatever is asked for.
        skpd=user.skpd if user.role is Role.SKPD else asked.skpd,
        taker=asked.taker,
        since=asked.since,
        until=asked.until,
        text=asked.q,
        breached=asked.breached,
        now=parts.clock.now(),
    )
    page = await parts.store.find_tickets(wanted, cursor=asked.cursor, limit=asked.limit)
    return web.json_response({"items": await shown(request, page.items), "next": page.next})


async def shown(request: web.Request, tickets: Sequence[KeptTicket]) -> list[Json]:
    """Tickets as the API shows them, each with its dispatches."""
    parts = web_of(request)
    dispatches = await parts.store.dispatches([kept.ticket.number for kept in tickets])
    now = parts.clock.now()
    return [
        ticket_json(
            kept.ticket, kept.call, dispatches.get(kept.ticket.number, ()), now, parts.city.targets, parts.cells
        )
        for kept in tickets
    ]


async def kept_ticket(request: web.Request) -> KeptTicket:
    """The ticket of the path; raise NoSuchThing when there is none that the asker may know of."""
    number, store = request.match_info["number"], web_of(request).store
    kept = await store.ticket(number) if is_ticket_number(number) else None
    if kept is None or not await _may_know(request, number):
        raise NoSuchThing(f"there is no ticket {number[:40]}")
    return kept


async def _may_know(request: web.Request, number: str) -> bool:
    user = asker(request).user
    if user.role is not Role.SKPD:
        return True
    dispatches = await web_of(request).store.dispatches([number])
    return any(one.skpd == user.skpd for one in dispatches.get(number, ()))


async def show_ticket(request: web.Request) -> web.Response:
    """Show the ticket of the path."""
    (ticket,) = await shown(request, [await kept_ticket(request)])
    return web.json_response(ticket)


async def _timeline(request: web.Request) -> web.Response:
    kept = await kept_ticket(request)
    entries = await web_of(request).store.timeline(kept.ticket.number)
    return web.json_response({"items": [entry_json(entry) for entry in entries]})


async def _triage(request: web.Request) -> web.Response:
    kept, asked = await kept_ticket(request), guard.body(request, TriageBody)
    command = TriageTicket(kept.ticket.number, asked.version, asker(request).user.name, _changes(asked))
    return await _changed(request, command)


def _changes(asked: TriageBody) -> Triage:
    """What was given, and nothing of what was left out."""
    given = {name: getattr(asked, name) for name in asked.model_fields_set - {"version", "location"}}
    place = {name: getattr(asked.location, name) for name in asked.location.model_fields_set}
    return Triage(**given, **place)


async def _turn(request: web.Request) -> web.Response:
    kept, asked, user = await kept_ticket(request), guard.body(request, StatusBody), asker(request).user
    command = TurnStatus(kept.ticket.number, asked.status, user.name, user.role, asked.reason, asked.version)
    return await _changed(request, command)


async def _changed(request: web.Request, command: TriageTicket | TurnStatus) -> web.Response:
    """Have it done and show the ticket; on a stale version show what the others have made of it meanwhile."""
    try:
        await web_of(request).desk.handle(command)
    except StaleVersion as stale:
        (now,) = await shown(request, [await kept_ticket(request)])
        return problems.of_refusal(stale, given=stale.given, current=stale.current, ticket=now).response()
    return await show_ticket(request)


_STALE: Final = {HTTPStatus.CONFLICT: StaleAnswer}

ROUTES: Final = (
    Route(
        "GET",
        "/tickets",
        _list,
        Permission.READ_TICKETS,
        "Tickets, newest first",
        TicketPage,
        query=TicketQuery,
        errors=(BadCursor,),
    ),
    Route(
        "GET",
        "/tickets/{number}",
        show_ticket,
        Permission.READ_TICKETS,
        "One ticket",
        TicketAnswer,
        errors=(NoSuchThing,),
    ),
    Route(
        "PATCH",
        "/tickets/{number}",
        _triage,
        Permission.TRIAGE,
        "Record what the taker learned; needs the version that was seen",
        TicketAnswer,
        body=TriageBody,
        errors=(NoSuchThing, TicketUnknown, StaleVersion, ReopenFirst),
        problems=_STALE,
    ),
    Route(
        "POST",
        "/tickets/{number}/status",
        _turn,
        Permission.TURN_STATUS,
        "Turn the ticket, as the role and its call type allow",
        TicketAnswer,
        body=StatusBody,
        errors=(NoSuchThing, TicketUnknown, StaleVersion, TransitionRefused),
        problems=_STALE,
    ),
    Route(
        "GET",
        "/tickets/{number}/timeline",
        _timeline,
        Permission.READ_TICKETS,
        "Everything that happened, in order, with its hash chain",
        TimelineAnswer,
        errors=(NoSuchThing,),
    ),
)
