from __future__ import annotations

import asyncio
import json

from gateway.feed import LONGEST_BACKLOG, Feed
from tests.ticketing.evidence import MORNING, call_id
from tests.ticketing.room import Told
from ticketing.timeline import Entry


def entry(seq: int) -> Entry:
    return Entry(call_id(), 1, "call_arrived", MORNING, MORNING, {"trunk": "é\u2028"}, "0", "1", "112-1", seq)


async def test_everybody_who_listens_hears_everything_in_order() -> None:
    told = Told()
    feed = Feed((told,))
    with feed.subscribed() as one, feed.subscribed() as other:
        feed.publish([entry(1), entry(2)])
        feed.publish([entry(3)])
        assert [seq for seq, _ in one.take()] == [seq for seq, _ in other.take()] == [1, 2, 3]
    assert [news.seq for news in told.news] == [1, 2, 3]


async def test_a_message_is_one_line_of_ascii_json() -> None:
    feed = Feed()
    with feed.subscribed() as one:
        feed.publish([entry(7)])
        ((_, text),) = one.take()
    assert text.isascii()
    assert json.loads(text) == {
        "seq": 7,
        "type": "call_arrived",
        "at": "2026-11-23T01:00:00.000000Z",
        "call_id": call_id(),
        "ticket": "112-1",
        "body": {"trunk": "é\u2028"},
    }


async def test_waiting_ends_with_the_first_news() -> None:
    feed = Feed()
    with feed.subscribed() as one:
        waiting = asyncio.create_task(one.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        feed.publish([entry(1)])
        await waiting


async def test_who_falls_too_far_behind_is_cut_off_and_costs_no_memory() -> None:
    feed = Feed()
    with feed.subscribed() as slow, feed.subscribed() as quick:
        for seq in range(1, LONGEST_BACKLOG + 1):
            feed.publish([entry(seq)])
            quick.take()
        assert not slow.overrun.is_set()
        feed.publish([entry(LONGEST_BACKLOG + 1)])
        assert slow.overrun.is_set()
        assert slow.take() == ()
        feed.publish([entry(LONGEST_BACKLOG + 2)])
        assert slow.take() == ()
        assert len(quick.take()) == 2
        assert not quick.overrun.is_set()


async def test_who_went_away_is_forgotten() -> None:
    feed = Feed()
    with feed.subscribed() as gone:
        assert len(feed) == 1
    feed.publish([entry(1)])
    assert (len(feed), gone.take()) == (0, ())
