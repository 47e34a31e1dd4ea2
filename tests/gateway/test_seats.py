"""Fifty boards are one question to Asterisk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from gateway.dispatching.roster import Desk
from gateway.doorbell.ami_link import AmiUnavailable
from gateway.web.pages.seats import GOOD_FOR_S, AskedSeats
from gateway.web.pages.views import Seats

if TYPE_CHECKING:
    from gateway.dispatching.roster import Roster

STATES = Desk(frozenset({"201", "202"}), frozenset({"201", "202"}), frozenset({"202"}), frozenset({"201"}))


class SlowRoster:
    """A roster whose Asterisk takes longer to answer than an answer is good for."""

    def __init__(self, error: Exception | None) -> None:
        self.asked = 0
        self.error = error

    async def desk(self) -> Desk:
        self.asked += 1
        await asyncio.sleep(GOOD_FOR_S * 1.2)
        if self.error:
            raise self.error
        return STATES


@pytest.mark.parametrize("error", [None, AmiUnavailable("QueueStatus", "no answer", sent=True)])
async def test_all_who_wait_for_a_slow_asterisk_share_its_answer(error: Exception | None) -> None:
    roster = SlowRoster(error)
    seats = AskedSeats(cast("Roster", roster))
    told = await asyncio.gather(*(seats() for _ in range(50)))
    expected = None if error else Seats(STATES.reachable, STATES.free, STATES.ringing)
    assert told == [expected] * 50
    assert roster.asked == 1
