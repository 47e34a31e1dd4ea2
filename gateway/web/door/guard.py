"""Around every handler: who may, what is taken, how long it may last; and how a refusal leaves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel

from gateway.web.door import problems
from gateway.web.door.auth import admit
from gateway.web.door.context import web_of
from gateway.web.door.errors import TooSlow
from gateway.web.door.requests import body_of, query_of
from gateway.web.door.routes import API, NoQuery, Open
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler as AnyHandler

    from gateway.web.door.routes import Handler, Route

log = structlog.get_logger()

M = TypeVar("M", bound=BaseModel)

WITHIN_S: Final = 10.0
_QUERY: Final = web.RequestKey("query", BaseModel)
_BODY: Final = web.RequestKey("body", BaseModel)


def guarded(route: Route) -> Handler:
    """The route's handler, behind its permission, its schemas and its time limit."""

    async def handle(request: web.Request) -> web.StreamResponse:
        slots = web_of(request).requests
        if route.access is not Open.TO_ALL:
            async with slots:
                await admit(request, route.access)
        request[_QUERY] = query_of(request.query, route.query or NoQuery)
        if route.body is not None:
            # Outside of the slots: a body that trickles in holds nobody up.
            request[_BODY] = await body_of(request, route.body)
        if route.unhurried:
            return await route.handler(request)
        async with slots:
            return await route.handler(request)

    async def in_time(request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(None if route.unhurried else WITHIN_S):
                return await handle(request)
        except TimeoutError as slow:
            raise TooSlow(WITHIN_S) from slow

    return in_time


def query(request: web.Request, model: type[M]) -> M:
    """The query string of a guarded request, as its route's model."""
    taken = request[_QUERY]
    if not isinstance(taken, model):
        raise TypeError(f"{request.rel_url.path} takes {type(taken).__name__}, not {model.__name__}")
    return taken


def body(request: web.Request, model: type[M]) -> M:
    """The body of a guarded request, as its route's model."""
    taken = request[_BODY]
    if not isinstance(taken, model):
        raise TypeError(f"{request.rel_url.path} takes {type(taken).__name__}, not {model.__name__}")
    return taken


@web.middleware
async def refusals_as_problems(request: web.Request, handler: AnyHandler) -> web.StreamResponse:
    """Turn whatever a call of the API raises into problem details; other paths look after themselves."""
    if not request.path.startswith(f"{API}/"):
        return await handler(request)
    try:
        return await handler(request)
    except Siaga112Error as refusal:
        if problems.kind_of(type(refusal)) is problems.INTERNAL:
            log.exception("unmapped_refusal", path=request.path)
        return problems.of_refusal(refusal).response()
    except web.HTTPException as refusal:
        return problems.of_http(refusal).response()
    except Exception as failure:
        # A screen that was closed meanwhile: nothing is wrong, and nobody waits for the answer.
        if isinstance(failure, ConnectionError) and request.transport is None:
            log.info("asker_gone", method=request.method, path=request.path)
        else:
            log.exception("request_failed", method=request.method, path=request.path)
        return problems.of_failure().response()
