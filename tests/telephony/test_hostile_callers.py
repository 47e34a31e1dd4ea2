"""A caller's name may hold anything: no line of the ledger loses its call for it, and the next caller is served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bench.raw_sip import call_with
from bench.sipp import Citizen, citizens
from tests.telephony.line import now

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


def test_after_all_of_that_an_ordinary_caller_is_served_as_ever(line112: Line) -> None:
    since = now()
    with line112.staffed("201"):
        call_with(line112.sip, b'"\\\\' + b"\xff" * 2000 + b'"' + SENDER)
        with citizens(line112.sip, Citizen()) as caller:
            caller.finish()
    assert [ticket["caller"]["kind"] for ticket in line112.tickets(since)] == ["mobile", "mobile"]


def test_a_caller_asserted_by_the_network_is_known_though_the_name_is_hidden(line112: Line) -> None:
    since = now()
    asserted = (b"P-Asserted-Identity: <tel:+628123456789>", b"Privacy: id")
    with line112.staffed("201"):
        call_with(line112.sip, b'"Anonymous" <sip:anonymous@anonymous.invalid>', asserted)
    (ticket,) = line112.tickets(since)
    assert ticket["caller"]["e164"] == "+628123456789"
