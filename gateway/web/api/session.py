"""Signing in and out: /session."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiohttp import web

from gateway.web.api.answers import SessionAnswer
from gateway.web.api.schemas import SignInBody
from gateway.web.door import guard
from gateway.web.door.auth import asker, drop_cookie, give_cookie, sign_in
from gateway.web.door.context import web_of
from gateway.web.door.errors import SignInRefused, TooManyTries
from gateway.web.door.routes import Open, Route
from ticketing.commands import EndSession

if TYPE_CHECKING:
    from gateway.web.door.auth import Identity

log = structlog.get_logger()


def _shown(identity: Identity) -> dict[str, Any]:
    user, session = identity.user, identity.session
    return {"name": user.name, "role": user.role, "skpd": user.skpd, "csrf": session.csrf if session else None}


async def _start(request: web.Request) -> web.Response:
    who = guard.body(request, SignInBody)
    address = request.remote or "unknown"
    try:
        identity, secret = await sign_in(web_of(request), who.name, who.password.get_secret_value(), address)
    except (SignInRefused, TooManyTries) as refusal:
        # Not the name: people type their password into the wrong box.
        log.warning("sign_in_refused", address=address, reason=type(refusal).__name__)
        raise
    log.info("signed_in", user=identity.user.name, address=address)
    response = web.json_response(_shown(identity))
    give_cookie(response, secret, secure=request.secure)
    return response


async def _show(request: web.Request) -> web.Response:
    return web.json_response(_shown(asker(request)))


async def _end(request: web.Request) -> web.Response:
    identity = asker(request)
    if identity.session is not None:
        await web_of(request).desk.handle(EndSession(identity.session.digest))
        log.info("signed_out", user=identity.user.name)
    response = web.Response(status=HTTPStatus.NO_CONTENT)
    drop_cookie(response)
    return response


ROUTES: Final = (
    Route(
        "POST",
        "/session",
        _start,
        Open.TO_ALL,
        "Sign in: sets the cookie, gives the CSRF token",
        SessionAnswer,
        body=SignInBody,
        errors=(SignInRefused, TooManyTries),
        # Passwords are checked a few at a time: who waits for that takes nobody's place.
        unhurried=True,
    ),
    Route("GET", "/session", _show, Open.TO_SIGNED_IN, "Who is signed in", SessionAnswer),
    Route(
        "DELETE",
        "/session",
        _end,
        Open.TO_SIGNED_IN,
        "Sign out: the session is over, everywhere",
        None,
        status=HTTPStatus.NO_CONTENT,
    ),
)
