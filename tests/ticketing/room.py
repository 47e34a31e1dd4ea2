"""What stands around the desk in its tests: a clock that is set, somebody who is told, a store that breaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ticketing.store import SqliteStore
from ticketing.timeline import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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


def _entries(done: object) -> Iterator[Entry]:
    """The timeline's entries in what a transaction gives, however it is put together."""
    if isinstance(done, Entry):
        yield done
    elif isinstance(done, tuple):
        for one in done:
            yield from _entries(one)


class BreakingStore(SqliteStore):
    """A store whose transactions about certain calls write everything, and fail then."""

    broken_calls: frozenset[CallId] = frozenset()

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        def broken(transaction: Transaction) -> T:
            done = work(transaction)
            if any(entry.call_id in self.broken_calls for entry in _entries(done)):
                raise BreakdownError
            return done

        return await super().transact(broken)
