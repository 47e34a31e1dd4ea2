"""Dispatches: an SKPD is rung for a ticket, withdrawn, handed over to, and says how it goes on."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from gateway.facts.skpd_facts import spoken_stamp, voice_note
from gateway.presentation import dispatch_json
from gateway.web.api.answers import DispatchAnswer, TicketAnswer
from gateway.web.api.schemas import DispatchBody, DispatchUpdateBody
from gateway.web.api.tickets import kept_ticket, show_ticket
from gateway.web.door import guard
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.door.routes import Route
from ticketing.commands import NoteRecordingAccess, UpdateDispatch
from ticketing.dispatch import DISPATCH_ID, SpokenNote
from ticketing.errors import (
    DispatchOver,
    DispatchUnderWay,
    DispatchUnknown,
    NobodyToHandOverTo,
    NotConsulting,
    SkpdUnknown,
    SkpdWithoutLines,
    TicketClosed,
    TicketUnknown,
)
from ticketing.model import Role
from ticketing.permissions import Permission

if TYPE_CHECKING:
    from ticketing.dispatch import Dispatch


async def _request(request: web.Request) -> web.Response:
    kept, asked = await kept_ticket(request), guard.body(request, DispatchBody)
    name = asker(request).user.name
    dispatch = await web_of(request).dispatches.request(kept.ticket.number, asked.skpd, name, asked.mode)
    return web.json_response(dispatch_json(dispatch), status=HTTPStatus.CREATED)


async def _kept(request: web.Request) -> Dispatch:
    """The dispatch of the path; raise NoSuchThing when there is none that the asker may know of."""
    kept, text, user = await kept_ticket(request), request.match_info["dispatch"], asker(request).user
    known = re.fullmatch(DISPATCH_ID, text, re.ASCII)
    dispatch = await web_of(request).store.dispatch(int(text)) if known else None
    own = user.role is not Role.SKPD or (dispatch is not None and dispatch.skpd == user.skpd)
    if dispatch is None or dispatch.ticket != kept.ticket.number or not own:
        raise NoSuchThing(f"there is no dispatch {text[:40]} of this ticket")
    return dispatch


async def _show(request: web.Request) -> web.Response:
    return web.json_response(dispatch_json(await _kept(request)))


async def _cancel(request: web.Request) -> web.Response:
    dispatch, user = await _kept(request), asker(request).user
    cancelled = await web_of(request).dispatches.cancel(dispatch.ticket, dispatch.id, user.name)
    return web.json_response(dispatch_json(cancelled))


async def _join(request: web.Request) -> web.Response:
    await web_of(request).dispatches.join(await _kept(request))
    return await _show(request)


async def _update(request: web.Request) -> web.Response:
    dispatch, asked, user = await _kept(request), guard.body(request, DispatchUpdateBody), asker(request).user
    await web_of(request).desk.handle(
        UpdateDispatch(dispatch.ticket, dispatch.id, asked.state, user.name, user.skpd, asked.note)
    )
    return await _show(request)


async def _note(request: web.Request) -> web.StreamResponse:
    """A spoken note. That it was asked for is on the timeline before its first byte goes out."""
    dispatch, stamp = await _kept(request), request.match_info["note"]
    file = web_of(request).home.note(dispatch.id, stamp)
    is_told = any(spoken_stamp(one.note) == stamp for one in dispatch.updates)
    if not is_told or not await asyncio.to_thread(file.is_file):
        raise NoSuchThing(f"there is no note {stamp[:40]} on this dispatch")
    played = SpokenNote(dispatch.id, voice_note(stamp))
    await web_of(request).desk.handle(NoteRecordingAccess(dispatch.call_id, asker(request).user.name, played))
    return web.FileResponse(
        file, headers={"Content-Type": "audio/wav", "Content-Disposition": f'inline; filename="{file.name}"'}
    )


async def _hand_over(request: web.Request) -> web.Response:
    kept = await kept_ticket(request)
    await web_of(request).dispatches.hand_over(kept.ticket.number)
    return await show_ticket(request)


_SILENT: Final = (AmiUnavailable, AmiRefused)

ROUTES: Final = (
    Route(
        "POST",
        "/tickets/{number}/dispatches",
        _request,
        Permission.DISPATCH,
        "Ring an SKPD, line after line, and bridge the caller to whoever accepts; `consult`: the taker speaks with the "
        "SKPD first, the caller on music",
        DispatchAnswer,
        status=HTTPStatus.CREATED,
        body=DispatchBody,
        errors=(
            NoSuchThing,
            TicketUnknown,
            TicketClosed,
            SkpdUnknown,
            SkpdWithoutLines,
            DispatchUnderWay,
            DispatchUnknown,
            *_SILENT,
        ),
    ),
    Route(
        "GET",
        "/tickets/{number}/dispatches/{dispatch}",
        _show,
        Permission.READ_TICKETS,
        "One dispatch, with every line that was rung",
        DispatchAnswer,
        errors=(NoSuchThing,),
    ),
    Route(
        "POST",
        "/tickets/{number}/dispatches/{dispatch}/cancel",
        _cancel,
        Permission.DISPATCH,
        "Withdraw a dispatch that nobody has accepted; what rings stops ringing",
        DispatchAnswer,
        errors=(NoSuchThing, DispatchUnknown, DispatchOver, *_SILENT),
    ),
    Route(
        "POST",
        "/tickets/{number}/dispatches/{dispatch}/join",
        _join,
        Permission.DISPATCH,
        "After a consultation: caller, taker and SKPD in one conversation",
        DispatchAnswer,
        errors=(NoSuchThing, NotConsulting, *_SILENT),
    ),
    Route(
        "POST",
        "/tickets/{number}/dispatches/{dispatch}/updates",
        _update,
        Permission.UPDATE_DISPATCH,
        "Put on record what the SKPD says: accepted, assigned, en route, on scene, handled, declined",
        DispatchAnswer,
        body=DispatchUpdateBody,
        errors=(NoSuchThing, DispatchUnknown, DispatchOver),
    ),
    Route(
        "GET",
        "/tickets/{number}/dispatches/{dispatch}/notes/{note}",
        _note,
        Permission.PLAY_RECORDING,
        "An officer's spoken note (`voice:NOTE` of an update); ranges are served, every access is on the timeline",
        "audio/wav",
        also=(HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
        errors=(NoSuchThing,),
        unhurried=True,
    ),
    Route(
        "POST",
        "/tickets/{number}/hand-over",
        _hand_over,
        Permission.DISPATCH,
        "Leave the caller with the SKPD: the taker is free for the next call",
        TicketAnswer,
        errors=(NoSuchThing, TicketUnknown, NobodyToHandOverTo, *_SILENT),
    ),
)
