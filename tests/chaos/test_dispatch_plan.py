"""Which dispatches are played, and when the gateway dies in each, follows from the seed."""

from __future__ import annotations

from collections import Counter

from chaos.dispatch_plan import RING_S, STORIES, Answer, Moment, draw


def test_the_same_seed_gives_the_same_rounds_and_a_longer_run_begins_like_a_shorter_one() -> None:
    assert draw(7, 50)[:20] == draw(7, 20)
    assert draw(7, 50) != draw(8, 50)


def test_the_gateway_dies_in_each_moment_once_before_any_comes_twice() -> None:
    assert Counter(one.moment for one in draw(3, len(Moment))) == Counter(Moment)


def test_it_dies_in_a_moment_that_the_story_has_and_within_it() -> None:
    rounds = draw(5, 400)
    assert {one.story for one in rounds} == set(STORIES)
    for one in rounds:
        assert one.moment in one.story.moments
        assert 0 <= one.after_s <= {Moment.ANNOUNCED: one.thinks_s, Moment.JOINED: one.talks_s}.get(one.moment, RING_S)


def test_no_number_and_no_skpd_is_of_two_dispatches() -> None:
    rounds = draw(5, 2000)
    pairs = [(one, index) for one in rounds for index in range(len(one.story.skpds))]
    numbers = [number for one, index in pairs for number, _ in one.lines(index)]
    assert len(set(numbers)) == len(numbers)
    assert len({one.skpd(index) for one, index in pairs}) == len(pairs)
    assert len({one.caller for one in rounds}) == len(rounds)


def test_lines_behind_the_one_that_accepts_are_there_to_be_left_alone() -> None:
    assert any(
        lines.index(Answer.ACCEPTS) < len(lines) - 1
        for story in STORIES
        for lines in story.skpds
        if Answer.ACCEPTS in lines
    )
