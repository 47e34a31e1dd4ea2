"""A store, a desk over it, a recorder, and the folder that Asterisk writes its ledger to."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from gateway.calls.call_recorder import CallRecorder, Journal
from gateway.facts.call_tracker import CallTracker
from gateway.ledger.formats import QUEUE_LOG, cel_format
from gateway.ledger.journal import JournalTail
from gateway.ledger.set_aside import SetAside
from gateway.process.clock import SystemClock
from tests.databases import new_database
from tests.gateway import transcripts
from tests.ticketing.room import Told
from ticketing.desk import TicketDesk
from ticketing.errors import StoreUnusable
from ticketing.model import CallerIdStyle
from ticketing.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from ticketing.model import CallOutcome
    from ticketing.ports import Transaction

T = TypeVar("T")


class RefusingStore(SqliteStore):
    """A store that takes nothing while its disk is full; what it has can still be read."""

    full = False
    refused = 0

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        if self.full:
            self.refused += 1
            raise StoreUnusable("the database cannot be used: database or disk is full")
        return await super().transact(work)


@dataclass
class Room:
    """A store, a desk over it, and the folder that Asterisk writes to."""

    folder: Path
    store: SqliteStore
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.desk = TicketDesk(self.store, SystemClock(), self.told, ZoneInfo("Asia/Makassar"))

    @property
    def cel_file(self) -> Path:
        return self.folder / "cel.json"

    @property
    def aside_file(self) -> Path:
        return self.folder / "unreadable.jsonl"

    @property
    def queue_log_file(self) -> Path:
        return self.folder / "queue_log"

    def writes_cel(self, *lines: str) -> None:
        with self.cel_file.open("a", errors="surrogatepass") as journal:
            journal.writelines(f"{line}\n" for line in lines)

    def writes_queue_log(self, *lines: str) -> None:
        with self.queue_log_file.open("a") as journal:
            journal.writelines(f"{line}\n" for line in lines)

    def writes(self, story: str) -> None:
        """Asterisk tells a whole story in its journals."""
        self.writes_cel(*transcripts.cel(story))
        self.writes_queue_log(*transcripts.queue_log(story))

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[Recording]:
        """A recorder at work, from the place of the last commit on."""
        recorder = CallRecorder(self.desk, CallTracker(lambda _trunk: CallerIdStyle.AUTO), SetAside(self.aside_file))
        saved = {position.name: position for position in await self.store.journal_positions()}
        cel = Journal(JournalTail(self.cel_file, saved.get("cel.json")), cel_format())
        queue_log = Journal(JournalTail(self.queue_log_file, saved.get("queue_log")), QUEUE_LOG)
        work = (recorder.listen(), recorder.follow((queue_log, cel)))
        tasks = [asyncio.create_task(one) for one in work]
        try:
            yield Recording(recorder, cel, queue_log)
            assert not any(task.done() for task in tasks)
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
            cel.tail.close()
            queue_log.tail.close()

    async def answers(self) -> dict[str, str]:
        """The instants at which tickets were answered, by call."""
        return {kept.ticket.call_id: kept.ticket.answered_at.isoformat() for kept in await self.store.tickets()}

    async def outcomes(self) -> list[CallOutcome]:
        return [kept.call.outcome for kept in await self.store.calls()]

    async def places(self) -> dict[str, int]:
        return {position.name: position.offset for position in await self.store.journal_positions()}

    async def ledger_is_kept(self) -> bool:
        """Whether both journals are in the store to their ends."""
        files = (self.cel_file, self.queue_log_file)
        return await self.places() == {file.name: file.stat().st_size for file in files if file.exists()}


@dataclass
class Recording:
    """A recorder at work, and what it reads."""

    recorder: CallRecorder
    cel: Journal
    queue_log: Journal


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - what is waited for here is a commit
            await asyncio.sleep(0.005)


def told(value: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def condition() -> object:
        return value()

    return condition


@asynccontextmanager
async def room_over(kind: type[SqliteStore], folder: Path) -> AsyncIterator[Room]:
    store = await kind.opened(new_database(folder / "siaga112.sqlite3"))
    try:
        yield Room(folder, store)
    finally:
        await store.close()
