"""Test calls: /test-calls places one now, and says what was seen of it."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.web.api.answers import TestCallAnswer
from gateway.web.door.context import web_of
from gateway.web.door.routes import Route
from ticketing.permissions import Permission


async def _place(request: web.Request) -> web.Response:
    return web.json_response((await web_of(request).place_test_call()).as_json())


ROUTES: Final = (
    Route(
        "POST",
        "/test-calls",
        _place,
        Permission.PLACE_TEST_CALL,
        "Have the line call itself, and say what was seen of it: trunk, queue, robot, recording, ticket",
        TestCallAnswer,
        # As long as a call lasts that is answered late.
        unhurried=True,
    ),
)
