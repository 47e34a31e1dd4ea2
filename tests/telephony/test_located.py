"""Where a call comes from, as the network tells it: each shape is on the ticket, and no body costs anybody a call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bench.raw_sip import Body, call_with
from tests.places import ARC_BAND, CIRCLE, CIVIC, CONFIDENCE, ELLIPSE, HOSTILE, POINT, POLYGON, pidf, tuple_of
from tests.telephony.line import eventually, now
from tests.telephony.ordinary import is_served_as_ever
from tests.telephony.test_fails_open import stopped

if TYPE_CHECKING:
    from datetime import datetime

    from tests.telephony.line import Line

SENDER = b"<sip:08123456789@127.0.0.2>"
SENT = b"Geolocation: <cid:place@citizen>"
CELL = b"P-Access-Network-Info: 3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5101012AB01C3D4; network-provided"


def places_of(line: Line, since: datetime, count: int) -> list[dict[str, Any]]:
    """What the one ticket since then shows of its place, once there is so much."""

    def look() -> list[dict[str, Any]] | None:
        tickets = line.tickets(since)
        shown: list[dict[str, Any]] = tickets[0]["location_sources"] if tickets else []
        return shown if len(shown) >= count else None

    return eventually(look)


def test_each_shape_that_comes_with_a_call_is_on_its_ticket_and_nothing_is_taken_over(line112: Line) -> None:
    expected = {
        pidf(POINT): ("point", -8.4606, 118.7273, None),
        pidf(CIRCLE + CONFIDENCE): ("circle", -8.4606, 118.7273, 850.24),
        tuple_of(ELLIPSE): ("ellipse", -8.4606, 118.7273, 77.5),
        pidf(ARC_BAND): ("arc_band", -8.4606, 118.7273, 1500.0),
        pidf(POLYGON): ("polygon", -8.45, 118.73, 1564.0),
        pidf(CIVIC): ("civic", None, None, None),
    }
    with line112.staffed("201"):
        for document, told in expected.items():
            since = now()
            assert call_with(line112.sip, SENDER, (SENT,), body=Body(document.encode())) == 200
            place, reference = places_of(line112, since, 2)
            assert (place["kind"], place["shape"], place["lat"], place["lon"]) == ("value", *told[:3])
            assert place["uncertainty_m"] == (told[3] and pytest.approx(told[3], abs=1))
            assert (reference["kind"], reference["reference"]) == ("reference", "cid:place@citizen")
            (ticket,) = line112.tickets(since)
            assert set(ticket["location"].values()) == {None}
            assert line112.ended_call(since)["location_sources"] == ticket["location_sources"]


def test_a_cell_and_a_geo_uri_are_in_the_ledger_and_the_cell_stands_where_the_site_says(line112: Line) -> None:
    since = now()
    table = line112.home / "antennas.csv"
    table.write_text("cell,lat,lon,radius_m,name\n5101012ab01c3d4,-8.45,118.72,900,Raba\n")
    assert line112.siaga112("cells", "import", str(table)).returncode == 0
    with line112.staffed("201"):
        assert call_with(line112.sip, SENDER, (CELL, b"Geolocation: <geo:-8.46,118.73;u=30>")) == 200
    cell, place = sorted(places_of(line112, since, 2), key=lambda one: str(one["kind"]))
    assert (cell["reference"], cell["cell_name"], cell["method"]) == ("5101012ab01c3d4", "Raba", "3GPP-E-UTRAN-FDD")
    assert (cell["lat"], cell["lon"], cell["uncertainty_m"]) == (-8.45, 118.72, 900.0)
    assert (place["shape"], place["lat"], place["lon"], place["uncertainty_m"]) == ("circle", -8.46, 118.73, 30.0)
    call = line112.ended_call(since)
    records = [json.loads(text) for text in (line112.home / "journals/cel-custom/cel.json").read_bytes().splitlines()]
    assert sum(one["linkedid"] == call["id"] and one["eventtype"] == "LOCATED" for one in records) == 1


HEADERS = {
    "a body that is named wrongly": (SENT, Body(pidf(CIRCLE).encode(), headers=(b"Content-ID: <other@x>",))),
    "no such part": (SENT, None),
    "an answer for a part": (SENT, Body(b"v=0", b"application/sdp")),
    "another boundary": (SENT, Body(pidf(CIRCLE).encode(), multipart=b"multipart/mixed;boundary=other")),
    "no boundary": (SENT, Body(pidf(CIRCLE).encode(), multipart=b"multipart/mixed")),
    "a URI of 2 kB": (b"Geolocation: <https://" + b"a" * 2000 + b">", None),
    "a URI of 40 kB": (b"Geolocation: <https://" + b"a" * 40_000 + b">", None),
    "5 000 URIs": (b"Geolocation: " + b",".join([b"<cid:a>"] * 5_000), None),
    "no URI": (b"Geolocation: ;;;<<<>>>", None),
    "a cell of bytes": (b"P-Access-Network-Info: \xff\xfe; cgi-3gpp=\xc3(", None),
    "a cell of 4 kB": (b"P-Access-Network-Info: 3GPP-GERAN; cgi-3gpp=" + b"5" * 4_000, None),
    "dialplan in a cell": (b'P-Access-Network-Info: ${SHELL(id)}) $[1/0] "; cgi-3gpp=51010aaaabbbb', None),
}


def test_no_body_and_no_header_costs_anybody_a_call(line112: Line) -> None:
    """40 hostile bodies, two of which make Asterisk's own reader of places die, and a dozen hostile headers."""
    since, asterisk = now(), (line112.home / "run/asterisk.pid").read_text()
    unreadable = line112.health()["unreadable"]
    calls = [(SENT, Body(content)) for content in HOSTILE.values()] + list(HEADERS.values())
    with line112.staffed("201", "202", "203", "204"):
        assert {call_with(line112.sip, SENDER, (header,), body=body) for header, body in calls} == {200}
    tickets = eventually(lambda: found if len(found := line112.tickets(since)) == len(calls) else None)
    assert (line112.home / "run/asterisk.pid").read_text() == asterisk
    shown = [one for ticket in tickets for one in ticket["location_sources"] if one["kind"] == "value"]
    understood = [one["civic"][-1]["text"] for one in shown if not one["refusal"] and one["civic"]]
    assert understood == ["${SHELL(id)} <script>'; DROP TABLE calls; --\\"]
    assert {"dtd", "too_big", "malformed", "off_the_earth", "coordinates"} <= {one["refusal"] for one in shown}
    is_served_as_ever(line112, unreadable)
    assert line112.siaga112("verify").returncode == 0


def test_a_body_that_is_all_of_the_call_is_no_offer_and_the_next_caller_is_served(line112: Line) -> None:
    """Asterisk answers 415 (RFC 3261) to a call whose body is no audio: nothing of ours is asked."""
    unreadable = line112.health()["unreadable"]
    assert call_with(line112.sip, SENDER, (SENT,), body=Body(pidf(CIRCLE).encode(), multipart=b"")) == 415
    is_served_as_ever(line112, unreadable)


def test_while_the_gateway_is_dead_a_cell_is_kept_and_a_body_is_known_to_have_been_sent(line112: Line) -> None:
    since = now()
    with line112.staffed("201"):
        with stopped(line112.process("run")):
            line112.process("-m gateway ").kill()
            assert call_with(line112.sip, SENDER, (SENT, CELL), body=Body(pidf(CIRCLE).encode())) == 200
        places = places_of(line112, since, 2)
        assert {(one["kind"], one["reference"]) for one in places} == {
            ("reference", "cid:place@citizen"),
            ("cell", "5101012ab01c3d4"),
        }
        eventually(line112.is_ready)
