from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.ticketing.evidence import MORNING, call_id
from ticketing.errors import TransitionRefused
from ticketing.model import CallType, Role, Ticket, TicketStatus
from ticketing.transitions import transition

OPEN, ON_PROGRESS, CLOSED = TicketStatus.OPEN, TicketStatus.ON_PROGRESS, TicketStatus.CLOSED
TAKER, SUPERVISOR = Role.CALL_TAKER, Role.SUPERVISOR
LATER = MORNING + timedelta(minutes=2)

TICKET = Ticket("112-20261123-0001", call_id(), opened_at=MORNING, answered_at=MORNING, taker="101")


def ticket(status: TicketStatus, call_type: CallType = CallType.EMERGENCY) -> Ticket:
    return replace(TICKET, status=status, call_type=call_type)


def may(status: TicketStatus, to: TicketStatus, call_type: CallType, by: Role) -> bool:
    try:
        transition(ticket(status, call_type), to, by=by, at=LATER, reason="asked to")
    except TransitionRefused:
        return False
    return True


def test_the_whole_table() -> None:
    everything = product(TicketStatus, TicketStatus, CallType, Role)
    allowed = {step for step in everything if may(*step)}
    no_emergency = set(CallType) - {CallType.EMERGENCY}
    assert allowed == {
        *product([OPEN], [ON_PROGRESS], CallType, [SUPERVISOR]),
        *product([ON_PROGRESS], [CLOSED], CallType, [SUPERVISOR]),
        *product([CLOSED], [OPEN], CallType, [SUPERVISOR]),
        *product([OPEN, ON_PROGRESS], [CLOSED], no_emergency, [SUPERVISOR, TAKER]),
    }


def test_a_supervisor_turns_a_ticket_to_on_progress_and_to_closed() -> None:
    turned = transition(ticket(OPEN), ON_PROGRESS, by=SUPERVISOR, at=LATER)
    assert (turned.status, turned.on_progress_at, turned.closed_at) == (ON_PROGRESS, LATER, None)
    end = LATER + timedelta(minutes=9)
    closed = transition(turned, CLOSED, by=SUPERVISOR, at=end)
    assert (closed.status, closed.on_progress_at, closed.closed_at) == (CLOSED, LATER, end)
    assert (turned.version, closed.version) == (2, 3)


def test_a_transition_changes_nothing_else() -> None:
    turned = transition(ticket(OPEN), ON_PROGRESS, by=SUPERVISOR, at=LATER)
    assert replace(turned, status=OPEN, version=1, on_progress_at=None) == ticket(OPEN)


def test_a_taker_closes_a_ghost_call_with_one_step() -> None:
    closed = transition(ticket(OPEN, CallType.GHOST), CLOSED, by=TAKER, at=LATER)
    assert (closed.status, closed.closed_at, closed.on_progress_at) == (CLOSED, LATER, None)


@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_a_ticket_is_not_reopened_without_a_reason(reason: str | None) -> None:
    with pytest.raises(TransitionRefused, match="needs a reason"):
        transition(ticket(CLOSED), OPEN, by=SUPERVISOR, at=LATER, reason=reason)


def test_a_reopened_ticket_is_open_and_was_on_progress_when_it_was() -> None:
    closed = replace(ticket(CLOSED), on_progress_at=MORNING, closed_at=LATER)
    reopened = transition(closed, OPEN, by=SUPERVISOR, at=LATER, reason="caller rang again")
    assert (reopened.status, reopened.on_progress_at, reopened.closed_at) == (OPEN, MORNING, None)
    again = transition(reopened, ON_PROGRESS, by=SUPERVISOR, at=LATER)
    assert again.on_progress_at == MORNING


@pytest.mark.parametrize(
    ("status", "to", "call_type", "by", "why"),
    [
        (OPEN, OPEN, CallType.EMERGENCY, SUPERVISOR, "there is no such step"),
        (CLOSED, ON_PROGRESS, CallType.EMERGENCY, SUPERVISOR, "there is no such step"),
        (OPEN, CLOSED, CallType.EMERGENCY, SUPERVISOR, "not while its call type is emergency"),
        (ON_PROGRESS, CLOSED, CallType.EMERGENCY, TAKER, "not by call_taker while its call type is emergency"),
        (OPEN, ON_PROGRESS, CallType.PRANK, TAKER, "not by call_taker while its call type is prank"),
        (OPEN, ON_PROGRESS, CallType.EMERGENCY, Role.ADMIN, "not by admin while its call type is emergency"),
    ],
)
def test_a_refusal_says_what_was_asked_and_why_not(
    status: TicketStatus, to: TicketStatus, call_type: CallType, by: Role, why: str
) -> None:
    with pytest.raises(TransitionRefused) as refused:
        transition(ticket(status, call_type), to, by=by, at=LATER)
    error = refused.value
    assert (error.number, error.status, error.to, error.reason) == (TICKET.number, status, to, why)
    assert str(error) == f"ticket {TICKET.number} cannot go from {status} to {to}: {why}"


class TicketLife(RuleBasedStateMachine):
    """Anybody asks for anything, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.ticket = TICKET
        self.minutes = 0
        self.versions = [self.ticket.version]

    @rule(
        to=st.sampled_from(TicketStatus), by=st.sampled_from(Role), reason=st.sampled_from([None, "", "flames again"])
    )
    def ask(self, to: TicketStatus, by: Role, reason: str | None) -> None:
        self.minutes += 1
        before = self.ticket
        try:
            self.ticket = transition(before, to, by=by, at=MORNING + timedelta(minutes=self.minutes), reason=reason)
        except TransitionRefused:
            assert self.ticket == before
            return
        self.versions.append(self.ticket.version)
        if before.status is CLOSED:
            assert (self.ticket.status, by) == (OPEN, SUPERVISOR)
            assert reason == "flames again"

    @rule(call_type=st.sampled_from(CallType))
    @precondition(lambda self: self.ticket.status is not CLOSED)
    def decide_the_call_type(self, call_type: CallType) -> None:
        self.ticket = replace(self.ticket, call_type=call_type)

    @invariant()
    def the_version_only_grows(self) -> None:
        assert self.versions == list(range(1, len(self.versions) + 1))

    @invariant()
    def a_closing_time_is_there_exactly_while_it_is_closed(self) -> None:
        assert (self.ticket.closed_at is not None) == (self.ticket.status is CLOSED)

    @invariant()
    def whoever_is_on_progress_has_since_when(self) -> None:
        assert self.ticket.on_progress_at is not None or self.ticket.status is not ON_PROGRESS


TestTicketLife = TicketLife.TestCase
