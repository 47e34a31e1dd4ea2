from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.evidence import MORNING, answered, arrives, at, call_id, hung_up, joined, pieces
from ticketing.errors import ChainBroken
from ticketing.events import CallArrived, TicketOpened, learned
from ticketing.model import Call, Precision
from ticketing.timeline import NO_ENTRY, ChainHead, Entry, chained, rfc3339, verify_chain

RECORDED = MORNING + timedelta(seconds=5)
ANSWERED_CALL = joined(arrives(), answered(arrives(), "101", 4), hung_up(arrives(), 60))


def entries_of(call: Call) -> tuple[Entry, ...]:
    return chained(call.id, learned(None, call), NO_ENTRY, recorded_at=RECORDED)


CHAIN = entries_of(ANSWERED_CALL)


def test_an_outsider_can_compute_the_hash_from_what_the_timeline_shows() -> None:
    (entry,) = chained(call_id(), [CallArrived(MORNING, "carrier", Precision.LEDGER)], NO_ENTRY, recorded_at=RECORDED)
    told = (
        '["bima1-1795395600.1",1,"call_arrived","2026-11-23T01:00:00.000000Z","2026-11-23T01:00:05.000000Z",'
        '{"precision":"ledger","trunk":"carrier"},"' + "0" * 64 + '"]'
    )
    assert entry.hash == sha256(told.encode()).hexdigest()


def test_an_entry_carries_everything_of_its_event_but_nothing_else() -> None:
    opened = TicketOpened(at(5).at, "112-20261123-0001", at(4).at, "101")
    (entry,) = chained(call_id(), [opened], NO_ENTRY, recorded_at=RECORDED, ticket_number="112-20261123-0001")
    assert (entry.type, entry.at, entry.recorded_at) == ("ticket_opened", at(5).at, RECORDED)
    assert entry.body == {
        "number": "112-20261123-0001",
        "answered_at": "2026-11-23T01:00:04.000000Z",
        "taker": "101",
    }
    assert (entry.ticket_number, entry.seq) == ("112-20261123-0001", 0)


@given(pieces)
def test_every_body_is_plain_json(piece: Call) -> None:
    for entry in entries_of(piece):
        assert json.loads(json.dumps(entry.body)) == entry.body


def test_a_chain_goes_on_where_it_ended() -> None:
    first = CHAIN[:2]
    rest = chained(ANSWERED_CALL.id, learned(None, ANSWERED_CALL)[2:], first[-1].head, recorded_at=RECORDED)
    assert (*first, *rest) == CHAIN


def test_a_sound_chain_gives_its_head() -> None:
    assert verify_chain(CHAIN) == ChainHead(len(CHAIN), CHAIN[-1].hash)
    assert verify_chain([]) == NO_ENTRY


@pytest.mark.parametrize(
    "forged",
    [
        replace(CHAIN[2], type="taker_left"),
        replace(CHAIN[2], at=MORNING),
        replace(CHAIN[2], recorded_at=RECORDED + timedelta(microseconds=1)),
        replace(CHAIN[2], body={**CHAIN[2].body, "party": "102"}),
    ],
)
def test_a_changed_entry_is_found(forged: Entry) -> None:
    chain = [*CHAIN[:2], forged, *CHAIN[3:]]
    with pytest.raises(ChainBroken, match="broken at entry 3: it was changed") as broken:
        verify_chain(chain)
    assert broken.value.position == 3


@given(st.integers(0, len(CHAIN) - 2))
def test_a_missing_entry_is_found(gone: int) -> None:
    with pytest.raises(ChainBroken, match="missing"):
        verify_chain([*CHAIN[:gone], *CHAIN[gone + 1 :]])


@given(st.permutations(CHAIN).filter(lambda order: tuple(order) != CHAIN))
def test_moved_entries_are_found(moved: list[Entry]) -> None:
    with pytest.raises(ChainBroken, match="out of its place"):
        verify_chain(moved)


def test_an_entry_rewritten_with_a_right_hash_breaks_the_next_one() -> None:
    forged = chained(ANSWERED_CALL.id, learned(None, ANSWERED_CALL)[:1], NO_ENTRY, recorded_at=MORNING)
    with pytest.raises(ChainBroken, match="entry 2: it does not continue"):
        verify_chain([*forged, *CHAIN[1:]])


def test_another_calls_entry_is_no_part_of_the_chain() -> None:
    other = chained(call_id(2), learned(None, arrives(2)), NO_ENTRY, recorded_at=RECORDED)
    with pytest.raises(ChainBroken, match=rf"{call_id(1)} is broken at entry 2"):
        verify_chain([CHAIN[0], other[1]])


def test_times_are_written_in_utc_with_all_their_microseconds() -> None:
    assert rfc3339(datetime(2026, 11, 23, 8, 0, tzinfo=timezone(timedelta(hours=8)))) == "2026-11-23T00:00:00.000000Z"
    assert rfc3339(datetime(2026, 11, 23, 8, 0, 0, 7, tzinfo=UTC)) == "2026-11-23T08:00:00.000007Z"
