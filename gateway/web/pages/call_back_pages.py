"""The page of the call-backs: who is owed one, and what is settled. Thin, as root.py is."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from aiohttp import web

from gateway.web.door.context import web_of
from gateway.web.pages.call_back_views import ATTEMPTS, call_back_view
from gateway.web.pages.rendering import rendered, words_for
from gateway.web.pages.views import milliseconds
from ticketing.errors import BadCursor

if TYPE_CHECKING:
    from gateway.web.pages.rendering import Visitor

_A_PAGE: Final = 50


async def call_backs(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Who is owed a call back, the oldest debt first; or, asked with `settled`, what is over."""
    # Read first: what happens after it is told by the feed, and fetched again.
    seq = await web_of(request).store.last_seq()
    try:
        values = await _list(request)
    except BadCursor:
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": _link(request)})
    return rendered(
        request,
        "call_backs.html",
        visitor,
        {"seq": seq, "here": "call-backs", "takers": await web_of(request).store.takers(), **values},
    )


async def call_backs_part(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """The same list without its frame, for the page to put in place."""
    try:
        return rendered(request, "_call_backs.html", visitor, await _list(request))
    except BadCursor:
        return web.Response(status=HTTPStatus.BAD_REQUEST)


async def _list(request: web.Request) -> dict[str, object]:
    parts, words = web_of(request), words_for(request)
    now, cursor = parts.clock.now(), request.query.get("cursor")
    page = await parts.store.call_backs(settled=_settled(request), cursor=cursor, limit=_A_PAGE)
    return {
        "rows": tuple(call_back_view(kept, now, words) for kept in page.items),
        "owed": await parts.store.call_backs_owed(),
        "settled": _settled(request),
        "attempts": ATTEMPTS,
        "first": _link(request) if cursor else None,
        "next": _link(request, page.next) if page.next else None,
        "part": f"/fragments{request.path_qs.removeprefix('/fragments')}",
        "now_ms": milliseconds(now),
    }


def _settled(request: web.Request) -> bool:
    return request.query.get("settled") == "true"


def _link(request: web.Request, cursor: str | None = None) -> str:
    asked = {**({"settled": "true"} if _settled(request) else {}), **({"cursor": cursor} if cursor else {})}
    return f"/call-backs?{urlencode(asked)}" if asked else "/call-backs"
