"""The call log: /calls, and the audio of each."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from gateway.presentation import call_json, entry_json
from gateway.web.api.answers import CallAnswer, CallPage, TimelineAnswer
from gateway.web.api.schemas import CallQuery
from gateway.web.door import guard
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import NoSuchThing
from gateway.web.door.routes import Route
from ticketing.commands import NoteRecordingAccess
from ticketing.errors import BadCursor
from ticketing.model import parse_call_id
from ticketing.permissions import Permission, may
from ticketing.ports import CallFilter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.presentation import Json
    from ticketing.model import CallId
    from ticketing.ports import KeptCall


async def _list(request: web.Request) -> web.Response:
    asked = guard.query(request, CallQuery)
    wanted = CallFilter(
        outcomes=frozenset(asked.outcome), since=asked.since, until=asked.until, text=asked.q, taker=asked.taker
    )
    page = await web_of(request).store.find_calls(wanted, cursor=asked.cursor, limit=asked.limit)
    return web.json_response({"items": await _shown(request, page.items), "next": page.next})


async def _shown(request: web.Request, kept: Sequence[KeptCall]) -> list[Json]:
    """The calls; where there is audio, and the asker may hear it, with the place of it."""
    home = web_of(request).home
    audible: frozenset[CallId] = frozenset()
    if may(asker(request).user.role, Permission.PLAY_RECORDING):
        files = {one.call.id: home.recording(one.call.id) for one in kept}
        audible = await asyncio.to_thread(_those_there, files)
    return [
        call_json(one.call, one.ticket, recording=one.call.id in audible, cells=web_of(request).cells) for one in kept
    ]


def _those_there(files: dict[CallId, Path]) -> frozenset[CallId]:
    return frozenset(one for one, file in files.items() if file.is_file())


async def _kept(request: web.Request) -> KeptCall:
    """The call of the path; raise NoSuchThing."""
    text = request.match_info["id"]
    try:
        kept = await web_of(request).store.call(parse_call_id(text))
    except ValueError:
        kept = None
    if kept is None:
        raise NoSuchThing(f"there is no call {text[:40]}")
    return kept


async def _show(request: web.Request) -> web.Response:
    (call,) = await _shown(request, [await _kept(request)])
    return web.json_response(call)


async def _recording(request: web.Request) -> web.StreamResponse:
    """The audio, whole or in ranges. That it was asked for is on the timeline before its first byte goes out."""
    call = (await _kept(request)).call
    file = web_of(request).home.recording(call.id)
    if not await asyncio.to_thread(file.is_file):
        raise NoSuchThing(f"there is no recording of call {call.id}")
    await web_of(request).desk.handle(NoteRecordingAccess(call.id, asker(request).user.name))
    return web.FileResponse(
        file,
        headers={"Content-Type": "audio/wav", "Content-Disposition": f'inline; filename="{call.id}.wav"'},
    )


async def _timeline(request: web.Request) -> web.Response:
    entries = await web_of(request).store.call_timeline((await _kept(request)).call.id)
    return web.json_response({"items": [entry_json(entry) for entry in entries]})


ROUTES: Final = (
    Route(
        "GET",
        "/calls",
        _list,
        Permission.READ_CALLS,
        "Calls that reached the line, newest first",
        CallPage,
        query=CallQuery,
        errors=(BadCursor,),
    ),
    Route("GET", "/calls/{id}", _show, Permission.READ_CALLS, "One call", CallAnswer, errors=(NoSuchThing,)),
    Route(
        "GET",
        "/calls/{id}/timeline",
        _timeline,
        Permission.READ_CALLS,
        "Everything that happened to a call, answered or not, in order, with its hash chain",
        TimelineAnswer,
        errors=(NoSuchThing,),
    ),
    Route(
        "GET",
        "/calls/{id}/recording",
        _recording,
        Permission.PLAY_RECORDING,
        "The audio of a call; ranges are served, every access is on the timeline",
        "audio/wav",
        also=(HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
        errors=(NoSuchThing,),
        unhurried=True,
    ),
)
