"""What stands around the desk in its tests: a clock that is set, somebody who is told, a store that breaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ticketing.store import SqliteStore
from ticketing.timeline import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ticketing.model import CallId
    from ticketing.ports import Transaction

T = TypeVar("T")


@dataclass
class SetClock:
    """Shows the time it is set to."""

    time: datetime

    def now(self) -> datetime:
        return self.time


@dataclass
class Told:
    """Remembers what was published."""

    news: list[Entry] = field(default_factory=list)

    def publish(self, news: Sequence[Entry]) -> None:
        self.news.extend(news)

    @property
    def types(self) -> list[str]:
        return [entry.type for entry in self.news]


class BreakdownError(Exception):
    """The work failed at its very end, after all it had written."""


class BreakingStore(SqliteStore):
    """A store whose transactions about certain calls write everything, and fail then."""

    broken_calls: frozenset[CallId] = frozenset()

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        def broken(transaction: Transaction) -> T:
            done = work(transaction)
            entries = done if isinstance(done, tuple) else ()
            if any(isinstance(entry, Entry) and entry.call_id in self.broken_calls for entry in entries):
                raise BreakdownError
            return done

        return await super().transact(broken)
