"""One Originate for each return call, made of nothing that anybody sent; and what becomes of those nobody tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from gateway.dispatching.return_caller import ReturnCaller, originate, unheard_of
from gateway.doorbell.ami_link import AmiRefused, AmiUnavailable
from tests.databases import new_store
from tests.ticketing.evidence import MORNING, at, call_id
from tests.ticketing.room import SetClock, Told
from tests.ticketing.test_desk_call_backs import abandoned
from ticketing.commands import AddTaker, RecordCalls
from ticketing.desk import TicketDesk
from ticketing.errors import PhoneAbsent, PhoneInUse, ReturnCallUnknown, UnknownTaker
from ticketing.model import Taker
from ticketing.return_calls import ReturnCall, ReturnOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CALL = ReturnCall(call_id(1, -60), "+6281234500001", "201", MORNING, "siti", id=1)


class Line:
    """What the caller needs of AMI: phones with a state, and channels that are there or are not."""

    def __init__(self) -> None:
        self.state = "NOT_INUSE"
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.channels: list[dict[str, str]] = []
        self.refuses: Exception | None = None

    async def action(self, name: str, /, **headers: Any) -> dict[str, str]:  # noqa: ANN401 - as AmiListener has it
        self.asked.append((name, headers))
        if name == "Getvar":
            return {"Value": self.state}
        if self.refuses:
            raise self.refuses
        return {}

    async def list_action(self, _name: str, /) -> list[dict[str, str]]:
        return self.channels

    @property
    def dialled(self) -> list[dict[str, Any]]:
        return [headers for name, headers in self.asked if name == "Originate"]


class Scene:
    def __init__(self, caller: ReturnCaller, line: Line, clock: SetClock) -> None:
        self.caller, self.line, self.clock = caller, line, clock

    async def outcome(self) -> ReturnOutcome | None:
        kept = await self.caller.store.return_call(1)
        assert kept
        return kept.outcome


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    store = await new_store(tmp_path / "siaga112.sqlite3")
    clock, line = SetClock(MORNING), Line()
    desk = TicketDesk(store, clock, Told(), ZoneInfo("Asia/Makassar"))
    await desk.handle(AddTaker(Taker("201", "Rahmawati", "secret")))
    await desk.handle(RecordCalls((abandoned(1, -60),)))
    yield Scene(ReturnCaller("bima1", store, desk, ami=line, journals=(), clock=clock), line, clock)  # type: ignore[arg-type]
    await store.close()


def test_the_takers_phone_is_asked_for_under_a_name_that_follows_from_the_row() -> None:
    headers = originate(CALL, node="bima1")
    assert (headers["Channel"], headers["ChannelId"], headers["Async"]) == ("PJSIP/201", "bima1-back-1.1", "true")
    assert headers["Variable"] == [
        "SIAGA_RETURN=1",
        "SIAGA_RETURN_NUMBER=+6281234500001",
        f"SIAGA_RETURN_OF={CALL.call_id}",
    ]


def test_what_asterisk_has_no_channel_of_is_unheard_of() -> None:
    assert unheard_of([CALL], [{"Uniqueid": "bima1-back-1.1"}], "bima1") == ()
    assert unheard_of([CALL], [{"Uniqueid": "bima1-back-11.1"}, {}], "bima1") == (CALL,)


async def test_a_free_phone_is_rung_once(scene: Scene) -> None:
    made = await scene.caller.request("201", "siti", call_back=1)
    assert made == CALL
    assert scene.line.dialled == [originate(CALL, node="bima1")]


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        ("INUSE", PhoneInUse),
        ("RINGING", PhoneInUse),
        ("BUSY", PhoneInUse),
        ("ONHOLD", PhoneInUse),
        ("UNAVAILABLE", PhoneAbsent),
        ("INVALID", PhoneAbsent),
    ],
)
async def test_a_phone_that_cannot_be_rung_leaves_nothing_behind(
    scene: Scene, state: str, refusal: type[Exception]
) -> None:
    scene.line.state = state
    with pytest.raises(refusal):
        await scene.caller.request("201", "siti", call_back=1)
    assert scene.line.dialled == []
    assert await scene.caller.store.return_calls_under_way() == ()


async def test_only_a_takers_phone_is_rung(scene: Scene) -> None:
    with pytest.raises(UnknownTaker):
        await scene.caller.request("999", "siti", call_back=1)
    assert scene.line.asked == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (AmiRefused("Originate", "no"), ReturnOutcome.FAILED),
        (AmiUnavailable("Originate", "down", sent=False), ReturnOutcome.FAILED),
        (AmiUnavailable("Originate", "silent", sent=True), None),  # it may ring: the ledger tells
    ],
)
async def test_what_asterisk_did_not_take_is_over_and_what_it_may_have_taken_is_not(
    scene: Scene, error: Exception, outcome: ReturnOutcome | None
) -> None:
    scene.line.refuses = error
    with pytest.raises(type(error)):
        await scene.caller.request("201", "siti", call_back=1)
    assert await scene.outcome() is outcome


async def test_a_withdrawal_waits_for_the_channel_that_is_just_being_made(scene: Scene) -> None:
    await scene.caller.request("201", "siti", call_back=1)
    scene.line.refuses = AmiRefused("Hangup", "No such channel")
    withdrawn = await scene.caller.cancel(1, "dewi")
    assert withdrawn.cancelled_at == MORNING
    hung_up = [headers for name, headers in scene.line.asked if name == "Hangup"]
    assert len(hung_up) > 1
    assert hung_up[0] == {"Channel": "bima1-back-1.1", "Cause": "16"}
    with pytest.raises(ReturnCallUnknown):
        await scene.caller.cancel(2, "dewi")


async def test_what_two_looks_do_not_find_is_over_and_is_not_asked_for_again(scene: Scene) -> None:
    await scene.caller.request("201", "siti", call_back=1)
    await scene.caller.look()
    await scene.caller.look()
    assert await scene.outcome() is None  # it was asked for a moment ago
    scene.clock.time = at(11).at
    scene.line.channels = [{"Uniqueid": "bima1-back-1.1"}]
    await scene.caller.look()
    scene.line.channels = []
    await scene.caller.look()
    assert await scene.outcome() is None
    await scene.caller.look()
    assert await scene.outcome() is ReturnOutcome.FAILED
    assert len(scene.line.dialled) == 1
