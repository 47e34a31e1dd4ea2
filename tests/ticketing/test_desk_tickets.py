from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.ticketing.evidence import MORNING, answered, arrives, at, call_id, hung_up
from tests.ticketing.room import SetClock, Told
from ticketing.commands import (
    NoteBreaches,
    NoteRecordingAccess,
    RecordCalls,
    Triage,
    TriageTicket,
    TurnStatus,
)
from ticketing.desk import TicketDesk
from ticketing.dispatch import SpokenNote
from ticketing.errors import CallUnknown, StaleVersion, TicketUnknown, TransitionRefused
from ticketing.model import CallType, Precision, Role, Ticket, TicketStatus
from ticketing.sla import Targets
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from ticketing.store import SqliteStore

NUMBER = "112-20261123-0001"
TICK = timedelta(microseconds=1)
DUE = at(4).at + timedelta(minutes=3)
CLOSE_DUE = at(4).at + timedelta(minutes=20)


@pytest.fixture
async def answered_desk(desk: TicketDesk, clock: SetClock) -> TicketDesk:
    """A desk with one ticket, answered four seconds into the morning."""
    clock.time = at(4.002).at
    await desk.handle(RecordCalls((arrives(), answered(arrives(), "101", 4))))
    return desk


async def the_ticket(store: SqliteStore) -> Ticket:
    kept = await store.ticket(NUMBER)
    assert kept is not None
    return kept.ticket


async def breaches(store: SqliteStore) -> list[tuple[object, object, object]]:
    timeline = await store.timeline(NUMBER)
    verify_chain(timeline)
    return [(entry.body["clock"], entry.at, entry.recorded_at) for entry in timeline if entry.type == "sla_breached"]


def turn(to: TicketStatus, *, reason: str | None = None, version: int | None = None) -> TurnStatus:
    return TurnStatus(NUMBER, to, "dewi", Role.SUPERVISOR, reason, version)


async def test_what_a_taker_records_is_kept_and_told(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock, told: Told
) -> None:
    clock.time = at(30).at
    changes = Triage(reporter_name="Ibu Ratna", verbatim="belakang pasar", lat=-8.4601, severity=2)
    news = await answered_desk.handle(TriageTicket(NUMBER, 1, "siti", changes))
    ticket = await the_ticket(store)
    assert (ticket.version, ticket.reporter_name, ticket.severity) == (2, "Ibu Ratna", 2)
    assert (ticket.location.verbatim, ticket.location.lat) == ("belakang pasar", -8.4601)
    assert told.news[-1:] == list(news)
    assert (news[0].type, news[0].at, news[0].body) == (
        "ticket_triaged",
        at(30).at,
        {
            "by": "siti",
            "changes": {
                "reporter_name": [None, "Ibu Ratna"],
                "severity": [None, 2],
                "location.verbatim": [None, "belakang pasar"],
                "location.lat": [None, -8.4601],
            },
        },
    )
    timeline = await store.timeline(NUMBER)
    assert timeline[-1] == news[0]
    kept = await store.call(call_id())
    assert kept is not None
    assert verify_chain(timeline) == kept.head


async def test_of_two_who_record_at_once_the_second_is_told(answered_desk: TicketDesk, store: SqliteStore) -> None:
    await answered_desk.handle(TriageTicket(NUMBER, 1, "siti", Triage(description="asap")))
    with pytest.raises(StaleVersion, match="is at version 2 by now, not 1") as refused:
        await answered_desk.handle(TriageTicket(NUMBER, 1, "ani", Triage(description="api")))
    assert (refused.value.number, refused.value.given, refused.value.current) == (NUMBER, 1, 2)
    assert (await the_ticket(store)).description == "asap"


async def test_what_says_nothing_new_is_not_told(answered_desk: TicketDesk, store: SqliteStore) -> None:
    assert await answered_desk.handle(TriageTicket(NUMBER, 1, "siti", Triage(description=None))) == ()
    assert (await the_ticket(store)).version == 1


async def test_nobody_records_upon_a_ticket_that_is_not_there(desk: TicketDesk) -> None:
    with pytest.raises(TicketUnknown, match=f"there is no ticket {NUMBER}"):
        await desk.handle(TriageTicket(NUMBER, 1, "siti", Triage(description="asap")))
    with pytest.raises(TicketUnknown):
        await desk.handle(turn(TicketStatus.ON_PROGRESS))


async def test_a_supervisor_turns_a_ticket_through_its_life(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    for second, to, reason in (
        (60, TicketStatus.ON_PROGRESS, None),
        (600, TicketStatus.CLOSED, None),
        (660, TicketStatus.OPEN, "api menyala lagi"),
    ):
        clock.time = at(second).at
        await answered_desk.handle(turn(to, reason=reason))
    ticket = await the_ticket(store)
    assert (ticket.status, ticket.version) == (TicketStatus.OPEN, 4)
    assert (ticket.on_progress_at, ticket.closed_at) == (at(60).at, None)
    turned = [entry for entry in await store.timeline(NUMBER) if entry.type == "status_turned"]
    assert [dict(entry.body) for entry in turned] == [
        {"by": "dewi", "from": "open", "to": "on_progress", "reason": None},
        {"by": "dewi", "from": "on_progress", "to": "closed", "reason": None},
        {"by": "dewi", "from": "closed", "to": "open", "reason": "api menyala lagi"},
    ]


async def test_a_refused_turn_changes_nothing_and_is_not_told(
    answered_desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    before = (await the_ticket(store), len(told.news))
    for refused in (
        TurnStatus(NUMBER, TicketStatus.ON_PROGRESS, "siti", Role.CALL_TAKER),
        turn(TicketStatus.CLOSED),
        turn(TicketStatus.OPEN, reason="lagi"),
    ):
        with pytest.raises(TransitionRefused):
            await answered_desk.handle(refused)
    assert (await the_ticket(store), len(told.news)) == before


async def test_a_turn_may_name_the_version_it_was_decided_upon(answered_desk: TicketDesk, store: SqliteStore) -> None:
    with pytest.raises(StaleVersion):
        await answered_desk.handle(turn(TicketStatus.ON_PROGRESS, version=2))
    await answered_desk.handle(turn(TicketStatus.ON_PROGRESS, version=1))
    assert (await the_ticket(store)).status is TicketStatus.ON_PROGRESS


@pytest.mark.parametrize(
    ("now", "noted"),
    [
        (DUE - TICK, []),
        (DUE, []),
        (DUE + TICK, [("on_progress", DUE)]),
        (CLOSE_DUE, [("on_progress", DUE)]),
        (CLOSE_DUE + TICK, [("on_progress", DUE), ("close", CLOSE_DUE)]),
    ],
)
async def test_a_breach_is_noted_once_its_due_instant_has_passed(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock, now: object, noted: list[tuple[str, object]]
) -> None:
    clock.time = now  # type: ignore[assignment]  # parametrized
    await answered_desk.handle(NoteBreaches())
    assert await breaches(store) == [(name, due, now) for name, due in noted]


async def test_a_breach_is_noted_once_and_is_no_new_version(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock, told: Told
) -> None:
    for second in range(170, 200):
        clock.time = at(second).at
        await answered_desk.handle(NoteBreaches())
    assert await breaches(store) == [("on_progress", DUE, at(185).at)]
    assert told.types.count("sla_breached") == 1
    ticket = await the_ticket(store)
    assert (ticket.version, ticket.on_progress_breached_at) == (1, DUE)


async def test_a_breach_that_fell_while_we_were_down_is_of_its_own_instant(
    desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    clock.time = back = at(7200).at
    await desk.handle(RecordCalls((arrives(), answered(arrives(), "101", 4))))
    await desk.handle(NoteBreaches())
    assert await breaches(store) == [("on_progress", DUE, back), ("close", CLOSE_DUE, back)]


async def test_a_status_turned_late_notes_the_breach_before_itself(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    clock.time = DUE + TICK
    news = await answered_desk.handle(turn(TicketStatus.ON_PROGRESS))
    assert [(entry.type, entry.at) for entry in news] == [("sla_breached", DUE), ("status_turned", DUE + TICK)]
    await answered_desk.handle(NoteBreaches())
    assert len(await breaches(store)) == 1


async def test_a_status_turned_at_the_due_instant_is_in_time(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    clock.time = DUE
    await answered_desk.handle(turn(TicketStatus.ON_PROGRESS))
    clock.time = CLOSE_DUE
    await answered_desk.handle(turn(TicketStatus.CLOSED))
    clock.time = CLOSE_DUE + timedelta(days=1)
    await answered_desk.handle(NoteBreaches())
    assert await breaches(store) == []


async def test_a_ticket_reopened_after_its_due_instant_is_breached_by_that(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    for second, to in ((60, TicketStatus.ON_PROGRESS), (600, TicketStatus.CLOSED)):
        clock.time = at(second).at
        await answered_desk.handle(turn(to))
    clock.time = at(3600).at
    news = await answered_desk.handle(turn(TicketStatus.OPEN, reason="api menyala lagi"))
    assert [entry.type for entry in news] == ["status_turned", "sla_breached"]
    assert await breaches(store) == [("close", CLOSE_DUE, at(3600).at)]


async def test_a_ticket_reopened_before_its_due_instant_has_its_clock_back(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    for second, to, reason in (
        (60, TicketStatus.ON_PROGRESS, None),
        (600, TicketStatus.CLOSED, None),
        (660, TicketStatus.OPEN, "api menyala lagi"),
    ):
        clock.time = at(second).at
        await answered_desk.handle(turn(to, reason=reason))
    clock.time = CLOSE_DUE + TICK
    await answered_desk.handle(NoteBreaches())
    assert await breaches(store) == [("close", CLOSE_DUE, CLOSE_DUE + TICK)]


async def test_a_ticket_reopened_again_and_again_is_breached_once(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    clock.time = at(7200).at
    for to in (TicketStatus.ON_PROGRESS, TicketStatus.CLOSED, TicketStatus.OPEN) * 2:
        await answered_desk.handle(turn(to, reason="lagi"))
    assert [name for name, _, _ in await breaches(store)] == ["on_progress", "close"]


async def test_a_type_changed_back_to_emergency_is_breached_at_the_due_instant_when_that_is_known(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    await answered_desk.handle(TriageTicket(NUMBER, 1, "siti", Triage(call_type=CallType.PRANK)))
    clock.time = at(1000).at
    await answered_desk.handle(NoteBreaches())
    assert await breaches(store) == []
    news = await answered_desk.handle(TriageTicket(NUMBER, 2, "siti", Triage(call_type=CallType.EMERGENCY)))
    assert [entry.type for entry in news] == ["ticket_triaged", "sla_breached"]
    assert await breaches(store) == [("on_progress", DUE, at(1000).at)]


async def test_a_type_changed_after_the_breach_leaves_it_on_record(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    clock.time = at(1000).at
    await answered_desk.handle(TriageTicket(NUMBER, 1, "siti", Triage(call_type=CallType.PRANK)))
    clock.time = at(7200).at
    await answered_desk.handle(NoteBreaches())
    assert await breaches(store) == [("on_progress", DUE, at(1000).at)]


async def test_an_earlier_answer_learned_of_later_moves_the_clocks(
    desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    await desk.handle(RecordCalls((arrives(), answered(arrives(), "102", 90))))
    clock.time = at(200).at
    await desk.handle(turn(TicketStatus.ON_PROGRESS))
    await desk.handle(NoteBreaches())
    assert await breaches(store) == []
    await desk.handle(RecordCalls((answered(arrives(), "101", 4),)))
    await desk.handle(NoteBreaches())
    assert await breaches(store) == [("on_progress", DUE, at(200).at)]


async def test_a_settled_answer_of_a_ticket_in_time_breaches_nothing(
    desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    await desk.handle(RecordCalls((arrives(), answered(arrives(), "101", 4.001, Precision.DOORBELL))))
    await desk.handle(turn(TicketStatus.ON_PROGRESS))
    await desk.handle(RecordCalls((answered(arrives(), "101", 4),)))
    for second in (400, 500):
        clock.time = at(second).at
        assert await desk.handle(NoteBreaches()) == ()
    clock.time = CLOSE_DUE + TICK
    await desk.handle(NoteBreaches())
    assert await breaches(store) == [("close", CLOSE_DUE, CLOSE_DUE + TICK)]


async def test_a_city_may_promise_something_else(store: SqliteStore, told: Told) -> None:
    clock = SetClock(MORNING)
    desk = TicketDesk(store, clock, told, ZoneInfo("Asia/Makassar"), Targets(timedelta(minutes=5), timedelta(hours=1)))
    await desk.handle(RecordCalls((arrives(), answered(arrives(), "101", 4))))
    for minute in (4, 6, 59, 62):
        clock.time = MORNING + timedelta(minutes=minute)
        await desk.handle(NoteBreaches())
    assert [(name, recorded) for name, _, recorded in await breaches(store)] == [
        ("on_progress", MORNING + timedelta(minutes=6)),
        ("close", MORNING + timedelta(minutes=62)),
    ]


async def test_the_breaches_of_a_long_downtime_are_noted_in_turns_the_most_overdue_first(
    desk: TicketDesk, clock: SetClock
) -> None:
    calls = [arrives(serial) for serial in range(201)]
    pieces = (piece for serial, call in enumerate(calls) for piece in (call, answered(call, "101", 500 - serial)))
    await desk.handle(RecordCalls(tuple(pieces)))
    clock.time = at(800).at
    turns = [[entry.call_id for entry in await desk.handle(NoteBreaches())] for _ in range(3)]
    assert turns == [[call.id for call in reversed(calls[1:])], [calls[0].id], []]


async def test_every_access_to_a_recording_is_on_the_calls_timeline(
    answered_desk: TicketDesk, store: SqliteStore, clock: SetClock, told: Told
) -> None:
    clock.time = at(900).at
    for _ in range(2):
        await answered_desk.handle(NoteRecordingAccess(call_id(), "dewi"))
    timeline = await store.timeline(NUMBER)
    assert [(entry.type, entry.at, entry.body) for entry in timeline[-2:]] == [
        ("recording_played", at(900).at, {"by": "dewi"})
    ] * 2
    assert told.news[-2:] == list(timeline[-2:])
    verify_chain(timeline)


async def test_who_plays_a_spoken_note_is_on_record_with_which_one(
    answered_desk: TicketDesk, store: SqliteStore
) -> None:
    note = SpokenNote(7, "voice:20261123T080110000000Z")
    await answered_desk.handle(NoteRecordingAccess(call_id(), "dewi", note))
    timeline = await store.timeline(NUMBER)
    assert (timeline[-1].type, timeline[-1].body) == (
        "recording_played",
        {"by": "dewi", "dispatch": "7", "note": note.name},
    )
    verify_chain(timeline)


async def test_a_call_goes_on_after_people_have_written_on_its_timeline(
    answered_desk: TicketDesk, store: SqliteStore
) -> None:
    await answered_desk.handle(TriageTicket(NUMBER, 1, "siti", Triage(description="asap")))
    await answered_desk.handle(RecordCalls((hung_up(arrives(), 60),)))
    await answered_desk.handle(turn(TicketStatus.ON_PROGRESS))
    kept = await store.call(call_id())
    assert kept is not None
    assert verify_chain(await store.timeline(NUMBER)) == kept.head
    assert (await the_ticket(store)).description == "asap"


async def test_the_recording_of_a_call_that_is_not_there_is_not_noted(desk: TicketDesk, told: Told) -> None:
    with pytest.raises(CallUnknown, match="there is no call bima1-"):
        await desk.handle(NoteRecordingAccess(call_id(), "dewi"))
    assert told.news == []
