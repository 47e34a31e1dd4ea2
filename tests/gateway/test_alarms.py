"""What is wrong stands until it is not, since when it began, and is told twice."""

from __future__ import annotations

from datetime import timedelta

from structlog.testing import capture_logs

from gateway.alarms import Alarm, Alarms
from tests.ticketing.evidence import MORNING
from tests.ticketing.room import SetClock


def test_an_alarm_stands_since_it_was_first_raised_with_its_latest_text() -> None:
    clock = SetClock(MORNING)
    alarms = Alarms(clock)
    alarms.raise_("trunk.telkom", "no answer")
    clock.time += timedelta(minutes=5)
    alarms.raise_("trunk.telkom", "no answer for five minutes", grave=True)
    assert alarms.standing() == (Alarm("trunk.telkom", "no answer for five minutes", MORNING, grave=True),)


def test_a_cleared_alarm_stands_no_more_and_begins_anew_when_it_comes_back() -> None:
    clock = SetClock(MORNING)
    alarms = Alarms(clock)
    alarms.set("clock", "not synchronised")
    alarms.set("clock", None)
    assert alarms.standing() == ()
    clock.time += timedelta(hours=1)
    alarms.set("clock", "not synchronised")
    assert [one.since for one in alarms.standing()] == [clock.time]


def test_the_grave_ones_come_first_and_then_the_oldest() -> None:
    clock = SetClock(MORNING)
    alarms = Alarms(clock)
    for name, grave in (("clock", False), ("trunk.a", True), ("space", False), ("trunk.b", True)):
        clock.time += timedelta(seconds=1)
        alarms.raise_(name, name, grave=grave)
    assert [one.name for one in alarms.standing()] == ["trunk.a", "trunk.b", "clock", "space"]


def test_the_log_says_it_when_it_begins_and_when_it_ends_and_not_between() -> None:
    alarms = Alarms(SetClock(MORNING))
    with capture_logs() as lines:
        alarms.raise_("audit", "1 call without a ticket", grave=True)
        alarms.raise_("audit", "2 calls without a ticket", grave=True)
        alarms.clear("audit")
        alarms.clear("audit")
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("alarm_raised", "error"),
        ("alarm_cleared", "info"),
    ]
