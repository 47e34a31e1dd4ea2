from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import HIDDEN, MULYADI, answered, arrives, at, call_id
from ticketing.commands import RecordCalls
from ticketing.model import Role

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room


async def test_who_is_owed_a_call_back_is_listed_with_calls_and_attempts(room: Room) -> None:
    await room.owed(1, 0)
    await room.owed(2, 60, HIDDEN)
    await room.owed(3, 120)
    taker = room.program(Role.CALL_TAKER)
    first, second = (await taker.get("/call-backs")).json["items"]
    assert [call["id"] for call in first["calls"]] == [call_id(1), call_id(3, 120)]
    assert first["calls"][0] == {
        "id": call_id(1),
        "arrived_at": "2026-11-23T01:00:00.000000Z",
        "wait_s": 30.0,
        "outcome": "abandoned",
    }
    assert (first["owed_since"], first["caller"]["e164"]) == ("2026-11-23T01:00:00.000000Z", MULYADI.e164)
    assert (first["attempts"], first["settled"], second["caller"]["callable"]) == ([], None, False)
    room.clock.time = at(300).at
    path = f"/call-backs/{first['id']}/attempts"
    answer = await taker.ask("POST", path, json={"outcome": "no_answer", "note": "tidak diangkat"})
    assert answer.json["attempts"] == [
        {
            "at": "2026-11-23T01:05:00.000000Z",
            "by": "call_taker",
            "outcome": "no_answer",
            "note": "tidak diangkat",
            "return_call": None,
        }
    ]
    assert (await taker.get(f"/call-backs/{first['id']}")).json == answer.json


async def test_a_call_back_that_reached_the_caller_is_history_and_takes_no_more(room: Room) -> None:
    await room.owed(1, 0)
    taker = await room.signed_in(Role.CALL_TAKER)
    (one,) = (await taker.get("/call-backs")).json["items"]
    path = f"/call-backs/{one['id']}/attempts"
    answer = await taker.ask("POST", path, json={"outcome": "reached", "note": " "})
    assert answer.json["settled"] == {
        "at": "2026-11-23T01:00:00.000000Z",
        "how": "reached",
        "by": "call_taker",
        "note": None,
        "call_id": None,
    }
    assert (await taker.get("/call-backs")).json == {"items": [], "next": None}
    assert (await taker.get("/call-backs?settled=true")).json["items"] == [answer.json]
    again = await taker.ask("POST", path, json={"outcome": "busy"})
    assert (again.status, again.json["type"]) == (409, "urn:siaga112:problem:call-back-settled")


async def test_who_calls_again_and_is_answered_settles_it_without_anybody(room: Room) -> None:
    await room.owed(1, 0)
    again = arrives(2, 100)
    await room.desk.handle(RecordCalls((again, answered(again, "101", 104))))
    (one,) = (await room.program(Role.ADMIN).get("/call-backs?settled=true")).json["items"]
    assert (one["settled"]["how"], one["settled"]["call_id"], one["settled"]["by"]) == ("called_again", again.id, None)


async def test_a_supervisor_gives_up_with_a_reason_and_a_taker_never(room: Room) -> None:
    await room.owed(1, 0, HIDDEN)
    taker, supervisor = room.program(Role.CALL_TAKER), room.program(Role.SUPERVISOR)
    (one,) = (await taker.get("/call-backs")).json["items"]
    path = f"/call-backs/{one['id']}/attempts"
    refused = await taker.ask("POST", path, json={"outcome": "given_up", "note": "tanpa nomor"})
    assert (refused.status, refused.json["type"]) == (403, "urn:siaga112:problem:forbidden")
    bare = await supervisor.ask("POST", path, json={"outcome": "given_up"})
    assert (bare.status, bare.json["type"]) == (409, "urn:siaga112:problem:reason-needed")
    done = await supervisor.ask("POST", path, json={"outcome": "given_up", "note": "tanpa nomor"})
    assert (done.status, done.json["settled"]["how"], done.json["settled"]["note"]) == (200, "given_up", "tanpa nomor")


@pytest.mark.parametrize("name", ["999", "x", "0", "-1", "1.0", "9" * 19, "..%2f1"])
async def test_what_is_no_call_back_is_not_found(room: Room, name: str) -> None:
    taker = room.program(Role.CALL_TAKER)
    assert (await taker.get(f"/call-backs/{name}")).status == 404
    assert (await taker.ask("POST", f"/call-backs/{name}/attempts", json={"outcome": "busy"})).status == 404


async def test_what_says_nothing_known_of_an_attempt_is_refused(room: Room) -> None:
    await room.owed(1, 0)
    taker = room.program(Role.CALL_TAKER)
    for body in ({}, {"outcome": "called_again"}, {"outcome": "busy", "by": "siti"}, {"outcome": "busy", "note": 1}):
        assert (await taker.ask("POST", "/call-backs/1/attempts", json=body)).status == 422


async def test_call_backs_come_in_pages(room: Room) -> None:
    for serial in range(1, 6):
        await room.owed(serial, serial * 60, HIDDEN)
    taker, seen, cursor = room.program(Role.CALL_TAKER), [], None
    while True:
        page = await taker.get("/call-backs", params={"limit": "2", **({"cursor": cursor} if cursor else {})})
        seen += [one["calls"][0]["id"] for one in page.json["items"]]
        cursor = page.json["next"]
        if cursor is None:
            break
    assert seen == [call_id(serial, serial * 60) for serial in range(1, 6)]
    assert (await taker.get("/call-backs?cursor=nonsense")).status == 400


async def test_the_timeline_of_a_call_that_nobody_answered_can_be_read(room: Room) -> None:
    await room.owed(1, 0)
    taker = room.program(Role.CALL_TAKER)
    await taker.ask("POST", "/call-backs/1/attempts", json={"outcome": "reached"})
    items = (await taker.get(f"/calls/{call_id()}/timeline")).json["items"]
    assert [entry["type"] for entry in items] == [
        "call_arrived",
        "caller_identified",
        "call_ended",
        "call_back_tried",
        "call_back_settled",
    ]
    assert [entry["position"] for entry in items] == [1, 2, 3, 4, 5]
    assert (await taker.get("/calls/bima1-1.1/timeline")).status == 404
