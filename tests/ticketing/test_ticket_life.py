"""The life of a ticket, lived again and again: whatever people ask for and whenever they look."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.databases import new_store
from tests.ticketing.evidence import MORNING, answered, arrives, at, call_id
from tests.ticketing.room import SetClock, Told
from ticketing.commands import NoteBreaches, RecordCalls, Triage, TriageTicket, TurnStatus
from ticketing.desk import TicketDesk
from ticketing.errors import ReopenFirst, StaleVersion, TransitionRefused
from ticketing.model import CallType, Precision, Role, TicketStatus
from ticketing.sla import SlaState, breaches_owed, clocks
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from ticketing.commands import Command
    from ticketing.model import Ticket
    from ticketing.timeline import Entry

NUMBER = "112-20261123-0001"
waits = st.timedeltas(timedelta(), timedelta(minutes=12)) | st.sampled_from(
    [timedelta(), timedelta(microseconds=1), timedelta(minutes=3), timedelta(minutes=17)]
)


class TicketLife(RuleBasedStateMachine):
    """One ticket, everything that can be asked of it, and a clock that only goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        file = Path(self.folder.name) / "siaga112.sqlite3"
        self.clock = SetClock(at(5).at)
        self.told = Told()
        self.store = self.run(new_store(file))
        self.desk = TicketDesk(self.store, self.clock, self.told, ZoneInfo("Asia/Makassar"))

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - what the coroutine gives
        return self.loop.run_until_complete(what)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        self.folder.cleanup()

    @property
    def ticket(self) -> Ticket:
        kept = self.run(self.store.ticket(NUMBER))
        return kept.ticket  # type: ignore[no-any-return]  # it was opened first

    def asked(self, command: Command) -> tuple[Entry, ...]:
        news: tuple[Entry, ...] = self.run(self.desk.handle(command))
        return news

    @initialize()
    def the_answer_opens_it(self) -> None:
        doorbell = answered(arrives(), "101", 4.001, Precision.DOORBELL)
        self.asked(RecordCalls((arrives(), doorbell)))
        self.before = self.ticket

    @rule(wait=waits)
    def time_goes_on(self, wait: timedelta) -> None:
        self.clock.time += wait

    @rule()
    def breaches_are_noted(self) -> None:
        self.asked(NoteBreaches())
        assert breaches_owed(self.ticket, now=self.clock.time) == ()
        assert self.asked(NoteBreaches()) == ()

    @rule()
    def the_ledger_settles_the_answer(self) -> None:
        self.asked(RecordCalls((answered(arrives(), "101", 4),)))

    @rule(
        changes=st.builds(
            Triage,
            call_type=st.sampled_from(CallType),
            description=st.none() | st.text(max_size=5),
            lat=st.none() | st.floats(-90, 90),
        ),
        stale=st.booleans(),
    )
    def a_taker_records(self, changes: Triage, *, stale: bool) -> None:
        before = self.ticket
        version = before.version - (1 if stale else 0)
        try:
            self.asked(TriageTicket(NUMBER, version, "siti", changes))
        except StaleVersion:
            assert stale
        except ReopenFirst:
            assert before.status is TicketStatus.CLOSED
            assert (before.call_type is CallType.EMERGENCY) != (changes.call_type is CallType.EMERGENCY)
            assert before == self.ticket

    @rule(to=st.sampled_from(TicketStatus), role=st.sampled_from(Role), reason=st.sampled_from([None, " ", "lagi"]))
    def somebody_turns_it(self, to: TicketStatus, role: Role, reason: str | None) -> None:
        before = self.ticket
        try:
            news = self.asked(TurnStatus(NUMBER, to, "dewi", role, reason))
        except TransitionRefused:
            assert self.ticket == before
            return
        after = self.ticket
        assert (after.status, after.version) == (to, before.version + 1)
        assert [entry.body["from"] for entry in news if entry.type == "status_turned"] == [before.status]
        self.turned_by = role
        if before.status is TicketStatus.CLOSED:
            assert (to, role, reason) == (TicketStatus.OPEN, Role.SUPERVISOR, "lagi")

    @invariant()
    @precondition(lambda self: hasattr(self, "before"))
    def its_version_only_grows_and_what_was_met_stays_met(self) -> None:
        ticket, before = self.ticket, self.before
        assert ticket.version >= before.version
        assert ticket.on_progress_at == (before.on_progress_at or ticket.on_progress_at)
        assert (ticket.closed_at is not None) == (ticket.status is TicketStatus.CLOSED)
        self.before = ticket

    @invariant()
    @precondition(lambda self: hasattr(self, "before"))
    def its_timeline_verifies_and_is_what_was_told(self) -> None:
        timeline = self.run(self.store.timeline(NUMBER))
        assert list(timeline) == self.told.news
        assert verify_chain(timeline) == self.run(self.store.call(call_id())).head

    @invariant()
    @precondition(lambda self: hasattr(self, "before"))
    def closed_stays_closed_without_a_reopening(self) -> None:
        turned = [(entry.body["from"], entry.body["to"]) for entry in self.told.news if entry.type == "status_turned"]
        status = "open"
        for from_, to in turned:
            assert from_ == status
            assert from_ != "closed" or to == "open"
            status = str(to)
        assert self.ticket.status == status

    @invariant()
    @precondition(lambda self: hasattr(self, "before"))
    def an_emergency_is_closed_by_a_supervisor_alone(self) -> None:
        if self.ticket.status is TicketStatus.CLOSED and self.ticket.call_type is CallType.EMERGENCY:
            assert self.turned_by is Role.SUPERVISOR

    @invariant()
    @precondition(lambda self: hasattr(self, "before"))
    def each_clock_breaches_once_and_at_its_due_instant(self) -> None:
        breaches = [entry for entry in self.told.news if entry.type == "sla_breached"]
        names = [entry.body["clock"] for entry in breaches]
        assert len(names) == len(set(names))
        for entry in breaches:
            span = timedelta(minutes=3) if entry.body["clock"] == "on_progress" else timedelta(minutes=20)
            assert entry.at in {at(4).at + span, at(4.001).at + span}
            assert MORNING < entry.at < entry.recorded_at

    @invariant()
    @precondition(lambda self: hasattr(self, "before"))
    def an_emergencys_clock_that_ran_out_is_on_record_or_about_to_be(self) -> None:
        ticket = self.ticket
        read = clocks(ticket, now=self.clock.time)
        noted = {"on_progress": ticket.on_progress_breached_at, "close": ticket.close_breached_at}
        for name, clock in (("on_progress", read.on_progress), ("close", read.close)):
            if clock.state is SlaState.BREACHED and noted[name] is None:
                assert ticket.watch_at is not None
                assert ticket.watch_at < self.clock.time


TestTicketLife = TicketLife.TestCase
TestTicketLife.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
