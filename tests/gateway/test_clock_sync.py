"""A clock that jumps, or that nobody keeps right, is told of; one that is slewed, or cannot be asked about, is not."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from gateway.alarms import Alarms
from gateway.watch.clock_sync import ClockJudge, synchronised, watch_clock
from tests.ticketing.evidence import MORNING
from tests.ticketing.room import SetClock

MINUTE, HOUR = 60.0, 3600.0
EPOCH = MORNING.timestamp()


def test_a_clock_that_goes_as_the_time_does_is_no_alarm() -> None:
    judge = ClockJudge()
    assert [judge.stepped(EPOCH + second, second) for second in (0.0, 1.0, 60.0, 9000.0)] == [None] * 4


@pytest.mark.parametrize(("by", "said"), [(1.5, "set forward by 1.5 s"), (-3600.0, "set back by 3600.0 s")])
def test_a_jump_is_told_of_for_a_shift(by: float, said: str) -> None:
    judge = ClockJudge()
    judge.stepped(EPOCH, 0)
    assert said in str(judge.stepped(EPOCH + 1 + by, 1))
    assert "120 min ago" in str(judge.stepped(EPOCH + 1 + 2 * HOUR + by, 1 + 2 * HOUR))
    assert judge.stepped(EPOCH + 9 * HOUR + by, 9 * HOUR) is None


def test_a_clock_that_is_slewed_however_far_does_not_jump() -> None:
    judge = ClockJudge()
    # 0.5 ms a second: what adjtime(3) does, for four hours.
    assert {judge.stepped(EPOCH + second * 1.0005, second) for second in range(0, 14_400, 5)} == {None}


def test_a_clock_that_nobody_keeps_right_is_told_of_after_a_while_and_not_when_it_cannot_be_asked_about() -> None:
    judge = ClockJudge()
    assert judge.astray(in_step=False, monotonic=0) is None
    assert judge.astray(in_step=False, monotonic=14 * MINUTE) is None
    assert "nobody keeps" in str(judge.astray(in_step=False, monotonic=15 * MINUTE))
    for answer in (True, None):
        assert judge.astray(in_step=answer, monotonic=16 * MINUTE) is None
        assert judge.astray(in_step=False, monotonic=17 * MINUTE) is None


def test_the_kernel_is_asked_and_answers_or_may_not() -> None:
    assert synchronised() in {True, False, None}


async def test_a_clock_that_is_set_while_the_line_runs_is_an_alarm() -> None:
    clock = SetClock(MORNING)
    alarms = Alarms(clock)
    watching = asyncio.create_task(watch_clock(clock, alarms))
    await asyncio.sleep(0)
    clock.time += timedelta(hours=1)
    async with asyncio.timeout(10):
        while not alarms.standing():  # noqa: ASYNC110 - what is waited for is the next look
            await asyncio.sleep(0.05)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    assert [(alarm.name, alarm.grave) for alarm in alarms.standing()] == [("clock.stepped", False)]
