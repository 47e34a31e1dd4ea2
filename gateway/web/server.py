"""The HTTP server: the API, and whatever pages are added to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiohttp import web

from gateway.web.api import table
from gateway.web.door.connections import Door
from gateway.web.door.context import WEB
from gateway.web.door.guard import refusals_as_problems
from gateway.web.door.routes import API

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.site.config import Bind
    from gateway.web.door.context import Web

__all__ = ["API", "application", "serving", "started"]

LARGEST_BODY: Final = 64 * 1024
_STATIC: Final = "/static/"

# Everything comes from this server; nothing may frame it. 'self' covers the live feed's ws: as well (CSP level 3).
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def application(parts: Web) -> web.Application:
    """The routes, over what they need."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[refusals_as_problems])
    app[WEB] = parts
    table.add_routes(app)
    app.on_response_prepare.append(_harden)
    return app


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith(_STATIC):
        # Callers and cases: for no cache on the way, and none in a shared browser.
        response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Server"] = "siaga112"


@asynccontextmanager
async def serving(app: web.Application, bind: Bind) -> AsyncIterator[None]:
    """Serve `app` on `bind` while the block runs."""
    async with started(app) as server:
        listener = await Door(server).open(bind.host, bind.port)
        try:
            yield
        finally:
            listener.close()


@asynccontextmanager
async def started(app: web.Application) -> AsyncIterator[web.Server]:
    """`app` started, for connections that a Door lets in; ended, and with it every connection, with the block."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        assert runner.server is not None
        yield runner.server
    finally:
        await runner.cleanup()
