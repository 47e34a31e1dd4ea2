from __future__ import annotations

import asyncio
import gzip
import json
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from gateway.web.door import errors, guard, problems, requests
from gateway.web.door.problems import KINDS, kind_of
from tests.gateway.web_desk import PASSWORD
from ticketing import errors as refusals
from ticketing.errors import Siaga112Error, StoreDamaged, StoreUnusable
from ticketing.model import Role

if TYPE_CHECKING:
    from tests.gateway.web_desk import Answer, Room

JSON = {"Content-Type": "application/json"}


def is_a_problem(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert {"type", "title", "status"} <= answer.json.keys()
    assert answer.json["status"] == status


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b'{"name": "a"', b"nul", b"[" * 50_000, b'{"name": "\\ud800", "password": "x"}']
)
async def test_a_body_that_is_no_json_is_a_problem(room: Room, body: bytes) -> None:
    is_a_problem(await room.visitor().ask("POST", "/session", data=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"},
        {"Content-Type": "\u00e9"},
    ],
)
async def test_a_body_of_another_kind_is_a_problem(room: Room, headers: dict[str, str]) -> None:
    body = json.dumps({"name": "admin", "password": PASSWORD}).encode()
    if "Content-Encoding" in headers:
        body = gzip.compress(body)
    is_a_problem(await room.visitor().ask("POST", "/session", data=body, headers=headers), 415)


async def test_a_body_that_is_too_large_is_a_problem(room: Room) -> None:
    body = b'{"name": "admin", "password": "%s"}' % (b"x" * 64 * 1024)
    is_a_problem(await room.visitor().ask("POST", "/session", data=body, headers=JSON), 413)


async def test_a_body_that_trickles_in_is_given_up(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_WITHIN_S", 0.1)
    host, port = room.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /api/v1/session HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        'Content-Length: 100\r\n\r\n{"name":'.encode()
    )
    assert b" 408 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_an_answer_that_takes_too_long_is_given_up(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "WITHIN_S", 0.1)
    for _ in range(8):
        await room.parts.requests.acquire()
    answer = await room.program(Role.SUPERVISOR).get("/tickets")
    is_a_problem(answer, 503)
    assert answer.headers["Retry-After"] == "5"
    # Whether the line is well is said all the same: the supervisor process asks for it.
    assert (await room.visitor().get("/health")).status == 200


async def test_a_path_that_is_none_is_a_problem(room: Room) -> None:
    for path in ("/nothing", "/tickets/1/2/3", "/", "/openapi.yaml", "/%00", "/..%2f..%2fetc%2fpasswd"):
        is_a_problem(await room.visitor().get(path), 404)


async def test_a_method_that_is_none_is_a_problem_and_says_which_there_are(room: Room) -> None:
    answer = await room.visitor().ask("PUT", "/session")
    is_a_problem(answer, 405)
    assert answer.headers["Allow"] == "DELETE,GET,HEAD,POST"
    is_a_problem(await room.visitor().ask("DELETE", "/tickets/112-20261123-0001"), 405)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=1_0",
        "limit=%D9%A1",
        "limit=1e2",
        "limit=" + "9" * 400,
        "limit=1&limit=2",
        "status=nonsense",
        "status=",
        "status=open&" * 11 + "x",
        "breached=yes",
        "breached=1",
        "since=2026-11-23",
        "since=2026-11-23T08:00:00",
        "since=1763929000",
        "since=0001-01-01T00:00:00%2B08:00",
        "since=9999-12-31T23:59:59Z",
        "since=2026-13-45T99:99:99Z",
        "q=" + "x" * 101,
        "q=",
        "category=%27%20OR%201=1--",
        "taker=../../x",
        "colour=blue",
        "%00=%00",
        "cursor=",
        "cursor=%0d%0aSet-Cookie:x",
    ],
)
async def test_a_hostile_query_string_is_a_problem(room: Room, query: str) -> None:
    answer = await room.program(Role.SUPERVISOR).get(f"/tickets?{query}")
    is_a_problem(answer, 400)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "text",
    [
        "%25",
        "_",
        "'",
        '"',
        "\\",
        "a AND b OR NOT (",
        "NEAR(a b)",
        "*",
        "^",
        "a:b",
        "{}",
        "-",
        "\u202e",
        "\0",
        "\U0001f525",
    ],
)
async def test_a_search_takes_every_text_for_text(room: Room, text: str) -> None:
    await room.ticket()
    for path in ("/tickets", "/calls"):
        answer = await room.program(Role.SUPERVISOR).get(path, params={"q": text})
        assert answer.status == 200, answer.raw
        assert answer.json["items"] == []


async def test_bytes_that_are_no_text_are_taken_for_none(room: Room) -> None:
    host, port = room.address.removeprefix("http://").split(":")
    for target in (b"/api/v1/tickets?q=%ff%fe", b"/api/v1/tickets?q=\xff", b"\x00"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        status = int((await reader.readline()).split()[1])
        assert status in {400, 401}
        writer.close()
        await writer.wait_closed()


async def test_every_answer_of_the_api_is_kept_out_of_caches_frames_and_guesses(room: Room) -> None:
    for path in ("/health", "/tickets", "/nothing", "/openapi.json"):
        headers = (await room.visitor().get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self';")
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "siaga112"


async def test_what_nobody_foresaw_tells_nothing_of_our_insides(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret path /var/lib")

    monkeypatch.setattr(room.store, "find_calls", broken)
    answer = await room.program(Role.SUPERVISOR).get("/calls")
    is_a_problem(answer, 500)
    assert b"secret" not in answer.raw


async def test_a_store_that_refuses_is_a_problem_without_its_path(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refusing(*_: object, **__: object) -> None:
        raise StoreUnusable("the database /srv/siaga112.sqlite3 is locked")

    monkeypatch.setattr(room.store, "find_tickets", refusing)
    answer = await room.program(Role.SUPERVISOR).get("/tickets")
    is_a_problem(answer, 503)
    assert b"/srv" not in answer.raw


async def test_health_needs_no_login_and_says_when_the_line_is_not_ready(room: Room) -> None:
    assert (await room.visitor().get("/health?whatever=1")).json["ready"] is True
    room.health.health = type(room.health.health)(
        **{**room.health.health.as_json(), "ready": False, "reasons": ("Asterisk's event feed: lost",)}
    )
    answer = await room.visitor().get("/health")
    assert (answer.status, answer.json["reasons"]) == (503, ["Asterisk's event feed: lost"])


def test_every_refusal_that_a_request_can_meet_has_its_kind() -> None:
    # What only starting up can meet is nobody's request.
    never_asked = {Siaga112Error, refusals.ChainBroken}
    for module in (errors, refusals):
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, Siaga112Error) and one not in never_asked | {errors.Invalid}:
                assert kind_of(one) is not problems.INTERNAL, one


def test_an_error_is_of_the_kind_of_its_nearest_class() -> None:
    assert kind_of(StoreDamaged) is KINDS[StoreUnusable]
    assert kind_of(Siaga112Error) is problems.INTERNAL
    assert all(kind.status >= HTTPStatus.BAD_REQUEST for kind in KINDS.values())
