"""What the outside is told of calls, tickets and their timelines: the contract's names, UTC, microseconds, seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from gateway.presentation import call_json, caller_json, entry_json, feed_json, rfc3339, seconds, ticket_json
from tests.ticketing.evidence import (
    HIDDEN,
    MORNING,
    MULYADI,
    answered,
    answered_by_backup,
    arrives,
    call_id,
    hung_up,
    interrupted,
    joined,
)
from ticketing.events import learned
from ticketing.model import Call, Caller, CallerKind, CallType, Location, PresentedIdentity, Ticket, TicketStatus
from ticketing.sla import SOP_TARGETS
from ticketing.timeline import NO_ENTRY, chained, entry_hash

if TYPE_CHECKING:
    from ticketing.timeline import Entry

WAITING = arrives()
TALKING = joined(WAITING, answered(WAITING, "101", 4.25))
ENDED = joined(TALKING, hung_up(WAITING, 64.5))
ABANDONED = joined(WAITING, hung_up(WAITING, 30))

TICKET = Ticket(
    "112-20261123-0001", call_id(), MORNING + timedelta(seconds=5), MORNING + timedelta(seconds=4.25), "101"
)


def as_sent(value: object) -> Any:  # noqa: ANN401 - JSON
    """What a program reads that gets it."""
    return json.loads(json.dumps(value))


# ---- times -----------------------------------------------------------------------------------------------------------


def test_an_instant_is_written_in_utc_with_all_its_microseconds() -> None:
    in_bima = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Makassar"))
    assert rfc3339(in_bima) == "2026-11-23T01:00:00.000000Z"
    assert rfc3339(in_bima + timedelta(microseconds=7)) == "2026-11-23T01:00:00.000007Z"
    assert rfc3339(None) is None


def test_a_duration_is_seconds_and_loses_no_microsecond() -> None:
    assert seconds(timedelta(minutes=1, microseconds=1)) == 60.000001
    assert seconds(timedelta()) == 0
    assert seconds(None) is None


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_a_call_that_was_answered_is_told_whole() -> None:
    assert as_sent(call_json(ENDED, TICKET.number, recording=True)) == {
        "id": ENDED.id,
        "node": "bima1",
        "arrived_at": "2026-11-23T01:00:00.000000Z",
        "answered_at": "2026-11-23T01:00:04.250000Z",
        "ended_at": "2026-11-23T01:01:04.500000Z",
        "wait_s": 4.25,
        "talk_s": 60.25,
        "outcome": "answered",
        "takers": ["101"],
        "ticket": "112-20261123-0001",
        "trunk": "carrier",
        "caller": {"raw": "081234500001", "e164": "+6281234500001", "kind": "mobile", "callable": True},
        "said": [],
        "location_sources": [],
        "recording": f"/api/v1/calls/{ENDED.id}/recording",
    }


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (WAITING, {"outcome": "waiting", "answered_at": None, "ended_at": None, "wait_s": None, "talk_s": None}),
        (TALKING, {"outcome": "talking", "ended_at": None, "wait_s": 4.25, "talk_s": None, "takers": ["101"]}),
        (
            joined(TALKING, interrupted(WAITING, 64.25)),
            {"outcome": "interrupted", "ended_at": "2026-11-23T01:01:04.250000Z", "wait_s": 4.25, "talk_s": 60.0},
        ),
        (ABANDONED, {"outcome": "abandoned", "answered_at": None, "wait_s": 30.0, "talk_s": None, "takers": []}),
        (
            joined(WAITING, answered_by_backup(WAITING, "carrier", 40), hung_up(WAITING, 50)),
            {"outcome": "answered", "takers": [], "wait_s": 40.0, "talk_s": 10.0},
        ),
    ],
)
def test_what_is_not_known_or_did_not_happen_is_null(call: Call, told: dict[str, object]) -> None:
    shown = as_sent(call_json(call, None, recording=False))
    assert {name: shown[name] for name in told} == told
    assert (shown["ticket"], shown["recording"]) == (None, None)


# ---- callers ---------------------------------------------------------------------------------------------------------


def test_a_caller_without_a_number_cannot_be_called_back() -> None:
    assert as_sent(caller_json(HIDDEN)) == {"raw": "", "e164": None, "kind": "anonymous", "callable": False}


def test_a_call_of_whose_caller_nothing_is_known_has_one_all_the_same() -> None:
    assert as_sent(caller_json(None)) == {"raw": "", "e164": None, "kind": "unknown", "callable": False}
    assert call_json(Call(call_id()), None, recording=False)["caller"] == caller_json(None)


def test_what_the_caller_sent_is_told_as_it_was_sent_and_its_headers_are_kept_back() -> None:
    hostile = Caller("<script>", None, CallerKind.UNKNOWN, PresentedIdentity(name="'; DROP TABLE calls; --"))
    assert as_sent(caller_json(hostile)) == {"raw": "<script>", "e164": None, "kind": "unknown", "callable": False}
    assert caller_json(MULYADI).keys() == caller_json(hostile).keys()


# ---- tickets ---------------------------------------------------------------------------------------------------------


def test_a_new_ticket_is_told_with_the_names_of_the_contract() -> None:
    now = MORNING + timedelta(seconds=10)
    assert as_sent(ticket_json(TICKET, TALKING, (), now, SOP_TARGETS)) == {
        "number": "112-20261123-0001",
        "version": 1,
        "status": "open",
        "call_type": "emergency",
        "category": None,
        "severity": None,
        "call_id": TALKING.id,
        "answered_at": "2026-11-23T01:00:04.250000Z",
        "opened_at": "2026-11-23T01:00:05.000000Z",
        "wait_s": 4.25,
        "taker": "101",
        "caller": {"raw": "081234500001", "e164": "+6281234500001", "kind": "mobile", "callable": True},
        "said": [],
        "reporter_name": None,
        "location": {
            "verbatim": None,
            "area_code": None,
            "landmark": None,
            "lat": None,
            "lon": None,
            "source": None,
        },
        "location_sources": [],
        "description": None,
        "dispatches": [],
        "sla": {
            "on_progress": {"due_at": "2026-11-23T01:03:04.250000Z", "met_at": None, "state": "running"},
            "close": {"due_at": "2026-11-23T01:20:04.250000Z", "met_at": None, "state": "running"},
        },
    }


def test_what_a_taker_wrote_down_is_told_and_each_word_where_it_belongs() -> None:
    place = Location("dekat masjid", "52.72.01.1001", "Masjid Raya", -8.46, 118.72, "caller")
    written = replace(
        TICKET, version=7, category="fire", severity=2, reporter_name="Mulyadi", description="Atap", location=place
    )
    told = as_sent(ticket_json(written, TALKING, (), MORNING, SOP_TARGETS))
    assert {name: told[name] for name in ("version", "category", "severity", "reporter_name", "description")} == {
        "version": 7,
        "category": "fire",
        "severity": 2,
        "reporter_name": "Mulyadi",
        "description": "Atap",
    }
    assert told["location"] == {
        "verbatim": "dekat masjid",
        "area_code": "52.72.01.1001",
        "landmark": "Masjid Raya",
        "lat": -8.46,
        "lon": 118.72,
        "source": "caller",
    }


def test_both_clocks_are_told_as_they_stand_now() -> None:
    under_way = replace(TICKET, status=TicketStatus.ON_PROGRESS, on_progress_at=MORNING + timedelta(minutes=2))
    told = ticket_json(under_way, TALKING, (), MORNING + timedelta(minutes=30), SOP_TARGETS)["sla"]
    assert as_sent(told) == {
        "on_progress": {
            "due_at": "2026-11-23T01:03:04.250000Z",
            "met_at": "2026-11-23T01:02:00.000000Z",
            "state": "met",
        },
        "close": {"due_at": "2026-11-23T01:20:04.250000Z", "met_at": None, "state": "breached"},
    }


def test_a_call_that_is_no_emergency_has_no_clock_to_keep() -> None:
    prank = replace(TICKET, call_type=CallType.PRANK)
    told = ticket_json(prank, TALKING, (), MORNING + timedelta(days=1), SOP_TARGETS)["sla"]
    assert [clock["state"] for clock in told.values()] == ["exempt", "exempt"]


# ---- timelines -------------------------------------------------------------------------------------------------------


@pytest.fixture
def entry() -> Entry:
    made = chained(
        TALKING.id,
        learned(WAITING, TALKING),
        NO_ENTRY,
        recorded_at=MORNING + timedelta(seconds=5),
        ticket_number=TICKET.number,
    )
    return replace(made[0], seq=41)


def test_the_live_feed_tells_an_entry_with_its_place_among_all(entry: Entry) -> None:
    assert as_sent(feed_json(entry)) == {
        "seq": 41,
        "type": "taker_answered",
        "at": "2026-11-23T01:00:04.250000Z",
        "call_id": TALKING.id,
        "ticket": "112-20261123-0001",
        "body": as_sent(dict(entry.body)),
    }


def test_whoever_reads_a_timeline_can_check_its_chain(entry: Entry) -> None:
    told = as_sent(entry_json(entry))
    assert told.items() >= as_sent(feed_json(entry)).items()
    assert {name: told[name] for name in ("position", "recorded_at", "previous_hash", "hash")} == {
        "position": 1,
        "recorded_at": "2026-11-23T01:00:05.000000Z",
        "previous_hash": "0" * 64,
        "hash": entry_hash(entry),
    }
