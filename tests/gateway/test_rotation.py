"""How journals are named when they are set aside, and when they may go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from gateway.upkeep.rotation import outlived, rotated
from tests.ticketing.evidence import MORNING

DAY = timedelta(days=1)


def test_a_journal_is_set_aside_by_a_name_that_its_reader_follows_and_the_instant_is_in_it() -> None:
    set_aside = rotated(Path("/journals/queue_log"), MORNING)
    assert set_aside == Path("/journals/queue_log.20261123T010000Z")
    assert set_aside.match("queue_log[.-]*")


def test_journals_that_we_set_aside_go_when_they_are_old_enough_and_other_peoples_never() -> None:
    old, young = (rotated(Path("queue_log"), MORNING - age * DAY) for age in (401, 399))
    others = [Path("queue_log.1"), Path("queue_log-20200101"), Path("queue_log.20200101T000000Z.bak")]
    assert outlived([old, young, *others], MORNING, 400 * DAY) == (old,)
