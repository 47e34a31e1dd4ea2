from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import MORNING, answered, arrives, at
from ticketing.commands import (
    AddSkpd,
    CancelDispatch,
    RecordCalls,
    RemoveSkpd,
    RequestDispatch,
    TurnStatus,
    UpdateDispatch,
)
from ticketing.dispatch import Begun, Dispatch, DispatchLeg, DispatchMode, DispatchState, Said, Trace, Tried
from ticketing.errors import (
    DispatchOver,
    DispatchUnderWay,
    DispatchUnknown,
    SkpdUnknown,
    SkpdWithoutLines,
    TicketClosed,
    TicketUnknown,
)
from ticketing.model import Role, TicketStatus
from ticketing.ports import TicketFilter
from ticketing.skpd import Line, Skpd
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from tests.ticketing.room import SetClock, Told
    from ticketing.desk import TicketDesk
    from ticketing.store import SqliteStore

NUMBER, SECOND = "112-20261123-0001", "112-20261123-0002"
DAMKAR = Skpd("damkar", "Pemadam Kebakaran", (Line("+6237442113"), Line("113")))
PSC = Skpd("psc119", "PSC 119", (Line("119"),))
LOCAL = MORNING + timedelta(hours=8)
OVER = Trace((DispatchLeg(1, "one", dialled=at(11), ended=at(30), tried=Tried("NOANSWER", rang=True)),), over=at(60))
ACCEPTED = Trace((DispatchLeg(1, "one", dialled=at(11), answered=at(14), accepted=at(20)),), joined=at(20.1))


def request(skpd: str = "damkar", number: str = NUMBER) -> RequestDispatch:
    return RequestDispatch(number, skpd, "siti", LOCAL)


def says(state: DispatchState, note: str | None = None, skpd: str | None = None, dispatch: int = 1) -> UpdateDispatch:
    return UpdateDispatch(NUMBER, dispatch, state, "andi", skpd, note)


def heard(trace: Trace, dispatch: int = 1) -> RecordCalls:
    return RecordCalls(dispatches=((dispatch, trace),))


@pytest.fixture
async def busy_desk(desk: TicketDesk, clock: SetClock, told: Told) -> TicketDesk:
    """A desk with two tickets and two SKPDs."""
    clock.time = at(10).at
    for serial in (1, 2):
        call = arrives(serial)
        await desk.handle(RecordCalls((call, answered(call, f"10{serial}", 3 + serial))))
    for skpd in (DAMKAR, PSC):
        await desk.handle(AddSkpd(skpd))
    told.news.clear()
    return desk


async def kept(store: SqliteStore, dispatch: int = 1) -> Dispatch:
    found = await store.dispatch(dispatch)
    assert found is not None
    return found


async def test_the_intent_is_on_record_before_anything_rings(
    busy_desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    (asked,) = await busy_desk.handle(request())
    assert asked.body == {
        "dispatch": "1",
        "skpd": "damkar",
        "lines": ["+6237442113", "113"],
        "by": "siti",
    }
    assert (asked.ticket_number, told.types) == (NUMBER, ["dispatch_requested"])
    assert (await kept(store)).state is DispatchState.REQUESTED
    assert await store.dispatches_under_way() == (await kept(store),)
    verify_chain(await store.timeline(NUMBER))


async def test_what_cannot_be_dispatched_is_refused_and_nothing_is_written(
    busy_desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await busy_desk.handle(AddSkpd(Skpd("bpbd", "BPBD", ())))
    await busy_desk.handle(RemoveSkpd("psc119"))
    for command, refusal in (
        (request(number="112-20261123-0009"), TicketUnknown),
        (request("psc119"), SkpdUnknown),
        (request("nobody"), SkpdUnknown),
        (request("bpbd"), SkpdWithoutLines),
    ):
        with pytest.raises(refusal):
            await busy_desk.handle(command)
    await busy_desk.handle(TurnStatus(NUMBER, TicketStatus.ON_PROGRESS, "dewi", Role.SUPERVISOR))
    await busy_desk.handle(TurnStatus(NUMBER, TicketStatus.CLOSED, "dewi", Role.SUPERVISOR))
    with pytest.raises(TicketClosed):
        await busy_desk.handle(request())
    assert (await store.dispatches([NUMBER, SECOND]), set(told.types)) == ({}, {"status_turned"})


async def test_the_same_skpd_is_not_rung_twice_at_once_for_one_ticket(
    busy_desk: TicketDesk, store: SqliteStore
) -> None:
    await busy_desk.handle(request())
    with pytest.raises(DispatchUnderWay, match="dispatch 1 is requested"):
        await busy_desk.handle(request())
    await busy_desk.handle(heard(ACCEPTED))
    with pytest.raises(DispatchUnderWay, match="dispatch 1 is accepted"):
        await busy_desk.handle(request())
    # Another SKPD, and the same one for another ticket, are something else; and after the end it may be tried again.
    await busy_desk.handle(request("psc119"))
    await busy_desk.handle(request(number=SECOND))
    await busy_desk.handle(heard(Trace(over=at(70))))
    await busy_desk.handle(request())
    found = await store.dispatches([NUMBER, SECOND])
    assert [[(one.id, one.skpd) for one in found[number]] for number in (NUMBER, SECOND)] == [
        [(1, "damkar"), (2, "psc119"), (4, "damkar")],
        [(3, "damkar")],
    ]


async def test_what_the_telephone_tells_is_kept_once_however_often_it_is_told(
    busy_desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await busy_desk.handle(request())
    told.news.clear()
    for _ in range(2):
        await busy_desk.handle(heard(OVER))
    assert told.types == ["dispatch_line_dialled", "dispatch_line_ended", "dispatch_failed"]
    assert (await kept(store)).trace == OVER
    assert await store.dispatches_under_way() == ()
    assert [one.id for one in (await store.dispatches_of_open_tickets())[NUMBER]] == [1]
    verify_chain(await store.timeline(NUMBER))


async def test_what_is_told_of_a_dispatch_that_this_store_never_had_hinders_nothing(
    busy_desk: TicketDesk, store: SqliteStore
) -> None:
    await busy_desk.handle(request())
    await busy_desk.handle(RecordCalls(dispatches=((99, OVER), (1, OVER), (1, ACCEPTED))))
    assert (await kept(store)).state is DispatchState.ACCEPTED
    assert await store.dispatch(99) is None


async def test_a_dispatch_is_withdrawn_until_somebody_accepts(busy_desk: TicketDesk, store: SqliteStore) -> None:
    await busy_desk.handle(request())
    for wrong in (CancelDispatch(SECOND, 1, "siti"), CancelDispatch(NUMBER, 2, "siti")):
        with pytest.raises(DispatchUnknown):
            await busy_desk.handle(wrong)
    (told,) = await busy_desk.handle(CancelDispatch(NUMBER, 1, "siti"))
    assert (told.type, told.body["by"]) == ("dispatch_cancelled", "siti")
    assert await busy_desk.handle(CancelDispatch(NUMBER, 1, "siti")) == ()
    assert [one.type for one in await busy_desk.handle(heard(Trace(over=at(12))))] == []
    assert (await kept(store)).state is DispatchState.CANCELLED
    await busy_desk.handle(request("psc119"))
    await busy_desk.handle(heard(ACCEPTED, 2))
    with pytest.raises(DispatchOver, match="dispatch 2 is accepted: it cannot be cancelled any more"):
        await busy_desk.handle(CancelDispatch(NUMBER, 2, "siti"))


async def test_the_skpd_says_how_it_goes_on(busy_desk: TicketDesk, store: SqliteStore, clock: SetClock) -> None:
    await busy_desk.handle(request())
    for seconds, state in ((60, DispatchState.ACCEPTED), (90, DispatchState.EN_ROUTE), (300, DispatchState.HANDLED)):
        clock.time = at(seconds).at
        await busy_desk.handle(says(state, skpd="damkar"))
        assert (await kept(store)).state is state
    # Saying the same again is no news, unless there is something to say about it.
    assert await busy_desk.handle(says(DispatchState.HANDLED)) == ()
    (noted,) = await busy_desk.handle(says(DispatchState.HANDLED, note="Api padam"))
    assert (noted.type, noted.body["note"], noted.body["by"]) == ("dispatch_updated", "Api padam", "andi")
    assert [one.state for one in (await kept(store)).updates] == ["accepted", "en_route", "handled", "handled"]
    verify_chain(await store.timeline(NUMBER))


async def test_lines_that_ring_still_are_withdrawn_after_the_skpd_has_said_how_it_stands(
    busy_desk: TicketDesk, store: SqliteStore
) -> None:
    await busy_desk.handle(request())
    await busy_desk.handle(says(DispatchState.EN_ROUTE))
    (told,) = await busy_desk.handle(CancelDispatch(NUMBER, 1, "siti"))
    assert told.type == "dispatch_cancelled"
    assert (await kept(store)).state is DispatchState.EN_ROUTE


async def test_an_skpd_says_nothing_of_anothers_dispatch_nor_of_a_withdrawn_one(busy_desk: TicketDesk) -> None:
    await busy_desk.handle(request())
    for wrong in (says(DispatchState.ACCEPTED, skpd="psc119"), says(DispatchState.ACCEPTED, dispatch=2)):
        with pytest.raises(DispatchUnknown):
            await busy_desk.handle(wrong)
    await busy_desk.handle(CancelDispatch(NUMBER, 1, "siti"))
    with pytest.raises(DispatchOver, match="dispatch 1 is cancelled"):
        await busy_desk.handle(says(DispatchState.ACCEPTED))
    with pytest.raises(ValueError, match="requested is nothing that an SKPD says"):
        says(DispatchState.REQUESTED)
    with pytest.raises(ValueError, match="note is longer"):
        says(DispatchState.ACCEPTED, note="x" * 10_001)


async def test_a_list_has_the_tickets_that_were_sent_to_an_skpd(busy_desk: TicketDesk, store: SqliteStore) -> None:
    await busy_desk.handle(request())
    await busy_desk.handle(request("psc119", SECOND))
    for skpd, number in (("damkar", NUMBER), ("psc119", SECOND)):
        page = await store.find_tickets(TicketFilter(skpd=skpd))
        assert [one.ticket.number for one in page.items] == [number]
        (open_one,) = await store.dispatches_open(skpd)
        assert open_one.ticket == number
    assert (await store.find_tickets(TicketFilter(skpd="bpbd"))).items == ()
    await busy_desk.handle(heard(OVER))
    assert await store.dispatches_open("damkar") == ()


async def test_a_dispatch_comes_back_as_it_was_kept(busy_desk: TicketDesk, store: SqliteStore) -> None:
    await busy_desk.handle(request())
    await busy_desk.handle(says(DispatchState.ASSIGNED, note="Ambulans 2"))
    whole = replace((await kept(store)).learn(OVER).learn(ACCEPTED).learn(Trace(left=at(90))), cancelled_at=at(95).at)
    await store.transact(lambda tx: tx.keep_dispatch(whole))
    assert await kept(store) == whole
    assert await store.transact(lambda tx: tx.dispatches_of(NUMBER)) == (whole,)


def by_phone(seconds: float, state: DispatchState | None, note: str | None = None, dispatch: int = 1) -> RecordCalls:
    return RecordCalls(said=((dispatch, Said(at(seconds).at, "tel:+6237442113", state, note)),))


async def test_what_is_said_by_telephone_is_on_the_ticket_once_at_the_telephones_instant(
    busy_desk: TicketDesk, store: SqliteStore
) -> None:
    await busy_desk.handle(request())
    (told,) = await busy_desk.handle(by_phone(70, DispatchState.EN_ROUTE))
    assert (told.type, told.at, told.body["by"]) == ("dispatch_updated", at(70).at, "tel:+6237442113")
    (noted,) = await busy_desk.handle(by_phone(80, None, "voice:1"))
    assert (noted.body["state"], noted.body["note"]) == ("en_route", "voice:1")
    # A line of the ledger that is read again; a note that hang-up handler and script both told of.
    for again in (by_phone(70, DispatchState.EN_ROUTE), by_phone(80, None, "voice:1"), by_phone(81, None, "voice:1")):
        assert await busy_desk.handle(again) == ()
    assert [one.state for one in (await kept(store)).updates] == ["en_route", "en_route"]
    verify_chain(await store.timeline(NUMBER))


async def test_what_the_ledger_tells_late_does_not_undo_what_was_said_since(
    busy_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    await busy_desk.handle(request())
    clock.time = at(300).at
    await busy_desk.handle(says(DispatchState.ON_SCENE))
    (late,) = await busy_desk.handle(by_phone(100, DispatchState.EN_ROUTE))
    assert (late.at, late.recorded_at) == (at(100).at, at(300).at)
    found = await kept(store)
    assert (found.state, found.accepted_at) == (DispatchState.ON_SCENE, at(100).at)
    assert [one.state for one in found.updates] == ["en_route", "on_scene"]


async def test_a_note_on_a_dispatch_that_nobody_accepted_accepts_nothing(
    busy_desk: TicketDesk, store: SqliteStore
) -> None:
    await busy_desk.handle(request())
    await busy_desk.handle(by_phone(15, None, "voice:1"))
    assert ((await kept(store)).state, (await kept(store)).accepted_at) == (DispatchState.REQUESTED, None)
    await busy_desk.handle(heard(ACCEPTED))
    assert (await kept(store)).state is DispatchState.ACCEPTED


async def test_an_officer_who_was_heard_on_the_way_to_a_withdrawn_dispatch_is_on_the_way(
    busy_desk: TicketDesk, store: SqliteStore
) -> None:
    await busy_desk.handle(request())
    await busy_desk.handle(CancelDispatch(NUMBER, 1, "siti"))
    await busy_desk.handle(by_phone(70, DispatchState.EN_ROUTE))
    assert (await kept(store)).state is DispatchState.EN_ROUTE


async def test_what_is_said_of_a_dispatch_that_is_not_kept_is_left_in_the_ledger(busy_desk: TicketDesk) -> None:
    assert await busy_desk.handle(by_phone(70, DispatchState.EN_ROUTE, dispatch=99)) == ()


BEGUN = Begun("t1763929000x7x1", arrives(1).id, "damkar", ("113",), at(12).at, "101", DispatchMode.CONSULT)


async def test_what_a_taker_began_by_telephone_is_on_the_ticket_once_however_often_it_is_told(
    busy_desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    aside = Trace(consulted=at(20.1))
    for _ in range(2):
        # Nothing is known of a name before its beginning; with it, in one commit, everything.
        await busy_desk.handle(RecordCalls(dispatches=(("t1763929000x7x2", ACCEPTED),)))
        await busy_desk.handle(RecordCalls(begun=(BEGUN, BEGUN), dispatches=((BEGUN.name, ACCEPTED.learn(aside)),)))
    dispatch = await kept(store)
    assert await store.dispatch(2) is None
    assert (dispatch.ticket, dispatch.skpd, dispatch.lines) == (NUMBER, "damkar", ("113",))
    assert (dispatch.requested_at, dispatch.requested_by, dispatch.mode) == (at(12).at, "101", DispatchMode.CONSULT)
    assert dispatch.trace == ACCEPTED.learn(aside)
    assert [one.type for one in told.news] == [
        "dispatch_requested",
        "dispatch_line_dialled",
        "dispatch_line_answered",
        "dispatch_accepted",
        "dispatch_consulted",
        "dispatch_joined",
    ]


async def test_what_a_taker_began_on_a_call_that_is_not_kept_is_left(busy_desk: TicketDesk, store: SqliteStore) -> None:
    await busy_desk.handle(RecordCalls(begun=(replace(BEGUN, call_id=arrives(9).id),)))
    assert await store.dispatches_under_way() == ()


def test_they_consult_until_the_caller_is_with_them_or_it_is_over() -> None:
    aside = Trace(consulted=at(20))
    one = Dispatch(NUMBER, arrives(1).id, "damkar", ("113",), at(10).at, "siti", aside)
    assert one.consults
    assert not any(one.learn(more).consults for more in (Trace(joined=at(30)), Trace(over=at(30))))
    assert not replace(one, trace=Trace()).consults
