"""What our own records of the journal carry, whole, cut and forged."""

from __future__ import annotations

import base64
import json
from dataclasses import astuple, replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.facts.ledger_payloads import (
    LONGEST_NUMBER,
    LONGEST_PAYLOAD,
    LONGEST_TEXT,
    decode_answer,
    decode_arrival,
    decode_caller,
    encode_caller,
)
from ticketing.asked import CallerAnswer, Question
from ticketing.model import Caller, CallerKind, CallId, PresentedIdentity

SITI = Caller(
    raw="08123456789",
    e164="+628123456789",
    kind=CallerKind.MOBILE,
    presented=PresentedIdentity(
        number="08123456789",
        name="Siti",
        from_header='"Siti" <sip:08123456789@127.0.0.2>;tag=1',
        asserted_identity="<tel:+628123456789>",
        privacy="none",
    ),
)
TEXTS = st.text(st.characters(codec=None), max_size=900)
CALLERS = st.builds(
    Caller,
    raw=TEXTS,
    e164=st.none() | st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
    kind=st.sampled_from(CallerKind),
    presented=st.builds(PresentedIdentity, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS),
)


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def arrival(*texts: str | bytes) -> str:
    """An ARRIVED payload as the dialplan makes it, with a blank before each text."""
    return ".".join(["v1", "carrier", *(b64(b" " + (t.encode() if isinstance(t, str) else t)) for t in texts)])


def forged(**changes: object) -> str:
    """A CALLER payload with something in it that `encode_caller` would not write."""
    record = json.loads(base64.b64decode(encode_caller(SITI)))
    return b64(json.dumps(record | changes))


def test_an_arrival_tells_the_trunk_and_all_that_it_sent() -> None:
    assert decode_arrival(arrival(*astuple(SITI.presented))) == ("carrier", SITI.presented)


def test_an_arrival_recorded_by_asterisk_is_read() -> None:
    # Asterisk 22.10, a Local channel with CALLERID(name)=a "quoted\" name, and no SIP headers.
    text = "v1.carrier.IDA4MTIzNDU2Nzg5.IGEgInF1b3RlZFwiIG5hbWU=..."
    assert decode_arrival(text) == (
        "carrier",
        PresentedIdentity(number="08123456789", name='a "quoted\\" name'),
    )


def test_a_caller_without_anything_is_an_arrival_too() -> None:
    assert decode_arrival(arrival("", "", "", "", "")) == ("carrier", PresentedIdentity())
    assert decode_arrival("v1.carrier") == ("carrier", PresentedIdentity())


@pytest.mark.parametrize("length", range(len("v1.carrier."), len(arrival("08123456789"))))
def test_a_number_cut_anywhere_gives_its_beginning(length: int) -> None:
    _, presented = decode_arrival(arrival("08123456789")[:length])
    assert "08123456789".startswith(presented.number)
    assert len(presented.number) >= (length - len("v1.carrier.")) * 6 // 8 - 1


def test_a_field_cut_inside_leaves_the_others_whole() -> None:
    fields = arrival("08123456789", "Siti", "<sip:08123456789@x>").split(".")
    fields[3] = fields[3][:-3]
    _, presented = decode_arrival(".".join(fields))
    assert presented == PresentedIdentity(number="08123456789", name="Si", from_header="<sip:08123456789@x>")


def test_a_name_in_broken_utf_8_is_read_as_far_as_it_goes() -> None:
    assert decode_arrival(arrival("", b"Jos\xe9"))[1].name == "Jos\ufffd"


def test_a_trunk_that_cannot_be_one_of_ours_is_no_trunk() -> None:
    assert decode_arrival("v1.Not a trunk!.")[0] == ""


def test_a_header_without_end_is_cut() -> None:
    assert decode_arrival(arrival("", "", "x" * 5000))[1].from_header == "x" * LONGEST_TEXT


def test_more_fields_than_we_know_do_no_harm() -> None:
    assert decode_arrival(arrival(*astuple(SITI.presented), "new", "newer"))[1] == SITI.presented


@pytest.mark.parametrize("text", ["", "v2.carrier.", "v10.carrier", "V1.carrier", "MTEy", ".v1"])
def test_another_version_is_no_arrival(text: str) -> None:
    with pytest.raises(ValueError, match="not an arrival of version v1"):
        decode_arrival(text)


@given(rest=st.text(max_size=300) | st.text("AQgw=+/. ", max_size=300))
def test_whatever_follows_v1_is_read(rest: str) -> None:
    _, presented = decode_arrival("v1." + rest)
    assert all(len(text) <= LONGEST_TEXT and "\0" not in text for text in astuple(presented))


def test_a_caller_is_read_as_written() -> None:
    assert decode_caller(encode_caller(SITI)) == SITI


def test_a_caller_without_a_number_is_read_as_written() -> None:
    nobody = Caller(raw="", e164=None, kind=CallerKind.ANONYMOUS)
    assert decode_caller(encode_caller(nobody)) == nobody


def test_a_header_too_long_is_cut_and_the_number_is_not() -> None:
    presented = replace(SITI.presented, from_header="x" * 5000)
    caller = decode_caller(encode_caller(replace(SITI, presented=presented)))
    assert "x" * 100 <= caller.presented.from_header <= "x" * LONGEST_TEXT
    shown = replace(caller.presented, from_header=SITI.presented.from_header)
    assert replace(caller, presented=shown) == SITI


@given(caller=CALLERS)
@example(caller=replace(SITI, presented=PresentedIdentity(*["\x01" * 900] * 5)))
@example(caller=replace(SITI, presented=PresentedIdentity(*["\ud800\0" * 900] * 5)))
def test_whatever_a_trunk_sent_the_payload_fits_and_says_who_calls(caller: Caller) -> None:
    payload = encode_caller(caller)
    assert len(payload) <= LONGEST_PAYLOAD
    read = decode_caller(payload)
    assert (read.e164, read.kind) == (caller.e164, caller.kind)
    assert len(read.raw) >= min(len(caller.raw), LONGEST_NUMBER)
    json.dumps([read.raw, *astuple(read.presented)], ensure_ascii=False).encode()


@pytest.mark.parametrize("number", ["08123456789", "+08123456789", "", "+62812,GW_OK=1", "+6281234567890123"])
def test_a_number_that_is_not_in_e164_is_not_written(number: str) -> None:
    with pytest.raises(ValueError, match=r"E\.164"):
        encode_caller(replace(SITI, e164=number))


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "not base64",
        "Zm9v",
        "\N{FIRE ENGINE}",
        b64(b"\xff\xfe"),
        b64("[" * 480),
        b64("9" * 480),
        b64("[]"),
        b64("{}"),
        encode_caller(SITI)[:-9],
        encode_caller(SITI) + "A" * LONGEST_PAYLOAD,
        encode_caller(SITI) + "\n",
        forged(padding="x" * 300),
        forged(v=2),
        forged(raw=8123456789),
        forged(e164="08123456789"),
        forged(e164=628123456789),
        forged(e164="+628123456789,GW_OK=1"),
        forged(kind="friend"),
        forged(kind=None),
        forged(presented=None),
        forged(presented={"number": "08123456789"}),
        forged(presented={**json.loads(base64.b64decode(encode_caller(SITI)))["presented"], "name": 1}),
    ],
)
def test_nonsense_is_no_caller(payload: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of which nonsense, the message says
        decode_caller(payload)


def test_the_longest_payload_leaves_room_in_a_line_of_the_journal() -> None:
    # A line of Asterisk 22.10's with the longest names that can be: it is cut after 1,023 bytes.
    longest_id = "sixteencharacter-1795469152.123456789"
    line = (
        '{"eventtype":"CALLER","eventenum":"USER_DEFINED","userdeftype":"CALLER",'
        '"eventtime":"1795469152.634078","channame":"PJSIP/sixteencharacter-00000013",'
        f'"appname":"CELGenUserEvent","uniqueid":"{longest_id}","linkedid":"{longest_id}","peer":"",'
        '"eventextra":"{\\"extra\\":\\"%s\\"}"}'
    )
    assert len(line % ("A" * LONGEST_PAYLOAD)) <= 1023


WAITER, OTHER = CallId("bima1-1795467556.7"), CallId("bima1-1795467556.9")
NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "whose", "question", "answer"),
    [
        ("v1.incident.fire", WAITER, "incident", "fire"),
        ("v1.district.52.72.04", WAITER, "district", "52.72.04"),
        ("v1.place.31250", WAITER, "place", "31250"),
        ("v1.silent.yes", WAITER, "silent", "yes"),
        # A taker's question is written by the channel that plays it.
        (f"v1.danger.no.{OTHER}", OTHER, "danger", "no"),
        (f"v1.hurt.none.{OTHER}", OTHER, "hurt", "none"),
    ],
)
def test_an_answer_says_whose_it_is_and_to_what(payload: str, whose: CallId, question: str, answer: str) -> None:
    assert decode_answer(payload, NOON, WAITER) == (whose, CallerAnswer(NOON, Question(question), answer))


@pytest.mark.parametrize(
    "payload",
    ["", "v2.incident.fire", "v1.incident", "v1.weather.rain", "v1.place.x", "v1.danger.yes", "v1.danger.1.x"],
)
def test_nonsense_is_no_answer(payload: str) -> None:
    with pytest.raises(ValueError, match=r"not an? |is no answer|is not a valid"):
        decode_answer(payload, NOON, WAITER)
