"""Looks after what Asterisk was asked for and nobody tells the end of.

The end of a channel of ours is in the ledger, unless the ledger was lost. What two looks in a row find no channel of,
the ledger read to its end between them, is over.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

import structlog

from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from gateway.calls.call_recorder import Journal
    from gateway.doorbell.ami_listener import AmiListener
    from ticketing.ports import Clock

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 5.0
# An Originate is carried out, or its channel refused, within a moment. What Asterisk has nothing of after this time was
# never asked for, or is over.
_SEEN_BY: Final = timedelta(seconds=10)
_LEDGER_WITHIN_S: Final = 30.0


class _Asked(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def requested_at(self) -> datetime: ...


A = TypeVar("A", bound=_Asked)


@dataclass(slots=True, kw_only=True)
class EndsUnheard(Generic[A]):
    """What asks Asterisk for channels inherits this, and runs it for ever."""

    ami: AmiListener
    journals: Iterable[Journal]
    clock: Clock
    _missed: frozenset[int] = frozenset()  # by the last look

    async def _under_way(self) -> Sequence[A]:
        """What is under way, as far as the store knows; raise StoreUnusable."""
        raise NotImplementedError

    async def _unheard(self, under_way: Sequence[A], channels: Sequence[Mapping[str, str | list[str]]]) -> Sequence[A]:
        """Those of which there is none of these channels."""
        raise NotImplementedError

    async def _give_up(self, one: A) -> None:
        """Put it on record that this is over."""
        raise NotImplementedError

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.ami.connected()
            try:
                await self.look()
            except (Siaga112Error, TimeoutError) as error:
                # Asterisk, the store or the ledger's reader: whichever it is, it says so itself.
                log.warning("ends_not_looked_after", by=type(self).__name__, reason=str(error) or type(error).__name__)
                self._missed = frozenset()

    async def look(self) -> None:
        """Look once; raise AmiUnavailable, AmiRefused, TimeoutError or StoreUnusable."""
        before = self.clock.now() - _SEEN_BY
        if not await self._under_way():
            self._missed = frozenset()
            return  # most of the time: then nobody else need be asked
        channels = await self.ami.list_action("CoreShowChannels")
        async with asyncio.timeout(_LEDGER_WITHIN_S):
            for journal in self.journals:
                await journal.read_from_now()
        missed = await self._unheard([one for one in await self._under_way() if one.requested_at < before], channels)
        for one in missed:
            if one.id in self._missed:
                log.error("ended_unheard", by=type(self).__name__, id=one.id)
                await self._give_up(one)
        self._missed = frozenset(one.id for one in missed)
