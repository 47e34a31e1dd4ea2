"""Every call of the API, with every role and none: the table of permissions is what happens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.web.api.table import ROUTES
from gateway.web.door.routes import API, Open
from gateway.web.server import application
from tests.ticketing.evidence import MULYADI, call_id
from ticketing.model import Role
from ticketing.permissions import PERMISSIONS, Permission

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.web.door.routes import Route
    from tests.gateway.web_desk import Answer, Room, Visitor

NOBODY = None
NOTE = "20261128T010203000000Z"
BODIES = {
    ("POST", "/session"): {"name": "nobody", "password": "no password"},
    ("PATCH", "/tickets/{number}"): {"version": 1},
    ("POST", "/tickets/{number}/status"): {"status": "on_progress"},
    ("POST", "/tickets/{number}/dispatches"): {"skpd": "damkar"},
    ("POST", "/tickets/{number}/dispatches/{dispatch}/updates"): {"state": "accepted"},
    ("POST", "/call-backs/{call_back}/attempts"): {"outcome": "no_answer"},
    ("POST", "/nuisance/{phone}/judgements"): {"judgement": "forgiven"},
    ("POST", "/premise-notes"): {"number": "081234500001", "kind": "hazard", "text": "Anjing galak"},
    ("PATCH", "/premise-notes/{premise_note}"): {"version": 1, "text": "Dua anjing"},
    ("POST", "/premise-notes/{premise_note}/withdraw"): {"reason": "Anjing sudah tidak ada"},
    ("POST", "/call-backs/{call_back}/return-calls"): {"phone": "201"},
    ("POST", "/tickets/{number}/return-calls"): {"phone": "201"},
    ("PUT", "/skpds/{code}"): {"name": "Damkar", "lines": [{"number": "113"}]},
    ("PUT", "/skpds/{code}/pin"): {"pin": None},
}


def allowed(route: Route, role: Role | None) -> bool:
    """What the table says."""
    if isinstance(route.access, Permission):
        return role in PERMISSIONS[route.access]
    return route.access is Open.TO_ALL or role is not NOBODY


async def asks(visitor: Visitor, route: Route, number: str) -> Answer:
    ids = {"call_back": 1, "return_call": 1, "dispatch": 1, "premise_note": 1}
    path = route.path.format(number=number, id=call_id(), code="damkar", note=NOTE, phone=MULYADI.e164, **ids)
    body = BODIES.get((route.method, route.path))
    return await visitor.ask(route.method, path, **({"json": body} if body else {}))


@pytest.mark.parametrize("role", [*Role, NOBODY])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_a_call_answers_those_whom_the_table_names(room: Room, route: Route, role: Role | None) -> None:
    number = await room.ticket()
    room.record(b"RIFF")
    await room.skpd()
    answer = await asks(room.program(role) if role else room.visitor(), route, number)
    if allowed(route, role):
        refused_by_name = answer.status == 401 and route.path == "/session" and route.method == "POST"
        assert refused_by_name or answer.status not in {401, 403}
    else:
        assert answer.status == (401 if role is NOBODY else 403)


@pytest.mark.parametrize("role", Role)
async def test_a_session_lets_in_whom_a_token_lets_in(room: Room, role: Role) -> None:
    number = await room.ticket()
    room.record(b"RIFF")
    await room.skpd()
    person, program = await room.signed_in(role), room.program(role)
    for route in ROUTES:
        # Whatever a change would do twice is left out; who may is decided before.
        if route.method == "GET":
            mine, its = await asks(person, route, number), await asks(program, route, number)
            assert (mine.status, route.path) == (its.status, route.path)


async def test_nothing_is_served_below_the_api_that_the_table_does_not_name(room: Room) -> None:
    served = {
        (route.method, route.resource.canonical.removeprefix(API))
        for route in room_routes(room)
        if route.resource is not None and route.resource.canonical.startswith("/api") and route.method != "HEAD"
    }
    assert served == {(route.method, route.path) for route in ROUTES}


def room_routes(room: Room) -> list[web.AbstractRoute]:
    return list(application(room.parts).router.routes())


async def test_every_call_says_who_may(room: Room) -> None:
    assert all(isinstance(route.access, Permission | Open) for route in ROUTES)
    open_to_all = {(route.method, route.path) for route in ROUTES if route.access is Open.TO_ALL}
    assert open_to_all == {("GET", "/health"), ("GET", "/openapi.json"), ("POST", "/session")}
    described = (await room.visitor().get("/openapi.json")).json
    assert json.dumps(described).count('"security"') == len(ROUTES)


async def test_an_skpd_sees_no_ticket_that_was_not_sent_to_it(room: Room) -> None:
    number = await room.ticket()
    skpd = room.program(Role.SKPD)
    assert (await skpd.get("/tickets")).json == {"items": [], "next": None}
    assert (await skpd.get("/tickets?skpd=bpbd")).json["items"] == []
    assert (await skpd.get(f"/tickets/{number}")).status == 404
    assert (await skpd.get(f"/tickets/{number}/timeline")).status == 404
    assert (await skpd.get(f"/tickets/{number}/history")).status == 404
