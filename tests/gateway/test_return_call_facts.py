"""What the dialplan and CEL say of a return call, and what is made of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.call_facts import Unreadable, from_cel, is_of_call
from gateway.facts.return_call_facts import ReturnCallTold, channel_id, decode_return_call, is_return_channel
from tests.ticketing.evidence import at
from ticketing.dispatch import Tried
from ticketing.return_calls import ReturnLeg, ReturnTrace

NOW = at(5)
TAKER, CITIZEN = "bima1-back-17.1", "bima1-1763930000.44"


def record(payload: str = "", **more: str) -> str:
    fields = {
        "eventtype": "USER_DEFINED",
        "eventenum": "USER_DEFINED",
        "userdeftype": "RETURN_CALL",
        "eventtime": f"{NOW.at.timestamp():.6f}",
        "channame": "PJSIP/201-0000004e",
        "uniqueid": TAKER,
        "linkedid": TAKER,
        "eventextra": json.dumps({"extra": payload}) if payload else "",
    }
    return json.dumps(fields | more, separators=(",", ":"))


def leg(**known: object) -> ReturnTrace:
    return ReturnTrace((ReturnLeg("main", **known),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payload", "piece"),
    [
        ("v1.17.picked_up", ReturnTrace(picked_up=NOW)),
        ("v1.17.dialled.main", leg(dialled=NOW)),
        ("v1.17.reached.main", leg(reached=NOW)),
        ("v1.17.tried.main.BUSY.0.17.486", leg(ended=NOW, tried=Tried("BUSY", rang=False, cause=17, sip=486))),
        ("v1.17.tried.main.NOANSWER.1.0.", leg(ended=NOW, tried=Tried("NOANSWER", rang=True))),
        ("v1.17.tried.main.CANCEL.1..", leg(ended=NOW, tried=Tried("CANCEL", rang=True))),
    ],
)
def test_each_step_is_understood_alone(payload: str, piece: ReturnTrace) -> None:
    assert decode_return_call(payload, NOW) == ReturnCallTold(17, piece)
    assert from_cel(record(payload)) == ReturnCallTold(17, piece)
    # That the caller has picked up is said on the caller's channel.
    assert from_cel(record(payload, uniqueid=CITIZEN)) == ReturnCallTold(17, piece)


def test_the_end_is_the_end_of_the_takers_channel_and_of_no_other() -> None:
    hangup = {"eventtype": "HANGUP", "eventenum": "HANGUP", "userdeftype": ""}
    assert from_cel(record(**hangup)) == ReturnCallTold(17, ReturnTrace(over=NOW))
    assert from_cel(record(**hangup, uniqueid=CITIZEN, channame="PJSIP/trunk-main-0000004f")) is None


@pytest.mark.parametrize("event", ["CHAN_START", "ANSWER", "BRIDGE_ENTER", "BRIDGE_EXIT", "CHAN_END", "LINKEDID_END"])
@pytest.mark.parametrize("channel", [TAKER, CITIZEN])
def test_neither_channel_of_a_return_call_is_a_call_to_the_line(event: str, channel: str) -> None:
    name = "PJSIP/201-0000004e" if channel == TAKER else "PJSIP/trunk-main-0000004f"
    told = {"eventtype": event, "eventenum": event, "userdeftype": "", "channame": name, "exten": "112"}
    assert from_cel(record(**told, uniqueid=channel)) is None


def test_what_it_says_is_nothing_of_a_call() -> None:
    assert not is_of_call(from_cel(record("v1.17.picked_up")))


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "v2.17.picked_up",
        "v1.17",
        "v1.17.picked_up.main",
        "v1..picked_up",
        "v1.1234567890.picked_up",
        "v1.17.dialled.",
        "v1.17.dialled.Main",
        "v1.17.reached.main;rm",
        "v1.17.tried.main.BUSY.2.17.486",
        "v1.17.tried.main.busy.0.17.486",
        "v1.17.picked_up\n",
    ],
)
def test_what_is_no_step_is_unreadable(payload: str) -> None:
    with pytest.raises(ValueError, match="not a step"):
        decode_return_call(payload, NOW)
    with pytest.raises(Unreadable):
        from_cel(record(payload or " "))


def test_a_record_without_its_payload_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        from_cel(record(eventextra="{}"))


@given(st.integers(1, 10**9 - 1))
def test_the_takers_channel_is_named_by_the_return_call(number: int) -> None:
    channel = channel_id("bima1", number)
    assert is_return_channel(channel)
    assert not is_return_channel(f"{channel}2")
    assert not is_return_channel(f"x{channel.upper()}")
