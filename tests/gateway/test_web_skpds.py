from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.access.passwords import matches
from tests.gateway.web_desk import DAMKAR
from ticketing.commands import AddSkpd, RemoveSkpd
from ticketing.model import Role
from ticketing.skpd import Line, Skpd

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room

PSC: dict[str, Any] = {
    "name": "PSC 119 Dinas Kesehatan",
    "lines": [
        {
            "number": "(0374) 42119",
            "ring_s": 30,
            "hours": {"days": ["fri", "mon"], "begins": "20:00", "ends": "24:00"},
        },
        {"number": "119"},
    ],
    "categories": ["medis", "kecelakaan"],
    "confirm": False,
}
PSC_TOLD = {
    "code": "psc119",
    **PSC,
    "lines": [
        {
            "number": "+6237442119",
            "ring_s": 30,
            "hours": {"days": ["mon", "fri"], "begins": "20:00", "ends": "00:00"},
        },
        {"number": "119", "ring_s": 25, "hours": None},
    ],
    "has_pin": False,
    "short": "12",
}


async def test_an_admin_registers_an_skpd_and_the_room_reads_it(room: Room) -> None:
    await room.skpd()
    admin = await room.signed_in(Role.ADMIN)
    answer = await admin.ask("PUT", "/skpds/psc119", json=PSC)
    assert (answer.status, answer.json) == (201, PSC_TOLD)
    for role in (Role.CALL_TAKER, Role.SUPERVISOR, Role.ADMIN):
        items = (await room.program(role).get("/skpds")).json["items"]
        assert [one["code"] for one in items] == ["damkar", "psc119"]
        assert items[1] == PSC_TOLD == (await room.program(role).get("/skpds/psc119")).json


async def test_what_is_told_can_be_put_back(room: Room) -> None:
    await room.skpd()
    admin = room.program(Role.ADMIN)
    await admin.ask("PUT", "/skpds/psc119", json=PSC)
    told = {key: value for key, value in PSC_TOLD.items() if key not in {"code", "has_pin", "short"}}
    answer = await admin.ask("PUT", "/skpds/psc119", json=told)
    assert (answer.status, answer.json) == (200, PSC_TOLD)


async def test_what_is_left_out_is_as_for_a_new_one(room: Room) -> None:
    await room.skpd()
    admin = room.program(Role.ADMIN)
    await admin.ask("PUT", "/skpds/psc119", json=PSC)
    answer = await admin.ask("PUT", "/skpds/psc119", json={"name": "PSC 119", "lines": []})
    assert answer.json == {**PSC_TOLD, "name": "PSC 119", "lines": [], "categories": [], "confirm": True}


async def test_a_pin_is_never_told_and_a_change_of_the_lines_keeps_it(room: Room) -> None:
    await room.skpd()
    admin = room.program(Role.ADMIN)
    answer = await admin.ask("PUT", "/skpds/damkar/pin", json={"pin": "90210377"})
    assert (answer.status, answer.json["has_pin"]) == (200, True)
    changed = await admin.ask("PUT", "/skpds/damkar", json={"name": "Damkar", "lines": [{"number": "113"}]})
    shown = answer.raw + changed.raw + (await admin.get("/skpds")).raw
    assert not any(secret in shown for secret in (b"90210377", b"argon2"))
    kept = await room.store.skpd("damkar")
    assert kept is not None
    assert matches("90210377", kept.pin_hash)
    assert (await admin.ask("PUT", "/skpds/damkar/pin", json={"pin": None})).json["has_pin"] is False


async def test_a_removed_skpd_is_gone_until_it_is_put_again(room: Room) -> None:
    await room.skpd()
    admin = room.program(Role.ADMIN)
    assert (await admin.ask("DELETE", "/skpds/damkar")).status == 204
    for method, path, body in (
        ("GET", "/skpds/damkar", None),
        ("DELETE", "/skpds/damkar", None),
        ("PUT", "/skpds/damkar/pin", {"pin": "1234"}),
    ):
        assert (await admin.ask(method, path, json=body)).status == 404
    assert (await admin.get("/skpds")).json == {"items": []}
    assert (await admin.ask("PUT", "/skpds/damkar", json={"name": "Damkar", "lines": []})).status == 201


async def test_an_skpds_dispatcher_knows_of_no_other_skpd(room: Room) -> None:
    await room.skpd()
    await room.desk.handle(AddSkpd(Skpd("bpbd", "BPBD", (Line("117"),))))
    dispatcher = room.program(Role.SKPD)
    assert [one["code"] for one in (await dispatcher.get("/skpds")).json["items"]] == [DAMKAR.code]
    assert (await dispatcher.get("/skpds/damkar")).json["name"] == DAMKAR.name
    others, nobodys = [await dispatcher.get(f"/skpds/{code}") for code in ("bpbd", "pln")]
    assert (others.status, nobodys.status) == (404, 404)
    assert others.json["title"] == nobodys.json["title"]
    await room.desk.handle(RemoveSkpd("damkar"))
    assert (await dispatcher.get("/skpds")).json == {"items": []}


@pytest.mark.parametrize("code", ["Damkar", "d", "1psc", "dam_kar", "damkar%0a", "a" * 21])
async def test_no_other_code_is_an_skpds(room: Room, code: str) -> None:
    answer = await room.program(Role.ADMIN).ask("PUT", f"/skpds/{code}", json={"name": "Damkar", "lines": []})
    assert answer.status == 404
    assert await room.store.skpds() == ()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": " "}, "name"),
        ({"name": "Damkar\r\nX: y"}, "name"),
        ({"lines": [{"number": "119"}, {"number": "112"}]}, "lines.1.number"),
        ({"lines": [{"number": "+6237442119&PJSIP/101"}]}, "lines.0.number"),
        ({"lines": [{"number": "119\r\nVariable: x=y"}]}, "lines.0.number"),
        ({"lines": [{"number": "119", "ring_s": 4}]}, "lines.0.ring_s"),
        ({"lines": [{"number": "119", "ring_s": 5.5}]}, "lines.0.ring_s"),
        ({"lines": [{"number": "119"}, {"number": "119", "ring_s": 5}]}, "body"),
        ({"lines": [{"number": f"0812345000{one}"} for one in range(10, 21)]}, "lines"),
        (
            {"lines": [{"number": "119", "hours": {"days": [], "begins": "07:00", "ends": "16:00"}}]},
            "lines.0.hours.days",
        ),
        (
            {"lines": [{"number": "119", "hours": {"days": ["mon", "mon"], "begins": "07:00", "ends": "16:00"}}]},
            "lines.0.hours.days",
        ),
        (
            {"lines": [{"number": "119", "hours": {"days": ["mon"], "begins": "7:00", "ends": "16:00"}}]},
            "lines.0.hours.begins",
        ),
        (
            {"lines": [{"number": "119", "hours": {"days": ["mon"], "begins": "07:00", "ends": 16}}]},
            "lines.0.hours.ends",
        ),
        ({"categories": ["a b"]}, "categories.0"),
        ({"categories": ["medis", "medis"]}, "categories"),
        ({"confirm": "no"}, "confirm"),
        ({"pin": "1234"}, "pin"),
        ({"has_pin": True}, "has_pin"),
        ({"code": "psc119"}, "code"),
    ],
)
async def test_what_is_no_skpd_is_refused_where_it_is_wrong(room: Room, change: dict[str, Any], where: str) -> None:
    answer = await room.program(Role.ADMIN).ask("PUT", "/skpds/psc119", json={**PSC, **change})
    assert (answer.status, [flaw["where"] for flaw in answer.json["errors"]]) == (422, [where])
    assert await room.store.skpds() == ()


@pytest.mark.parametrize("pin", ["123", "123456789", "12a4", "1234\n", "\u0661\u0662\u0663\u0664", 1234, "", "****"])
async def test_a_pin_that_is_none_is_refused_without_being_told(room: Room, pin: object) -> None:
    await room.skpd()
    answer = await room.program(Role.ADMIN).ask("PUT", "/skpds/damkar/pin", json={"pin": pin})
    assert (answer.status, answer.json["errors"][0]["where"]) == (422, "pin")
    assert pin == "" or str(pin) not in answer.json["errors"][0]["why"]
    kept = await room.store.skpd("damkar")
    assert kept
    assert kept.pin_hash is None
