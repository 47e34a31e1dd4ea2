"""What a taker is told besides, at the answer: earlier calls and tickets of the number, of the area, premise notes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.ticketing.evidence import HIDDEN, MORNING, MULYADI, answered, arrives, call_id, hung_up
from ticketing.commands import RecordCalls, Triage, TriageTicket, TurnStatus, WithdrawPremiseNote
from ticketing.model import CallType, Role, TicketStatus
from ticketing.premise import PremiseKind, Premises

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room
    from ticketing.model import Caller

NUMBER = MULYADI.e164
KELURAHAN = "52.72.01.1001"
HOUSE = Premises(area=KELURAHAN, address="Gang Mawar 12")
ROOM_AND_ADMIN = (Role.CALL_TAKER, Role.SUPERVISOR, Role.ADMIN)


async def a_ticket(room: Room, serial: int, caller: Caller = MULYADI, **told: Any) -> str:  # noqa: ANN401
    """A call that is answered and ends, and what the taker records of it."""
    call = arrives(serial, serial * 60, caller)
    after = serial * 60
    news = await room.desk.handle(RecordCalls((call, answered(call, "101", after + 4), hung_up(call, after + 30))))
    number = next(str(entry.ticket_number) for entry in news if entry.type == "ticket_opened")
    if told:
        await room.desk.handle(TriageTicket(number, 1, "siti", Triage(**told)))
    return number


async def close_as_prank(room: Room, number: str) -> None:
    await room.desk.handle(TriageTicket(number, 1, "siti", Triage(call_type=CallType.PRANK)))
    await room.desk.handle(TurnStatus(number, TicketStatus.CLOSED, "siti", Role.CALL_TAKER))


async def history(room: Room, number: str, role: Role = Role.CALL_TAKER, area: str = "") -> Any:  # noqa: ANN401 - JSON
    answer = await room.program(role).get(f"/tickets/{number}/history{area and f'?area={area}'}")
    assert answer.status == 200
    return answer.json


# ---- the number


async def test_the_second_call_of_a_number_is_told_of_the_first(room: Room) -> None:
    first = await a_ticket(room, 1, verbatim="belakang pasar", category="kebakaran", severity=3)
    await room.owed(2, 120)
    second = await a_ticket(room, 3)
    told = (await history(room, second))["number"]
    assert [one["id"] for one in told["calls"]] == [call_id(2, 120), call_id(1, 60)]
    missed, answered_one = told["calls"]
    assert (missed["outcome"], missed["ticket"]) == ("abandoned", None)
    assert answered_one["ticket"] == {
        "number": first,
        "opened_at": "2026-11-23T01:00:00.000000Z",
        "status": "open",
        "call_type": "emergency",
        "category": "kebakaran",
        "severity": 3,
        "verbatim": "belakang pasar",
        "landmark": None,
        "area_code": None,
    }
    assert told["in_hand"] == [answered_one["ticket"]]
    assert (told["e164"], told["counted"], told["without_ticket"], told["more"]) == (NUMBER, 2, 1, False)
    assert told["by_call_type"] == {"emergency": 1, "information": 0, "prank": 0, "ghost": 0, "test": 0}


async def test_a_closed_ticket_of_the_number_is_history_and_no_incident_in_hand(room: Room) -> None:
    first, second = await a_ticket(room, 1), await a_ticket(room, 2)
    await close_as_prank(room, first)
    told = (await history(room, second))["number"]
    assert (told["in_hand"], told["by_call_type"]["prank"]) == ([], 1)
    assert told["calls"][0]["ticket"]["status"] == "closed"


async def test_callers_without_a_number_have_no_history_and_are_never_merged(room: Room) -> None:
    await a_ticket(room, 1, HIDDEN)
    second = await a_ticket(room, 2, HIDDEN)
    assert await history(room, second) == {"number": None, "area": None, "notes": []}


# ---- the area


async def test_a_second_caller_of_the_same_fire_is_told_of_the_first_as_soon_as_the_area_is_picked(room: Room) -> None:
    first = await a_ticket(room, 1, verbatim="rumah terbakar", area_code=KELURAHAN)
    second = await a_ticket(room, 2, HIDDEN)
    assert (await history(room, second))["area"] is None
    picked = (await history(room, second, area="52.72.01"))["area"]
    assert [(one["number"], one["verbatim"]) for one in picked["tickets"]] == [(first, "rumah terbakar")]
    assert (picked["area_code"], picked["since"][:10], picked["until"][:10]) == ("52.72.01", "2026-11-22", "2026-11-24")
    await room.desk.handle(TriageTicket(second, 1, "siti", Triage(area_code=KELURAHAN)))
    assert (await history(room, second))["area"]["tickets"] == picked["tickets"]
    assert (await history(room, second, area="52.72.02"))["area"]["tickets"] == []


# ---- premise notes


@pytest.mark.parametrize("role", ROOM_AND_ADMIN)
async def test_the_notes_of_number_and_area_are_told_with_what_can_hurt_first(room: Room, role: Role) -> None:
    number = await a_ticket(room, 1, area_code=KELURAHAN)
    await room.premise_note(premises=HOUSE, kind=PremiseKind.ACCESS, text="Kode pagar 4711")
    await room.premise_note(expires_on=date(2026, 11, 30))
    await room.premise_note(premises=Premises(area="52.72.02.1001", address="x"))
    notes = (await history(room, number, role))["notes"]
    assert [(one["kind"], one["text"], one["state"]) for one in notes] == [
        ("hazard", "Anjing galak", "in_force"),
        ("access", "Kode pagar 4711", "in_force"),
    ]
    assert notes[0] == {
        "id": "2",
        "version": 1,
        "state": "in_force",
        "number": NUMBER,
        "area_code": None,
        "address": None,
        "kind": "hazard",
        "text": "Anjing galak",
        "expires_on": "2026-11-30",
        "written_at": "2026-11-23T01:00:00.000000Z",
        "written_by": "dewi",
        "changed_at": "2026-11-23T01:00:00.000000Z",
        "changed_by": "dewi",
        "withdrawn_because": None,
    }


async def test_a_note_is_not_told_any_more_once_it_has_expired_or_is_withdrawn(room: Room) -> None:
    number = await a_ticket(room, 1)
    await room.premise_note(expires_on=date(2026, 11, 23))
    # Half past eleven in the evening in Bima, and half an hour after midnight.
    room.clock.time = MORNING.replace(hour=15, minute=30)
    assert len((await history(room, number))["notes"]) == 1
    room.clock.time += timedelta(hours=1)
    assert (await history(room, number))["notes"] == []
    supervisor = room.program(Role.SUPERVISOR)
    (expired,) = (await supervisor.get("/premise-notes?state=expired")).json["items"]
    assert (expired["id"], expired["state"]) == ("1", "expired")
    await supervisor.ask("PATCH", "/premise-notes/1", json={"version": 1, "expires_on": "2027-11-24"})
    assert len((await history(room, number))["notes"]) == 1
    await room.desk.handle(WithdrawPremiseNote(1, "dewi"))
    assert (await history(room, number))["notes"] == []


async def test_an_skpd_reads_the_notes_of_its_own_tickets_in_hand_and_nothing_else(room: Room) -> None:
    await a_ticket(room, 1, area_code=KELURAHAN)
    number = await a_ticket(room, 2, area_code=KELURAHAN)
    await room.premise_note(premises=HOUSE, kind=PremiseKind.ACCESS, text="Kode pagar 4711")
    await room.premise_note(premises=Premises(area="52.72.02.1001", address="x"), text="Kode brankas")
    skpd = room.program(Role.SKPD)
    assert (await skpd.get(f"/tickets/{number}/history")).status == 404
    await room.dispatch(number)
    told = await history(room, number, Role.SKPD)
    assert (told["number"], told["area"], [one["text"] for one in told["notes"]]) == (None, None, ["Kode pagar 4711"])
    # Whatever area it asks about.
    assert await history(room, number, Role.SKPD, "52.72.02.1001") == told
    await room.desk.handle(TurnStatus(number, TicketStatus.ON_PROGRESS, "dewi", Role.SUPERVISOR))
    assert await history(room, number, Role.SKPD) == told
    await room.desk.handle(TurnStatus(number, TicketStatus.CLOSED, "dewi", Role.SUPERVISOR))
    assert (await history(room, number, Role.SKPD))["notes"] == []


# ---- keeping them


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMIN])
async def test_a_note_is_written_changed_renewed_and_withdrawn_and_nothing_of_it_is_lost(
    room: Room, role: Role
) -> None:
    keeper = room.program(role)
    written = await keeper.ask(
        "POST", "/premise-notes", json={"number": "0812-3450-0001", "kind": "hazard", "text": " Anjing galak "}
    )
    assert (written.status, written.json["number"], written.json["text"]) == (201, NUMBER, "Anjing galak")
    assert written.json["expires_on"] == "2027-11-23"
    path = f"/premise-notes/{written.json['id']}"
    room.clock.time += timedelta(days=30)
    changes = {"version": 1, "kind": "medical", "text": "Asma", "expires_on": "2028-01-01"}
    changed = await keeper.ask("PATCH", path, json=changes)
    assert (changed.status, changed.json["version"], changed.json["kind"]) == (200, 2, "medical")
    stale = await keeper.ask("PATCH", path, json=changes)
    assert (stale.status, stale.json["type"]) == (409, "urn:siaga112:problem:stale-premise-note")
    ended = await keeper.ask("POST", f"{path}/withdraw", json={"reason": "Pindah rumah"})
    assert (ended.status, ended.json["state"], ended.json["withdrawn_because"]) == (200, "withdrawn", "Pindah rumah")
    for method, place, body in (("PATCH", path, {"version": 3, "text": "x"}), ("POST", f"{path}/withdraw", {})):
        over = await keeper.ask(method, place, json=body)
        assert (over.status, over.json["type"]) == (409, "urn:siaga112:problem:premise-note-withdrawn")
    history = (await keeper.get(path)).json["history"]
    assert [(one["act"], one["text"], one["by"], one["at"][:10], one["reason"]) for one in history] == [
        ("written", "Anjing galak", role, "2026-11-23", None),
        ("changed", "Asma", role, "2026-12-23", None),
        ("withdrawn", "Asma", role, "2026-12-23", "Pindah rumah"),
    ]
    assert (await keeper.get("/premise-notes")).json == {"items": [], "next": None}
    (kept,) = (await keeper.get("/premise-notes?state=withdrawn")).json["items"]
    assert kept == {key: value for key, value in ended.json.items() if key != "history"}


async def test_a_note_about_a_house_may_be_corrected_where_it_is(room: Room) -> None:
    keeper = room.program(Role.SUPERVISOR)
    body = {"area_code": KELURAHAN, "address": "Gang Mawar 12", "kind": "access", "text": "Kode 4711"}
    written = (await keeper.ask("POST", "/premise-notes", json=body)).json
    assert (written["area_code"], written["address"], written["number"]) == (KELURAHAN, "Gang Mawar 12", None)
    changed = await keeper.ask("PATCH", f"/premise-notes/{written['id']}", json={"version": 1, "address": "No. 21"})
    assert changed.json["address"] == "No. 21"
    of_number = await room.premise_note()
    refused = await keeper.ask("PATCH", f"/premise-notes/{of_number}", json={"version": 1, "address": "No. 21"})
    assert (refused.status, refused.json["errors"][0]["where"]) == (422, "address")


GOOD = {"number": "081234500001", "kind": "hazard", "text": "Anjing"}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"number": "112"}, 422),
        ({"number": "anonymous"}, 422),
        ({"number": "081234500001;ext=1"}, 422),
        ({"number": None}, 422),
        ({"area_code": KELURAHAN}, 422),
        ({"number": None, "area_code": KELURAHAN}, 422),
        ({"number": None, "area_code": "52.72%", "address": "x"}, 422),
        ({"number": None, "area_code": KELURAHAN, "address": " "}, 422),
        ({"kind": "dog"}, 422),
        ({"text": " \n"}, 422),
        ({"text": "x" * 1001}, 422),
        ({"expires_on": "2027-02-30"}, 422),
        ({"expires_on": "besok"}, 422),
        ({"expires_on": "2027-11-23T00:00:00Z"}, 422),
        ({"expires_on": "2026-11-22"}, 409),
        ({"expires_on": "2029-11-23"}, 409),
        ({"by": "somebody else"}, 422),
    ],
)
async def test_what_is_no_note_is_refused_and_nothing_kept(room: Room, wrong: dict[str, Any], status: int) -> None:
    answer = await room.program(Role.SUPERVISOR).ask("POST", "/premise-notes", json={**GOOD, **wrong})
    assert answer.status == status, answer.raw
    assert await room.store.premise_note(1) == ()


@pytest.mark.parametrize("name", ["999", "x", "0", "-1", "1.0", "9" * 19, "..%2f1"])
async def test_what_is_no_premise_note_is_not_found(room: Room, name: str) -> None:
    keeper = room.program(Role.SUPERVISOR)
    assert (await keeper.get(f"/premise-notes/{name}")).status == 404
    assert (await keeper.ask("PATCH", f"/premise-notes/{name}", json={"version": 1})).status == 404
    assert (await keeper.ask("POST", f"/premise-notes/{name}/withdraw", json={})).status == 404


async def test_notes_come_in_pages(room: Room) -> None:
    for _ in range(5):
        await room.premise_note()
    keeper, seen, cursor = room.program(Role.SUPERVISOR), [], None
    while True:
        page = await keeper.get("/premise-notes", params={"limit": "2", **({"cursor": cursor} if cursor else {})})
        seen += [one["id"] for one in page.json["items"]]
        cursor = page.json["next"]
        if cursor is None:
            break
    assert seen == ["5", "4", "3", "2", "1"]
    assert (await keeper.get("/premise-notes?cursor=nonsense")).status == 400


async def test_screens_hear_of_a_note_on_a_ticket_in_hand_and_not_what_it_says(room: Room) -> None:
    number = await a_ticket(room, 1)
    taker, keeper = room.program(Role.CALL_TAKER), room.program(Role.SUPERVISOR)
    async with taker.listen() as feed:
        await feed.receive_json()
        await keeper.ask("POST", "/premise-notes", json=GOOD)
        while (told := await feed.receive_json())["type"] == "heartbeat":
            pass
    assert (told["type"], told["ticket"]) == ("premise_note_touched", number)
    assert told["body"] == {"premise_note": "1", "kind": "hazard", "act": "written", "by": "supervisor"}
