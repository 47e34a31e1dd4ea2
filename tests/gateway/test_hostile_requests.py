"""What the API is asked, swept from its own table: every filter, every path, every member of every body."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from multidict import CIMultiDict
from pydantic import BaseModel
from yarl import URL

from gateway.web.api.openapi import operation_id
from gateway.web.api.table import ROUTES
from gateway.web.door.routes import API
from tests.gateway.web_desk import Answer
from tests.ticketing.evidence import call_id
from ticketing.model import Role, well_formed
from ticketing.permissions import PERMISSIONS, Permission

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.web.door.routes import Route
    from tests.gateway.web_desk import Room

TRICKS = {
    "a quote": "'",
    "or true": "' OR '1'='1",
    "or true, a number": "1 OR 1=1",
    "a comment": "x'--",
    "a second statement": "'; DROP TABLE tickets; --",
    "a union": "' UNION SELECT password_hash FROM users --",
    "a subquery": "(SELECT secret FROM tokens)",
    "a LIKE": "%",
    "a LIKE of one": "_" * 20,
    "a full-text query": '" OR tickets:* NEAR(a b) *',
    "a backslash": "\\'; --",
    "a path": "../../../../etc/passwd",
    "a path, encoded": "..%2f..%2f..%2fetc%2fpasswd",
    "a path of Windows": "..\\..\\secrets.json",
    "a root": "/etc/passwd",
    "a file's URL": "file:///etc/passwd",
    "a NUL": "112\0.json",
    "a newline": "a\r\nSet-Cookie: siaga112=x",
    "a template": "{{7*7}}${7*7}<%= 7*7 %>",
    "a script": "<script>alert(1)</script>",
    "half a surrogate's bytes": "\udcff",
    "right to left": "\u202egnp.exe",
    "digits of another script": "\u0661\u0661\u0662",
    "long": "x" * 7_000,
}
"""None of these is text of any ticket or call."""
FILTERS = [(route, name) for route in ROUTES if route.query for name in route.query.model_fields]
PATHS = [route for route in ROUTES if "{" in route.path]
BODIES = [route for route in ROUTES if route.body is not None]


def places(body: type[BaseModel] | None) -> Iterator[str]:
    """The members of a body, those of its objects as `location.lat`."""
    for name, field in body.model_fields.items() if body else ():
        below = field.annotation
        if isinstance(below, type) and issubclass(below, BaseModel):
            yield from (f"{name}.{place}" for place in places(below))
        yield name


def escaped(text: str) -> str:
    return quote(text.encode(errors="surrogateescape"), safe="")


async def state(room: Room) -> list[Any]:
    """All there is, as a supervisor sees it."""
    supervisor = room.program(Role.SUPERVISOR)
    lists = ("/tickets", "/calls", "/call-backs", "/skpds", "/premise-notes")
    return [(await supervisor.get(path)).json["items"] for path in lists]


def whoever_may(route: Route) -> Role:
    """Somebody whom the route's permission lets in: what is refused then is refused for what was asked."""
    may = PERMISSIONS[route.access] if isinstance(route.access, Permission) else frozenset(Role)
    return Role.SUPERVISOR if Role.SUPERVISOR in may else min(may)


async def asks(
    room: Room,
    method: str,
    target: str,
    *,
    role: Role = Role.SUPERVISOR,
    **more: Any,  # noqa: ANN401 - aiohttp's own arguments
) -> Answer:
    """Ask for exactly this target, which aiohttp is not to put right."""
    url = URL(room.address + target, encoded=True)
    async with room.program(role).session.request(method, url, allow_redirects=False, **more) as response:
        return Answer(response.status, CIMultiDict(response.headers), await response.read())


def is_refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in statuses, answer.raw[:300]
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json["status"] == answer.status
    assert not answer.headers.keys() & {"Set-Cookie", "Location"}


@pytest.mark.parametrize(("route", "name"), FILTERS, ids=lambda value: getattr(value, "path", value))
async def test_no_filter_does_more_than_filter(room: Room, route: Route, name: str) -> None:
    path = API + route.path.format(number=await room.ticket())
    before = await state(room)
    for trick in TRICKS.values():
        answer = await asks(room, "GET", f"{path}?{name}={escaped(trick)}")
        if answer.status == HTTPStatus.OK:
            assert {"next": None, **answer.json} == {"items": [], "next": None}, trick
        else:
            is_refused(answer, HTTPStatus.BAD_REQUEST)
        is_refused(await asks(room, "GET", f"{path}?{escaped(trick)}={name}"), HTTPStatus.BAD_REQUEST)
    assert await state(room) == before
    assert before[0]


@pytest.mark.parametrize("route", PATHS, ids=operation_id)
async def test_no_path_leads_anywhere_but_to_what_is_there(room: Room, route: Route) -> None:
    there = {"id": call_id(), **await things(room, await room.ticket())}
    before = await state(room)
    tricked = [(name, trick) for name in re.findall(r"{(\w+)}", route.path) for trick in TRICKS.values()]
    for name, trick in tricked:
        path = route.path.format(**{**there, name: escaped(trick)})
        good = GOOD.get((route.method, route.path))
        answer = await asks(room, route.method, API + path, role=whoever_may(route), json=good)
        is_refused(answer, HTTPStatus.NOT_FOUND)
    assert await state(room) == before


@pytest.mark.parametrize("what", TRICKS)
async def test_no_page_takes_a_trick_for_more_than_text(room: Room, what: str) -> None:
    await room.ticket()
    trick = escaped(TRICKS[what])
    before = await state(room)
    pages = ["/calls?q=", "/calls?outcome=", "/calls?taker=", "/calls?from=", "/calls?to=", "/calls?cursor="]
    pages += [
        "/sign-in?next=",
        "/language?to=id&next=",
        "/language?to=",
        "/tickets/",
        "/fragments/tickets/",
        "/static/",
    ]
    for page in pages:
        answer = await asks(room, "GET", page + trick)
        assert answer.status in {200, 303, 400, 403, 404}, (page, answer.raw[:300])
        assert answer.headers.get("Location", "/").startswith("/")
        assert not answer.headers.get("Location", "/").startswith(("//", "/\\"))
        assert b"<script>alert" not in answer.raw
        assert b"root:" not in answer.raw
    assert await state(room) == before


# ---- bodies ---------------------------------------------------------------------------------------------------------

WRONG: dict[str, Any] = {
    "nothing": None,
    "a boolean": True,
    "a number": 112,
    "a negative number": -1,
    "a large number": 10**400,
    "a fraction": 0.5,
    "a text": "' OR '1'='1",
    "a long text": "x" * 60_000,
    "an empty text": "",
    "a text with NUL": "a\0b",
    "a list": ["x"],
    "an object": {"$ne": None},
    "a prototype": {"__proto__": {"admin": True}},
    "depth": json.loads("[" * 900 + "]" * 900),
}
GOOD: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/session"): {"name": "nobody", "password": "no password"},
    ("PATCH", "/tickets/{number}"): {"version": 1},
    ("POST", "/tickets/{number}/status"): {"status": "on_progress"},
    ("POST", "/call-backs/{call_back}/attempts"): {"outcome": "busy"},
    ("POST", "/tickets/{number}/dispatches"): {"skpd": "damkar"},
    ("POST", "/tickets/{number}/questions"): {"question": "danger"},
    ("POST", "/tickets/{number}/dispatches/{dispatch}/updates"): {"state": "accepted"},
    ("POST", "/call-backs/{call_back}/return-calls"): {"phone": "101"},
    ("POST", "/tickets/{number}/return-calls"): {"phone": "101"},
    ("POST", "/nuisance/{phone}/judgements"): {"judgement": "confirmed"},
    ("POST", "/premise-notes"): {"area_code": "52.72.01", "address": "Gang Mawar", "kind": "other", "text": "Anjing"},
    ("PATCH", "/premise-notes/{premise_note}"): {"version": 1},
    ("POST", "/premise-notes/{premise_note}/withdraw"): {"version": 1},
    ("PUT", "/skpds/{code}"): {"name": "Damkar", "lines": [{"number": "113"}]},
    ("PUT", "/skpds/{code}/pin"): {"pin": "90210377"},
}
MEMBERS = [(route, place) for route in BODIES for place in places(route.body)]


async def things(room: Room, number: str) -> dict[str, str]:
    """One of each thing that a path may name."""
    code, dispatch = await room.skpd(), await room.dispatch(number)
    return {
        "number": number,
        "call_back": await room.owed(),
        "code": code,
        "dispatch": dispatch,
        "note": "20261128T010203000000Z",
        "phone": "+6281234500001",
        "premise_note": await room.premise_note(),
    }


@pytest.mark.parametrize(("route", "place"), MEMBERS, ids=lambda value: getattr(value, "path", value))
async def test_no_member_of_a_body_takes_more_than_it_says(room: Room, route: Route, place: str) -> None:
    number = await room.ticket()
    path = API + route.path.format(**await things(room, number))
    for wrong in WRONG.values():
        *above, name = place.split(".")
        body = {**GOOD[route.method, route.path]}
        (body.setdefault(above[0], {}) if above else body)[name] = wrong
        answer = await asks(room, route.method, path, role=whoever_may(route), json=body)
        if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:  # a text that may be any text is kept as it came
            kept = answer.json[above[0]] if above else answer.json
            as_it_came = well_formed(wrong) if isinstance(wrong, str) else wrong
            assert wrong is None or wrong == "" or kept.get(name, as_it_came) == as_it_came
        elif answer.status != HTTPStatus.UNAUTHORIZED:
            is_refused(answer, 400, 409, 413, 422, 429)
    answer = await asks(room, "PATCH", f"{API}/tickets/{number}", json={"version": await version(room, number)})
    assert answer.status == HTTPStatus.OK


async def version(room: Room, number: str) -> int:
    return int((await room.program(Role.SUPERVISOR).get(f"/tickets/{number}")).json["version"])


ENVELOPES = {
    "nothing": b"",
    "no object": b"[]",
    "null": b"null",
    "a text": b'"version"',
    "another encoding": json.dumps({"version": 1}).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + b'{"version": 1}',
    "invalid UTF-8": b'{"version": 1, "description": "\xff"}',
    "half a surrogate": b'{"version": 1, "description": "\\ud800"}',
    "not a number": b'{"version": NaN}',
    "without an end": b'{"version": 1',
    "two objects": b'{"version": 1}{"version": 1}',
    "depth": b'{"version":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "depth of objects": b'{"location":' * 4_000 + b"{}" + b"}" * 4_000,
    "too large": b'{"version": 1, "description": "' + b"x" * 70_000 + b'"}',
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("what", ENVELOPES)
@pytest.mark.parametrize("route", BODIES, ids=operation_id)
async def test_what_is_no_body_of_this_call_is_refused_and_changes_nothing(room: Room, route: Route, what: str) -> None:
    number = await room.ticket()
    path = API + route.path.format(**await things(room, number))
    before = await state(room)
    headers = {"Content-Type": "application/json"}
    answer = await asks(room, route.method, path, role=whoever_may(route), data=ENVELOPES[what], headers=headers)
    is_refused(answer, 400, 413, 422)
    assert await state(room) == before
