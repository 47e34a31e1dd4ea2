"""Who is owed a call back: /call-backs, and what came of trying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from gateway.presentation import call_back_json
from gateway.web.api.answers import CallBackAnswer, CallBackPage
from gateway.web.api.schemas import AttemptBody, CallBackQuery
from gateway.web.door import guard
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.door.requests import found_by_id
from gateway.web.door.routes import Route
from ticketing.callbacks import CALL_BACK_ID
from ticketing.commands import TryCallBack
from ticketing.errors import BadCursor, CallBackOver, CallBackUnknown, GivingUpRefused, ReasonNeeded
from ticketing.permissions import Permission

if TYPE_CHECKING:
    from ticketing.ports import KeptCallBack


async def _list(request: web.Request) -> web.Response:
    asked = guard.query(request, CallBackQuery)
    page = await web_of(request).store.call_backs(settled=asked.settled, cursor=asked.cursor, limit=asked.limit)
    return web.json_response({"items": [call_back_json(kept) for kept in page.items], "next": page.next})


async def kept_call_back(request: web.Request) -> KeptCallBack:
    """The call-back of the path; raise NoSuchThing."""
    return await found_by_id(request, "call_back", CALL_BACK_ID, web_of(request).store.call_back, "call-back")


async def _show(request: web.Request) -> web.Response:
    return web.json_response(call_back_json(await kept_call_back(request)))


async def _try(request: web.Request) -> web.Response:
    kept, asked, user = await kept_call_back(request), guard.body(request, AttemptBody), asker(request).user
    command = TryCallBack(kept.call_back.id, asked.outcome, user.name, user.role, asked.note)
    await web_of(request).desk.handle(command)
    return await _show(request)


ROUTES: Final = (
    Route(
        "GET",
        "/call-backs",
        _list,
        Permission.READ_CALLS,
        "Who is owed a call back, the oldest debt first; or what is settled",
        CallBackPage,
        query=CallBackQuery,
        errors=(BadCursor,),
    ),
    Route(
        "GET",
        "/call-backs/{call_back}",
        _show,
        Permission.READ_CALLS,
        "One call-back, owed or settled",
        CallBackAnswer,
        errors=(NoSuchThing,),
    ),
    Route(
        "POST",
        "/call-backs/{call_back}/attempts",
        _try,
        Permission.CALL_BACK,
        "Record what came of calling back; a supervisor gives it up, with the reason as note",
        CallBackAnswer,
        body=AttemptBody,
        errors=(NoSuchThing, CallBackUnknown, CallBackOver, GivingUpRefused, ReasonNeeded),
    ),
)
