"""The whole API as one table, and how it becomes the server's routes."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

from aiohttp import web

from gateway.web.api import (
    areas,
    call_backs,
    calls,
    dispatches,
    live,
    nuisance,
    premise_notes,
    questions,
    return_calls,
    session,
    skpds,
    test_calls,
    tickets,
)
from gateway.web.api.answers import HealthAnswer
from gateway.web.api.openapi import description
from gateway.web.door.context import web_of
from gateway.web.door.guard import guarded
from gateway.web.door.routes import API, AnyQuery, Open, Route


async def _health(request: web.Request) -> web.Response:
    health = await web_of(request).health.now()
    status = HTTPStatus.OK if health.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return web.json_response(health.as_json(), status=status)


@cache
def _description() -> str:
    # Once: it takes longer than a ticket, and anybody may ask.
    return json.dumps(description(ROUTES, version("siaga112")))


async def _openapi(_request: web.Request) -> web.Response:
    return web.Response(text=_description(), content_type="application/json")


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/health",
        _health,
        Open.TO_ALL,
        "Whether a call to 112 would be answered now, and if not, why",
        HealthAnswer,
        also=(HTTPStatus.SERVICE_UNAVAILABLE,),
        query=AnyQuery,
        unhurried=True,
    ),
    Route("GET", "/openapi.json", _openapi, Open.TO_ALL, "This description", "application/json", query=AnyQuery),
    *session.ROUTES,
    *tickets.ROUTES,
    *dispatches.ROUTES,
    *questions.ROUTES,
    *nuisance.ROUTES,
    *calls.ROUTES,
    *call_backs.ROUTES,
    *premise_notes.ROUTES,
    *return_calls.ROUTES,
    *skpds.ROUTES,
    *areas.ROUTES,
    *test_calls.ROUTES,
    *live.ROUTES,
)


def add_routes(app: web.Application) -> None:
    """Register every call of the table, behind its guard."""
    live.prepare(app)
    for route in ROUTES:
        if route.method == "GET":
            app.router.add_get(API + route.path, guarded(route))
        else:
            app.router.add_route(route.method, API + route.path, guarded(route))
