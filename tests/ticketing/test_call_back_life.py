"""Calls and call-backs in any interleaving: what is owed is always what the rules say of all that happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from tests.databases import new_store
from tests.ticketing.evidence import HIDDEN, MULYADI, answered, arrives, at, hung_up
from tests.ticketing.room import SetClock, Told
from tests.ticketing.test_desk_call_backs import RATNA
from ticketing.callbacks import CallBackOutcome, number_of
from ticketing.commands import RecordCalls, TryCallBack
from ticketing.desk import TicketDesk
from ticketing.errors import CallBackOver
from ticketing.model import Call, Caller, CallId, Role
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from ticketing.store import SqliteStore

MINUTE = 60


@dataclass
class Owed:
    """What the test believes to be owed to one caller."""

    calls: list[CallId] = field(default_factory=list)
    tries: list[str] = field(default_factory=list)


def serial_of(call: CallId) -> int:
    return int(call.rpartition(".")[2])


class CallBacks(RuleBasedStateMachine):
    """A minute passes with each step; who calls in vain does so for ten seconds."""

    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.store: SqliteStore = self.runner.run(new_store(Path(self.folder.name) / "siaga112.sqlite3"))
        self.clock, self.told = SetClock(at(0).at), Told()
        self.desk = TicketDesk(self.store, self.clock, self.told, ZoneInfo("Asia/Makassar"))
        self.serial = 0
        self.owed: dict[str, Owed] = {}
        self.settled: set[int] = set()
        self.paid: dict[str, int] = {}  # by number: calls up to this serial are settled, whenever they end

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    def _minute(self) -> float:
        self.serial += 1
        self.clock.time = at(self.serial * MINUTE + 30).at
        return self.serial * MINUTE

    def _record(self, *pieces: Call) -> None:
        self.runner.run(self.desk.handle(RecordCalls(pieces)))

    def _now_owed(self, call: Call) -> None:
        self.owed.setdefault(number_of(call) or call.id, Owed()).calls.append(call.id)

    @rule(caller=st.sampled_from([MULYADI, RATNA, HIDDEN]))
    def calls_in_vain(self, caller: Caller) -> None:
        after = self._minute()
        call = arrives(self.serial, after, caller)
        self._record(call, hung_up(call, after + 10))
        self._now_owed(call)

    @rule(target=waiting, caller=st.sampled_from([MULYADI, RATNA, HIDDEN]))
    def calls(self, caller: Caller) -> Call:
        call = arrives(self.serial + 1, self._minute(), caller)
        self._record(call)
        return call

    @rule(call=consumes(waiting))
    def is_answered(self, call: Call) -> None:
        self._record(answered(call, "101", self._minute()))
        number = number_of(call) or ""
        self.paid[number] = max(self.paid.get(number, 0), serial_of(call.id) - 1)
        owed = self.owed.get(number)
        if owed:
            # Who arrived later and gave up is another matter. Serials grow with the arrivals.
            owed.calls = [one for one in owed.calls if serial_of(one) > serial_of(call.id)]
            if not owed.calls:
                del self.owed[number]

    @rule(call=consumes(waiting))
    def gives_up_waiting(self, call: Call) -> None:
        self._record(hung_up(call, self._minute()))
        if serial_of(call.id) > self.paid.get(number_of(call) or "-", 0):
            self._now_owed(call)
            self.owed[number_of(call) or call.id].calls.sort(key=serial_of)

    @rule(outcome=st.sampled_from(CallBackOutcome), which=st.integers(0, 9))
    def somebody_tries(self, outcome: CallBackOutcome, which: int) -> None:
        self._minute()
        items = self.runner.run(self.store.call_backs()).items
        if not items:
            return
        one = items[which % len(items)]
        command = TryCallBack(one.call_back.id, outcome, "dewi", Role.SUPERVISOR, "alasan")
        self.runner.run(self.desk.handle(command))
        key = one.call_back.number or one.calls[0].id
        if outcome in {CallBackOutcome.REACHED, CallBackOutcome.GIVEN_UP}:
            del self.owed[key]
            if outcome is CallBackOutcome.REACHED and one.call_back.number:
                self.paid[key] = self.serial
            self.settled.add(one.call_back.id)
        else:
            self.owed[key].tries.append(outcome)

    @rule(outcome=st.sampled_from(CallBackOutcome))
    def somebody_comes_too_late(self, outcome: CallBackOutcome) -> None:
        for call_back in sorted(self.settled)[:1]:
            try:
                self.runner.run(self.desk.handle(TryCallBack(call_back, outcome, "ani", Role.SUPERVISOR, "alasan")))
            except CallBackOver:
                continue
            raise AssertionError(call_back)

    @invariant()
    def the_list_is_what_is_owed(self) -> None:
        items = self.runner.run(self.store.call_backs()).items
        listed = {
            one.call_back.number or one.calls[0].id: Owed(
                [call.id for call in one.calls], [each.outcome for each in one.call_back.attempts]
            )
            for one in items
        }
        assert listed == self.owed
        assert [one.call_back.since for one in items] == sorted(one.call_back.since for one in items)

    @invariant()
    def every_timeline_is_sound(self) -> None:
        for kept in self.runner.run(self.store.calls()):
            assert verify_chain(self.runner.run(self.store.call_timeline(kept.call.id))) == kept.head


TestCallBacks = CallBacks.TestCase
TestCallBacks.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
