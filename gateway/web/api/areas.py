"""The city's areas: /areas, all of them or those that a text may mean."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web
from pydantic import Field

from gateway.places.areas.search import search
from gateway.presentation import area_json
from gateway.web.api.answers import AreaList
from gateway.web.api.schemas import Query, SearchText
from gateway.web.door import guard
from gateway.web.door.context import web_of
from gateway.web.door.routes import Route
from ticketing.permissions import Permission


class AreaQuery(Query):
    """Which areas."""

    q: SearchText | None = Field(
        default=None, description="What somebody typed of a name: those it may mean, the nearest first, ten at most."
    )


async def _list(request: web.Request) -> web.Response:
    text, table = guard.query(request, AreaQuery).q, web_of(request).city.areas
    if text is None:
        items = [area_json(area, table) for area in table.by_code.values()]
    else:
        # A large table takes a while: not the loop's.
        found = await asyncio.to_thread(search, table, text)
        items = [area_json(one.area, table, one.closeness) for one in found]
    return web.json_response({"items": items})


ROUTES: Final = (
    Route(
        "GET",
        "/areas",
        _list,
        Permission.READ_TICKETS,
        "The city's areas, or those that a text may mean: spelling and one typing error are forgiven",
        AreaList,
        query=AreaQuery,
    ),
)
