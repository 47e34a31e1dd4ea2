"""Pages when something is wrong: who may not, what is not there, a store that fails, a fault of our own."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import TestClient, TestServer

from gateway.web.door.routes import API
from gateway.web.pages.root import add_pages
from gateway.web.server import application
from tests.gateway.web_desk import token_of
from ticketing.commands import Triage, TriageTicket
from ticketing.model import CallType, Role

if TYPE_CHECKING:
    from gateway.web.pages.views import Seats
    from tests.gateway.web_desk import Answer, Room

PAGES = ("/", "/calls", "/tickets/112-20261123-0001")


def is_a_page(answer: Answer, status: int, words: str) -> None:
    """In the page's language, with a way back, and nothing of our insides."""
    text = answer.raw.decode()
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert words in text
    assert 'href="/"' in text
    assert "Traceback" not in text
    assert "sqlite" not in text


@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_is_sent_to_the_door_and_is_told_nothing(room: Room, path: str) -> None:
    await room.ticket()
    answer = await room.visitor().page(path)
    assert (answer.status, answer.headers["Location"][:14]) == (303, "/sign-in?next=")
    assert answer.raw == b""


@pytest.mark.parametrize("path", ["/fragments/board", "/fragments/tickets/112-20261123-0001"])
async def test_a_part_of_a_page_is_nothing_for_a_stranger(room: Room, path: str) -> None:
    await room.ticket()
    answer = await room.visitor().page(path)
    assert (answer.status, answer.raw) == (401, b"")


async def test_a_page_that_is_not_for_a_role_says_so(room: Room) -> None:
    is_a_page(await room.program(Role.SKPD).page("/calls"), 403, "Halaman ini bukan untuk peran Anda.")


async def test_an_skpds_dispatcher_is_not_told_whether_anothers_ticket_exists(room: Room) -> None:
    number = await room.ticket()
    mine, nobodys = [await room.program(Role.SKPD).page(f"/tickets/{one}") for one in (number, "112-20261123-0999")]
    is_a_page(mine, 404, "Halaman atau tiket ini tidak ada.")
    assert mine.raw.replace(number.encode(), b"") == nobodys.raw.replace(b"112-20261123-0999", b"")


@pytest.mark.parametrize(
    "path", ["/tickets/112-20261123-9999", "/tickets/%00", "/tickets/..%2f..%2fetc%2fpasswd", "/none", "/static/../x"]
)
async def test_what_is_not_there_says_so(room: Room, path: str) -> None:
    is_a_page(await room.program(Role.SUPERVISOR).page(path), 404, "Halaman atau tiket ini tidak ada.")


@pytest.mark.parametrize("path", PAGES)
async def test_a_store_that_cannot_be_read_is_said_and_the_page_stands(room: Room, path: str) -> None:
    await room.ticket()
    person = await room.signed_in(Role.SUPERVISOR)
    with closing(sqlite3.connect(room.home.root / "siaga112.sqlite3")) as database:
        database.executescript("DROP TABLE sessions; ALTER TABLE takers RENAME TO taken_away;")
    answer = await person.page(path)
    is_a_page(answer, 503, "Data sedang tidak dapat dibaca. Telepon tetap berjalan")


async def test_a_fault_of_our_own_is_a_page_too(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await room.signed_in(Role.SUPERVISOR)
    monkeypatch.setattr("gateway.web.pages.root.board_view", None)
    is_a_page(await person.page("/"), 500, "Terjadi kesalahan di pihak kami")


async def test_an_emergency_is_on_the_board_however_much_else_is_open(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.web.pages.root.MOST_ON_BOARD", 3)
    fire = await room.ticket(1, 0)
    for serial in range(2, 7):
        number = await room.ticket(serial, serial * 10)
        await room.desk.handle(TriageTicket(number, 1, "siti", Triage(call_type=CallType.INFORMATION)))
    text = (await room.program(Role.SUPERVISOR).page("/")).raw.decode()
    assert re.findall(r'data-ticket="([^"]+)"', text) == [fire, "112-20261123-0005", "112-20261123-0006"]
    assert "3 tiket" in text


async def test_an_asterisk_that_is_slow_holds_up_no_call_of_the_api(room: Room) -> None:
    asked = asyncio.Event()

    async def never() -> Seats | None:
        asked.set()
        return await asyncio.Future()

    app = application(room.parts)
    add_pages(app, never)
    number = await room.ticket()
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {token_of(Role.SUPERVISOR)}"}) as client:
        boards = [asyncio.create_task(client.get("/")) for _ in range(20)]
        await asked.wait()
        async with client.get(f"{API}/tickets/{number}") as answer:
            assert answer.status == 200
        for board in boards:
            board.cancel()
        await asyncio.gather(*boards, return_exceptions=True)


async def test_a_page_that_takes_too_long_says_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.pages.root.WITHIN_S", 0.0)
    is_a_page(await room.program(Role.SUPERVISOR).page("/calls"), 503, "Data sedang tidak dapat dibaca.")


async def test_the_answers_of_pages_are_hardened_too(room: Room) -> None:
    answer = await room.visitor().page("/sign-in")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'; object-src 'none'")
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    script = await room.visitor().page("/static/ticket.js")
    assert (script.status, script.headers["Cache-Control"]) == (200, "no-cache")
