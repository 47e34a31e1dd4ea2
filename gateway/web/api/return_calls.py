"""Callers called back by a click: the taker's phone rings, then the caller's; followed, withdrawn, heard."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from gateway.presentation import return_call_json
from gateway.web.api.answers import ReturnCallAnswer, ReturnCallList
from gateway.web.api.call_backs import kept_call_back
from gateway.web.api.schemas import ReturnCallBody
from gateway.web.api.tickets import kept_ticket
from gateway.web.door import guard
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.door.requests import found_by_id
from gateway.web.door.routes import Route
from ticketing.commands import NoteRecordingAccess
from ticketing.errors import (
    CallBackOver,
    CallBackUnknown,
    CallerNotCallable,
    CallerOnTheLine,
    PhoneAbsent,
    PhoneInUse,
    ReturnCallOver,
    ReturnCallUnderWay,
    ReturnCallUnknown,
    TicketUnknown,
    UnknownTaker,
)
from ticketing.permissions import Permission
from ticketing.return_calls import RETURN_CALL_ID

if TYPE_CHECKING:
    from ticketing.return_calls import ReturnCall


async def _for_call_back(request: web.Request) -> web.Response:
    kept, asked, by = await kept_call_back(request), guard.body(request, ReturnCallBody), asker(request).user.name
    made = await web_of(request).return_calls.request(asked.phone, by, call_back=kept.call_back.id)
    return web.json_response(return_call_json(made), status=HTTPStatus.CREATED)


async def _for_ticket(request: web.Request) -> web.Response:
    kept, asked, by = await kept_ticket(request), guard.body(request, ReturnCallBody), asker(request).user.name
    made = await web_of(request).return_calls.request(asked.phone, by, ticket=kept.ticket.number)
    return web.json_response(return_call_json(made), status=HTTPStatus.CREATED)


async def _of_ticket(request: web.Request) -> web.Response:
    made = await web_of(request).store.return_calls((await kept_ticket(request)).call.id)
    return web.json_response({"items": [return_call_json(one) for one in made]})


async def _kept(request: web.Request) -> ReturnCall:
    """The return call of the path; raise NoSuchThing."""
    return await found_by_id(request, "return_call", RETURN_CALL_ID, web_of(request).store.return_call, "return call")


async def _show(request: web.Request) -> web.Response:
    return web.json_response(return_call_json(await _kept(request)))


async def _cancel(request: web.Request) -> web.Response:
    call = await _kept(request)
    cancelled = await web_of(request).return_calls.cancel(call.id, asker(request).user.name)
    return web.json_response(return_call_json(cancelled))


async def _recording(request: web.Request) -> web.StreamResponse:
    """The audio. That it was asked for is on the timeline before its first byte goes out."""
    call = await _kept(request)
    file = web_of(request).home.return_recording(call.call_id, call.id)
    if not await asyncio.to_thread(file.is_file):
        raise NoSuchThing(f"there is no recording of return call {call.id}")
    await web_of(request).desk.handle(NoteRecordingAccess(call.call_id, asker(request).user.name, return_call=call.id))
    return web.FileResponse(
        file, headers={"Content-Type": "audio/wav", "Content-Disposition": f'inline; filename="{file.name}"'}
    )


_SILENT: Final = (AmiUnavailable, AmiRefused)
_REFUSALS: Final = (
    NoSuchThing,
    UnknownTaker,
    PhoneAbsent,
    PhoneInUse,
    CallerNotCallable,
    ReturnCallUnderWay,
    ReturnCallUnknown,
    *_SILENT,
)

ROUTES: Final = (
    Route(
        "POST",
        "/call-backs/{call_back}/return-calls",
        _for_call_back,
        Permission.CALL_BACK,
        "Ring the taker's phone, and once it is picked up call whoever is owed this call-back",
        ReturnCallAnswer,
        status=HTTPStatus.CREATED,
        body=ReturnCallBody,
        errors=(*_REFUSALS, CallBackUnknown, CallBackOver),
    ),
    Route(
        "POST",
        "/tickets/{number}/return-calls",
        _for_ticket,
        Permission.CALL_BACK,
        "The same for the caller of a ticket, who has hung up or was cut off",
        ReturnCallAnswer,
        status=HTTPStatus.CREATED,
        body=ReturnCallBody,
        errors=(*_REFUSALS, TicketUnknown, CallerOnTheLine),
    ),
    Route(
        "GET",
        "/tickets/{number}/return-calls",
        _of_ticket,
        Permission.READ_CALLS,
        "How often the caller of a ticket was called back by a click, and what came of it",
        ReturnCallList,
        errors=(NoSuchThing,),
    ),
    Route(
        "GET",
        "/return-calls/{return_call}",
        _show,
        Permission.READ_CALLS,
        "One return call, as it stands now",
        ReturnCallAnswer,
        errors=(NoSuchThing,),
    ),
    Route(
        "POST",
        "/return-calls/{return_call}/cancel",
        _cancel,
        Permission.CALL_BACK,
        "Withdraw a return call that only rings",
        ReturnCallAnswer,
        errors=(NoSuchThing, ReturnCallUnknown, ReturnCallOver, *_SILENT),
    ),
    Route(
        "GET",
        "/return-calls/{return_call}/recording",
        _recording,
        Permission.PLAY_RECORDING,
        "The audio of a return call; ranges are served, every access is on the timeline",
        "audio/wav",
        also=(HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
        errors=(NoSuchThing,),
        unhurried=True,
    ),
)
