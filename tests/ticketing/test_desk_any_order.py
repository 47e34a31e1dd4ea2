from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.databases import new_store
from tests.ticketing.evidence import MORNING, call_id, joined, pieces_of
from tests.ticketing.room import SetClock, Told
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.timeline import Entry, verify_chain

if TYPE_CHECKING:
    from ticketing.model import Call
    from ticketing.ports import KeptCall, KeptTicket

IDS = [call_id(1), call_id(2)]
evidence = st.lists(st.lists(st.sampled_from(IDS).flatmap(pieces_of), max_size=3), max_size=6)


async def told_to_a_desk(
    commands: list[list[Call]],
) -> tuple[list[KeptCall], list[KeptTicket], list[Entry], list[int]]:
    """Give what a desk keeps and tells of this evidence, and the sum of its tickets' versions after each command."""
    with TemporaryDirectory() as folder:
        store = await new_store(Path(folder) / "siaga112.sqlite3")
        told = Told()
        desk = TicketDesk(store, SetClock(MORNING), told, ZoneInfo("Asia/Makassar"))
        versions: list[int] = []
        for command in commands:
            await desk.handle(RecordCalls(tuple(command)))
            versions.append(sum(kept.ticket.version for kept in await store.tickets()))
        tickets = list(await store.tickets())
        for kept in tickets:
            chain = await store.timeline(kept.ticket.number)
            its_call = await store.call(kept.call.id)
            assert its_call is not None
            assert verify_chain(chain) == its_call.head
        calls = list(await store.calls())
        await store.close()
        return calls, tickets, told.news, versions


@given(evidence)
@settings(max_examples=40, deadline=None)
def test_a_desk_keeps_what_the_evidence_says_and_opens_one_ticket_for_each_answered_call(
    commands: list[list[Call]],
) -> None:
    calls, tickets, news, versions = asyncio.run(told_to_a_desk([*commands, *commands]))
    everything = [piece for command in commands for piece in command]
    known = [joined(*of_one) for of_one in ([one for one in everything if one.id == each] for each in IDS) if of_one]
    assert {kept.call for kept in calls} == {call for call in known if call.reached_the_line}
    answered = {call.id: call.answered.at for call in known if call.answered}
    assert {kept.call.id: kept.ticket.answered_at for kept in tickets} == answered
    assert [kept.ticket.taker for kept in tickets] == [next(iter(kept.call.takers), None) for kept in tickets]
    opened = [entry.call_id for entry in news if entry.type == "ticket_opened"]
    assert sorted(opened) == sorted(answered)
    assert versions == sorted(versions)
    assert [entry.seq for entry in news] == list(range(1, len(news) + 1))
    assert all(entry.body for entry in news if entry.type not in {"call_overflowed", "call_interrupted"})


@given(evidence, st.data())
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_evidence_decides_no_more_than_numbers(
    commands: list[list[Call]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([[piece] for command in commands for piece in command]))
    # Twice, as the giver holds on to what proves no call by itself, and gives it again.
    calls, tickets, _, _ = asyncio.run(told_to_a_desk([*commands, *commands]))
    calls_again, tickets_again, _, _ = asyncio.run(told_to_a_desk([*shuffled, *shuffled]))
    assert {kept.call for kept in calls} == {kept.call for kept in calls_again}

    def facts(kept: KeptTicket) -> tuple[object, ...]:
        return kept.call.id, kept.ticket.answered_at, kept.ticket.taker

    assert sorted(map(facts, tickets)) == sorted(map(facts, tickets_again))
