"""The HTTP port against peers that say nothing, say it slowly, talk nonsense, leave, or never listen."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.web.api.live import MOST_LISTENERS
from gateway.web.door.connections import HEAD_WITHIN_S, MOST_CONNECTIONS, Connection
from ticketing.model import Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.gateway.web_desk import Room

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]
ASKS = b"GET /api/v1/session HTTP/1.1\r\nHost: x\r\n"
WITHIN_S = 10.0


@asynccontextmanager
async def peers(room: Room, count: int, says: bytes = b"") -> AsyncIterator[list[Peer]]:
    """So many connections, each of which says this and no more."""
    host, port = room.address.removeprefix("http://").split(":")
    opened = [await asyncio.open_connection(host, int(port)) for _ in range(count)]
    try:
        for _, writer in opened:
            writer.write(says)
        yield opened
    finally:
        for _, writer in opened:
            writer.close()


async def ended(peer: Peer) -> bytes:
    """Everything it is told until it is let go."""
    async with asyncio.timeout(WITHIN_S):
        try:
            return await peer[0].read()
        except ConnectionResetError:
            return b""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - what is waited for here has no event of its own
            await asyncio.sleep(0.005)


async def is_served(room: Room) -> bool:
    """Whether somebody with a connection of their own still gets an answer."""
    async with asyncio.timeout(WITHIN_S):
        return (await room.program(Role.SUPERVISOR).get("/tickets")).status == 200


@pytest.mark.parametrize(
    "says",
    [b"", b"G", ASKS, b"POST /api/v1/session HTTP/1.1\r\nContent-Length: 9\r\n"],
    ids=["nothing", "a letter", "half a head", "a head without its end"],
)
async def test_two_hundred_that_never_finish_asking_hold_nobody_up_and_are_let_go(room: Room, says: bytes) -> None:
    room.door.head_within_s = 1.0
    async with peers(room, 200, says) as silent:
        assert await is_served(room)
        assert [await ended(peer) for peer in silent] == [b""] * 200
    assert await is_served(room)


async def test_aiohttp_alone_keeps_who_never_finishes_asking(room: Room) -> None:
    async def handle(_: web.BaseRequest) -> web.Response:
        return web.Response()

    room.door.head_within_s = 0.1
    alone = web.Server(handle)
    async with await asyncio.get_running_loop().create_server(alone, "127.0.0.1", 0) as listener:
        _, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        writer.write(ASKS)
        async with peers(room, 1, ASKS) as [ours]:
            assert await ended(ours) == b""
        assert len(alone.connections) == 1
        writer.close()
        await alone.shutdown(1.0)


async def test_a_head_that_trickles_in_is_given_up_however_steadily_it_trickles(room: Room) -> None:
    room.door.head_within_s = 0.3
    async with peers(room, 1, ASKS) as [(reader, writer)]:
        gone = asyncio.create_task(ended((reader, writer)))
        while not gone.done():
            writer.write(b"x-more: 1\r\n")
            await asyncio.wait({gone}, timeout=0.05)
        assert await gone == b""


async def test_the_head_of_a_further_request_has_its_own_deadline(room: Room) -> None:
    room.door.head_within_s = 0.3
    async with peers(room, 1, ASKS + b"\r\n") as [(reader, writer)]:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 401 " in head
        writer.write(b"GET /api/v1/hea")
        assert b"HTTP/1.1" not in await ended((reader, writer))


async def test_a_browser_that_rests_between_two_requests_is_kept(room: Room) -> None:
    room.door.head_within_s = 0.1
    browser = room.visitor()
    assert (await browser.get("/session")).status == 401
    async with peers(room, 1, b"G") as [slow]:
        await ended(slow)  # the deadline of a head has passed since
    [ours] = [one for one in room.door.server.connections if isinstance(one, Connection)]
    assert ours.idle
    assert (await browser.get("/session")).status == 401
    assert room.door.server.connections == [ours]


async def test_a_request_under_way_is_not_taken_for_one_that_is_never_asked(room: Room) -> None:
    room.door.head_within_s = 0.1
    body = b'{"name": "nobody", "password": "no password"}'
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    async with peers(room, 1, head + b"Content-Length: %d\r\n\r\n" % len(body)) as [(reader, writer)]:
        answer = asyncio.create_task(ended((reader, writer)))
        for letter in body:  # longer on its way than a head may be
            writer.write(bytes([letter]))
            await asyncio.wait({answer}, timeout=0.01)
        assert b" 401 " in await answer


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"agi_network: yes\nagi_request: agi://127.0.0.1/caller_id\n\n",
        b"\x00" * 1000,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        ASKS + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
        ASKS + b"x: y\r\n" * 5_000 + b"\r\n",
        ASKS + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        ASKS + b"Content-Length: -1\r\n\r\n",
        ASKS + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        ASKS + b"\xff\xfe: \xff\r\n\r\n",
        b"\r\n" * 5_000,
    ],
    ids=[
        "TLS", "AGI", "zeros", "an unknown version", "a long path", "a long header", "many headers",
        "two lengths", "a negative length", "two ways of an end", "bytes that are no text", "blank lines",
    ],
)  # fmt: skip
async def test_two_hundred_that_talk_nonsense_are_refused_and_let_go(room: Room, garbage: bytes) -> None:
    room.door.head_within_s = 1.0
    async with peers(room, 200, garbage) as strangers:
        assert await is_served(room)
        for answer in [await ended(peer) for peer in strangers]:
            assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:200]
    assert await is_served(room)


async def test_what_is_no_http_is_told_in_one_line_and_refused_without_a_word_of_it(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as logged:
        async with peers(room, 1, ASKS + b"Content-Length: <script>\r\n\r\n") as [stranger]:
            head, _, body = (await ended(stranger)).partition(b"\r\n\r\n")
    assert json.loads(body) == {"type": "about:blank", "title": "Bad Request", "status": 400}
    assert b"Content-Type: application/problem+json" in head
    assert b"Server: siaga112" in head
    assert b"aiohttp" not in head
    assert [(entry["event"], entry["reason"]) for entry in logged] == [("http_not_spoken", "BadHttpMessage")]
    assert caplog.records == []


@pytest.mark.parametrize("said", [b"", b"GET /api", ASKS + b"\r\n"], ids=["nothing", "half a head", "a request"])
@pytest.mark.parametrize("leaves", ["with a FIN", "with a RST"])
async def test_two_hundred_that_leave_midway_leave_nothing_behind(room: Room, said: bytes, leaves: str) -> None:
    async with peers(room, 200, said) as leaving:
        for _, writer in leaving:
            if leaves == "with a RST":
                writer.transport.abort()
        assert await is_served(room)
    # Who was served stays for a next request.
    await until(lambda: len(room.door.server.connections) == 1)
    assert await is_served(room)


async def test_when_no_more_fit_who_has_said_nothing_longest_goes_and_who_asks_is_served(room: Room) -> None:
    room.door.most, room.door.head_within_s = 20, 60.0
    with capture_logs() as logged:
        async with peers(room, 40) as silent:
            assert await is_served(room)
            assert [await ended(peer) for peer in silent[:20]] == [b""] * 20
            assert len(room.door.server.connections) <= 20
            assert not silent[-1][0].at_eof()
    assert [entry["event"] for entry in logged] == ["http_connections_full"]


async def test_who_is_being_answered_does_not_go_for_a_newcomer(room: Room) -> None:
    room.door.most, room.door.head_within_s = 3, 60.0
    listener = room.program(Role.SUPERVISOR)
    async with listener.listen() as first, listener.listen() as second, listener.listen() as third:
        async with peers(room, 1) as [newcomer]:
            assert await ended(newcomer) == b""
        for feed in (first, second, third):
            assert (await feed.receive_json(timeout=WITHIN_S))["type"] == "heartbeat"


async def test_a_peer_that_takes_nothing_of_its_answers_is_let_go(room: Room) -> None:
    room.door.taken_within_s = 0.5
    host, port = room.address.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    with closing(socket.socket()) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)  # noqa: FBT003 - the standard library's
        await loop.sock_connect(deaf, (host, int(port)))
        asks = b"GET /static/console.css HTTP/1.1\r\nHost: x\r\n\r\n" * 400_000
        async with asyncio.timeout(WITHIN_S):
            with pytest.raises(ConnectionError):
                await loop.sock_sendall(deaf, asks)
    assert await is_served(room)


def test_all_the_screens_of_a_city_fit() -> None:
    # Each listens, and asks for pages beside it.
    assert MOST_CONNECTIONS >= 2 * MOST_LISTENERS
    assert HEAD_WITHIN_S < 10
