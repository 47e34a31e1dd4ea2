"""The HTTP API's server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.config import Bind
    from gateway.health import HealthCheck

API = "/api/v1"
_HEALTH = web.AppKey["HealthCheck"]("health")


def application(health: HealthCheck) -> web.Application:
    """The routes, over what they need."""
    app = web.Application(client_max_size=64 * 1024)
    app[_HEALTH] = health
    app.router.add_get(f"{API}/health", _health)
    return app


async def _health(request: web.Request) -> web.Response:
    """GET /health: no login; 200 when ready, 503 with the reasons otherwise."""
    health = await request.app[_HEALTH].now()
    status = HTTPStatus.OK if health.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return web.json_response(health.as_json(), status=status, headers={"Cache-Control": "no-store"})


@asynccontextmanager
async def serving(app: web.Application, bind: Bind) -> AsyncIterator[None]:
    """Serve `app` on `bind` while the block runs."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, bind.host, bind.port, backlog=256).start()
        yield
    finally:
        await runner.cleanup()
