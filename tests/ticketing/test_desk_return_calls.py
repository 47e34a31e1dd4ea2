"""What the desk makes of callers who are called back by a click: the debt, the ticket, who may, and when not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import HIDDEN, MORNING, answered, arrives, at, call_id, hung_up, interrupted, joined
from tests.ticketing.test_desk_call_backs import RATNA, abandoned, owed, settled, turn
from tests.ticketing.test_return_calls import BUSY, PICKED_UP, TALKS, leg, over, tried
from ticketing.callbacks import Attempt, CallBackOutcome, SettledHow
from ticketing.commands import CancelReturnCall, NoteBreaches, NoteRecordingAccess, RecordCalls, RequestReturnCall
from ticketing.errors import (
    CallBackOver,
    CallBackUnknown,
    CallerNotCallable,
    CallerOnTheLine,
    PhoneInUse,
    ReturnCallOver,
    ReturnCallUnderWay,
    ReturnCallUnknown,
    TicketUnknown,
)
from ticketing.return_calls import ReturnCall, ReturnOutcome, ReturnTrace
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from tests.ticketing.room import SetClock, Told
    from ticketing.desk import TicketDesk
    from ticketing.model import CallId
    from ticketing.store import SqliteStore

NUMBER = "112-20261123-0001"


def heard(*pieces: ReturnTrace, return_call: int = 1) -> RecordCalls:
    return RecordCalls(return_calls=tuple((return_call, piece) for piece in pieces))


async def called(desk: TicketDesk, phone: str = "201", call_back: int = 1) -> None:
    await desk.handle(RequestReturnCall(phone, "siti", call_back=call_back))


async def types_of(store: SqliteStore, call: CallId) -> list[str]:
    entries = await store.call_timeline(call)
    verify_chain(entries)
    return [entry.type for entry in entries]


async def the(store: SqliteStore, return_call: int = 1) -> ReturnCall:
    kept = await store.return_call(return_call)
    assert kept
    return kept


@pytest.fixture
async def room(desk: TicketDesk, clock: SetClock) -> TicketDesk:
    """Somebody called in vain, and is owed the call-back 1; it is the morning's beginning still."""
    await desk.handle(RecordCalls((abandoned(1, -60),)))
    clock.time = MORNING
    return desk


CALL = call_id(1, -60)


async def test_the_intent_is_on_the_callers_record_before_anything_rings(
    room: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await called(room)
    assert await the(store) == ReturnCall(CALL, "+6281234500001", "201", MORNING, "siti", id=1)
    entry = told.news[-1]
    assert (entry.type, entry.call_id) == ("return_call_requested", CALL)
    assert entry.body == {"return_call": "1", "number": "+6281234500001", "phone": "201", "by": "siti"}
    (one,) = await owed(store)
    assert one.return_calls == (await the(store),)
    assert await store.return_calls(CALL) == await store.return_calls_under_way() == one.return_calls


async def test_a_caller_who_was_talked_with_is_owed_nothing_more_and_has_a_ticket_whose_clocks_run_from_there(
    room: TicketDesk, store: SqliteStore
) -> None:
    await called(room)
    await room.handle(heard(PICKED_UP, TALKS))
    (one,) = await owed(store)  # they talk: what comes of it is open
    ticket = await store.ticket(NUMBER)
    assert ticket
    assert (ticket.ticket.call_id, ticket.ticket.answered_at, ticket.ticket.taker) == (CALL, at(8).at, "201")
    assert ticket.ticket.return_call == 1
    await room.handle(heard(over(30)))
    (one,) = await settled(store)
    settlement = one.call_back.settlement
    assert settlement
    assert (settlement.how, settlement.at, settlement.by) == (SettledHow.REACHED, at(8).at, "siti")
    assert one.call_back.attempts == (Attempt(at(8).at, "siti", CallBackOutcome.REACHED, return_call=1),)
    assert (await types_of(store, CALL))[-8:] == [
        "return_call_requested",
        "return_call_picked_up",
        "return_call_dialled",
        "return_call_reached",
        "ticket_opened",
        "return_call_ended",
        "call_back_tried",
        "call_back_settled",
    ]


async def test_the_clocks_of_such_a_ticket_breach_by_the_answer_of_the_caller(
    room: TicketDesk, clock: SetClock
) -> None:
    await called(room)
    await room.handle(heard(PICKED_UP, TALKS))
    clock.time = at(8 + 181).at
    (breach,) = await room.handle(NoteBreaches())
    assert (breach.type, breach.at, breach.ticket_number) == ("sla_breached", at(8 + 180).at, NUMBER)


@pytest.mark.parametrize(
    ("pieces", "outcome", "attempt"),
    [
        ((PICKED_UP, BUSY, over(12)), ReturnOutcome.BUSY, CallBackOutcome.BUSY),
        ((PICKED_UP, tried("NOANSWER", rang=True), over(12)), ReturnOutcome.NO_ANSWER, CallBackOutcome.NO_ANSWER),
        ((over(30),), ReturnOutcome.TAKER_NO_ANSWER, None),
        ((PICKED_UP, tried("CHANUNAVAIL", sip=503), over(12)), ReturnOutcome.FAILED, None),
    ],
)
async def test_an_unanswered_one_counts_as_an_attempt_if_the_caller_was_called_and_the_debt_stays(
    room: TicketDesk,
    store: SqliteStore,
    pieces: tuple[ReturnTrace, ...],
    outcome: ReturnOutcome,
    attempt: CallBackOutcome | None,
) -> None:
    await called(room)
    await room.handle(heard(*pieces))
    await room.handle(heard(*pieces))
    (one,) = await owed(store)
    assert [tried.outcome for tried in one.call_back.attempts] == ([attempt] if attempt else [])
    assert (await the(store)).outcome is outcome
    assert (await types_of(store, CALL)).count("call_back_tried") == len(one.call_back.attempts)
    assert await store.tickets() == ()
    await called(room)  # and can be tried again


async def test_what_the_telephone_corrects_takes_the_place_of_what_it_said(
    room: TicketDesk, store: SqliteStore
) -> None:
    await called(room)
    await room.handle(heard(PICKED_UP, BUSY, over(30)))
    await room.handle(heard(leg("two", dialled=at(10), reached=at(14))))
    (one,) = await settled(store)
    assert [tried.outcome for tried in one.call_back.attempts] == [CallBackOutcome.REACHED]


async def test_whoever_says_during_the_call_what_came_of_it_knows_better(
    room: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    await called(room)
    await room.handle(heard(PICKED_UP, TALKS))
    clock.time = at(15).at
    (one,) = await owed(store)
    await room.handle(turn(one, CallBackOutcome.UNREACHABLE, "kotak suara"))
    await room.handle(heard(over(30)))
    (one,) = await owed(store)
    assert [tried.note for tried in one.call_back.attempts] == ["kotak suara"]
    # The next attempt is another matter.
    clock.time = at(38).at
    await called(room)
    await room.handle(heard(ReturnTrace(picked_up=at(40)), BUSY, over(60), return_call=2))
    (one,) = await owed(store)
    assert [tried.outcome for tried in one.call_back.attempts] == [CallBackOutcome.UNREACHABLE, CallBackOutcome.BUSY]


async def test_a_caller_who_calls_in_meanwhile_and_is_answered_has_settled_it(
    room: TicketDesk, store: SqliteStore
) -> None:
    await called(room)
    again = arrives(2, 5)
    await room.handle(RecordCalls((joined(again, answered(again, "202", 9)),)))
    await room.handle(heard(PICKED_UP, BUSY, over(12)))
    (one,) = await settled(store)
    assert one.call_back.settlement
    assert (one.call_back.settlement.how, one.call_back.attempts) == (SettledHow.CALLED_AGAIN, ())
    assert one.return_calls[0].outcome is ReturnOutcome.BUSY


async def test_who_calls_in_vain_after_having_been_reached_is_owed_that_still(
    room: TicketDesk, store: SqliteStore
) -> None:
    await called(room)
    # The ledger was read late: all of it is learned at once.
    await room.handle(RecordCalls((abandoned(2, 100),)))
    await room.handle(heard(PICKED_UP, TALKS, over(30)))
    (open_one,), (paid,) = await owed(store), await settled(store)
    assert [call.id for call in open_one.calls] == [call_id(2, 100)]
    assert [call.id for call in paid.calls] == [CALL]
    assert open_one.call_back.attempts == ()


async def test_a_debt_that_is_another_by_then_is_left_alone(room: TicketDesk, store: SqliteStore) -> None:
    await called(room)
    late = arrives(1, -60)
    await room.handle(RecordCalls((answered(late, "202", -50),)))  # it had been answered after all
    await room.handle(heard(PICKED_UP, TALKS, over(30)))
    assert await owed(store) == await settled(store) == []
    assert [one.ticket.return_call for one in await store.tickets()] == [None]


async def test_a_ticket_that_the_call_has_stays_the_one(desk: TicketDesk, store: SqliteStore, clock: SetClock) -> None:
    call = arrives()
    await desk.handle(RecordCalls((joined(call, answered(call, "201", 4), hung_up(call, 60)),)))
    clock.time = at(100).at
    await desk.handle(RequestReturnCall("201", "siti", ticket=NUMBER))
    await desk.handle(heard(ReturnTrace(picked_up=at(103)), TALKS, over(130)))
    (kept,) = await store.tickets()
    assert (kept.ticket.number, kept.ticket.answered_at, kept.ticket.return_call) == (NUMBER, at(4).at, None)
    assert "return_call_ended" in await types_of(store, call.id)


async def test_a_debt_with_a_ticket_among_its_calls_is_called_back_on_that_one(
    desk: TicketDesk, store: SqliteStore
) -> None:
    cut = arrives(1, 0)
    await desk.handle(RecordCalls((joined(cut, answered(cut, "201", 4)),)))
    await desk.handle(RecordCalls((interrupted(cut, 20),)))
    await desk.handle(RecordCalls((abandoned(2, 60),)))
    await called(desk)
    assert (await the(store)).call_id == cut.id


async def test_one_caller_is_called_by_one_taker_and_one_phone_calls_one_caller(
    room: TicketDesk, store: SqliteStore
) -> None:
    await room.handle(RecordCalls((abandoned(2, -40, RATNA),)))
    await called(room)
    with pytest.raises(ReturnCallUnderWay) as twice:
        await called(room, "202")
    assert (twice.value.return_call, twice.value.phone) == (1, "201")
    with pytest.raises(PhoneInUse):
        await called(room, "201", 2)
    await called(room, "202", 2)
    assert [one.number for one in await store.return_calls_under_way()] == ["+6281234500001", RATNA.e164]


async def test_whom_nobody_can_call_and_who_is_there_is_not_called(desk: TicketDesk, clock: SetClock) -> None:
    clock.time = MORNING
    await desk.handle(RecordCalls((abandoned(1, -60, HIDDEN),)))
    talks = arrives(2, -30)
    await desk.handle(RecordCalls((joined(talks, answered(talks, "201", -20)),)))
    with pytest.raises(CallerNotCallable):
        await called(desk)
    with pytest.raises(CallerOnTheLine):
        await desk.handle(RequestReturnCall("202", "siti", ticket=NUMBER))
    with pytest.raises(CallBackUnknown):
        await called(desk, call_back=99)
    with pytest.raises(TicketUnknown):
        await desk.handle(RequestReturnCall("202", "siti", ticket="112-20261123-0099"))
    with pytest.raises(ValueError, match="for a call-back or for a ticket"):
        RequestReturnCall("202", "siti")


async def test_what_is_settled_is_not_called_for_again(room: TicketDesk, store: SqliteStore) -> None:
    (one,) = await owed(store)
    await room.handle(turn(one, CallBackOutcome.REACHED))
    with pytest.raises(CallBackOver):
        await called(room)


async def test_it_is_withdrawn_while_it_rings_and_never_out_of_a_conversation(
    room: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await called(room)
    await room.handle(CancelReturnCall(1, "dewi"))
    assert (told.news[-1].type, told.news[-1].body["by"]) == ("return_call_cancelled", "dewi")
    assert await room.handle(CancelReturnCall(1, "dewi")) == ()
    await room.handle(heard(over(5)))
    assert (await the(store)).outcome is ReturnOutcome.CANCELLED
    with pytest.raises(ReturnCallOver):
        await room.handle(CancelReturnCall(1, "dewi"))
    await called(room)
    await room.handle(heard(PICKED_UP, TALKS, return_call=2))
    with pytest.raises(ReturnCallOver):
        await room.handle(CancelReturnCall(2, "dewi"))
    with pytest.raises(ReturnCallUnknown):
        await room.handle(CancelReturnCall(3, "dewi"))


async def test_what_is_told_of_one_that_this_store_does_not_have_is_left(room: TicketDesk) -> None:
    assert await room.handle(heard(over(5), return_call=99)) == ()


async def test_who_hears_its_recording_is_on_record(room: TicketDesk, told: Told) -> None:
    await called(room)
    await room.handle(NoteRecordingAccess(CALL, "dewi", return_call=1))
    assert (told.news[-1].type, told.news[-1].body) == ("recording_played", {"by": "dewi", "return_call": "1"})
