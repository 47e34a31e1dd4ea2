"""The doorbell may ring early, late, twice, out of order or not at all: calls and tickets are those of the ledger."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.facts import call_facts
from gateway.facts.call_facts import is_of_call
from gateway.facts.call_tracker import CallTracker
from tests.databases import new_store
from tests.gateway import transcripts
from tests.ticketing.evidence import MORNING
from tests.ticketing.room import SetClock, Told
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.model import CallerIdStyle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from gateway.facts.call_facts import CallFact, Fact
    from ticketing.model import Call, CallId

Tickets = dict["CallId", tuple["datetime", str | None]]


def _of_calls(facts: Iterable[Fact | None]) -> list[CallFact]:
    return list(filter(is_of_call, facts))


DOORBELL = _of_calls(call_facts.from_ami(event) for story in transcripts.STORIES for event in transcripts.ami(story))
QUEUE_LOG = _of_calls(
    call_facts.from_queue_log(line) for story in transcripts.STORIES for line in transcripts.queue_log(story)
)
CEL = _of_calls(call_facts.from_cel(line) for story in transcripts.STORIES for line in transcripts.cel(story))


async def _told(batches: Sequence[Sequence[CallFact]]) -> tuple[dict[CallId, Call], Tickets]:
    """What a desk keeps when it is told these batches."""
    with TemporaryDirectory() as folder:
        store = await new_store(Path(folder) / "siaga112.sqlite3")
        desk = TicketDesk(store, SetClock(MORNING), Told(), ZoneInfo("Asia/Makassar"))
        tracker = CallTracker(lambda _trunk: CallerIdStyle.AUTO)
        for batch in batches:
            await desk.handle(RecordCalls(tracker.learn(batch)))
        calls = {kept.call.id: kept.call for kept in await store.calls()}
        kept = await store.tickets()
        await store.close()
    tickets = {one.ticket.call_id: (one.ticket.answered_at, one.ticket.taker) for one in kept}
    assert len(tickets) == len(kept), "a call with two tickets"
    return calls, tickets


@cache
def of_the_ledger_alone() -> tuple[dict[CallId, Call], Tickets]:
    return asyncio.run(_told([QUEUE_LOG, CEL]))


def test_the_ledger_alone_has_every_story() -> None:
    calls, tickets = of_the_ledger_alone()
    assert len(calls) == 5
    assert len(tickets) == 3


@st.composite
def as_it_may_come(draw: st.DrawFn) -> list[list[CallFact]]:
    """Both journals, each in its order and now and then read again from before; the doorbell as it likes."""
    rung = draw(st.lists(st.sampled_from(DOORBELL), max_size=2 * len(DOORBELL)))
    heads = [list(QUEUE_LOG), list(CEL)]
    told: list[CallFact] = []
    while any(heads):
        journal = draw(st.sampled_from([head for head in heads if head]))
        count = draw(st.integers(1, len(journal)))
        told += journal[:count]
        # A gateway that dies between two commits reads some lines again.
        del journal[: draw(st.integers(1, count))]
    for fact in rung:
        told.insert(draw(st.integers(0, len(told))), fact)
    cuts = sorted(draw(st.lists(st.integers(0, len(told)), max_size=6)))
    return [told[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(told)], strict=True)]


@given(as_it_may_come())
@settings(max_examples=25, deadline=None)
def test_however_the_doorbell_rings_calls_and_tickets_are_those_of_the_ledger(told: list[list[CallFact]]) -> None:
    assert asyncio.run(_told(told)) == of_the_ledger_alone()
