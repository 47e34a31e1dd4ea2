from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import HIDDEN, answered, arrives, call_id, hung_up
from ticketing.commands import RecordCalls
from ticketing.model import Role

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room

AUDIO = b"RIFF" + bytes(range(256)) * 40


async def test_every_call_is_listed_answered_or_not(room: Room) -> None:
    number = await room.ticket(1)
    abandoned = arrives(2, 100, HIDDEN)
    waiting = arrives(3, 200)
    await room.desk.handle(RecordCalls((abandoned, hung_up(abandoned, 130), waiting)))
    supervisor = room.program(Role.SUPERVISOR)
    calls = (await supervisor.get("/calls")).json["items"]
    assert [(call["outcome"], call["ticket"], call["wait_s"]) for call in calls] == [
        ("waiting", None, None),
        ("abandoned", None, 30.0),
        ("answered", number, 4.0),
    ]
    for query, expected in {
        "?outcome=abandoned": ["abandoned"],
        "?outcome=abandoned&outcome=waiting": ["waiting", "abandoned"],
        "?taker=101": ["answered"],
        f"?q={number}": ["answered"],
        "?since=2026-11-23T01:03:20Z": ["waiting"],
        "?until=2026-11-23T01:01:40Z": ["answered"],
    }.items():
        found = (await supervisor.get(f"/calls{query}")).json["items"]
        assert [call["outcome"] for call in found] == expected, query


async def test_a_call_is_shown_with_its_recording_to_whom_it_may_be_played(room: Room) -> None:
    await room.ticket()
    room.record(AUDIO)
    path = f"/calls/{call_id()}"
    assert (await room.program(Role.SUPERVISOR).get(path)).json["recording"] == f"/api/v1{path}/recording"
    assert (await room.program(Role.CALL_TAKER).get(path)).json["recording"] is None


async def test_a_recording_is_played_and_each_time_is_on_record_before_its_first_byte(room: Room) -> None:
    number = await room.ticket()
    room.record(AUDIO)
    supervisor = await room.signed_in(Role.SUPERVISOR)
    answer = await supervisor.get(f"/calls/{call_id()}/recording")
    assert (answer.status, answer.raw, answer.headers["Content-Type"]) == (200, AUDIO, "audio/wav")
    assert answer.headers["Cache-Control"] == "no-store"
    async with supervisor.session.get(f"/api/v1/calls/{call_id()}/recording") as unread:
        # Headers have come and the body has not been asked for: the entry is there already.
        assert unread.status == 200
        played = [entry for entry in await room.store.timeline(number) if entry.type == "recording_played"]
    assert [entry.body["by"] for entry in played] == ["supervisor", "supervisor"]


async def test_a_recording_is_played_from_its_middle(room: Room) -> None:
    await room.ticket()
    room.record(AUDIO)
    admin = room.program(Role.ADMIN)
    answer = await admin.get(f"/calls/{call_id()}/recording", headers={"Range": "bytes=100-199"})
    assert (answer.status, answer.raw) == (206, AUDIO[100:200])
    assert answer.headers["Content-Range"] == f"bytes 100-199/{len(AUDIO)}"
    tail = await admin.get(f"/calls/{call_id()}/recording", headers={"Range": "bytes=-10"})
    assert (tail.status, tail.raw) == (206, AUDIO[-10:])
    beyond = await admin.get(f"/calls/{call_id()}/recording", headers={"Range": f"bytes={len(AUDIO)}-"})
    assert beyond.status == 416


async def test_who_may_not_hear_it_gets_no_byte_and_leaves_no_trace_of_having_heard_it(room: Room) -> None:
    await room.ticket()
    room.record(AUDIO)
    answer = await room.program(Role.CALL_TAKER).get(f"/calls/{call_id()}/recording")
    assert answer.status == 403
    assert AUDIO[:50] not in answer.raw
    assert "recording_played" not in room.told.types


async def test_a_call_without_a_recording_says_so(room: Room) -> None:
    await room.ticket()
    answer = await room.program(Role.ADMIN).get(f"/calls/{call_id()}/recording")
    assert answer.status == 404
    assert "recording_played" not in room.told.types


@pytest.mark.parametrize(
    "name", ["x", "..%2f..%2fsiaga112.sqlite3", "bima1-1.1", "bima1-1.1.wav", "%2fetc%2fpasswd", "bima1-99999999999.1"]
)
async def test_a_name_that_is_no_call_is_not_found_and_opens_no_file(room: Room, name: str) -> None:
    for path in (f"/calls/{name}", f"/calls/{name}/recording"):
        assert (await room.program(Role.ADMIN).get(path)).status == 404


async def test_calls_come_in_pages(room: Room) -> None:
    for serial in range(1, 6):
        call = arrives(serial, serial * 10)
        await room.desk.handle(RecordCalls((call, answered(call, "101", serial * 10 + 2))))
    supervisor, seen, cursor = room.program(Role.SUPERVISOR), [], None
    while True:
        page = (await supervisor.get("/calls", params={"limit": "2", **({"cursor": cursor} if cursor else {})})).json
        seen += [call["id"] for call in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [call_id(serial, serial * 10) for serial in (5, 4, 3, 2, 1)]
