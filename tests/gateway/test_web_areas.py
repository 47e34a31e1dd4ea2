"""The city's areas over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.places.areas.table import kota_bima
from ticketing.model import Role

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room


@pytest.mark.parametrize("role", Role)
async def test_whoever_reads_tickets_reads_what_their_codes_mean(room: Room, role: Role) -> None:
    items = (await room.program(role).get("/areas")).json["items"]
    assert [one["code"] for one in items] == list(kota_bima().by_code)
    assert items[36:37] == [
        {
            "code": "52.72.05",
            "level": "kecamatan",
            "name": "Mpunda",
            "also": [],
            "parent": "52.72",
            "parent_name": "Kota Bima",
            "lat": -8.468321,
            "lon": 118.7456,
            "closeness": None,
        }
    ]


async def test_a_name_that_was_half_heard_finds_the_areas_that_may_be_meant(room: Room) -> None:
    answer = await room.program(Role.CALL_TAKER).get("/areas", params={"q": "oi foo"})
    first, *others = answer.json["items"]
    assert (first["name"], first["parent_name"], first["closeness"]) == ("Oi Fo'o", "Rasanae Timur", "exact")
    assert others == []
    answer = await room.program(Role.CALL_TAKER).get("/areas", params={"q": "kono"})
    assert [(one["name"], one["closeness"]) for one in answer.json["items"]][:2] == [("Kodo", "near"), ("Kolo", "near")]


async def test_what_means_nothing_finds_nothing(room: Room) -> None:
    for text in ("?", "xyzzy", "%' OR 1=1 --", "\N{RIGHT-TO-LEFT OVERRIDE}"):
        assert (await room.program(Role.CALL_TAKER).get("/areas", params={"q": text})).json == {"items": []}


async def test_a_search_is_for_a_text_of_a_hundred_letters_at_most(room: Room) -> None:
    taker = room.program(Role.CALL_TAKER)
    for params in ({"q": ""}, {"q": "a" * 101}, {"p": "raba"}):
        assert (await taker.get("/areas", params=params)).status == 400
    assert (await room.visitor().get("/areas")).status == 401
