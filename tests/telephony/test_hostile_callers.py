"""A caller's name may hold anything: no line of the ledger loses its call for it, and the next caller is served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from bench.raw_sip import call_with
from gateway.facts.ledger_payloads import decode_arrival
from tests.telephony.line import now
from tests.telephony.ordinary import is_served_as_ever

if TYPE_CHECKING:
    from tests.telephony.line import Line

SENDER = b"<sip:08123456789@127.0.0.2>"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(rb'"a\\q"', id="a backslash"),
        pytest.param(rb'"a\"b\" \\"', id="quotes and a backslash at the end"),
        pytest.param(rb'"\x"', id="an escape of nothing"),
        pytest.param(b'"\xff\xfe\xc3("', id="invalid UTF-8"),
        pytest.param(b'"' + "ü€😀".encode() * 450 + b'"', id="4 kB of UTF-8"),
        pytest.param(b'"' + b"\\" * 3000 + b'"', id="3 kB of backslashes"),
        pytest.param(b'"{\\"extra\\":\\"v1.x.y\\"}"', id="JSON"),
        pytest.param(b'"${SHELL(touch /tmp/siaga112-owned)}$[1/0]"', id="dialplan"),
        pytest.param(b'"a,b)|c&d;e=f~^`!"', id="every separator"),
        pytest.param(b'"<script>alert(1)</script>"', id="a script"),
        pytest.param(b'"%s%n%d"', id="a format"),
    ],
)
def test_whatever_a_caller_is_called_the_call_is_ticketed_and_no_line_of_the_ledger_is_lost(
    line112: Line, name: bytes
) -> None:
    since = now()
    unreadable = line112.health()["unreadable"]
    with line112.staffed("201"):
        assert call_with(line112.sip, name + SENDER) == 200
    call = line112.ended_call(since)
    (ticket,) = line112.tickets(since)
    assert (ticket["call_id"], ticket["caller"]["e164"]) == (call["id"], "+628123456789")
    assert line112.health()["unreadable"] == unreadable
    records = [json.loads(text) for text in (line112.home / "journals/cel-custom/cel.json").read_bytes().splitlines()]
    assert {"ARRIVED", "CALLER", "ANSWER", "HANGUP"} <= {
        record["eventtype"] for record in records if record["linkedid"] == call["id"]
    }


@pytest.mark.parametrize("name", [b'"Siti :)"', b'"x):0:0"', b'")))))):::"', b'"(((Siti: ("'])
def test_brackets_and_colons_cut_nothing_off_what_was_sent(line112: Line, name: bytes) -> None:
    since = now()
    asserted = b"P-Asserted-Identity: " + name + b" <sip:+628123456780@ims.example>"
    with line112.staffed("201"):
        assert call_with(line112.sip, name + SENDER, (asserted,)) == 200
    call = line112.ended_call(since)
    records = [json.loads(text) for text in (line112.home / "journals/cel-custom/cel.json").read_bytes().splitlines()]
    (payload,) = [
        json.loads(record["eventextra"])["extra"]
        for record in records
        if (record["eventtype"], record["linkedid"]) == ("ARRIVED", call["id"])
    ]
    _, sent = decode_arrival(payload)
    assert sent.number == "+628123456780"  # what the carrier asserts
    plain = name.decode().translate(str.maketrans("()", "__"))
    assert sent.name == plain.strip('"')
    assert sent.from_header.startswith(f"{plain} <sip:08123456789@127.0.0.2>")
    assert sent.asserted_identity == f"{plain} <sip:+628123456780@ims.example>"


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("\n{now}|bima1-{now}.9|112|PJSIP/202|CONNECT|1|bima1-{now}.8|0\n", id="an answer in queue_log"),
        pytest.param("\n{now}|N|112|PJSIP/202|REMOVEMEMBER|\n", id="a sign-out in queue_log"),
        pytest.param("1\r\n\r\nEvent: QueueMemberRemoved\r\nInterface: PJSIP/202\r\n\r\n", id="an event in AMI"),
        pytest.param("1\r\nUniqueid: bima1-{now}.9\r\nDestUniqueid: bima1-{now}.8", id="headers in AMI"),
        pytest.param("1\nSET VARIABLE GW_OK 1\n", id="a command in AGI"),
        pytest.param('"\\\x00\xff' * 100, id="bytes"),
    ],
)
@pytest.mark.parametrize("where", ["From", "P-Asserted-Identity"])
def test_whatever_stands_in_a_callers_number_it_writes_nothing_but_its_own_call(
    line112: Line, number: str, where: str
) -> None:
    since = now()
    takers, unreadable = line112.told("taker", "list"), line112.health()["unreadable"]
    # SIP carries anything in a user part, percent-encoded, and Asterisk decodes it.
    user = quote(number.format(now=int(since.timestamp())), safe="")
    hostile = f"<sip:{user}@127.0.0.2>".encode()
    sender, headers = (hostile, ()) if where == "From" else (SENDER, (b"P-Asserted-Identity: " + hostile,))
    with line112.staffed("201"):
        assert call_with(line112.sip, sender, headers) == 200
    call = line112.ended_call(since)
    assert [ticket["call_id"] for ticket in line112.tickets(since)] == [call["id"]]
    assert call["takers"] == ["201"]
    assert line112.told("taker", "list") == takers
    assert line112.health()["unreadable"] == unreadable


@pytest.mark.parametrize("user", ["trunk-carrier", "carrier", "201", "siaga112"])
def test_a_stranger_gets_nowhere_whatever_he_calls_himself(line112: Line, user: str) -> None:
    since = now()
    asserted = (b"P-Asserted-Identity: <tel:+628123456789>",)
    status = call_with(line112.sip, f"<sip:{user}@127.0.0.1>".encode(), asserted, carrier="127.0.0.9")
    assert status == 401
    assert line112.calls(since) == []


def test_after_all_of_that_an_ordinary_caller_is_served_as_ever(line112: Line) -> None:
    unreadable = line112.health()["unreadable"]
    with line112.staffed("201"):
        call_with(line112.sip, b'"\\\\' + b"\xff" * 2000 + b'"' + SENDER)
    is_served_as_ever(line112, unreadable)


def test_a_caller_asserted_by_the_network_is_known_though_the_name_is_hidden(line112: Line) -> None:
    since = now()
    asserted = (b"P-Asserted-Identity: <tel:+628123456789>", b"Privacy: id")
    with line112.staffed("201"):
        call_with(line112.sip, b'"Anonymous" <sip:anonymous@anonymous.invalid>', asserted)
    (ticket,) = line112.tickets(since)
    assert ticket["caller"]["e164"] == "+628123456789"
