from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.ticketing.evidence import (
    HIDDEN,
    MORNING,
    MULYADI,
    answered,
    answered_by_backup,
    arrives,
    at,
    call_id,
    hung_up,
    joined,
)
from ticketing.commands import AddTaker, RecordCalls, SignTaker
from ticketing.desk import TicketDesk
from ticketing.errors import TakerExists, UnknownTaker
from ticketing.model import (
    AnswerLeg,
    Call,
    Caller,
    CallerKind,
    CallOutcome,
    Instant,
    JournalPosition,
    Precision,
    PresentedIdentity,
    Taker,
    Ticket,
)
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.ticketing.room import SetClock, Told
    from ticketing.store import SqliteStore
    from ticketing.timeline import Entry


async def the_ticket(store: SqliteStore) -> Ticket:
    (kept,) = await store.tickets()
    return kept.ticket


async def test_the_answer_opens_the_ticket(desk: TicketDesk, store: SqliteStore, clock: SetClock, told: Told) -> None:
    await desk.handle(RecordCalls((arrives(),)))
    assert await store.tickets() == ()
    clock.time = at(4.002).at
    await desk.handle(RecordCalls((answered(arrives(), "101", 4),)))
    assert await the_ticket(store) == Ticket(
        number="112-20261123-0001",
        call_id=call_id(),
        opened_at=at(4.002).at,
        answered_at=at(4).at,
        taker="101",
    )
    assert told.types == ["call_arrived", "caller_identified", "taker_answered", "ticket_opened"]


async def test_one_answer_told_by_doorbell_and_ledger_opens_one_ticket_and_settles_its_time(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await desk.handle(RecordCalls((arrives().learn(answered(arrives(), "101", 4.0012, Precision.DOORBELL)),)))
    await desk.handle(RecordCalls((answered(arrives(), "101", 4),)))
    await desk.handle(RecordCalls((answered(arrives(), "101", 4.0012, Precision.DOORBELL),)))
    ticket = await the_ticket(store)
    assert (ticket.answered_at, ticket.version, ticket.number) == (at(4).at, 2, "112-20261123-0001")
    assert told.types[-2:] == ["ticket_opened", "answer_time_settled"]


async def test_a_call_queued_again_and_answered_again_keeps_its_ticket(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    for piece in (arrives(), answered(arrives(), "101", 4), answered(arrives(), "102", 90)):
        await desk.handle(RecordCalls((piece,)))
    (kept,) = await store.tickets()
    assert (kept.ticket.taker, kept.ticket.answered_at, kept.ticket.version) == ("101", at(4).at, 1)
    assert kept.call.takers == ("101", "102")
    assert told.types.count("ticket_opened") == 1


async def test_an_earlier_answer_learned_of_later_becomes_the_tickets(desk: TicketDesk, store: SqliteStore) -> None:
    for piece in (arrives(), answered(arrives(), "102", 90), answered(arrives(), "101", 4)):
        await desk.handle(RecordCalls((piece,)))
    ticket = await the_ticket(store)
    assert (ticket.taker, ticket.answered_at, ticket.version) == ("101", at(4).at, 2)


async def test_a_backup_answer_opens_a_ticket_without_a_taker(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls((arrives().learn(answered_by_backup(arrives(), "carrier", 190)),)))
    assert (await the_ticket(store)).taker is None
    await desk.handle(RecordCalls((answered(arrives(), "101", 300),)))
    ticket = await the_ticket(store)
    assert (ticket.taker, ticket.answered_at) == ("101", at(190).at)


async def test_a_phone_picked_up_as_the_caller_hangs_up_opens_nothing(desk: TicketDesk, store: SqliteStore) -> None:
    picked_up = Call(call_id(), legs=(AnswerLeg("101-leg", "101", answered=at(9)),))
    await desk.handle(RecordCalls((arrives(), picked_up, hung_up(arrives(), 9))))
    assert await store.tickets() == ()
    (kept,) = await store.calls()
    assert (kept.call.outcome, kept.ticket) == (CallOutcome.ABANDONED, None)


async def test_an_abandoned_call_whose_answer_is_learned_of_last_gets_its_ticket(
    desk: TicketDesk, store: SqliteStore
) -> None:
    await desk.handle(RecordCalls((arrives(), hung_up(arrives(), 60))))
    await desk.handle(RecordCalls((answered(arrives(), "101", 4),)))
    (kept,) = await store.calls()
    assert (kept.call.outcome, kept.ticket) == (CallOutcome.ANSWERED, "112-20261123-0001")
    types = [entry.type for entry in await store.timeline("112-20261123-0001")]
    assert types[2:] == ["call_ended", "taker_answered", "end_settled", "ticket_opened"]


async def test_pieces_of_one_call_in_one_command_are_one_call(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls((hung_up(arrives(), 60), answered(arrives(), "101", 4), arrives())))
    (kept,) = await store.calls()
    assert kept.call == joined(arrives(), answered(arrives(), "101", 4), hung_up(arrives(), 60))


async def test_tickets_are_numbered_in_the_order_of_the_answers(desk: TicketDesk, store: SqliteStore) -> None:
    late, early = arrives(1), arrives(2, after=1)
    await desk.handle(RecordCalls((late, early, answered(late, "101", 20), answered(early, "102", 5))))
    numbers = {kept.ticket.call_id: kept.ticket.number for kept in await store.tickets()}
    assert numbers == {early.id: "112-20261123-0001", late.id: "112-20261123-0002"}


async def test_tickets_are_numbered_by_the_citys_date_and_begin_anew_each_day(
    desk: TicketDesk, store: SqliteStore
) -> None:
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # in Bima
    for serial, moment in enumerate((midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=1))):
        leg = AnswerLeg("101-leg", "101", connected=True, answered=Instant(moment, Precision.LEDGER))
        await desk.handle(RecordCalls((Call(call_id(serial), caller=MULYADI, legs=(leg,)),)))
    assert [kept.ticket.number for kept in await store.tickets()] == [
        "112-20261123-0001",
        "112-20261124-0001",
        "112-20261124-0002",
    ]


async def test_a_correction_across_midnight_leaves_the_number_as_it_is(desk: TicketDesk, store: SqliteStore) -> None:
    midnight = timedelta(hours=15)  # from MORNING, in Bima
    after = answered(arrives(), "101", (midnight + timedelta(milliseconds=1)).total_seconds(), Precision.DOORBELL)
    before = answered(arrives(), "101", (midnight - timedelta(milliseconds=1)).total_seconds())
    await desk.handle(RecordCalls((arrives(), after)))
    await desk.handle(RecordCalls((before,)))
    ticket = await the_ticket(store)
    assert (ticket.number, ticket.answered_at) == ("112-20261124-0001", MORNING + midnight - timedelta(milliseconds=1))


async def test_a_call_that_never_reached_the_line_is_not_kept_and_the_position_is(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    position = JournalPosition("queue_log", 2**64 - 1, 4096)
    await desk.handle(RecordCalls((hung_up(arrives(), 5),), (position,)))
    assert (await store.calls(), told.news) == ((), [])
    assert await store.journal_positions() == (position,)


async def test_a_piece_that_proves_nothing_by_itself_is_learned_of_a_kept_call(
    desk: TicketDesk, store: SqliteStore
) -> None:
    await desk.handle(RecordCalls((arrives(),)))
    await desk.handle(RecordCalls((hung_up(arrives(), 5),)))
    (kept,) = await store.calls()
    assert kept.call.ended == at(5)


async def test_a_journal_position_replaces_the_one_before(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls(positions=(JournalPosition("cel", 7, 100), JournalPosition("queue_log", 8, 10))))
    await desk.handle(RecordCalls(positions=(JournalPosition("cel", 9, 0),)))
    assert await store.journal_positions() == (JournalPosition("cel", 9, 0), JournalPosition("queue_log", 8, 10))


async def test_what_is_known_already_is_no_news_and_changes_no_version(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    command = RecordCalls((arrives(), answered(arrives(), "101", 4)))
    await desk.handle(command)
    before = (await store.tickets(), list(told.news))
    assert await desk.handle(command) == ()
    assert (await store.tickets(), told.news) == before


async def test_what_is_known_already_is_not_written_again(desk: TicketDesk, database: Path) -> None:
    command = RecordCalls((arrives(), answered(arrives(), "101", 4)))
    await desk.handle(command)
    with closing(sqlite3.connect(database)) as onlooker:
        written = onlooker.execute("PRAGMA data_version").fetchone()
        await desk.handle(command)
        assert onlooker.execute("PRAGMA data_version").fetchone() == written


async def test_the_timeline_of_a_ticket_is_the_chain_of_its_call(
    desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    for seconds, piece in enumerate((arrives(), answered(arrives(), "101", 4), hung_up(arrives(), 60))):
        clock.time = at(seconds).at
        await desk.handle(RecordCalls((piece, arrives(2))))
    timeline = await store.timeline("112-20261123-0001")
    head = verify_chain(timeline)
    kept = await store.call(call_id())
    assert kept is not None
    assert kept.head == head
    assert [(entry.position, entry.ticket_number is None) for entry in timeline] == [
        (1, True),
        (2, True),
        (3, False),
        (4, False),
        (5, False),
    ]
    assert [entry.recorded_at for entry in timeline] == [at(second).at for second in (0, 0, 1, 1, 2)]


async def test_what_is_returned_is_what_is_told_and_what_is_kept(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    news = await desk.handle(RecordCalls((arrives(), answered(arrives(), "101", 4))))
    assert news == tuple(told.news) == await store.timeline("112-20261123-0001")
    assert [entry.seq for entry in news] == [1, 2, 3, 4]


@dataclass
class Witness:
    """Looks into the database, from outside, at the moment in which it is told."""

    database: Path
    committed: int = 0

    def publish(self, news: Sequence[Entry]) -> None:
        connection = sqlite3.connect(self.database)
        (self.committed,) = connection.execute("SELECT max(seq) FROM timeline").fetchone()
        connection.close()
        assert self.committed == news[-1].seq


async def test_nothing_is_told_before_it_is_committed(store: SqliteStore, clock: SetClock, database: Path) -> None:
    witness = Witness(database)
    desk = TicketDesk(store, clock, witness, ZoneInfo("Asia/Makassar"))
    await desk.handle(RecordCalls((arrives(), answered(arrives(), "101", 4))))
    assert witness.committed == 4


async def test_a_command_whose_asker_is_cancelled_is_finished_and_told(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    begun = asyncio.Event()

    async def asks() -> None:
        begun.set()
        await desk.handle(RecordCalls((arrives(), answered(arrives(), "101", 4))))

    asker = asyncio.create_task(asks())
    await begun.wait()
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    await desk.handle(RecordCalls((arrives(2),)))
    assert [kept.ticket.number for kept in await store.tickets()] == ["112-20261123-0001"]
    assert told.types[:4] == ["call_arrived", "caller_identified", "taker_answered", "ticket_opened"]


HOSTILE = "Robert'); DROP TABLE calls;-- \x00\ud800 <script>\r\nAction: Originate \\"


async def test_hostile_text_from_a_caller_is_evidence_and_nothing_more(desk: TicketDesk, store: SqliteStore) -> None:
    caller = Caller(HOSTILE, None, CallerKind.UNKNOWN, PresentedIdentity(*[HOSTILE] * 5))
    hostile = replace(arrives(), caller=caller, trunk=HOSTILE)
    await desk.handle(RecordCalls((hostile, answered(hostile, HOSTILE, 4))))
    (kept,) = await store.calls()
    assert kept.call.caller == caller
    assert kept.call.caller.raw == HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    verify_chain(await store.timeline("112-20261123-0001"))
    assert await desk.handle(RecordCalls((hostile,))) == ()


async def test_a_hidden_caller_is_told_as_one(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls((arrives(caller=HIDDEN), answered(arrives(), "101", 4))))
    (kept,) = await store.tickets()
    assert kept.call.caller == HIDDEN


SITI = Taker("101", "Siti", "kata-sandi-1")


async def test_a_taker_is_added_and_signs_in_and_out(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(AddTaker(SITI))
    await desk.handle(SignTaker("101", signed_in=True))
    await desk.handle(SignTaker("101", signed_in=True))
    assert await store.takers() == (replace(SITI, signed_in=True),)
    await desk.handle(SignTaker("101", signed_in=False))
    assert await store.takers() == (SITI,)


async def test_an_extension_is_given_once(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(AddTaker(SITI))
    with pytest.raises(TakerExists, match="there is a call taker 101 already"):
        await desk.handle(AddTaker(replace(SITI, name="Ani", password="other")))
    assert await store.takers() == (SITI,)


async def test_nobody_signs_in_as_nobody(desk: TicketDesk, told: Told) -> None:
    with pytest.raises(UnknownTaker, match="no call taker 103"):
        await desk.handle(SignTaker("103", signed_in=True))
    assert told.news == []


def test_a_takers_password_is_not_shown() -> None:
    assert "kata-sandi" not in repr(SITI)
