"""The live feed: /live. Everything that is committed, in its order, with no gap and nothing twice.

A listener is subscribed first; what was missed is read from the store, what happens comes from the subscription,
and each entry is sent when it is the next one. A listener that cannot keep up is cut off: it comes back with the
last `seq` it has seen.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import structlog
from aiohttp import WSMsgType, web

from gateway.feed import message
from gateway.web.api.answers import FeedMessage
from gateway.web.api.schemas import LiveQuery
from gateway.web.door import guard
from gateway.web.door.auth import still_admitted
from gateway.web.door.context import Web, web_of
from gateway.web.door.errors import ForeignOrigin, NoUpgrade, TooManyListeners
from gateway.web.door.routes import Route
from ticketing.errors import Siaga112Error
from ticketing.permissions import Permission

if TYPE_CHECKING:
    from gateway.feed import Subscription

log = structlog.get_logger()

HEARTBEAT_S: Final = 1.0
MOST_LISTENERS: Final = 200
# Whoever missed more than this reads the lists anew; telling it all one by one would take longer.
LONGEST_REPLAY: Final = 10_000
_STEP: Final = 200
_SEND_WITHIN_S: Final = 5.0
_CLOSE_WITHIN_S: Final = 1.0
_ASK_AGAIN_EVERY: Final = 5  # heartbeats

# RFC 6455 7.4.1, the IANA registry, and 4401 of our own: it says what 401 says.
GOING_AWAY, UNSUPPORTED_DATA, INTERNAL_ERROR, TRY_AGAIN_LATER, SIGNED_OUT = 1001, 1003, 1011, 1013, 4401

_DATA: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})
_SOCKETS: Final = web.AppKey("live sockets", set[web.WebSocketResponse[bool]])


class _TooSlow(Exception):
    """The listener does not take what it is sent."""


class _SignedOut(Exception):
    """The listener's session or token is over."""


@dataclass(slots=True)
class _Telling:
    """Tells one listener, from `last` on."""

    parts: Web
    request: web.Request
    socket: web.WebSocketResponse
    subscription: Subscription
    last: int

    async def run(self) -> None:
        """Tell for ever; raise _TooSlow, _SignedOut, or OSError when the connection is gone."""
        loop = asyncio.get_running_loop()
        await self._replay()
        beats, next_beat = 0, loop.time()
        while True:
            if loop.time() >= next_beat:
                await self._send(json.dumps({"seq": self.last, "type": "heartbeat"}))
                beats, next_beat = beats + 1, loop.time() + HEARTBEAT_S
                if beats % _ASK_AGAIN_EVERY == 0 and not await still_admitted(self.request, Permission.READ_LIVE):
                    raise _SignedOut
            try:
                async with asyncio.timeout_at(next_beat):
                    await self.subscription.wait()
            except TimeoutError:
                continue
            await self._tell_news()

    async def _tell_news(self) -> None:
        for seq, text in self.subscription.take():
            if seq > self.last + 1:
                # Something before it did not come this way: the store has both.
                await self._replay()
            elif seq == self.last + 1:
                await self._tell(seq, text)

    async def _replay(self) -> None:
        """Tell everything that the store has after `last`; or, when that is too much, that it is to be read anew."""
        newest = await self.parts.store.last_seq()
        if newest - self.last > LONGEST_REPLAY:
            self.last = newest
            await self._send(json.dumps({"seq": newest, "type": "reset"}))
        while entries := await self.parts.store.entries(self.last, _STEP):
            for entry in entries:
                await self._tell(*message(entry))

    async def _tell(self, seq: int, text: str) -> None:
        await self._send(text)
        self.last = seq

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(_SEND_WITHIN_S):
                await self.socket.send_str(text)
        except TimeoutError as slow:
            raise _TooSlow from slow


async def _live(request: web.Request) -> web.WebSocketResponse:
    parts, asked = web_of(request), guard.query(request, LiveQuery)
    _same_origin(request)
    if len(parts.feed) >= MOST_LISTENERS:
        raise TooManyListeners(MOST_LISTENERS)
    socket = web.WebSocketResponse(timeout=_CLOSE_WITHIN_S, compress=False, max_msg_size=1024)
    if not socket.can_prepare(request):
        raise NoUpgrade
    with parts.feed.subscribed() as subscription:
        newest = await parts.store.last_seq()
        # A number from the future is from another database: it is told nothing of the past.
        last = newest if asked.since is None else min(asked.since, newest)
        await socket.prepare(request)
        request.app[_SOCKETS].add(socket)
        try:
            code = await _until_over(_Telling(parts, request, socket, subscription, last))
            await _close(request, socket, code)
        finally:
            request.app[_SOCKETS].discard(socket)
    return socket


def _same_origin(request: web.Request) -> None:
    """Raise ForeignOrigin for another site's page: a WebSocket is not held back by the browser (RFC 6455 10.2)."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ForeignOrigin


async def _until_over(telling: _Telling) -> int:
    """Tell until somebody ends it; give the code to close with."""
    tell = asyncio.create_task(telling.run(), name="tell")
    hear = asyncio.create_task(telling.socket.receive(), name="hear")
    overrun = asyncio.create_task(telling.subscription.overrun.wait(), name="overrun")
    tasks = (tell, hear, overrun)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if overrun.done():
            return TRY_AGAIN_LATER
        if hear.done():
            # It has nothing to say to us but goodbye.
            return UNSUPPORTED_DATA if hear.result().type in _DATA else GOING_AWAY
        return _code_of(tell.exception())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _code_of(end: BaseException | None) -> int:
    match end:
        case _TooSlow():
            return TRY_AGAIN_LATER
        case _SignedOut():
            return SIGNED_OUT
        case OSError():
            return GOING_AWAY
        case Siaga112Error():
            log.warning("feed_cut", reason=str(end))
            return TRY_AGAIN_LATER
        case _:
            log.error("feed_failed", exc_info=end)
            return INTERNAL_ERROR


async def _close(request: web.Request, socket: web.WebSocketResponse, code: int) -> None:
    """Say goodbye, and let go of the connection even when nobody takes the goodbye."""
    transport = request.transport
    try:
        async with asyncio.timeout(_CLOSE_WITHIN_S):
            await socket.close(code=code)
    except TimeoutError:
        if transport is not None:
            transport.abort()


def prepare(app: web.Application) -> None:
    """Have the feed's connections end with the server."""
    app[_SOCKETS] = set()
    app.on_shutdown.append(_close_all)


async def _close_all(app: web.Application) -> None:
    sockets = app[_SOCKETS].copy()
    await asyncio.gather(*(socket.close(code=GOING_AWAY) for socket in sockets))


ROUTES: Final = (
    Route(
        "GET",
        "/live",
        _live,
        Permission.READ_LIVE,
        "WebSocket: what is committed, in order; a heartbeat each second",
        FeedMessage,
        status=HTTPStatus.SWITCHING_PROTOCOLS,
        query=LiveQuery,
        errors=(ForeignOrigin, NoUpgrade, TooManyListeners),
        unhurried=True,
    ),
)
