from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticketing.evidence import MORNING, call_id
from ticketing.model import CallType, Ticket
from ticketing.sla import SlaState, Targets, breaches_owed, clocks, noted, watched

ANSWERED = MORNING
TICK = timedelta(microseconds=1)


def ticket(
    *,
    on_progress: timedelta | None = None,
    closed: timedelta | None = None,
    call_type: CallType = CallType.EMERGENCY,
) -> Ticket:
    return Ticket(
        number="112-20261123-0001",
        call_id=call_id(),
        opened_at=ANSWERED,
        answered_at=ANSWERED,
        taker="101",
        call_type=call_type,
        on_progress_at=None if on_progress is None else ANSWERED + on_progress,
        closed_at=None if closed is None else ANSWERED + closed,
    )


def after(**spans: float) -> datetime:
    return ANSWERED + timedelta(**spans)


def test_both_clocks_run_from_the_answer_three_and_twenty_minutes() -> None:
    read = clocks(ticket(), now=after(seconds=1))
    assert (read.on_progress.due_at, read.close.due_at) == (after(minutes=3), after(minutes=20))
    assert (read.on_progress.state, read.close.state) == (SlaState.RUNNING, SlaState.RUNNING)
    assert (read.on_progress.met_at, read.close.met_at) == (None, None)


@pytest.mark.parametrize(
    ("turned", "state"),
    [
        (timedelta(minutes=3) - TICK, SlaState.MET),
        (timedelta(minutes=3), SlaState.MET),
        (timedelta(minutes=3) + TICK, SlaState.BREACHED),
    ],
)
def test_on_progress_at_the_due_instant_is_in_time(turned: timedelta, state: SlaState) -> None:
    read = clocks(ticket(on_progress=turned), now=after(hours=1))
    assert (read.on_progress.state, read.on_progress.met_at) == (state, ANSWERED + turned)


@pytest.mark.parametrize(
    ("closed", "state"),
    [
        (timedelta(minutes=20) - TICK, SlaState.MET),
        (timedelta(minutes=20), SlaState.MET),
        (timedelta(minutes=20) + TICK, SlaState.BREACHED),
    ],
)
def test_closed_at_the_due_instant_is_in_time(closed: timedelta, state: SlaState) -> None:
    read = clocks(ticket(on_progress=timedelta(), closed=closed), now=after(hours=1))
    assert (read.close.state, read.close.met_at) == (state, ANSWERED + closed)


@pytest.mark.parametrize(
    ("now", "on_progress", "close"),
    [
        (after(minutes=3), SlaState.RUNNING, SlaState.RUNNING),
        (after(minutes=3) + TICK, SlaState.BREACHED, SlaState.RUNNING),
        (after(minutes=20), SlaState.BREACHED, SlaState.RUNNING),
        (after(minutes=20) + TICK, SlaState.BREACHED, SlaState.BREACHED),
    ],
)
def test_what_nobody_turned_is_breached_once_the_due_instant_has_passed(
    now: datetime, on_progress: SlaState, close: SlaState
) -> None:
    read = clocks(ticket(), now=now)
    assert (read.on_progress.state, read.close.state) == (on_progress, close)


@pytest.mark.parametrize("call_type", sorted(set(CallType) - {CallType.EMERGENCY}))
def test_what_is_no_emergency_is_exempt(call_type: CallType) -> None:
    read = clocks(ticket(call_type=call_type, closed=timedelta(hours=1)), now=after(hours=2))
    assert (read.on_progress.state, read.close.state) == (SlaState.EXEMPT, SlaState.EXEMPT)
    assert read.close.met_at == after(hours=1)


def test_a_type_changed_back_to_emergency_has_its_clocks_back() -> None:
    read = clocks(ticket(call_type=CallType.EMERGENCY, closed=timedelta(seconds=9)), now=after(hours=2))
    assert (read.on_progress.state, read.close.state) == (SlaState.BREACHED, SlaState.MET)


def test_a_city_may_promise_something_else() -> None:
    madiun = Targets(on_progress=timedelta(minutes=5), close=timedelta(minutes=30))
    read = clocks(ticket(), now=after(minutes=4), targets=madiun)
    assert (read.on_progress.state, read.close.due_at) == (SlaState.RUNNING, after(minutes=30))


spans = st.timedeltas(timedelta(), timedelta(hours=1)) | st.sampled_from(
    [timedelta(minutes=3), timedelta(minutes=3) + TICK, timedelta(minutes=20), timedelta(minutes=20) + TICK]
)


@given(turned=st.none() | spans, closed=st.none() | spans, looked=spans)
def test_the_state_follows_from_the_times_alone(
    turned: timedelta | None, closed: timedelta | None, looked: timedelta
) -> None:
    read = clocks(ticket(on_progress=turned, closed=closed), now=ANSWERED + looked)
    for clock, target in ((read.on_progress, timedelta(minutes=3)), (read.close, timedelta(minutes=20))):
        met = None if clock.met_at is None else clock.met_at - ANSWERED
        in_time = {True: SlaState.MET, False: SlaState.BREACHED}
        running = {True: SlaState.RUNNING, False: SlaState.BREACHED}
        assert clock.state is (running[looked <= target] if met is None else in_time[met <= target])


@given(looked=st.lists(spans, min_size=2))
def test_a_breach_is_never_undone_by_time(looked: list[timedelta]) -> None:
    states = [clocks(ticket(), now=ANSWERED + span).close.state for span in sorted(looked)]
    assert states == sorted(states, key=[SlaState.RUNNING, SlaState.BREACHED].index)


def owed(of: Ticket, now: datetime) -> list[tuple[str, datetime]]:
    return [(breach.clock, breach.at) for breach in breaches_owed(of, now=now)]


LATE = ("on_progress", after(minutes=3))
LONG = ("close", after(minutes=20))


@pytest.mark.parametrize(
    ("now", "breaches"),
    [
        (after(minutes=2, seconds=59, microseconds=999_999), []),
        (after(minutes=3), []),
        (after(minutes=3) + TICK, [LATE]),
        (after(minutes=20), [LATE]),
        (after(minutes=20) + TICK, [LATE, LONG]),
    ],
)
def test_a_breach_is_owed_once_its_due_instant_has_passed_and_is_of_that_instant(
    now: datetime, breaches: list[tuple[str, datetime]]
) -> None:
    assert owed(ticket(), now) == breaches


def test_a_clock_met_in_time_owes_nothing_and_one_met_late_does() -> None:
    assert owed(ticket(on_progress=timedelta(minutes=3), closed=timedelta(minutes=20)), after(hours=1)) == []
    late = ticket(on_progress=timedelta(minutes=3) + TICK, closed=timedelta(minutes=20) + TICK)
    assert owed(late, after(hours=1)) == [LATE, LONG]


def test_a_breach_on_record_is_not_owed_again_and_makes_no_version() -> None:
    on_record = noted(ticket(), breaches_owed(ticket(), now=after(minutes=4)))
    assert (on_record.on_progress_breached_at, on_record.close_breached_at) == (after(minutes=3), None)
    assert on_record.version == ticket().version
    assert owed(on_record, after(minutes=21)) == [LONG]
    assert owed(noted(on_record, breaches_owed(on_record, now=after(hours=1))), after(hours=2)) == []


def test_what_is_no_emergency_owes_nothing_until_it_is_one_again() -> None:
    prank = ticket(call_type=CallType.PRANK)
    assert owed(prank, after(hours=1)) == []
    assert owed(replace(prank, call_type=CallType.EMERGENCY), after(hours=1)) == [LATE, LONG]


def test_a_shorter_promise_to_close_is_owed_first() -> None:
    promise = Targets(on_progress=timedelta(minutes=9), close=timedelta(minutes=5))
    breaches = breaches_owed(ticket(), now=after(hours=1), targets=promise)
    assert [breach.clock for breach in breaches] == ["close", "on_progress"]


@pytest.mark.parametrize(
    ("of", "look"),
    [
        (ticket(), after(minutes=3)),
        (ticket(on_progress=timedelta(minutes=1)), after(minutes=20)),
        (ticket(on_progress=timedelta(minutes=4)), after(minutes=3)),
        (ticket(on_progress=timedelta(minutes=1), closed=timedelta(minutes=9)), None),
        (ticket(call_type=CallType.GHOST), None),
        (noted(ticket(), breaches_owed(ticket(), now=after(minutes=4))), after(minutes=20)),
        (noted(ticket(), breaches_owed(ticket(), now=after(hours=1))), None),
    ],
)
def test_a_ticket_is_looked_at_when_its_next_clock_is_due(of: Ticket, look: datetime | None) -> None:
    assert watched(of).watch_at == look


@given(turned=st.none() | spans, closed=st.none() | spans, looks=st.lists(spans, min_size=1))
def test_whoever_looks_only_when_told_to_misses_no_breach(
    turned: timedelta | None, closed: timedelta | None, looks: list[timedelta]
) -> None:
    watching = watched(ticket(on_progress=turned, closed=closed))
    known = max(turned or timedelta(), closed or timedelta())
    for now in sorted(ANSWERED + known + look for look in looks):
        if watching.watch_at is not None and watching.watch_at < now:
            watching = watched(noted(watching, breaches_owed(watching, now=now)))
        assert owed(watching, now) == []
