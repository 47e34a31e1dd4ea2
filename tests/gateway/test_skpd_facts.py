"""What officers say to the service number, as the ledger has it, and what is made of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.call_facts import CallBegan, Unreadable, from_cel, is_of_call
from gateway.facts.skpd_facts import (
    DispatchSaid,
    PinTried,
    decode_pin,
    decode_update,
    encode_note,
    encode_pin,
    encode_update,
    note_stamp,
    spoken_stamp,
)
from tests.ticketing.evidence import at
from ticketing.dispatch import SAID_BY_SKPD, DispatchState, Said

NOW = at(5).at
LINE = "+62374400001"


def record(kind: str, payload: str) -> str:
    told = {
        "eventtype": "USER_DEFINED",
        "eventenum": "USER_DEFINED",
        "userdeftype": kind,
        "eventtime": f"{int(NOW.timestamp())}.000000",
        "channame": "PJSIP/trunk-main-00000001",
        "uniqueid": "bima1-1763929000.77",
        "linkedid": "bima1-1763929000.77",
        "eventextra": json.dumps({"extra": payload}),
    }
    return json.dumps(told)


@pytest.mark.parametrize("state", sorted(SAID_BY_SKPD))
def test_whatever_an_officer_can_say_comes_back_with_the_telephones_instant(state: DispatchState) -> None:
    told = from_cel(record("SKPD_UPDATE", encode_update(17, state, LINE)))
    assert told == DispatchSaid(17, Said(NOW, "tel:+62374400001", state))
    assert not is_of_call(told)


def test_a_spoken_note_says_which_audio_it_is_and_nothing_of_how_the_dispatch_stands() -> None:
    stamp = note_stamp(NOW)
    told = from_cel(record("SKPD_UPDATE", encode_note(17, stamp, LINE)))
    assert isinstance(told, DispatchSaid)
    assert (told.dispatch, told.said.state, spoken_stamp(told.said.note)) == (17, None, stamp)


@pytest.mark.parametrize("note", [None, "", "Api padam", "voice:../../secrets", "voice:20261123T080005000000Z.wav"])
def test_a_written_note_is_no_spoken_one(note: str | None) -> None:
    assert spoken_stamp(note) is None


@pytest.mark.parametrize("right", [True, False])
def test_a_pin_that_was_tried_comes_back_with_its_line(*, right: bool) -> None:
    told = from_cel(record("SKPD_PIN", encode_pin("psc119", LINE, right=right)))
    assert told == PinTried("psc119", LINE, NOW, right)
    assert not is_of_call(told)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("SKPD_UPDATE", ""),
        ("SKPD_UPDATE", "v2.17.accepted.62374400001"),
        ("SKPD_UPDATE", "v1.17.requested.62374400001"),
        ("SKPD_UPDATE", "v1.17.cancelled.62374400001"),
        ("SKPD_UPDATE", "v1.17.accepted.+62374400001"),
        ("SKPD_UPDATE", "v1.17.note.62374400001"),
        ("SKPD_PIN", "v1.damkar.wrong.62374400001"),
        ("SKPD_PIN", "v1.DAMKAR.right.62374400001"),
    ],
)
def test_what_makes_no_sense_is_set_aside(kind: str, payload: str) -> None:
    with pytest.raises(Unreadable, match=r"nothing that an officer says|no word of a PIN"):
        from_cel(record(kind, payload))


@given(st.text(max_size=60) | st.from_regex(r"v1\.[0-9a-z]{1,12}\.[a-z_]+(\.[0-9TZ]*){0,3}", fullmatch=True))
def test_no_payload_does_harm(payload: str) -> None:
    for decode in (decode_update, decode_pin):
        try:
            decode(payload, NOW)
        except ValueError as error:
            assert str(error).startswith(("nothing that", "no word of"))  # noqa: PT017 - whichever text it was


def beginning(called: str) -> str:
    told = {
        "eventtype": "CHAN_START",
        "eventenum": "CHAN_START",
        "eventtime": f"{int(NOW.timestamp())}.000000",
        "channame": "PJSIP/trunk-main-00000001",
        "uniqueid": "bima1-1763929000.77",
        "linkedid": "bima1-1763929000.77",
        "context": "from-carrier",
        "exten": called,
    }
    return json.dumps(told)


def test_an_officer_who_dials_the_service_is_no_caller_to_the_line() -> None:
    assert from_cel(beginning("1122"), service_numbers=("1122",)) is None
    assert isinstance(from_cel(beginning("112"), service_numbers=("1122",)), CallBegan)
    assert isinstance(from_cel(beginning("1122")), CallBegan)
