"""The ledger held against the store: what is as it should be gives nothing, and each flaw its own word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.call_facts import CallArrived, CallEnded
from gateway.upkeep.audit import Discrepancy, Flaw, ToldCalls, compare, untold
from tests.gateway.test_call_tracker import facts_of, told
from tests.ticketing.evidence import HIDDEN, MORNING, answered, arrives, at, call_id, hung_up, joined, pieces_of
from ticketing.model import Call, CallerKind, Precision, PresentedIdentity, Ticket
from ticketing.ports import KeptCall

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from ticketing.model import CallId

LATER = MORNING + timedelta(hours=1)
TALKED = joined(arrives(), answered(arrives(), "201", 5), hung_up(arrives(), 60))
GAVE_UP = joined(arrives(2), hung_up(arrives(2), 20))


def ticket_of(call: Call, number: str = "112-20261123-0001") -> Ticket:
    assert call.answered
    return Ticket(number, call.id, LATER, call.answered.at, "201")


def kept(call: Call) -> KeptCall:
    return KeptCall(call, "112-20261123-0001" if call.answered else None)


def audit(
    told_calls: Iterable[Call],
    rows: Mapping[CallId, KeptCall],
    tickets: Iterable[Ticket],
    *,
    whole_since: datetime | None = None,
) -> tuple[Discrepancy, ...]:
    """Compare them one by one, as the running audit does; what arrived since then must all be told."""
    of_call: dict[CallId, list[Ticket]] = {}
    for ticket in tickets:
        of_call.setdefault(ticket.call_id, []).append(ticket)
    found: list[Discrepancy] = []
    heard: set[CallId] = set()
    for call in told_calls:
        heard.add(call.id)
        found += compare(call, rows.get(call.id), of_call.get(call.id, ()), whole_since=whole_since)
    if whole_since is not None:
        late = (one for one in rows.values() if one.call.arrival.at >= whole_since and one.call.id not in heard)
        found += map(untold, late)
    return tuple(found)


def flaws(
    told_calls: list[Call], rows: list[KeptCall], tickets: list[Ticket], *, whole: bool = True
) -> list[tuple[str, Flaw]]:
    by_id = {row.call.id: row for row in rows}
    found = audit(told_calls, by_id, tickets, whole_since=MORNING if whole else None)
    return [(one.call, one.flaw) for one in found]


def test_calls_that_are_kept_as_they_were_told_give_nothing() -> None:
    assert flaws([TALKED, GAVE_UP], [kept(TALKED), kept(GAVE_UP)], [ticket_of(TALKED)]) == []


@pytest.mark.parametrize("story", ["answered", "hidden", "abandoned", "second_taker", "overflow"])
def test_what_a_real_asterisk_wrote_agrees_with_what_was_kept_of_it(story: str) -> None:
    rung, written = facts_of(story)
    rows = {call: kept(known) for call, known in told([*rung, *written]).items()}
    tickets = [ticket_of(row.call) for row in rows.values() if row.ticket]
    calls = ToldCalls()
    assert audit([*calls.take(written), *calls.rest()], rows, tickets, whole_since=MORNING - timedelta(days=9)) == ()


def test_a_call_without_a_row_is_missed_and_so_is_the_ticket_of_an_answered_one() -> None:
    assert flaws([TALKED, GAVE_UP], [kept(TALKED)], []) == [
        (TALKED.id, Flaw.TICKET_MISSING),
        (GAVE_UP.id, Flaw.CALL_MISSING),
    ]
    assert "although it was answered" in str(compare(TALKED, None, ())[0])


def test_a_row_that_names_a_ticket_which_is_not_there_has_lost_it() -> None:
    assert "names 112-20261123-0001" in compare(TALKED, kept(TALKED), ())[0].text


def test_a_channel_that_is_no_call_to_the_line_is_missed_by_nobody() -> None:
    assert flaws([hung_up(arrives(), 3)], [], []) == []


def test_two_tickets_of_one_call_are_one_too_many() -> None:
    tickets = [ticket_of(TALKED), ticket_of(TALKED, "112-20261123-0002")]
    assert flaws([TALKED], [kept(TALKED)], tickets) == [(TALKED.id, Flaw.TICKET_TWICE)]


def test_a_ticket_of_a_call_that_nobody_answered_is_unfounded() -> None:
    ticket = replace(ticket_of(TALKED), call_id=GAVE_UP.id)
    assert flaws([GAVE_UP], [kept(GAVE_UP)], [ticket]) == [(GAVE_UP.id, Flaw.TICKET_UNFOUNDED)]


def test_a_ticket_of_a_caller_who_was_called_back_is_founded_on_that() -> None:
    ticket = replace(ticket_of(TALKED), call_id=GAVE_UP.id, return_call=17)
    assert flaws([GAVE_UP], [kept(GAVE_UP)], [ticket]) == []


def test_a_ticket_with_another_instant_of_the_answer_differs() -> None:
    ticket = replace(ticket_of(TALKED), answered_at=LATER)
    assert flaws([TALKED], [kept(TALKED)], [ticket]) == [(TALKED.id, Flaw.TICKET_DIFFERS)]


def test_what_the_ledger_knows_better_than_the_row_is_named() -> None:
    rung = joined(arrives(), answered(arrives(), "201", 5.001, Precision.DOORBELL))
    (difference, ticket) = compare(TALKED, kept(rung), [ticket_of(rung)])
    assert (difference.flaw, difference.text.partition(": ")[2]) == (Flaw.CALL_DIFFERS, "legs, ended, hangup_cause")
    assert ticket.flaw is Flaw.TICKET_DIFFERS


def test_a_part_of_what_the_ledger_tells_is_compared_as_well_as_all_of_it() -> None:
    assert flaws([hung_up(arrives(), 60)], [kept(TALKED)], [ticket_of(TALKED)]) == []
    assert flaws([hung_up(arrives(), 50)], [kept(TALKED)], [ticket_of(TALKED)]) == [(TALKED.id, Flaw.CALL_DIFFERS)]


def test_an_answer_of_which_a_whole_ledger_does_not_tell_is_found() -> None:
    unanswered = joined(arrives(), hung_up(arrives(), 60))
    later = joined(arrives(), answered(arrives(), "202", 9), hung_up(arrives(), 60))
    twice = joined(TALKED, later)
    assert flaws([unanswered], [kept(TALKED)], [ticket_of(TALKED)]) == [(TALKED.id, Flaw.ANSWER_UNTOLD)]
    assert flaws([later], [kept(twice)], [ticket_of(twice)]) == [(TALKED.id, Flaw.ANSWER_UNTOLD)]
    assert flaws([unanswered], [kept(TALKED)], [ticket_of(TALKED)], whole=False) == []


def test_an_answer_that_the_ledger_has_to_the_second_bears_the_doorbells_out() -> None:
    rung = joined(TALKED, answered(arrives(), "202", 2.9, Precision.DOORBELL))
    second = joined(TALKED, answered(arrives(), "202", 2, Precision.SECOND))
    # An answer of which CEL was lost: queue_log has the second, AMI had told the microsecond.
    assert flaws([second], [kept(rung)], [ticket_of(rung)]) == []


def test_a_call_that_only_the_store_has_is_found_where_the_ledger_is_whole() -> None:
    assert flaws([], [kept(GAVE_UP)], []) == [(GAVE_UP.id, Flaw.CALL_UNTOLD)]
    assert flaws([], [kept(GAVE_UP)], [], whole=False) == []


def test_calls_before_the_first_record_are_no_discrepancies() -> None:
    early = Call(call_id(3, -500), arrived=at(-500), caller=HIDDEN, ended=at(-490))
    assert flaws([], [kept(early)], []) == []


def test_another_caller_id_style_since_then_is_no_discrepancy_and_lost_words_are() -> None:
    sent = PresentedIdentity(number="0374123456")
    as_then = replace(HIDDEN, kind=CallerKind.UNKNOWN, presented=sent)
    today = replace(as_then, kind=CallerKind.FIXED, e164="+62374123456")
    row = kept(replace(GAVE_UP, caller=as_then))
    assert flaws([replace(GAVE_UP, caller=today)], [row], []) == []
    assert flaws([replace(GAVE_UP, caller=as_then)], [kept(replace(GAVE_UP, caller=HIDDEN))], []) == [
        (GAVE_UP.id, Flaw.CALL_DIFFERS)
    ]


@given(st.lists(pieces_of(call_id()), min_size=1, max_size=6), st.data())
def test_whatever_was_learned_in_whatever_pieces_has_no_discrepancy(pieces: list[Call], data: st.DataObject) -> None:
    whole = joined(*pieces)
    some = data.draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=6))
    row, tickets = kept(whole), [ticket_of(whole)] if whole.answered else []
    assert compare(joined(*some), row, tickets) == ()


def test_calls_are_joined_until_too_many_others_were_told_of() -> None:
    calls = ToldCalls(remembered=2)
    arrivals = [CallArrived(call_id(n), at(n), "carrier", PresentedIdentity()) for n in (1, 2, 3)]
    assert calls.take(arrivals[:2]) == ()
    assert calls.take([CallEnded(call_id(1), at(9), 16)]) == ()
    # The second was not told of for the longest time.
    assert [call.id for call in calls.take(arrivals[2:])] == [call_id(2)]
    first, third = calls.rest()
    assert (first.id, first.ended, third.id) == (call_id(1), at(9), call_id(3))
    assert calls.rest() == ()


def test_a_discrepancy_is_one_line() -> None:
    assert str(Discrepancy(call_id(), Flaw.CALL_MISSING, "is gone")) == f"call {call_id()}: is gone"
