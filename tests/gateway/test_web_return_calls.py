"""Callers called back by a click, through the API and on the pages; the telephone itself is elsewhere's (telephony)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.doorbell.ami_link import AmiUnavailable
from tests.gateway.web_desk import open_room
from tests.ticketing.evidence import at, call_id
from tests.ticketing.test_return_calls import BUSY, PICKED_UP, TALKS, over
from ticketing.commands import CancelReturnCall, RecordCalls, RequestReturnCall
from ticketing.model import Role
from ticketing.return_calls import ReturnTrace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateway.web_desk import Answer, Room
    from ticketing.desk import TicketDesk
    from ticketing.ports import Store
    from ticketing.return_calls import ReturnCall


class DeskPhones:
    """Writes the intents down, as the real caller does; which telephone rings, the tests tell."""

    def __init__(self, store: Store, desk: TicketDesk) -> None:
        self.store, self.desk = store, desk

    async def request(
        self, phone: str, by: str, *, call_back: int | None = None, ticket: str | None = None
    ) -> ReturnCall:
        asked, *_ = await self.desk.handle(RequestReturnCall(phone, by, call_back, ticket))
        return await self._kept(int(str(asked.body["return_call"])))

    async def cancel(self, return_call: int, by: str) -> ReturnCall:
        await self.desk.handle(CancelReturnCall(return_call, by))
        return await self._kept(return_call)

    async def _kept(self, return_call: int) -> ReturnCall:
        kept = await self.store.return_call(return_call)
        assert kept
        return kept


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[Room]:
    """A room whose telephones ring, with one caller who is owed a call."""
    async with open_room(
        tmp_path, with_parts=lambda parts: replace(parts, return_calls=DeskPhones(parts.store, parts.desk))
    ) as room:
        await room.owed(1, 0)
        room.clock.time = at(100).at
        yield room


def heard(*pieces: ReturnTrace) -> RecordCalls:
    return RecordCalls(return_calls=tuple((1, piece) for piece in pieces))


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition(":")[2]


async def called(room: Room, path: str = "/call-backs/1", phone: str = "201") -> Any:  # noqa: ANN401 - JSON
    answer = await room.program(Role.CALL_TAKER).ask("POST", f"{path}/return-calls", json={"phone": phone})
    assert answer.status == 201, answer.json
    return answer.json


async def test_a_call_back_by_click_is_followed_to_its_outcome(phones: Room) -> None:
    made, taker = await called(phones), phones.program(Role.CALL_TAKER)
    assert (made["state"], made["number"], made["phone"]) == ("phone_rings", "+6281234500001", "201")
    assert made["requested_by"] == "call_taker"
    await phones.desk.handle(heard(ReturnTrace(picked_up=at(103))))
    assert (await taker.get("/return-calls/1")).json["state"] == "calling"
    await phones.desk.handle(heard(BUSY, over(112)))
    done = (await taker.get("/return-calls/1")).json
    assert (done["state"], done["outcome"]) == (None, "busy")
    assert [(leg["trunk"], leg["outcome"], leg["cause"], leg["sip"]) for leg in done["legs"]] == [
        ("main", "busy", 17, 486)
    ]
    (owed,) = (await taker.get("/call-backs")).json["items"]
    assert owed["return_calls"] == [done]
    assert [(one["outcome"], one["return_call"]) for one in owed["attempts"]] == [("busy", "1")]


async def test_it_is_withdrawn_once_and_by_those_who_call_back(phones: Room) -> None:
    await called(phones)
    taker = phones.program(Role.CALL_TAKER)
    assert (await phones.program(Role.ADMIN).ask("POST", "/return-calls/1/cancel")).status == 403
    assert (await taker.ask("POST", "/return-calls/1/cancel")).json["cancelled_at"]
    await phones.desk.handle(heard(over(105)))
    assert refusal(await taker.ask("POST", "/return-calls/1/cancel")) == (409, "return-call-over")


async def test_one_caller_at_a_time_and_only_from_a_phone(phones: Room) -> None:
    await called(phones)
    taker = phones.program(Role.CALL_TAKER)
    path = "/call-backs/1/return-calls"
    assert refusal(await taker.ask("POST", path, json={"phone": "202"})) == (409, "return-call-under-way")
    for body in ({}, {"phone": 201}, {"phone": "0201"}, {"phone": "112112112"}, {"phone": "201", "number": "+62"}):
        assert (await taker.ask("POST", path, json=body)).status == 422


async def test_the_caller_of_a_ticket_is_called_on_that_ticket(phones: Room) -> None:
    number = await phones.ticket(2, 10)
    await phones.desk.handle(heard())
    made = await called(phones, f"/tickets/{number}")
    assert made["call_id"] == call_id(2, 10)
    listed = await phones.program(Role.SUPERVISOR).get(f"/tickets/{number}/return-calls")
    assert listed.json == {"items": [made]}


async def test_its_audio_is_heard_by_those_who_may_and_that_is_on_record(phones: Room) -> None:
    await called(phones)
    supervisor = phones.program(Role.SUPERVISOR)
    assert (await supervisor.get("/return-calls/1/recording")).status == 404
    file = phones.home.return_recording(call_id(1, 0), 1)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"RIFF-back")
    played = await supervisor.get("/return-calls/1/recording")
    assert (played.status, played.raw) == (200, b"RIFF-back")
    assert (await phones.program(Role.CALL_TAKER).get("/return-calls/1/recording")).status == 403
    last = phones.told.news[-1]
    assert (last.type, last.body) == ("recording_played", {"by": "supervisor", "return_call": "1"})


async def test_without_a_line_nobody_is_called_and_it_is_said(room: Room) -> None:
    await room.owed(1, 0)
    answer = await room.program(Role.CALL_TAKER).ask("POST", "/call-backs/1/return-calls", json={"phone": "201"})
    assert refusal(answer) == (503, "telephone-silent")
    assert (await room.program(Role.CALL_TAKER).ask("POST", "/return-calls/9/cancel")).status == 404
    with pytest.raises(AmiUnavailable):
        await room.parts.return_calls.cancel(9, "siti")


async def test_a_ticket_that_a_return_call_opened_says_so_and_nobody_is_said_to_talk(phones: Room) -> None:
    await called(phones)
    await phones.desk.handle(heard(PICKED_UP, TALKS, over(30)))
    (kept,) = await phones.store.tickets()
    visitor = await phones.signed_in(Role.SUPERVISOR)
    page = (await visitor.page(f"/tickets/{kept.ticket.number}")).raw.decode()
    assert "Tiket dibuka saat penelepon dihubungi kembali" in page
    assert "Penelepon mengangkat" in page
    assert "Sedang bicara" not in page
    assert "terhubung" in page
