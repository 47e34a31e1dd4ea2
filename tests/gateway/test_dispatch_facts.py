"""What the dialplan writes of a dispatch, and what is made of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.call_facts import Unreadable, from_ami, from_cel
from gateway.facts.dispatch_facts import DispatchBegun, DispatchTold, channel_ids, decode_dispatch, is_dispatch_channel
from tests.ticketing.evidence import at
from ticketing.dispatch import Begun, DispatchLeg, DispatchMode, Trace, Tried
from ticketing.model import CallId

NOW = at(5)


NO_BEGINNINGS = (
    "v1.17.begun.bridge.damkar.201.119.bima1-1763929000.12",  # an id is the gateway's to give
    "v1.t1763929000x77x1.begun.shout.damkar.201.119.bima1-1763929000.12",
    "v1.t1763929000x77x1.begun.bridge.damkar.201..bima1-1763929000.12",
    "v1.t1763929000x77x1.begun.bridge.damkar.201.119;rm.bima1-1763929000.12",
)


def leg(*, line: int = 2, trunk: str = "main", **known: object) -> Trace:
    return Trace((DispatchLeg(line, trunk, **known),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payload", "piece"),
    [
        ("v1.17.dialled.2.main", leg(dialled=NOW)),
        ("v1.17.answered.2.main", leg(answered=NOW)),
        ("v1.17.accepted.2.main", leg(accepted=NOW)),
        ("v1.17.ended.2.main.16", leg(ended=NOW, cause=16)),
        ("v1.17.ended.2.main.", leg(ended=NOW)),
        ("v1.17.tried.2.main.BUSY.0.17.486", leg(ended=NOW, tried=Tried("BUSY", rang=False, cause=17, sip=486))),
        ("v1.17.tried.2.main.NOANSWER.1.0.", leg(ended=NOW, tried=Tried("NOANSWER", rang=True))),
        ("v1.17.consulted", Trace(consulted=NOW)),
        ("v1.17.joined", Trace(joined=NOW)),
        ("v1.17.left", Trace(left=NOW)),
        ("v1.17.over", Trace(over=NOW)),
    ],
)
def test_each_step_is_understood_alone(payload: str, piece: Trace) -> None:
    assert decode_dispatch(payload, NOW) == DispatchTold(17, piece)
    assert from_cel(record(payload)) == DispatchTold(17, piece)


BEGUN = "v1.t1763929000x77x1.begun.consult.psc-119.201.+6237400119_119.bima1-1763929000.12"


def test_a_taker_who_dials_begins_a_dispatch() -> None:
    begun = Begun(
        name="t1763929000x77x1",
        call_id=CallId("bima1-1763929000.12"),
        skpd="psc-119",
        lines=("+6237400119", "119"),
        at=NOW.at,
        by="201",
        mode=DispatchMode.CONSULT,
    )
    assert from_cel(record(BEGUN)) == DispatchBegun(begun)
    assert decode_dispatch("v1.t1763929000x77x1.over", NOW) == DispatchTold("t1763929000x77x1", Trace(over=NOW))


def record(payload: str, *, unique: str = "bima1-skpd-17.2", linked: str = "bima1-skpd-17.1") -> str:
    stamp = f"{int(NOW.at.timestamp())}.000000"
    told = {
        "eventtype": "USER_DEFINED",
        "eventenum": "USER_DEFINED",
        "userdeftype": "DISPATCH",
        "eventtime": stamp,
        "channame": "Local/s@skpd-00000001;2",
        "uniqueid": unique,
        "linkedid": linked,
        "eventextra": json.dumps({"extra": payload}),
    }
    return json.dumps(told)


def test_a_step_is_read_whatever_channel_tells_it() -> None:
    # Once the SKPD is with the caller, its channels have the caller's linked id; the line that is rung has its own.
    told = from_cel(record("v1.17.left", unique="bima1-1763929000.77", linked="bima1-1763929000.12"))
    assert told == DispatchTold(17, Trace(left=NOW))


@pytest.mark.parametrize(
    "payload", ["", "v1", "v2.17.over", "v1..over", "v1.17.tried.2.main", "v1.17.dialled.0.main", *NO_BEGINNINGS]
)
def test_what_is_no_step_is_set_aside(payload: str) -> None:
    with pytest.raises(Unreadable, match="not a step of a dispatch"):
        from_cel(record(payload))


@given(st.text(max_size=60) | st.from_regex(r"v1\.[0-9]{1,12}\.[a-z]+(\.[a-zA-Z0-9]*){0,6}", fullmatch=True))
def test_no_payload_does_harm(payload: str) -> None:
    try:
        decode_dispatch(payload, NOW)
    except ValueError as error:
        assert "not a" in str(error)  # noqa: PT017 - whichever text it was


@pytest.mark.parametrize("kind", ["CHAN_START", "ANSWER", "BRIDGE_ENTER", "HANGUP"])
def test_the_channels_of_a_dispatch_are_no_call_to_the_line(kind: str) -> None:
    near, far = channel_ids("bima1", 17)
    for unique, linked in ((near, near), (far, near), ("bima1-1763929000.77", near), (near, "bima1-1763929000.12")):
        told = {
            "eventtype": kind,
            "eventenum": kind,
            "eventtime": f"{int(NOW.at.timestamp())}.000000",
            "channame": "PJSIP/trunk-main-0000000a",
            "uniqueid": unique,
            "linkedid": linked,
        }
        assert from_cel(json.dumps(told)) is None


def test_a_dispatchs_channels_are_known_by_their_ids() -> None:
    assert channel_ids("bima1", 17) == ("bima1-skpd-17.1", "bima1-skpd-17.2")
    assert all(map(is_dispatch_channel, channel_ids("bima1", 17)))
    assert not is_dispatch_channel("bima1-1763929000.12")


RINGING = {
    "Event": "DialState",
    "Timestamp": f"{int(NOW.at.timestamp())}.000000",
    "Channel": "Local/s@skpd-00000001;2",
    "Uniqueid": "bima1-skpd-17.2",
    "ChanVariable": "SIAGA_LEG=2.main",
    "DialStatus": "RINGING",
}


def test_the_doorbell_tells_that_it_rings() -> None:
    told = from_ami(RINGING)
    assert isinstance(told, DispatchTold)
    assert told.dispatch == 17
    (rings,) = told.piece.legs
    assert (rings.key, rings.ringing and rings.ringing.at) == ((2, "main"), NOW.at)


@pytest.mark.parametrize(
    "change",
    [{"DialStatus": "ANSWER"}, {"Uniqueid": "bima1-1.2"}, {"ChanVariable": "SIAGA_LEG="}, {"ChanVariable": ""}],
)
def test_the_doorbell_of_anything_else_tells_nothing_of_a_dispatch(change: dict[str, str]) -> None:
    assert from_ami(RINGING | change) is None
