"""Marked numbers over the API, on the pages and on the command line."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import HIDDEN, MORNING, MULYADI, answered, arrives
from ticketing.commands import RecordCalls, Triage, TriageTicket, TurnStatus
from ticketing.model import CallType, Role, TicketStatus

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room

NUMBER = str(MULYADI.e164)
HOSTILE = "<b>anak</b> SDN 12"


async def pranks(room: Room, count: int) -> list[str]:
    """So many calls of one number are answered, and their tickets closed as pranks."""
    tickets = [await room.ticket(serial, 100 * serial) for serial in range(1, count + 1)]
    for number in tickets:
        await room.desk.handle(TriageTicket(number, 1, "rahma", Triage(call_type=CallType.PRANK)))
        await room.desk.handle(TurnStatus(number, TicketStatus.CLOSED, "sari", Role.SUPERVISOR))
    room.clock.time = MORNING + timedelta(hours=1)
    return tickets


async def test_a_supervisor_finds_a_number_confirms_it_and_forgives_it(room: Room) -> None:
    tickets = await pranks(room, 5)
    supervisor = room.program(Role.SUPERVISOR)
    (found,) = (await supervisor.get("/nuisance")).json["items"]
    assert [one["ticket"] for one in found["marks"]] == tickets[::-1]
    assert (found["number"], found["beyond"], found["delay_s"], found["confirmed_by"]) == (NUMBER, True, 60.0, None)
    path = f"/nuisance/{NUMBER}/judgements"
    confirmed = await supervisor.ask("POST", path, json={"judgement": "confirmed", "note": HOSTILE})
    assert (confirmed.json["confirmed_by"], confirmed.json["note"], confirmed.json["delay_s"]) == (
        "supervisor",
        HOSTILE,
        300.0,
    )
    assert confirmed.json["until_at"] == "2026-12-07T02:00:00.000000Z"
    forgiven = await supervisor.ask("POST", path.replace("+", "%2B"), json={"judgement": "forgiven"})
    assert (forgiven.json["marks"], forgiven.json["delay_s"]) == ([], 0.0)
    assert (await supervisor.get("/nuisance")).json["items"] == []
    assert (await supervisor.get(f"/nuisance/{NUMBER}")).json["beyond"] is False


async def test_what_is_not_beyond_the_threshold_is_not_listed_and_not_confirmed(room: Room) -> None:
    await pranks(room, 4)
    supervisor = room.program(Role.SUPERVISOR)
    assert (await supervisor.get("/nuisance")).json["items"] == []
    answer = await supervisor.ask("POST", f"/nuisance/{NUMBER}/judgements", json={"judgement": "confirmed"})
    assert (answer.status, answer.json["type"]) == (409, "urn:siaga112:problem:nothing-to-confirm")


@pytest.mark.parametrize("number", ["6281234500001", "112", "+62x", "+", "' OR 1=1"])
async def test_what_is_no_number_has_no_standing(room: Room, number: str) -> None:
    assert (await room.program(Role.SUPERVISOR).get(f"/nuisance/{number}")).status == 404


async def test_a_ticket_says_how_its_callers_number_stands(room: Room) -> None:
    await pranks(room, 2)
    number = await room.ticket(9, 3000)
    taker = room.program(Role.CALL_TAKER)
    stands = (await taker.get(f"/tickets/{number}/nuisance")).json["standing"]
    assert (stands["number"], len(stands["marks"]), stands["beyond"]) == (NUMBER, 2, False)
    page = (await taker.page(f"/tickets/{number}")).raw.decode()
    assert "2 kali ditandai iseng atau hening" in page
    assert "Belum dikonfirmasi supervisor." in page
    assert "Kali ini penelepon bisa saja sungguh membutuhkan pertolongan" in page


async def test_of_a_hidden_caller_and_of_a_number_without_marks_nothing_is_said(room: Room) -> None:
    await pranks(room, 1)
    hidden = arrives(8, 2000, HIDDEN)
    (*_, opened) = await room.desk.handle(RecordCalls((hidden, answered(hidden, "101", 2004))))
    taker = room.program(Role.CALL_TAKER)
    number = str(opened.ticket_number)
    assert (await taker.get(f"/tickets/{number}/nuisance")).json == {"standing": None}
    assert "ditandai iseng" not in (await taker.page(f"/tickets/{number}")).raw.decode()


async def test_an_skpd_is_told_of_no_marks(room: Room) -> None:
    await pranks(room, 3)
    number = await room.ticket(9, 3000)
    await room.dispatch(number)
    page = await room.program(Role.SKPD).page(f"/tickets/{number}")
    assert page.status == 200
    assert "ditandai iseng" not in page.raw.decode()


async def test_the_supervisors_page_offers_what_can_be_decided_and_shows_a_note_as_text(room: Room) -> None:
    await pranks(room, 5)
    supervisor = room.program(Role.SUPERVISOR)
    page = (await supervisor.page("/nuisance")).raw.decode()
    assert re.findall(r'data-judge="(\w+)"', page) == ["confirmed", "forgiven"]
    assert f'data-number="{NUMBER}"' in page
    await supervisor.ask("POST", f"/nuisance/{NUMBER}/judgements", json={"judgement": "confirmed", "note": HOSTILE})
    part = (await supervisor.page("/fragments/nuisance")).raw.decode()
    assert re.findall(r'data-judge="(\w+)"', part) == ["forgiven"]
    assert "&lt;b&gt;anak" in part
    assert "<b>anak" not in part
    assert "oleh supervisor" in part


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SUPERVISOR])
async def test_the_page_is_the_supervisors_alone(room: Room, role: Role) -> None:
    assert (await room.program(role).page("/nuisance")).status == 403
    assert 'href="/nuisance"' not in (await room.program(role).page("/")).raw.decode()
