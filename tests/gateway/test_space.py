"""What gives way as disks fill, in which order, and when it comes back."""

from __future__ import annotations

import pytest

from gateway.site.config import Storage
from gateway.watch.space import MB, Disk, Finding, Measures, Pace, Part, finding, measures

LIMITS = Storage(no_new_recordings_mb=40, no_recordings_mb=30, quiet_logs_mb=20, evidence_mb=10, ballast_mb=4)
NOTHING = Measures()


def disks(mb: float, **of_part: float) -> dict[Part, Disk]:
    return {part: Disk(int(of_part.get(part, mb) * MB)) for part in Part}


def test_recordings_give_way_before_logs_and_logs_before_the_reserve() -> None:
    taken, order = NOTHING, []
    for mb in (50, 39, 29, 19, 9, 0):
        taken = measures(disks(mb), LIMITS, taken)
        order.append((taken.unrecorded, taken.recordings_end, taken.quiet, taken.reserve_given_up))
    assert order == [
        (False, False, False, False),
        (True, False, False, False),
        (True, True, False, False),
        (True, True, True, False),
        (True, True, True, False),
        (True, True, True, True),
    ]


def test_what_gave_way_comes_back_with_a_margin_and_not_on_the_mark() -> None:
    taken = measures(disks(0), LIMITS, NOTHING)
    assert measures(disks(41, journals=0), LIMITS, taken).unrecorded
    assert not measures(disks(51), LIMITS, taken).unrecorded
    assert measures(disks(13), LIMITS, taken).reserve_given_up
    assert not measures(disks(15), LIMITS, taken).reserve_given_up


def test_each_part_gives_way_for_its_own_disk_alone() -> None:
    assert measures(disks(100, journals=9, store=9), LIMITS, NOTHING) == NOTHING
    assert measures(disks(100, recordings=9), LIMITS, NOTHING) == Measures(unrecorded=True, recordings_end=True)


def test_no_reserve_is_given_up_where_none_is_kept() -> None:
    without = LIMITS.model_copy(update={"ballast_mb": 0})
    assert not measures(disks(0), without, NOTHING).reserve_given_up


@pytest.mark.parametrize(
    ("part", "disk", "taken", "said"),
    [
        (Part.JOURNALS, Disk(99 * MB), NOTHING, Finding(None)),
        (
            Part.JOURNALS,
            Disk(9 * MB),
            NOTHING,
            Finding("evidence is at risk: 9 MB left for the journals", grave=True),
        ),
        (
            Part.JOURNALS,
            Disk(4 * MB),
            Measures(reserve_given_up=True),
            Finding("evidence is at risk: 4 MB left for the journals, the reserve is given up", grave=True),
        ),
        (
            Part.STORE,
            Disk(99 * MB, "Read-only file system"),
            NOTHING,
            Finding("evidence is at risk: the store cannot be written: Read-only file system", grave=True),
        ),
        (
            Part.RECORDINGS,
            Disk(35 * MB),
            Measures(unrecorded=True),
            Finding("new calls are not recorded: 35 MB left for recordings", grave=True),
        ),
        (
            Part.RECORDINGS,
            Disk(99 * MB, "Read-only file system"),
            NOTHING,
            Finding("new calls are not recorded: Read-only file system", grave=True),
        ),
        (
            Part.RECORDINGS,
            Disk(25 * MB),
            Measures(unrecorded=True, recordings_end=True),
            Finding("nothing is recorded: 25 MB left for recordings", grave=True),
        ),
        (Part.LOGS, Disk(15 * MB), Measures(quiet=True), Finding("logs keep errors alone: 15 MB left for them")),
        (Part.LOGS, Disk(0), NOTHING, Finding(None)),
    ],
)
def test_what_people_have_to_know_is_said_in_one_line(part: Part, disk: Disk, taken: Measures, said: Finding) -> None:
    assert finding(part, disk, LIMITS, taken, None) == said


@pytest.mark.parametrize(("full_in_s", "said"), [(5 * 3600, "5 h"), (80 * 60, "80 min"), (1, "1 min")])
def test_a_forecast_is_a_warning(full_in_s: float, said: str) -> None:
    text = f"the disk of the journals is full in about {said} at the pace of the last hour"
    assert finding(Part.JOURNALS, Disk(99 * MB), LIMITS, NOTHING, full_in_s) == Finding(text)


def test_a_pace_is_told_of_the_last_hour_once_there_are_ten_minutes_of_it() -> None:
    pace, told = Pace(), []
    for minute in range(121):
        # 1 MB a minute in the first hour, 2 MB in the second.
        free = 1000 - minute - max(minute - 60, 0)
        told.append(pace.full_in_s(minute * 60.0, free * MB))
    assert told[9] is None
    assert told[10] == pytest.approx(990 * 60)
    assert told[120] == pytest.approx(820 / 2 * 60)


def test_a_disk_that_does_not_fill_within_a_day_has_no_forecast() -> None:
    pace = Pace()
    assert pace.full_in_s(0, 1000 * MB) is None
    assert pace.full_in_s(3000, 1000 * MB) is None
    assert pace.full_in_s(3001, 1001 * MB) is None
    assert pace.full_in_s(3002, 999 * MB) is None
