"""The plan of faults follows from its seed."""

from __future__ import annotations

from collections import Counter

from chaos.plan import FILLING, GARBAGE, JOURNALS, Kind, draw


def test_the_same_seed_gives_the_same_plan() -> None:
    assert draw(7, 50) == draw(7, 50)
    assert draw(7, 50) != draw(8, 50)


def test_a_longer_plan_begins_like_a_shorter_one() -> None:
    assert draw(7, 50)[:20] == draw(7, 20)


def test_every_kind_comes_once_before_any_comes_twice() -> None:
    kinds = Counter(fault.kind for fault in draw(3, len(Kind)))
    assert kinds == Counter(Kind)
    assert len(draw(3, 200)) == 200


def test_a_freeze_lasts_one_to_twenty_seconds_and_a_lock_ten() -> None:
    for fault in draw(5, 400):
        if fault.kind in {Kind.FREEZE_GATEWAY, Kind.FREEZE_AGI, Kind.FREEZE_SUPERVISOR}:
            assert 1 <= fault.held_s <= 20
        if fault.kind is Kind.DATABASE_LOCKED:
            assert fault.held_s == 10
        if fault.kind is Kind.BURST:
            assert fault.measure == 200
        assert (fault.target in JOURNALS) == (fault.form in GARBAGE) == (fault.kind is Kind.GARBAGE)
        assert (fault.form in FILLING) == (fault.kind in {Kind.STORE_FULL, Kind.JOURNAL_FULL})


def test_a_short_plan_holds_nothing_longer_than_a_second() -> None:
    assert max(fault.held_s for fault in draw(5, 400, short=True)) == 1
    assert [fault.kind for fault in draw(5, 40, short=True)] == [fault.kind for fault in draw(5, 40)]
