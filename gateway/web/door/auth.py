"""Who asks: sessions by cookie, programs by bearer token; and whether they may."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import CookieError
from typing import TYPE_CHECKING, Final

from aiohttp import web

from gateway.access.passwords import digest, matches, new_secret
from gateway.web.door.context import web_of
from gateway.web.door.errors import CsrfMissing, Forbidden, NotSignedIn, SignInRefused, TooManyTries
from gateway.web.door.routes import Open
from ticketing.commands import StartSession
from ticketing.people import Session, User
from ticketing.permissions import Permission, may

if TYPE_CHECKING:
    from gateway.web.door.context import Web

COOKIE: Final = "siaga112"
CSRF_HEADER: Final = "X-CSRF-Token"
# A long shift. Whoever stays longer signs in again.
SESSION_LASTS: Final = timedelta(hours=12)
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_SECRET: Final = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who proved who they are; `session` is None for a program with a token."""

    user: User
    session: Session | None


_IDENTITY: Final = web.RequestKey("identity", Identity)


async def identify(request: web.Request) -> Identity | None:
    """Who asks, None for nobody; a bearer token, where there is one, is what counts.

    Asked of the store anew with each request: what is revoked is revoked at once.
    """
    if _IDENTITY in request:
        return request[_IDENTITY]
    found = await _identity(request)
    if found is not None:
        request[_IDENTITY] = found
    return found


async def still_admitted(request: web.Request, access: Permission) -> bool:
    """Whether who was admitted is to be let in now as well: for connections that outlive their request."""
    identity = await _identity(request)
    return identity is not None and may(identity.user.role, access)


async def _identity(request: web.Request) -> Identity | None:
    store = web_of(request).store
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not _plausible(token):
            return None
        user = await store.token_user(digest(token))
        return Identity(user, None) if user and not user.disabled else None
    secret = _cookie(request)
    found = await store.session(digest(secret)) if _plausible(secret) else None
    if found is None:
        return None
    session, user = found
    good = session.expires_at > web_of(request).clock.now() and not user.disabled
    return Identity(user, session) if good else None


def _cookie(request: web.Request) -> str:
    try:
        return request.cookies.get(COOKIE, "")
    except CookieError:
        return ""


def _plausible(secret: str) -> bool:
    return 0 < len(secret) <= _LONGEST_SECRET and secret.isascii()


async def admit(request: web.Request, access: Permission | Open) -> Identity | None:
    """Let somebody in, or raise NotSignedIn, Forbidden, CsrfMissing. None only where no login is asked for."""
    if access is Open.TO_ALL:
        return None
    identity = await identify(request)
    if identity is None:
        raise NotSignedIn
    if isinstance(access, Permission) and not may(identity.user.role, access):
        raise Forbidden(identity.user.role, access)
    if request.method not in _SAFE_METHODS and identity.session is not None:
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="replace"), identity.session.csrf.encode()):
            raise CsrfMissing
    return identity


def asker(request: web.Request) -> Identity:
    """Who was admitted to this request."""
    return request[_IDENTITY]


async def sign_in(web_side: Web, name: str, password: str, address: str) -> tuple[Identity, str]:
    """Start a session; give it and the cookie's secret. Raises SignInRefused, TooManyTries.

    A wrong name costs as long as a wrong password, and so does a disabled user.
    """
    wait_s = web_side.limit.tried(name, address, asyncio.get_running_loop().time())
    if wait_s:
        raise TooManyTries(wait_s)
    user = await web_side.store.user(name)
    async with web_side.passwords:
        good = await asyncio.to_thread(matches, password, user.password_hash if user else None)
    if user is None or user.disabled or not good:
        raise SignInRefused
    web_side.limit.succeeded(name, address)
    secret, now = new_secret(), web_side.clock.now()
    session = Session(digest(secret), user.name, new_secret(), now, now + SESSION_LASTS)
    await web_side.desk.handle(StartSession(session))
    return Identity(user, session), secret


def give_cookie(response: web.StreamResponse, secret: str, *, secure: bool) -> None:
    """Put the session into the browser: out of reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(SESSION_LASTS.total_seconds()),
        path="/",
        httponly=True,
        secure=secure,
        samesite="Strict",
    )


def drop_cookie(response: web.StreamResponse) -> None:
    """Take the session out of the browser."""
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
