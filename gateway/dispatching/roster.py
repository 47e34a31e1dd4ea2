"""Takers and SKPDs as the store has them → phones, queue members and short numbers as Asterisk has them.

The store holds who should be signed in, whoever said so last: the console, the command line, or the phone itself
(*11 and *12, which reach the store through the ledger). Asterisk keeps its own copy, so that the desk works when we
do not; this module makes the copy follow.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from gateway.telephony.render import QUEUE, render_phones, render_skpd_numbers
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.doorbell.ami_listener import AmiListener
    from gateway.site.config import Settings
    from gateway.telephony.asterisk import Asterisk
    from ticketing.model import Taker
    from ticketing.ports import Store
    from ticketing.skpd import Skpd

log = structlog.get_logger()

_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Desk:
    """Who sits at the desk, as Asterisk sees it."""

    members: frozenset[str]  # signed in
    reachable: frozenset[str]  # of them: phone registered, not paused
    free: frozenset[str]  # of them: not in a call
    ringing: frozenset[str]  # of them: the phone rings


# Asterisk's device states (include/asterisk/devicestate.h): 0 unknown, 1 not in use, 2 in use, 3 busy, 4 invalid,
# 5 unavailable, 6 ringing, 7 ringing and in use, 8 on hold.
_REACHABLE = frozenset({"1", "2", "3", "6", "7", "8"})
_FREE = frozenset({"1"})
_RINGING = frozenset({"6", "7"})


def read_desk(events: Iterable[dict[str, str | list[str]]]) -> Desk:
    """What the QueueMember events of a QueueStatus say."""
    states = {
        str(event.get("Location", "")).removeprefix("PJSIP/"): (event.get("Status"), event.get("Paused"))
        for event in events
        if event.get("Event") == "QueueMember"
    }

    def in_state(wanted: frozenset[str]) -> frozenset[str]:
        return frozenset(who for who, (state, paused) in states.items() if state in wanted and paused == "0")

    return Desk(frozenset(states), in_state(_REACHABLE), in_state(_FREE), in_state(_RINGING))


def changes(
    applied: Iterable[Taker], wanted: Iterable[Taker], members: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who is to be added to the queue, and who removed, since `applied` became `wanted`.

    A taker whose entry did not change is left alone: a phone that has just signed out by *12 is ahead of the store.
    """
    before = {taker.extension: taker for taker in applied}
    changed = {taker for taker in wanted if before.get(taker.extension) != taker}
    come = {taker.extension for taker in changed if taker.signed_in} - members
    gone = {taker.extension for taker in changed if not taker.signed_in} & members
    return tuple(sorted(come)), tuple(sorted(gone))


@dataclass(slots=True)
class Roster:
    """Keeps phones, queue members and SKPDs' short numbers as the store has them."""

    settings: Settings
    store: Store
    asterisk: Asterisk
    ami: AmiListener
    ledger_read: asyncio.Event  # until then the store may not know who signed out while we were away
    _applied: tuple[Taker, ...] | None = None
    _dialled: tuple[Skpd, ...] | None = None

    async def desk(self) -> Desk:
        """Ask Asterisk who sits at the desk; raise AmiUnavailable."""
        return read_desk(await self.ami.list_action("QueueStatus", Queue=QUEUE))

    async def run(self) -> None:
        """Follow the store for ever."""
        await self.ledger_read.wait()
        while True:
            await self.ami.connected()
            try:
                await self.follow()
            except (Siaga112Error, OSError) as error:  # Asterisk, the store or the disk: whichever it is, tried again
                # What was applied before stays applied: whoever has signed out on the phone since is not added again.
                log.warning("roster_not_applied", reason=str(error))
            await asyncio.sleep(_EVERY_S)

    async def follow(self) -> None:
        """Apply what changed in the store since the last time; everything, the first time."""
        await self._follow_takers()
        await self._follow_skpds()

    async def _follow_takers(self) -> None:
        takers = tuple(await self.store.takers())
        if takers == self._applied:
            return
        await asyncio.to_thread(render_phones, self.settings, self.asterisk.home, takers)
        await self.asterisk.have_phones_read()
        come, gone = changes(self._applied or (), takers, (await self.desk()).members)
        for extension in come:
            await self.ami.action("QueueAdd", Queue=QUEUE, Interface=f"PJSIP/{extension}")
        for extension in gone:
            await self.ami.action("QueueRemove", Queue=QUEUE, Interface=f"PJSIP/{extension}")
        self._applied = takers

    async def _follow_skpds(self) -> None:
        """Have the takers' short numbers reach the SKPDs that there are, on the lines that they have."""
        skpds = await self.store.skpds()
        if skpds != self._dialled:
            await asyncio.to_thread(render_skpd_numbers, self.asterisk.home, skpds)
            await self.asterisk.have_skpd_numbers_read()
            self._dialled = skpds
