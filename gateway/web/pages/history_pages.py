"""What is known of a ticket besides, and the page on which premise notes are kept. Thin, as root.py is."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from aiohttp import web

from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.histories import history_of, today
from gateway.web.pages.history_views import history_view, note_view
from gateway.web.pages.rendering import rendered, words_for
from gateway.web.pages.ticket_pages import known_ticket
from ticketing.errors import BadCursor
from ticketing.premise import AREA_CODE, KINDS_IN_ORDER, PREMISE_NOTE_ID, USUAL_TERM, PremiseState

if TYPE_CHECKING:
    from gateway.web.pages.rendering import Visitor

_A_PAGE: Final = 50


async def ticket_history(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """What is known besides: a part of its own, so that a ticket never waits for it."""
    kept, _ = await known_ticket(request, visitor)
    picked = request.query.get("area", "")
    area = picked if re.fullmatch(AREA_CODE, picked, re.ASCII) else None
    parts = web_of(request)
    history = await history_of(parts, kept, visitor.role, area)
    view = history_view(history, today(parts), words_for(request))
    caller = kept.call.caller
    values = {"history": view, "e164": caller.e164 if caller and caller.callable else None}
    return rendered(request, "_history.html", visitor, values)


async def premise_notes(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """The premise notes in force, or expired, or withdrawn; and a form for a new one."""
    try:
        values = await _list(request)
    except BadCursor:
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": _link(_state(request))})
    day = today(web_of(request))
    form = {"here": "premise-notes", "today": day.isoformat(), "usual": (day + USUAL_TERM).isoformat()}
    return rendered(request, "premise_notes.html", visitor, {**form, "areas": web_of(request).city.areas, **values})


async def premise_notes_part(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """The list without its frame, for the page to put in place."""
    try:
        return rendered(request, "_premise_notes.html", visitor, await _list(request))
    except BadCursor:
        return web.Response(status=HTTPStatus.BAD_REQUEST)


async def premise_note(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Everything that was done to a note, the last first."""
    text, parts, words = request.match_info["premise_note"], web_of(request), words_for(request)
    known = re.fullmatch(PREMISE_NOTE_ID, text, re.ASCII)
    versions = await parts.store.premise_note(int(text)) if known else ()
    if not versions:
        raise NoSuchThing(f"there is no premise note {text[:40]}")
    day = today(parts)
    values = {"versions": tuple(note_view(one, day, words) for one in reversed(versions))}
    return rendered(request, "_premise_versions.html", visitor, values)


async def _list(request: web.Request) -> dict[str, object]:
    parts, words = web_of(request), words_for(request)
    state, day, cursor = _state(request), today(parts), request.query.get("cursor")
    page = await parts.store.premise_notes(state, day, cursor=cursor, limit=_A_PAGE)
    return {
        "notes": tuple(note_view(note, day, words) for note in page.items),
        "state": state,
        "states": tuple((one, _link(one)) for one in PremiseState),
        "kinds": KINDS_IN_ORDER,
        "first": _link(state) if cursor else None,
        "next": _link(state, page.next) if page.next else None,
        "part": f"/fragments{request.path_qs.removeprefix('/fragments')}",
    }


def _state(request: web.Request) -> PremiseState:
    asked = request.query.get("state", "")
    return PremiseState(asked) if asked in tuple(PremiseState) else PremiseState.IN_FORCE


def _link(state: PremiseState, cursor: str | None = None) -> str:
    asked = {"state": state.value} if state is not PremiseState.IN_FORCE else {}
    asked |= {"cursor": cursor} if cursor else {}
    return f"/premise-notes?{urlencode(asked)}" if asked else "/premise-notes"
