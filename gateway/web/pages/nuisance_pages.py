"""The supervisors' page of marked numbers. Thin, as root.py is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.web.api.nuisance import to_be_judged
from gateway.web.door.context import web_of
from gateway.web.pages.nuisance_views import standing_view
from gateway.web.pages.rendering import rendered, words_for

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.web.pages.rendering import Visitor


async def nuisance(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Numbers beyond the threshold, and those that are confirmed."""
    return rendered(request, "nuisance.html", visitor, {"here": "nuisance", **await _list(request)})


async def nuisance_part(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """The same list without its frame, for the page to put in place."""
    return rendered(request, "_nuisance.html", visitor, await _list(request))


async def _list(request: web.Request) -> dict[str, object]:
    parts, words = web_of(request), words_for(request)
    shown = (standing_view(one, words) for one in await to_be_judged(parts))
    return {"rows": tuple(one for one in shown if one), "days": round(parts.city.nuisance.confirmed_for.days)}
