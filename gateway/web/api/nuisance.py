"""Numbers that prank and ghost calls come from: /nuisance, and what is known of a ticket's caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from gateway.presentation import standing_json
from gateway.watch.standings import marked_numbers, standing_of
from gateway.web.api.nuisance_schemas import JudgementBody, NuisanceList, StandingAnswer, TicketNuisanceAnswer
from gateway.web.api.tickets import kept_ticket
from gateway.web.door import guard
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.door.routes import Route
from ticketing.commands import JudgeNumber
from ticketing.errors import JudgingRefused, NoNuisance
from ticketing.nuisance import E164
from ticketing.permissions import Permission

if TYPE_CHECKING:
    from gateway.web.door.context import Web
    from ticketing.model import Call
    from ticketing.nuisance import Standing

log = structlog.get_logger()

MOST_LISTED: Final = 200


async def to_be_judged(parts: Web) -> list[Standing]:
    """Give the numbers that a supervisor should look at, and those that are confirmed; MOST_LISTED of them."""
    found = await marked_numbers(parts.store, parts.clock.now(), parts.city.nuisance)
    return [one for one in found if one.beyond or one.confirmed][:MOST_LISTED]


async def standing_of_caller(parts: Web, call: Call) -> Standing | None:
    """How the caller's number stands; None for one who cannot be called back."""
    caller = call.caller
    if caller is None or not caller.callable or caller.e164 is None:
        return None
    return await standing_of(parts.store, caller.e164, parts.clock.now(), parts.city.nuisance)


async def _list(request: web.Request) -> web.Response:
    return web.json_response({"items": [standing_json(one) for one in await to_be_judged(web_of(request))]})


def _number(request: web.Request) -> str:
    text = request.match_info["phone"]
    if not re.fullmatch(E164, text, re.ASCII):
        raise NoSuchThing("that is no number in E.164")
    return text


async def _show(request: web.Request) -> web.Response:
    parts = web_of(request)
    stands = await standing_of(parts.store, _number(request), parts.clock.now(), parts.city.nuisance)
    return web.json_response(standing_json(stands))


async def _judge(request: web.Request) -> web.Response:
    number, asked, user = _number(request), guard.body(request, JudgementBody), asker(request).user
    await web_of(request).desk.handle(JudgeNumber(number, asked.judgement, user.name, user.role, asked.note))
    log.info("number_judged", judgement=asked.judgement, by=user.name)
    return await _show(request)


async def _of_ticket(request: web.Request) -> web.Response:
    kept = await kept_ticket(request)
    stands = await standing_of_caller(web_of(request), kept.call)
    return web.json_response({"standing": standing_json(stands) if stands else None})


ROUTES: Final = (
    Route(
        "GET",
        "/nuisance",
        _list,
        Permission.READ_NUISANCE,
        "Numbers whose marks a supervisor should look at, and those that are confirmed",
        NuisanceList,
    ),
    Route(
        "GET",
        "/nuisance/{phone}",
        _show,
        Permission.READ_NUISANCE,
        "How one number stands; one without marks stands well",
        StandingAnswer,
        errors=(NoSuchThing,),
    ),
    Route(
        "POST",
        "/nuisance/{phone}/judgements",
        _judge,
        Permission.JUDGE_NUISANCE,
        "Confirm a number's marks, or forgive them",
        StandingAnswer,
        body=JudgementBody,
        errors=(NoSuchThing, JudgingRefused, NoNuisance),
    ),
    Route(
        "GET",
        "/tickets/{number}/nuisance",
        _of_ticket,
        Permission.READ_NUISANCE,
        "How the number of a ticket's caller stands",
        TicketNuisanceAnswer,
        errors=(NoSuchThing,),
    ),
)
