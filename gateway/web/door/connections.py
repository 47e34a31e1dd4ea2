"""The HTTP port's connections: who asks for nothing is let go within seconds, and there is always a place for who asks.

aiohttp 3.14 has one clock for two things, `keepalive_timeout`: for a browser that stays between two pages, which is
welcome for a minute, and for a peer that has connected and says nothing, or sends a request's head byte by byte.
It has no bound on connections either: what is open counts against the descriptors that the store, the journals and
the link to Asterisk live on. And a peer that does not take its answer is kept for as long as it lives.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError

from gateway.web.door import problems

log = structlog.get_logger()

# From the connection, or the first byte of a further request, until the whole head is there (RFC 9110, 15.5.9).
HEAD_WITHIN_S: Final = 5.0
# Between two requests of one browser.
IDLE_S: Final = 75.0
# How long a peer may take nothing of an answer that is on its way to it.
TAKEN_WITHIN_S: Final = 30.0
# The live feed's 200 screens with their pages' connections, well below the 1,024 descriptors of a bare Linux process.
MOST_CONNECTIONS: Final = 512
# For the rest of a body that was refused: whoever sends on is not to miss the refusal for a reset connection.
_LINGER_S: Final = 2.0
_BACKLOG: Final = 256
_TELL_EVERY_S: Final = 10.0


@dataclass(slots=True)
class Door:
    """Makes a protocol for each connection to `server`, and bounds how many there are and how long they may be silent.

    When more than `most` are open, whichever has been idle since before all others goes: a newcomer that asks is
    served, however many there are that do not. Only when all are busy is the newcomer itself let go.
    """

    server: web.Server
    head_within_s: float = HEAD_WITHIN_S
    taken_within_s: float = TAKEN_WITHIN_S
    most: int = MOST_CONNECTIONS
    _told_at: float = float("-inf")

    async def open(self, host: str, port: int) -> asyncio.Server:
        """Listen there, on any free port for 0; raise OSError."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: Connection(self, loop), host, port, backlog=_BACKLOG)

    def make_room(self, newcomer: Connection) -> None:
        """Let somebody go if there are too many now."""
        connections = self.server.connections
        if len(connections) <= self.most:
            return
        idle = (one for one in connections if isinstance(one, Connection) and one is not newcomer and one.idle)
        next(idle, newcomer).force_close()
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            log.warning("http_connections_full", most=self.most)


class Connection(web.RequestHandler):
    """One connection, with a deadline for each head."""

    __slots__ = ("_door", "_head_due")

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        no_log: Any = None  # what aiohttp's own runners pass for no log of requests, which its types do not know
        super().__init__(door.server, loop=loop, keepalive_timeout=IDLE_S, lingering_time=_LINGER_S, access_log=no_log)
        self._door = door
        self._head_due: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no whole request is here: nothing that was asked is being answered."""
        waiter = self._waiter  # pending while aiohttp waits for a head; there is no public word for it
        return waiter is not None and not waiter.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock."""
        super().connection_made(transport)
        peer = transport.get_extra_info("socket")
        # tcp(7): with a peer whose window stays closed, too. No timer of ours sees that while a file is sent.
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._door.taken_within_s * 1000))
        self._await_head()
        self._door.make_room(self)

    def data_received(self, data: bytes) -> None:
        """Read; stop the clock when the head is whole, start it with the first byte of the next one."""
        if self.idle and self._head_due is None:
            self._await_head()
        super().data_received(data)
        if not self.idle:
            self._forget()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuse what is no HTTP with a problem, and tell of it in one line.

        aiohttp writes a traceback for each, with which strangers could fill the disk, and repeats to them what they
        sent, beside its version.
        """
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        log.info("http_not_spoken", reason=type(exc).__name__)
        refusal = problems.of_http(web.HTTPBadRequest()).response()
        refusal.headers["Server"] = "siaga112"
        refusal.headers["X-Content-Type-Options"] = "nosniff"
        refusal.force_close()
        return refusal

    def connection_lost(self, exc: BaseException | None) -> None:
        """Leave no clock behind."""
        self._forget()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_due = asyncio.get_running_loop().call_later(self._door.head_within_s, self._give_up)

    def _forget(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _give_up(self) -> None:
        # Without a word: a browser opens connections in advance and takes a 408 for the answer to its next request.
        self._head_due = None
        self.force_close()
