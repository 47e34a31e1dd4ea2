"""Marks follow from the tickets; what supervisors make of them is on record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import HIDDEN, MORNING, MULYADI, answered, arrives, joined
from ticketing.commands import JudgeNumber, RecordCalls, Triage, TriageTicket, TurnStatus
from ticketing.errors import JudgingRefused, NoNuisance
from ticketing.model import Call, Caller, CallerKind, CallType, Role, TicketStatus
from ticketing.nuisance import Judgement, NuisanceRules, Standing, standing

if TYPE_CHECKING:
    from tests.ticketing.room import SetClock, Told
    from ticketing.desk import TicketDesk
    from ticketing.store import SqliteStore

RULES = NuisanceRules()
NUMBER = str(MULYADI.e164)
SHORT = Caller("14045", None, CallerKind.SHORT)


async def closed(desk: TicketDesk, serial: int, as_: CallType, caller: Caller = MULYADI) -> str:
    """A call of this caller is answered, and its ticket closed as this; give the ticket's number."""
    call = arrives(serial, after=10 * serial, caller=caller)
    told = await desk.handle(RecordCalls((joined(call, answered(call, "101", 10 * serial + 5)),)))
    number = str(told[-1].ticket_number)
    await desk.handle(TriageTicket(number, 1, "rahma", Triage(call_type=as_)))
    if as_ is CallType.EMERGENCY:
        await desk.handle(TurnStatus(number, TicketStatus.ON_PROGRESS, "sari", Role.SUPERVISOR))
    await desk.handle(TurnStatus(number, TicketStatus.CLOSED, "sari", Role.SUPERVISOR))
    return number


async def stands(store: SqliteStore, number: str = NUMBER, *, after: timedelta = timedelta(hours=1)) -> Standing:
    since, now = MORNING - RULES.memory, MORNING + after
    judged = [one for one in await store.nuisance_judged() if one.number == number]
    return standing(number, await store.nuisance_evidence(since, [number]), judged, now, RULES)


async def test_tickets_closed_as_prank_or_ghost_are_marks(desk: TicketDesk, store: SqliteStore) -> None:
    kinds = [CallType.PRANK, CallType.GHOST, CallType.INFORMATION, CallType.TEST]
    tickets = [await closed(desk, serial, kind) for serial, kind in enumerate(kinds, 1)]
    assert [one.ticket for one in (await stands(store)).marks] == [tickets[1], tickets[0]]
    assert {one.number for one in await store.nuisance_evidence(MORNING - RULES.memory)} == {NUMBER}


@pytest.mark.parametrize("caller", [HIDDEN, SHORT, Caller("x", None, CallerKind.UNKNOWN)])
async def test_who_cannot_be_called_back_is_never_marked(desk: TicketDesk, store: SqliteStore, caller: Caller) -> None:
    await closed(desk, 1, CallType.PRANK, caller)
    assert await store.nuisance_evidence(MORNING - RULES.memory) == ()


async def test_a_number_that_is_better_known_later_takes_its_mark_along(desk: TicketDesk, store: SqliteStore) -> None:
    await closed(desk, 1, CallType.PRANK, Caller("081234500001", None, CallerKind.UNKNOWN))
    assert await store.nuisance_evidence(MORNING - RULES.memory) == ()
    call = arrives(1, after=10)
    await desk.handle(RecordCalls((Call(call.id, caller=MULYADI, identified=True),)))
    assert len((await stands(store)).marks) == 1


async def test_a_ticket_whose_type_is_changed_back_takes_its_mark_away(desk: TicketDesk, store: SqliteStore) -> None:
    one, other = [await closed(desk, serial, CallType.PRANK) for serial in (1, 2)]
    kept = await store.ticket(one)
    assert kept
    await desk.handle(TriageTicket(one, kept.ticket.version, "rahma", Triage(call_type=CallType.INFORMATION)))
    assert [mark.ticket for mark in (await stands(store)).marks] == [other]
    await desk.handle(TurnStatus(other, TicketStatus.OPEN, "sari", Role.SUPERVISOR, "it was none"))
    assert (await stands(store)).marks == ()


async def test_an_emergency_takes_the_marks_before_it_away_once_it_is_vouched_for(
    desk: TicketDesk, store: SqliteStore
) -> None:
    await closed(desk, 1, CallType.PRANK)
    call = arrives(2, after=20)
    await desk.handle(RecordCalls((joined(call, answered(call, "101", 25)),)))
    assert len((await stands(store)).marks) == 1
    await closed(desk, 3, CallType.EMERGENCY)
    await closed(desk, 4, CallType.GHOST)
    assert [mark.call_type for mark in (await stands(store)).marks] == [CallType.GHOST]


async def test_a_supervisor_confirms_what_is_beyond_the_threshold_and_forgives_it(
    desk: TicketDesk, store: SqliteStore, clock: SetClock, told: Told
) -> None:
    for serial in range(1, 6):
        await closed(desk, serial, CallType.PRANK)
    clock.time = MORNING + timedelta(minutes=10)
    told.news.clear()
    await desk.handle(JudgeNumber(NUMBER, Judgement.CONFIRMED, "sari", Role.SUPERVISOR, "children"))
    found = await stands(store)
    assert (found.delay, found.until) == (RULES.confirmed_delay, clock.time + RULES.confirmed_for)
    clock.time += timedelta(minutes=1)
    await desk.handle(JudgeNumber(NUMBER, Judgement.FORGIVEN, "budi", Role.SUPERVISOR))
    assert (await stands(store)).delay == timedelta()
    kept = [(one.judgement, one.by, one.note) for one in await store.nuisance_judged()]
    assert kept == [(Judgement.CONFIRMED, "sari", "children"), (Judgement.FORGIVEN, "budi", None)]
    assert [one.by for one in await store.nuisance_judged(after=1)] == ["budi"]
    # No call's timeline has it, and nobody is told.
    assert told.news == []


async def test_what_is_not_beyond_the_threshold_is_not_confirmed(desk: TicketDesk, store: SqliteStore) -> None:
    for serial in range(1, 5):
        await closed(desk, serial, CallType.PRANK)
    with pytest.raises(NoNuisance):
        await desk.handle(JudgeNumber(NUMBER, Judgement.CONFIRMED, "sari", Role.SUPERVISOR))
    assert await store.nuisance_judged() == ()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SUPERVISOR])
@pytest.mark.parametrize("judgement", Judgement)
async def test_nobody_but_a_supervisor_judges(desk: TicketDesk, role: Role, judgement: Judgement) -> None:
    with pytest.raises(JudgingRefused):
        await desk.handle(JudgeNumber(NUMBER, judgement, "rahma", role))


async def test_a_note_that_is_a_book_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than"):
        JudgeNumber(NUMBER, Judgement.FORGIVEN, "sari", Role.SUPERVISOR, "a" * 10_001)
