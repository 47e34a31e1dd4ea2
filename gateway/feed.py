"""The live feed's middle: takes what was committed, hands it to everybody who listens, waits for nobody."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gateway.presentation import feed_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ticketing.ports import Publisher
    from ticketing.timeline import Entry

# A screen that is so many entries behind is cut off: a busy city makes some ten a second.
LONGEST_BACKLOG = 1_000


class Message(NamedTuple):
    """An entry as it goes over the wire: written once for all who listen."""

    seq: int
    text: str


def message(entry: Entry) -> Message:
    """Write an entry for the feed."""
    return Message(entry.seq, json.dumps(feed_json(entry), separators=(",", ":")))


@dataclass(slots=True, eq=False)
class Subscription:
    """What one listener has not taken yet. `overrun` is set, for good, when that became too much."""

    overrun: asyncio.Event = field(default_factory=asyncio.Event)
    _backlog: deque[Message] = field(default_factory=deque)
    _rung: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, news: Sequence[Message]) -> None:
        """Take messages; none any more once too many wait. Never waits."""
        if len(self._backlog) + len(news) > LONGEST_BACKLOG:
            self.overrun.set()
            self._backlog.clear()
        if not self.overrun.is_set():
            self._backlog.extend(news)
            self._rung.set()

    async def wait(self) -> None:
        """Wait until there is something to take."""
        await self._rung.wait()

    def take(self) -> tuple[Message, ...]:
        """Give everything that waits, oldest first; nothing waits afterwards."""
        taken = tuple(self._backlog)
        self._backlog.clear()
        self._rung.clear()
        return taken


@dataclass(slots=True)
class Feed:
    """A Publisher (ticketing.ports): to every subscription, and to the listeners inside the process."""

    listeners: Sequence[Publisher] = ()
    _subscriptions: set[Subscription] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self._subscriptions)

    def publish(self, news: Sequence[Entry]) -> None:
        """Hand these entries on. Called on the event loop, in the order of commits; never waits."""
        for listener in self.listeners:
            listener.publish(news)
        if self._subscriptions:
            messages = [message(entry) for entry in news]
            for subscription in self._subscriptions:
                subscription.offer(messages)

    @contextmanager
    def subscribed(self) -> Iterator[Subscription]:
        """Hear of everything that is published while the block runs."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)


@dataclass(slots=True)
class EntryCounts:
    """A Publisher (ticketing.ports) that counts what was committed, by type, since the start."""

    by_type: Counter[str] = field(default_factory=Counter)

    def publish(self, news: Sequence[Entry]) -> None:
        """Count these."""
        self.by_type.update(entry.type for entry in news)
