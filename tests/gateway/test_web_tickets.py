from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.ticketing.evidence import MORNING, at
from ticketing.commands import Triage, TriageTicket
from ticketing.model import CallType, Role
from ticketing.timeline import NO_ENTRY

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room, Visitor


async def numbers(visitor: Visitor, query: str = "") -> list[str]:
    """The serials of the tickets that a query finds, newest first."""
    answer = await visitor.get(f"/tickets{query}")
    assert answer.status == 200, answer.raw
    return [str(int(ticket["number"][-4:])) for ticket in answer.json["items"]]


async def test_a_ticket_is_shown_with_its_call_and_both_clocks(room: Room) -> None:
    number = await room.ticket()
    room.clock.time = at(10).at
    ticket = (await room.program(Role.CALL_TAKER).get(f"/tickets/{number}")).json
    assert number == "112-20261123-0001"
    assert (ticket["number"], ticket["status"], ticket["version"], ticket["taker"]) == (number, "open", 1, "101")
    assert ticket["wait_s"] == 4.0
    assert ticket["caller"]["e164"] == "+6281234500001"
    assert ticket["sla"]["on_progress"] == {
        "due_at": "2026-11-23T01:03:04.000000Z",
        "met_at": None,
        "state": "running",
    }


async def test_a_taker_records_a_case_and_the_callers_words_stay_as_said(room: Room) -> None:
    number = await room.ticket()
    taker = await room.signed_in(Role.CALL_TAKER)
    said = "rumah panggung biru, belakang masjid — 'gang 3'"
    answer = await taker.ask(
        "PATCH",
        f"/tickets/{number}",
        json={"version": 1, "reporter_name": "Ibu Nur", "severity": 2, "location": {"verbatim": said}},
    )
    assert (answer.status, answer.json["version"]) == (200, 2)
    mapped = {"version": 2, "location": {"lat": -8.46, "lon": 118.72, "area_code": "52.72.01.1001"}}
    ticket = (await taker.ask("PATCH", f"/tickets/{number}", json=mapped)).json
    assert ticket["location"]["verbatim"] == said
    assert (ticket["location"]["lat"], ticket["location"]["lon"]) == (-8.46, 118.72)
    assert (ticket["reporter_name"], ticket["severity"]) == ("Ibu Nur", 2)
    cleared = await taker.ask(
        "PATCH", f"/tickets/{number}", json={"version": 3, "severity": None, "reporter_name": " "}
    )
    assert (cleared.json["severity"], cleared.json["reporter_name"]) == (None, None)


async def test_the_second_of_two_editors_is_told_what_the_first_has_changed(room: Room) -> None:
    number = await room.ticket()
    first, second = await room.signed_in(Role.CALL_TAKER), await room.signed_in(Role.SUPERVISOR)
    await first.ask("PATCH", f"/tickets/{number}", json={"version": 1, "reporter_name": "Ibu Nur"})
    typed = {"version": 1, "description": "Api di dapur"}
    refused = await second.ask("PATCH", f"/tickets/{number}", json=typed)
    assert refused.status == 409
    problem = refused.json
    assert problem["type"] == "urn:siaga112:problem:stale-version"
    assert (problem["given"], problem["current"]) == (1, 2)
    assert problem["ticket"]["reporter_name"] == "Ibu Nur"
    # With what the problem told, what was typed goes in without a loss to either.
    again = await second.ask("PATCH", f"/tickets/{number}", json={**typed, "version": problem["ticket"]["version"]})
    assert again.status == 200
    assert (again.json["reporter_name"], again.json["description"]) == ("Ibu Nur", "Api di dapur")


async def test_of_two_edits_at_once_exactly_one_is_taken(room: Room) -> None:
    number = await room.ticket()
    taker = await room.signed_in(Role.CALL_TAKER)
    edits = [{"version": 1, "reporter_name": f"Pelapor {n}"} for n in range(6)]
    answers = await asyncio.gather(*(taker.ask("PATCH", f"/tickets/{number}", json=edit) for edit in edits))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 5


async def test_a_supervisor_turns_a_ticket_and_the_clocks_are_met(room: Room) -> None:
    number = await room.ticket()
    supervisor = await room.signed_in(Role.SUPERVISOR)
    room.clock.time = at(100).at
    turned = await supervisor.ask("POST", f"/tickets/{number}/status", json={"status": "on_progress"})
    assert (turned.status, turned.json["status"]) == (200, "on_progress")
    assert turned.json["sla"]["on_progress"]["state"] == "met"
    room.clock.time = at(1300).at
    closed = await supervisor.ask("POST", f"/tickets/{number}/status", json={"status": "closed", "version": 2})
    assert (closed.json["status"], closed.json["sla"]["close"]["state"]) == ("closed", "breached")
    unreasoned = await supervisor.ask("POST", f"/tickets/{number}/status", json={"status": "open"})
    assert unreasoned.status == 409
    assert "it needs a reason" in unreasoned.json["detail"]
    reopened = await supervisor.ask(
        "POST", f"/tickets/{number}/status", json={"status": "open", "reason": "Api menyala lagi"}
    )
    assert reopened.json["status"] == "open"


async def test_a_taker_closes_alone_what_is_no_emergency(room: Room) -> None:
    number = await room.ticket()
    taker = await room.signed_in(Role.CALL_TAKER)
    refused = await taker.ask("POST", f"/tickets/{number}/status", json={"status": "closed"})
    assert (refused.status, refused.json["type"]) == (409, "urn:siaga112:problem:transition-refused")
    await taker.ask("PATCH", f"/tickets/{number}", json={"version": 1, "call_type": "prank"})
    closed = await taker.ask("POST", f"/tickets/{number}/status", json={"status": "closed"})
    assert (closed.status, closed.json["sla"]["close"]["state"]) == (200, "exempt")


async def test_what_was_closed_as_a_prank_is_no_emergency_before_it_is_reopened(room: Room) -> None:
    number = await room.ticket()
    taker = await room.signed_in(Role.CALL_TAKER)
    await taker.ask("PATCH", f"/tickets/{number}", json={"version": 1, "call_type": "prank"})
    closed = (await taker.ask("POST", f"/tickets/{number}/status", json={"status": "closed"})).json
    emergency = {"version": closed["version"], "call_type": "emergency"}
    refused = await taker.ask("PATCH", f"/tickets/{number}", json=emergency)
    assert (refused.status, refused.json["type"]) == (409, "urn:siaga112:problem:reopen-first")
    assert "a supervisor has to reopen it" in refused.json["detail"]
    assert (await taker.ask("GET", f"/tickets/{number}")).json == closed


async def test_a_stale_turn_is_told_so(room: Room) -> None:
    number = await room.ticket()
    supervisor = await room.signed_in(Role.SUPERVISOR)
    await supervisor.ask("PATCH", f"/tickets/{number}", json={"version": 1, "severity": 1})
    asked = {"status": "on_progress", "version": 1}
    refused = await supervisor.ask("POST", f"/tickets/{number}/status", json=asked)
    assert (refused.status, refused.json["ticket"]["severity"]) == (409, 1)


async def test_the_timeline_is_a_chain_that_says_who_did_what(room: Room) -> None:
    number = await room.ticket()
    supervisor = await room.signed_in(Role.SUPERVISOR)
    await supervisor.ask("PATCH", f"/tickets/{number}", json={"version": 1, "severity": 1})
    await supervisor.ask("POST", f"/tickets/{number}/status", json={"status": "on_progress"})
    entries = (await supervisor.get(f"/tickets/{number}/timeline")).json["items"]
    assert [entry["type"] for entry in entries][:1] == ["call_arrived"]
    assert [(entry["type"], entry["body"]["by"]) for entry in entries[-2:]] == [
        ("ticket_triaged", "supervisor"),
        ("status_turned", "supervisor"),
    ]
    assert entries[-2]["body"]["changes"] == {"severity": [None, 1]}
    assert (entries[-1]["body"]["from"], entries[-1]["body"]["to"]) == ("open", "on_progress")
    hashes = [NO_ENTRY.hash, *(entry["hash"] for entry in entries)]
    assert [entry["previous_hash"] for entry in entries] == hashes[:-1]


async def test_filters_find_what_they_name(room: Room) -> None:
    made = [await room.ticket(serial, after=serial * 10, taker=str(100 + serial)) for serial in (1, 2, 3)]
    prank = Triage(call_type=CallType.PRANK, category="kebakaran", reporter_name="Pak Arifin")
    await room.desk.handle(TriageTicket(made[1], 1, "call_taker", prank))
    supervisor = await room.signed_in(Role.SUPERVISOR)
    await supervisor.ask("POST", f"/tickets/{made[2]}/status", json={"status": "on_progress"})
    assert await numbers(supervisor) == ["3", "2", "1"]
    assert await numbers(supervisor, "?status=open") == ["2", "1"]
    assert await numbers(supervisor, "?status=open&status=on_progress") == ["3", "2", "1"]
    assert await numbers(supervisor, "?call_type=prank") == ["2"]
    assert await numbers(supervisor, "?category=kebakaran&taker=102") == ["2"]
    assert await numbers(supervisor, "?taker=103") == ["3"]
    assert await numbers(supervisor, "?q=arifin") == ["2"]
    assert await numbers(supervisor, "?skpd=damkar") == []
    room.clock.time = MORNING + timedelta(minutes=4)
    assert await numbers(supervisor, "?breached=true") == ["1"]
    assert await numbers(supervisor, "?breached=false") == ["3", "2"]


async def test_since_and_until_are_of_the_opening_and_any_offset_will_do(room: Room) -> None:
    for serial in (1, 2, 3):
        room.clock.time = at(serial * 60).at
        await room.ticket(serial, after=serial * 60)
    taker = room.program(Role.CALL_TAKER)
    assert await numbers(taker, "?since=2026-11-23T01:02:00Z") == ["3", "2"]
    assert await numbers(taker, "?until=2026-11-23T01:02:00Z") == ["1"]
    assert await numbers(taker, "?since=2026-11-23T09:02:00%2B08:00") == ["3", "2"]
    # A plus sign that a script forgot to escape.
    assert await numbers(taker, "?since=2026-11-23T09:02:00+08:00") == ["3", "2"]


async def test_pages_give_everything_once_while_new_tickets_come_in(room: Room) -> None:
    for serial in range(1, 8):
        await room.ticket(serial, after=serial)
    taker = room.program(Role.CALL_TAKER)
    page: dict[str, Any] = (await taker.get("/tickets?limit=3")).json
    seen = [ticket["number"][-4:] for ticket in page["items"]]
    serial = 8
    while page["next"]:
        await room.ticket(serial, after=serial)
        serial += 1
        page = (await taker.get("/tickets", params={"limit": "3", "cursor": page["next"]})).json
        seen += [ticket["number"][-4:] for ticket in page["items"]]
    assert seen == ["0007", "0006", "0005", "0004", "0003", "0002", "0001"]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "'--", "e30", "eyJhIjoxfQ==", "%25", "9" * 200])
async def test_a_cursor_of_ones_own_making_is_refused(room: Room, cursor: str) -> None:
    for path in ("/tickets", "/calls"):
        answer = await room.program(Role.SUPERVISOR).get(path, params={"cursor": cursor})
        assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json; charset=utf-8")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"version": "1"},
        {"version": 0},
        {"version": 1, "status": "closed"},
        {"version": 1, "call_type": None},
        {"version": 1, "call_type": "fire"},
        {"version": 1, "severity": 6},
        {"version": 1, "severity": True},
        {"version": 1, "severity": 1.5},
        {"version": 1, "severity": 1e400},
        {"version": 1, "location": None},
        {"version": 1, "location": {"lat": 91}},
        {"version": 1, "location": {"lat": "-8"}},
        {"version": 1, "location": {"area_code": "5272"}},
        {"version": 1, "location": {"verbatim": "x" * 1001}},
        {"version": 1, "description": "x" * 10_001},
        {"version": 1, "category": "a b"},
        {"version": 2**70},
        [],
        "text",
    ],
)
async def test_a_record_that_cannot_be_is_refused_with_where_and_why(room: Room, change: object) -> None:
    number = await room.ticket()
    answer = await room.program(Role.CALL_TAKER).ask("PATCH", f"/tickets/{number}", json=change)
    assert answer.status == 422
    assert answer.json["errors"]
    assert (await room.program(Role.CALL_TAKER).get(f"/tickets/{number}")).json["version"] == 1


async def test_an_integer_is_one_however_json_writes_it(room: Room) -> None:
    number = await room.ticket()
    written = {"version": 1.0, "severity": 2.0}
    answer = await room.program(Role.CALL_TAKER).ask("PATCH", f"/tickets/{number}", json=written)
    assert (answer.status, answer.json["severity"]) == (200, 2)


async def test_hostile_text_is_kept_as_text(room: Room) -> None:
    number = await room.ticket()
    taker = room.program(Role.CALL_TAKER)
    hostile = "<img src=x onerror=alert(1)>'; DROP TABLE tickets; -- \u202e \u0000 \U0001f525"
    raw = b'{"version": 1, "reporter_name": "%s"}' % hostile.replace("\u0000", "\\u0000").encode()
    headers = {"Content-Type": "application/json"}
    answer = await taker.ask("PATCH", f"/tickets/{number}", data=raw, headers=headers)
    assert answer.json["reporter_name"] == hostile.replace("\u0000", "\ufffd")
    assert await numbers(taker, "?q=onerror") == ["1"]


async def test_a_number_that_is_none_is_not_found(room: Room) -> None:
    for number in ("112-20261123-0001", "112-20261123-9999", "x", "112-20261123-0001%00", "1" * 500):
        answer = await room.program(Role.SUPERVISOR).get(f"/tickets/{number}")
        assert (answer.status, answer.json["type"]) == (404, "urn:siaga112:problem:not-found")
