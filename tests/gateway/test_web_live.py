from __future__ import annotations

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from gateway.feed import LONGEST_BACKLOG
from gateway.web.api import live
from tests.gateway.web_desk import token_of
from tests.ticketing.evidence import MORNING, answered, arrives, call_id, hung_up
from tests.ticketing.room import Told
from ticketing.commands import DisableUser, EndSessionsOf, RecordCalls
from ticketing.desk import TicketDesk
from ticketing.model import Role
from ticketing.timeline import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.web_desk import Room
    from ticketing.store import SqliteStore

Feed = aiohttp.ClientWebSocketResponse


async def told(feed: Feed, count: int) -> list[dict[str, Any]]:
    """The next messages that are no heartbeats."""
    messages: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while len(messages) < count:
            said = await feed.receive_json()
            if said["type"] != "heartbeat":
                messages.append(said)
    return messages


async def closing_code(feed: Feed) -> int | None:
    """What the server closes with, after whatever it still says."""
    async with asyncio.timeout(20):
        while True:
            said = await feed.receive()
            if said.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING}:
                return feed.close_code


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what changes is in the server, which has nobody to tell
            await asyncio.sleep(0.01)


async def test_an_answered_call_is_on_the_feed_the_moment_it_is_committed(room: Room) -> None:
    taker = await room.signed_in(Role.CALL_TAKER)
    async with taker.listen() as feed:
        await until(lambda: len(room.feed) == 1)
        number = await room.ticket()
        messages = await told(feed, len(room.told.news))
    assert [one["type"] for one in messages] == room.told.types
    opened = next(one for one in messages if one["type"] == "ticket_opened")
    assert (opened["ticket"], opened["call_id"], opened["body"]["taker"]) == (number, call_id(), "101")


async def test_what_was_missed_is_told_first(room: Room) -> None:
    await room.ticket(1)
    seen = await room.store.last_seq()
    await room.ticket(2, after=100)
    newest = await room.store.last_seq()
    supervisor = room.program(Role.SUPERVISOR)
    async with supervisor.listen(since=seen) as feed:
        missed = await told(feed, newest - seen)
        assert [one["seq"] for one in missed] == list(range(seen + 1, newest + 1))
        await room.ticket(3, after=200)
        assert [one["seq"] for one in await told(feed, 2)] == [newest + 1, newest + 2]
    async with supervisor.listen(since=0) as feed:
        assert [one["seq"] for one in await told(feed, newest)] == list(range(1, newest + 1))


async def test_nothing_is_missing_and_nothing_comes_twice_while_calls_come_in(room: Room) -> None:
    calls = [arrives(serial, serial) for serial in range(1, 121)]

    async def a_call_comes(serial: int) -> None:
        call = calls[serial - 1]
        await room.desk.handle(RecordCalls((call,)))
        await room.desk.handle(RecordCalls((answered(call, "101", serial + 4),)))
        await room.desk.handle(RecordCalls((hung_up(call, serial + 60),)))

    async def hears(since: int) -> list[int]:
        async with room.program(Role.SUPERVISOR).listen(since=since) as feed:
            return [one["seq"] for one in await told(feed, 5 * len(calls) - since)]

    coming = [asyncio.create_task(a_call_comes(serial)) for serial in range(1, 121)]
    hearing: list[asyncio.Task[list[int]]] = []
    for wave in range(8):
        # Each joins in the middle of the commits, having seen less than there is.
        seen = 60 * wave
        await until(lambda least=seen: len(room.told.news) >= least)  # type: ignore[misc]
        hearing += [asyncio.create_task(hears(max(0, seen - back))) for back in (0, 7)]
    await asyncio.gather(*coming)
    everything = [entry.seq for entry in room.told.news]
    assert everything == list(range(1, len(everything) + 1))
    assert len(everything) == 5 * len(calls)
    for heard in await asyncio.gather(*hearing):
        assert heard == everything[-len(heard) :]


async def test_what_another_process_has_committed_comes_in_its_place(room: Room) -> None:
    elsewhere = TicketDesk(room.store, room.clock, Told(), room.parts.city.zone)
    async with room.program(Role.SUPERVISOR).listen() as feed:
        await feed.receive_json()
        await elsewhere.handle(RecordCalls((arrives(1),)))
        await room.desk.handle(RecordCalls((arrives(2, 10),)))
        newest = await room.store.last_seq()
        assert [one["seq"] for one in await told(feed, newest)] == list(range(1, newest + 1))


async def test_a_number_that_is_still_to_come_is_told_from_now_on(room: Room) -> None:
    await room.ticket(1)
    newest = await room.store.last_seq()
    async with room.program(Role.SUPERVISOR).listen(since=newest + 1000) as feed:
        heartbeat = await feed.receive_json()
        assert heartbeat == {"type": "heartbeat", "seq": newest}
        await room.ticket(2, after=100)
        assert (await told(feed, 1))[0]["seq"] == newest + 1


async def test_a_screen_that_was_away_for_ages_is_told_to_read_anew(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST_REPLAY", 3)
    await room.ticket(1)
    newest = await room.store.last_seq()
    async with room.program(Role.SUPERVISOR).listen(since=0) as feed:
        assert await told(feed, 1) == [{"type": "reset", "seq": newest}]


async def test_a_heartbeat_comes_each_second_and_says_how_far_we_are(room: Room) -> None:
    await room.ticket()
    newest = await room.store.last_seq()
    loop = asyncio.get_running_loop()
    async with room.program(Role.CALL_TAKER).listen() as feed:
        assert await feed.receive_json() == {"type": "heartbeat", "seq": newest}
        first = loop.time()
        async with asyncio.timeout(10):
            assert await feed.receive_json() == {"type": "heartbeat", "seq": newest}
        assert loop.time() - first > live.HEARTBEAT_S * 0.9


async def test_a_screen_that_takes_nothing_is_cut_off_and_the_others_are_not(room: Room) -> None:
    host, port = room.address.removeprefix("http://").split(":")
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.settimeout(0)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(stuck, (host, int(port)))
    await loop.sock_sendall(
        stuck,
        (
            f"GET /api/v1/live HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n"
            f"Authorization: Bearer {token_of(Role.SUPERVISOR)}\r\n\r\n"
        ).encode(),
    )
    async with room.program(Role.SUPERVISOR).listen() as quick:
        await until(lambda: len(room.feed) == 2)
        body = {"text": "x" * 20_000}
        for seq in range(1, LONGEST_BACKLOG * 2):
            room.feed.publish([Entry(call_id(), seq, "noise", MORNING, MORNING, body, "0", "1", None, seq)])
            assert (await told(quick, 1))[0]["seq"] == seq
            if len(room.feed) == 1:
                break
        await until(lambda: len(room.feed) == 1)
        await room.ticket()
        assert not quick.closed
    # The connection itself is gone as well.
    async with asyncio.timeout(20):
        while True:
            try:
                if not await loop.sock_recv(stuck, 1 << 20):
                    break
            except ConnectionResetError:
                break
    stuck.close()


async def test_fifty_screens_hear_the_same(room: Room) -> None:
    supervisor = room.program(Role.SUPERVISOR)
    async with AsyncExitStack() as screens:
        feeds = [await screens.enter_async_context(supervisor.listen(since=0)) for _ in range(50)]
        for serial in range(1, 11):
            await room.ticket(serial, after=serial * 10)
        count = len(room.told.news)
        heard = await asyncio.gather(*(told(feed, count) for feed in feeds))
    assert {tuple(one["seq"] for one in each) for each in heard} == {tuple(range(1, count + 1))}
    await until(lambda: len(room.feed) == 0)


async def test_more_screens_than_a_city_has_are_refused(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_LISTENERS", 1)
    supervisor = room.program(Role.SUPERVISOR)
    async with supervisor.listen():
        await until(lambda: len(room.feed) == 1)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await supervisor.listen()
    assert refusal.value.status == 503


@pytest.mark.parametrize("end", [DisableUser("supervisor"), EndSessionsOf("supervisor")])
async def test_who_is_shut_out_hears_nothing_more(
    room: Room, end: DisableUser | EndSessionsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)
    supervisor = await room.signed_in(Role.SUPERVISOR)
    async with supervisor.listen() as feed:
        await feed.receive_json()
        await room.desk.handle(end)
        assert await closing_code(feed) == live.SIGNED_OUT


async def test_the_page_of_another_site_cannot_listen_with_our_users_session(room: Room) -> None:
    supervisor = await room.signed_in(Role.SUPERVISOR)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await supervisor.listen(headers={"Origin": "http://evil.example"})
    assert refusal.value.status == 403
    async with supervisor.listen(headers={"Origin": room.address}) as feed:
        assert (await feed.receive_json())["type"] == "heartbeat"


async def test_who_talks_into_the_feed_is_cut_off(room: Room) -> None:
    async with room.program(Role.SUPERVISOR).listen() as feed:
        await feed.send_str(json.dumps({"type": "ticket_opened"}))
        assert await closing_code(feed) == live.UNSUPPORTED_DATA


async def test_the_feed_asked_for_as_a_page_says_what_it_is(room: Room) -> None:
    answer = await room.program(Role.SUPERVISOR).get("/live")
    assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")


@pytest.mark.parametrize("since", ["-1", "x", "1.0", " 1", "9" * 30, "1e3", "\u0661", ""])
async def test_a_number_that_is_none_is_refused(room: Room, since: str) -> None:
    answer = await room.program(Role.SUPERVISOR).get("/live", params={"since": since})
    assert answer.status == 400


async def test_a_screen_that_goes_away_leaves_nothing_behind(room: Room) -> None:
    supervisor = room.program(Role.SUPERVISOR)
    for _ in range(3):
        async with supervisor.listen() as feed:
            await feed.receive_json()
        await until(lambda: len(room.feed) == 0)


async def test_a_screen_that_is_gone_before_it_is_let_in_is_no_failure(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered_at_last = asyncio.Event(), asyncio.Event()
    last_seq = type(room.store).last_seq

    async def in_its_time(store: SqliteStore) -> int:
        asked.set()
        await answered_at_last.wait()
        return await last_seq(store)

    monkeypatch.setattr(type(room.store), "last_seq", in_its_time)
    with capture_logs() as logged:
        listening = asyncio.create_task(room.program(Role.SUPERVISOR).listen().__aenter__())
        await asked.wait()
        (connection,) = room.door.server.connections
        listening.cancel()
        await until(lambda: connection.transport is None)
        answered_at_last.set()
        await until(lambda: len(room.feed) == 0)
        await until(lambda: not room.door.server.connections)
    assert [(one["event"], one["log_level"]) for one in logged] == [("asker_gone", "info")]
