"""The desk's door: one transaction for each command, then publish."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from ticketing.commands import (
    AddSkpd,
    AskCaller,
    CancelDispatch,
    CancelReturnCall,
    ChangePremiseNote,
    ChangeSkpd,
    JudgeNumber,
    NoteBreaches,
    NoteRecordingAccess,
    RecordCalls,
    RemoveSkpd,
    RequestDispatch,
    RequestReturnCall,
    SetSkpdPin,
    TriageTicket,
    TryCallBack,
    TurnStatus,
    UpdateDispatch,
    WithdrawPremiseNote,
)
from ticketing.desk.call_backs import try_call_back
from ticketing.desk.calls import record_calls
from ticketing.desk.dispatches import change_dispatch, record_begun, record_dispatches, record_said
from ticketing.desk.nuisance import judge_number
from ticketing.desk.people import keep_people
from ticketing.desk.premise_notes import change_premise_note, write_premise_note
from ticketing.desk.return_calls import change_return_call, record_return_calls
from ticketing.desk.skpds import keep_skpd
from ticketing.desk.tickets import change_ticket
from ticketing.nuisance import NuisanceRules
from ticketing.sla import SOP_TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from ticketing.commands import AddPremiseNote, Command, PeopleCommand, PremiseNoteCommand, SkpdCommand
    from ticketing.ports import Clock, Publisher, Store, Transaction
    from ticketing.premise import PremiseNote
    from ticketing.sla import Targets
    from ticketing.timeline import Entry

T = TypeVar("T")


class TicketDesk:
    """Takes commands, keeps what follows from them, tells what is new.

    `zone` is the city's: a ticket is numbered by the local date of its answer. `targets` are what it promises,
    `nuisance` what prank calls cost their numbers.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        publisher: Publisher,
        zone: ZoneInfo,
        targets: Targets = SOP_TARGETS,
        nuisance: NuisanceRules = NuisanceRules(),  # noqa: B008 - frozen
    ) -> None:
        self._store = store
        self._clock = clock
        self._publisher = publisher
        self._zone = zone
        self._targets = targets
        self._nuisance = nuisance
        self._under_way: set[asyncio.Task[Any]] = set()

    async def handle(self, command: Command) -> tuple[Entry, ...]:
        """Carry out a command; return the timeline's new entries, which were published before.

        Raises the refusals of ticketing.errors; then nothing has changed and nothing was told. A command
        whose asker is cancelled is finished all the same: what is committed is told.
        """

        def work(tx: Transaction) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
            news = self._carry_out(command, tx)
            return news, news

        return await self._finished(work)

    async def write_premise_note(self, command: AddPremiseNote) -> PremiseNote:
        """Keep a new premise note, as `handle` does with a command; give it with its id."""

        def work(tx: Transaction) -> tuple[PremiseNote, tuple[Entry, ...]]:
            now = self._clock.now()
            return write_premise_note(tx, command, now, now.astimezone(self._zone).date())

        return await self._finished(work)

    async def _finished(self, work: Callable[[Transaction], tuple[T, tuple[Entry, ...]]]) -> T:
        task = asyncio.ensure_future(self._commit_then_tell(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _commit_then_tell(self, work: Callable[[Transaction], tuple[T, tuple[Entry, ...]]]) -> T:
        done, news = await self._store.transact(work)
        if news:
            self._publisher.publish(news)
        return done

    def _carry_out(self, command: Command, tx: Transaction) -> tuple[Entry, ...]:
        now = self._clock.now()
        match command:
            case RecordCalls():
                told = record_calls(tx, command, now, self._zone, self._targets)
                told += record_begun(tx, command.begun, now)
                told += record_dispatches(tx, command.dispatches, now)
                told += record_return_calls(tx, command.return_calls, now, self._zone, self._targets)
                return (*told, *record_said(tx, command.said, now))
            case TriageTicket() | TurnStatus() | NoteBreaches() | NoteRecordingAccess() | AskCaller():
                return change_ticket(tx, command, now, self._targets)
            case RequestDispatch() | CancelDispatch() | UpdateDispatch():
                return change_dispatch(tx, command, now)
            case RequestReturnCall() | CancelReturnCall():
                return change_return_call(tx, command, now)
            case TryCallBack():
                return try_call_back(tx, command, now)
            case _:
                return self._keep(command, tx, now)

    def _keep(
        self, command: PeopleCommand | SkpdCommand | JudgeNumber | PremiseNoteCommand, tx: Transaction, now: datetime
    ) -> tuple[Entry, ...]:
        """Carry out what is about no call; of a premise note the tickets that it concerns are told."""
        match command:
            case ChangePremiseNote() | WithdrawPremiseNote():
                return change_premise_note(tx, command, now, now.astimezone(self._zone).date())
            case JudgeNumber():
                judge_number(tx, command, now, self._nuisance)
            case AddSkpd() | ChangeSkpd() | RemoveSkpd() | SetSkpdPin():
                keep_skpd(tx, command)
            case _:
                keep_people(tx, command)
        return ()
