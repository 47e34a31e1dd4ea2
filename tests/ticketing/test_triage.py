from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.ticketing.evidence import MORNING, at, call_id
from ticketing.commands import LONGEST_TEXT, Triage, TurnStatus
from ticketing.errors import ReopenFirst
from ticketing.events import TicketTriaged
from ticketing.model import CallType, Location, Role, Ticket, TicketStatus
from ticketing.triage import triaged

TICKET = Ticket("112-20261123-0001", call_id(), MORNING, MORNING, "101")
PLACED = replace(TICKET, location=Location(verbatim="belakang pasar Ama Hami", source="taker"))


def test_what_a_taker_learned_is_on_the_ticket_and_told_with_what_it_was() -> None:
    after, event = triaged(TICKET, Triage(reporter_name="Ibu Ratna", severity=2), by="siti", at=at(9).at)
    assert after == replace(TICKET, version=2, reporter_name="Ibu Ratna", severity=2)
    assert event == TicketTriaged(at(9).at, "siti", {"reporter_name": (None, "Ibu Ratna"), "severity": (None, 2)})


def test_what_is_not_given_stays_and_none_clears() -> None:
    written = replace(TICKET, reporter_name="Ibu Ratna", description="asap")
    after, event = triaged(written, Triage(description=None), by="siti", at=at(9).at)
    assert (after.reporter_name, after.description) == ("Ibu Ratna", None)
    assert event is not None
    assert event.changes == {"description": ("asap", None)}


def test_a_point_from_a_map_does_not_touch_the_callers_own_words() -> None:
    after, event = triaged(PLACED, Triage(lat=-8.46, lon=118.72, source="map"), by="siti", at=at(9).at)
    assert after.location == Location("belakang pasar Ama Hami", None, None, -8.46, 118.72, "map")
    assert event is not None
    assert event.changes == {
        "location.lat": (None, -8.46),
        "location.lon": (None, 118.72),
        "location.source": ("taker", "map"),
    }


@pytest.mark.parametrize("nothing_new", [Triage(), Triage(call_type=CallType.EMERGENCY, verbatim=None, severity=None)])
def test_what_says_nothing_new_is_no_new_version(nothing_new: Triage) -> None:
    assert triaged(TICKET, nothing_new, by="siti", at=at(9).at) == (TICKET, None)


def test_a_closed_ticket_can_still_be_completed() -> None:
    closed = replace(TICKET, status=TicketStatus.CLOSED, closed_at=at(60).at)
    after, _ = triaged(closed, Triage(description="selesai"), by="siti", at=at(90).at)
    assert (after.status, after.closed_at, after.description) == (TicketStatus.CLOSED, at(60).at, "selesai")


@pytest.mark.parametrize("closed_as", sorted(set(CallType) - {CallType.EMERGENCY}))
def test_what_was_closed_as_no_emergency_is_reopened_before_it_is_one(closed_as: CallType) -> None:
    closed = replace(TICKET, status=TicketStatus.CLOSED, call_type=closed_as, closed_at=at(60).at)
    with pytest.raises(ReopenFirst, match=f"closed as {closed_as}: a supervisor has to reopen it"):
        triaged(closed, Triage(call_type=CallType.EMERGENCY, description="api"), by="siti", at=at(90).at)
    reopened = replace(closed, status=TicketStatus.OPEN, closed_at=None)
    after, _ = triaged(reopened, Triage(call_type=CallType.EMERGENCY), by="siti", at=at(90).at)
    assert after.call_type is CallType.EMERGENCY


def test_a_closed_emergency_stays_one_and_a_prank_may_turn_out_a_ghost() -> None:
    closed = replace(TICKET, status=TicketStatus.CLOSED, closed_at=at(60).at)
    with pytest.raises(ReopenFirst, match="closed as emergency: a supervisor has to reopen it before it is prank"):
        triaged(closed, Triage(call_type=CallType.PRANK), by="siti", at=at(90).at)
    assert triaged(closed, Triage(call_type=CallType.EMERGENCY), by="siti", at=at(90).at) == (closed, None)
    prank = replace(closed, call_type=CallType.PRANK)
    after, _ = triaged(prank, Triage(call_type=CallType.GHOST), by="siti", at=at(90).at)
    assert (after.call_type, after.status) == (CallType.GHOST, TicketStatus.CLOSED)


def test_what_no_database_can_hold_is_replaced() -> None:
    assert Triage(verbatim="pasar\x00 \ud800").verbatim == "pasar\ufffd \ufffd"


def test_the_longest_text_is_taken_and_a_longer_one_is_not() -> None:
    assert Triage(description="a" * LONGEST_TEXT).given == {"description": "a" * LONGEST_TEXT}
    with pytest.raises(ValueError, match="description is longer than 10000 characters"):
        Triage(description="a" * (LONGEST_TEXT + 1))
    with pytest.raises(ValueError, match="reason is longer than 10000 characters"):
        TurnStatus("112-20261123-0001", TicketStatus.OPEN, "dewi", Role.SUPERVISOR, reason="a" * (LONGEST_TEXT + 1))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"lat": 90.01}, "lat 90.01 is outside"),
        ({"lat": float("nan")}, "lat nan is outside"),
        ({"lon": -180.5}, "lon -180.5 is outside"),
        ({"lon": float("inf")}, "lon inf is outside"),
        ({"severity": 0}, "severity 0 is not one of 1 to 5"),
        ({"severity": 6}, "severity 6 is not one of 1 to 5"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Triage(**wrong)


def test_the_edges_of_the_globe_are_on_it() -> None:
    edge = Triage(lat=-90, lon=180, severity=5)
    assert (edge.lat, edge.lon, type(edge.lat)) == (-90.0, 180.0, float)
