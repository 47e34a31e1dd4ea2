"""The whole API as one table, and how it becomes the server's routes."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

from aiohttp import web

from gateway.web import (
    api_areas,
    api_call_backs,
    api_calls,
    api_dispatches,
    api_nuisance,
    api_premise_notes,
    api_questions,
    api_return_calls,
    api_session,
    api_skpds,
    api_test_calls,
    api_tickets,
    live,
)
from gateway.web.answers import HealthAnswer
from gateway.web.context import web_of
from gateway.web.guard import guarded
from gateway.web.openapi import description
from gateway.web.routes import API, Open, Route
from gateway.web.schemas import AnyQuery


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
    *api_session.ROUTES,
    *api_tickets.ROUTES,
    *api_dispatches.ROUTES,
    *api_questions.ROUTES,
    *api_nuisance.ROUTES,
    *api_calls.ROUTES,
    *api_call_backs.ROUTES,
    *api_premise_notes.ROUTES,
    *api_return_calls.ROUTES,
    *api_skpds.ROUTES,
    *api_areas.ROUTES,
    *api_test_calls.ROUTES,
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
