"""The registry of SKPDs: /skpds."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from gateway.access.passwords import hashed_pin
from gateway.presentation import skpd_json
from gateway.web.api.answers import SkpdAnswer, SkpdList
from gateway.web.api.skpd_schemas import PinBody, SkpdBody
from gateway.web.door import guard
from gateway.web.door.auth import asker
from gateway.web.door.context import web_of
from gateway.web.door.errors import BodyInvalid, NoSuchThing
from gateway.web.door.routes import Route
from ticketing.commands import AddSkpd, ChangeSkpd, RemoveSkpd, SetSkpdPin
from ticketing.errors import SkpdExists, SkpdUnknown
from ticketing.model import Role
from ticketing.permissions import Permission
from ticketing.skpd import SKPD_CODE, Skpd

if TYPE_CHECKING:
    from ticketing.people import User

log = structlog.get_logger()


async def _list(request: web.Request) -> web.Response:
    user = asker(request).user
    found = await web_of(request).store.skpds()
    return web.json_response({"items": [skpd_json(one) for one in found if _may_know(user, one.code)]})


def _may_know(user: User, code: str) -> bool:
    """Whether this SKPD is the user's business: an SKPD's dispatcher knows the own one alone."""
    return user.role is not Role.SKPD or user.skpd == code


def _code(request: web.Request) -> str:
    """The code of the path; raise NoSuchThing."""
    code = request.match_info["code"]
    if not re.fullmatch(SKPD_CODE, code) or not _may_know(asker(request).user, code):
        raise NoSuchThing(f"there is no SKPD {code[:40]}")
    return code


async def _show(request: web.Request) -> web.Response:
    return await _shown(request, _code(request))


async def _shown(request: web.Request, code: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    found = await web_of(request).store.skpd(code)
    if found is None:
        raise NoSuchThing(f"there is no SKPD {code}")
    return web.json_response(skpd_json(found), status=status)


async def _put(request: web.Request) -> web.Response:
    skpd, desk = _put_together(_code(request), guard.body(request, SkpdBody)), web_of(request).desk
    status = HTTPStatus.OK
    try:
        await desk.handle(ChangeSkpd(skpd))
    except SkpdUnknown:
        await desk.handle(AddSkpd(skpd))
        status = HTTPStatus.CREATED
    log.info("skpd_kept", skpd=skpd.code, by=asker(request).user.name)
    return await _shown(request, skpd.code, status)


def _put_together(code: str, asked: SkpdBody) -> Skpd:
    try:
        lines = tuple(line.line() for line in asked.lines)
        return Skpd(code, asked.name, lines, tuple(asked.categories), asked.confirm)
    except ValueError as error:
        raise BodyInvalid([("body", str(error))]) from error


async def _remove(request: web.Request) -> web.Response:
    code = _code(request)
    await web_of(request).desk.handle(RemoveSkpd(code))
    log.info("skpd_removed", skpd=code, by=asker(request).user.name)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _set_pin(request: web.Request) -> web.Response:
    code, asked, web_side = _code(request), guard.body(request, PinBody), web_of(request)
    pin_hash = None
    if asked.pin is not None:
        async with web_side.passwords:
            pin_hash = await asyncio.to_thread(hashed_pin, asked.pin.get_secret_value())
    await web_side.desk.handle(SetSkpdPin(code, pin_hash))
    log.info("skpd_pin_set", skpd=code, by=asker(request).user.name)
    return await _shown(request, code)


ROUTES: Final = (
    Route("GET", "/skpds", _list, Permission.READ_SKPDS, "The SKPDs and their lines, by code", SkpdList),
    Route(
        "GET",
        "/skpds/{code}",
        _show,
        Permission.READ_SKPDS,
        "One SKPD and its lines",
        SkpdAnswer,
        errors=(NoSuchThing,),
    ),
    Route(
        "PUT",
        "/skpds/{code}",
        _put,
        Permission.EDIT_SKPDS,
        "Register an SKPD (201), or keep this in place of what was kept of it, all but its PIN (200)",
        SkpdAnswer,
        also=(HTTPStatus.CREATED,),
        body=SkpdBody,
        errors=(NoSuchThing, SkpdExists),
    ),
    Route(
        "DELETE",
        "/skpds/{code}",
        _remove,
        Permission.EDIT_SKPDS,
        "Ask an SKPD no more; what was sent to it keeps its name",
        None,
        status=HTTPStatus.NO_CONTENT,
        errors=(NoSuchThing, SkpdUnknown),
    ),
    Route(
        "PUT",
        "/skpds/{code}/pin",
        _set_pin,
        Permission.EDIT_SKPDS,
        "Give the PIN with which its officers report by telephone; null takes it away",
        SkpdAnswer,
        body=PinBody,
        errors=(NoSuchThing, SkpdUnknown),
    ),
)
