"""What the desk owes to callers, and how that is settled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.databases import new_store
from tests.ticketing.evidence import (
    HIDDEN,
    MORNING,
    MULYADI,
    answered,
    arrives,
    at,
    call_id,
    hung_up,
    interrupted,
    joined,
)
from tests.ticketing.room import SetClock, Told
from ticketing.callbacks import CallBackOutcome, SettledHow, number_of, owes
from ticketing.commands import LONGEST_TEXT, RecordCalls, TryCallBack
from ticketing.desk import TicketDesk
from ticketing.errors import CallBackOver, CallBackUnknown, GivingUpRefused, ReasonNeeded
from ticketing.model import Call, Role
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from ticketing.model import Caller, CallId
    from ticketing.ports import KeptCallBack
    from ticketing.store import SqliteStore

RATNA = replace(MULYADI, raw="081234500002", e164="+6281234500002")


def abandoned(serial: int, after: float, caller: Caller = MULYADI) -> Call:
    call = arrives(serial, after, caller)
    return joined(call, hung_up(call, after + 20))


def answered_call(serial: int, after: float, caller: Caller = MULYADI) -> Call:
    call = arrives(serial, after, caller)
    return joined(call, answered(call, "101", after + 4))


def turn(
    of: KeptCallBack, outcome: CallBackOutcome, note: str | None = None, role: Role = Role.CALL_TAKER
) -> TryCallBack:
    return TryCallBack(of.call_back.id, outcome, role.value, role, note)


async def owed(store: SqliteStore) -> list[KeptCallBack]:
    items = (await store.call_backs()).items
    assert await store.call_backs_owed() == len(items)
    return list(items)


async def settled(store: SqliteStore) -> list[KeptCallBack]:
    return list((await store.call_backs(settled=True)).items)


def calls_of(kept: list[KeptCallBack]) -> list[list[CallId]]:
    return [[call.id for call in one.calls] for one in kept]


async def test_a_number_is_owed_one_call_back_for_all_its_calls_and_the_oldest_debt_comes_first(
    desk: TicketDesk, store: SqliteStore
) -> None:
    await desk.handle(RecordCalls((abandoned(2, 100, RATNA), abandoned(3, 200), answered_call(9, 50, HIDDEN))))
    await desk.handle(RecordCalls((abandoned(1, 0),)))
    assert calls_of(await owed(store)) == [[call_id(1, 0), call_id(3, 200)], [call_id(2, 100)]]
    assert [one.call_back.since for one in await owed(store)] == [at(0).at, at(100).at]


async def test_callers_without_a_usable_number_are_listed_one_by_one(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0, HIDDEN), abandoned(2, 100, HIDDEN))))
    assert calls_of(await owed(store)) == [[call_id(1, 0)], [call_id(2, 100)]]
    assert [one.call_back.number for one in await owed(store)] == [None, None]


async def test_nothing_is_owed_while_a_call_lives_and_it_is_once_it_was_interrupted(
    desk: TicketDesk, store: SqliteStore
) -> None:
    await desk.handle(RecordCalls((arrives(1), answered_call(2, 10, RATNA))))
    assert await owed(store) == []
    await desk.handle(RecordCalls((interrupted(arrives(1), 60), interrupted(arrives(2, 10), 60))))
    assert calls_of(await owed(store)) == [[call_id(1)], [call_id(2, 10)]]


async def test_a_call_that_turns_out_to_have_been_answered_owes_nothing(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0), abandoned(2, 100))))
    await desk.handle(RecordCalls((answered(arrives(1), "101", 4),)))
    (left,) = await owed(store)
    assert ([call.id for call in left.calls], left.call_back.since) == ([call_id(2, 100)], at(100).at)
    await desk.handle(RecordCalls((answered(arrives(2, 100), "101", 104),)))
    assert (await owed(store), await settled(store)) == ([], [])


async def test_what_was_settled_is_not_unsettled_by_late_evidence(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0),)))
    await desk.handle(turn((await owed(store))[0], CallBackOutcome.REACHED))
    before = await settled(store)
    await desk.handle(RecordCalls((answered(arrives(1), "101", 4),)))
    assert [one.call_back for one in await settled(store)] == [one.call_back for one in before]


async def test_every_attempt_is_kept_and_told_on_the_timeline_of_each_owing_call(
    desk: TicketDesk, store: SqliteStore, clock: SetClock, told: Told
) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0), abandoned(2, 100))))
    (one,) = await owed(store)
    clock.time = at(300).at
    await desk.handle(turn(one, CallBackOutcome.NO_ANSWER, "tiga kali"))
    (one,) = await owed(store)
    assert [(each.at, each.by, each.outcome, each.note) for each in one.call_back.attempts] == [
        (at(300).at, "call_taker", "no_answer", "tiga kali")
    ]
    clock.time = at(400).at
    await desk.handle(turn(one, CallBackOutcome.REACHED))
    news = [(entry.call_id, entry.type) for entry in told.news[-4:]]
    assert news == [
        (call, type_) for call in (call_id(1), call_id(2, 100)) for type_ in ("call_back_tried", "call_back_settled")
    ]
    assert told.news[-1].body == {
        "call_back": str(one.call_back.id),
        "how": "reached",
        "by": "call_taker",
        "note": None,
        "settling_call": None,
    }
    for call in one.calls:
        timeline = await store.call_timeline(call.id)
        kept = await store.call(call.id)
        assert kept
        assert verify_chain(timeline) == kept.head
        assert [entry.type for entry in timeline[-3:]] == ["call_back_tried", "call_back_tried", "call_back_settled"]


async def test_who_calls_again_and_is_answered_is_owed_nothing(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0), abandoned(2, 50, RATNA))))
    await desk.handle(RecordCalls((arrives(3, 100),)))
    assert len(await owed(store)) == 2
    await desk.handle(RecordCalls((answered(arrives(3, 100), "101", 104),)))
    assert calls_of(await owed(store)) == [[call_id(2, 50)]]
    (one,) = await settled(store)
    assert one.call_back.settlement
    assert (one.call_back.settlement.how, one.call_back.settlement.call_id) == (
        SettledHow.CALLED_AGAIN,
        call_id(3, 100),
    )
    assert (told.news[-1].type, told.news[-1].call_id, told.news[-1].at) == (
        "call_back_settled",
        call_id(1),
        at(104).at,
    )


async def test_who_called_again_is_owed_nothing_although_the_first_call_is_learned_of_last(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await desk.handle(RecordCalls((answered_call(3, 100),)))
    for earlier in (abandoned(1, 0), abandoned(2, 50)):
        await desk.handle(RecordCalls((earlier,)))
        assert (told.news[-1].type, told.news[-1].call_id) == ("call_back_settled", earlier.id)
    assert await owed(store) == []
    assert calls_of(await settled(store)) == [[call_id(1), call_id(2, 50)]]


async def test_an_answer_settles_nothing_of_calls_that_came_after_it(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0), arrives(2, 100), abandoned(3, 110))))
    (both,) = await owed(store)
    await desk.handle(RecordCalls((answered(arrives(2, 100), "101", 140),)))
    (left,) = await owed(store)
    assert (left.call_back.id, left.call_back.since) == (both.call_back.id, at(110).at)
    assert calls_of([left]) == [[call_id(3, 110)]]
    assert calls_of(await settled(store)) == [[call_id(1)]]


async def test_an_answered_call_that_is_cut_is_owed_a_call_back_though_it_settled_the_one_before(
    desk: TicketDesk, store: SqliteStore
) -> None:
    again = joined(answered_call(2, 100), interrupted(arrives(2, 100), 150))
    await desk.handle(RecordCalls((abandoned(1, 0), again)))
    assert (calls_of(await owed(store)), calls_of(await settled(store))) == ([[again.id]], [[call_id(1)]])


async def test_a_call_learned_of_after_its_caller_was_reached_was_called_back(
    desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    await desk.handle(RecordCalls((abandoned(2, 100),)))
    clock.time = at(300).at
    await desk.handle(turn((await owed(store))[0], CallBackOutcome.REACHED))
    await desk.handle(RecordCalls((abandoned(1, 0), abandoned(3, 400))))
    assert calls_of(await settled(store)) == [[call_id(1), call_id(2, 100)]]
    assert calls_of(await owed(store)) == [[call_id(3, 400)]]


async def test_a_caller_who_becomes_better_known_is_owed_under_the_better_number(
    desk: TicketDesk, store: SqliteStore
) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0, HIDDEN), abandoned(2, 50, RATNA))))
    await desk.handle(RecordCalls((Call(call_id(1), caller=RATNA, identified=True),)))
    assert calls_of(await owed(store)) == [[call_id(1), call_id(2, 50)]]
    await desk.handle(RecordCalls((Call(call_id(2, 50), caller=HIDDEN, identified=True),)))
    assert [one.call_back.number for one in await owed(store)] == [RATNA.e164, None]


async def test_only_a_supervisor_gives_up_and_only_with_a_reason(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0, HIDDEN),)))
    (one,) = await owed(store)
    for role in set(Role) - {Role.SUPERVISOR}:
        with pytest.raises(GivingUpRefused, match=f"not given up by {role}"):
            await desk.handle(turn(one, CallBackOutcome.GIVEN_UP, "tanpa nomor", role))
    with pytest.raises(ReasonNeeded):
        await desk.handle(turn(one, CallBackOutcome.GIVEN_UP, None, Role.SUPERVISOR))
    assert await owed(store) == [one]
    news = await desk.handle(turn(one, CallBackOutcome.GIVEN_UP, "tanpa nomor", Role.SUPERVISOR))
    assert [(entry.type, entry.body["how"], entry.body["note"]) for entry in news] == [
        ("call_back_settled", "given_up", "tanpa nomor")
    ]
    assert await owed(store) == []


async def test_a_settled_call_back_takes_no_more_attempts_and_an_unknown_one_none(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0),)))
    (one,) = await owed(store)
    await desk.handle(turn(one, CallBackOutcome.REACHED))
    before = list(told.news)
    with pytest.raises(CallBackOver):
        await desk.handle(turn(one, CallBackOutcome.BUSY))
    with pytest.raises(CallBackUnknown):
        await desk.handle(TryCallBack(999, CallBackOutcome.BUSY, "siti", Role.CALL_TAKER))
    assert told.news == before


async def test_who_calls_in_vain_after_all_was_settled_is_owed_a_new_call_back(
    desk: TicketDesk, store: SqliteStore
) -> None:
    await desk.handle(RecordCalls((abandoned(1, 0), answered_call(2, 100))))
    await desk.handle(RecordCalls((abandoned(3, 200),)))
    (new,), (old,) = await owed(store), await settled(store)
    assert new.call_back.id != old.call_back.id
    assert await store.call_back(old.call_back.id) == old
    assert await store.call_back(999) is None


def test_a_note_has_bounds() -> None:
    with pytest.raises(ValueError, match="note is longer"):
        TryCallBack(1, CallBackOutcome.BUSY, "siti", Role.CALL_TAKER, "x" * (LONGEST_TEXT + 1))


# ---- whatever the order ----------------------------------------------------------------------------------------------

ENDS = ("abandoned", "overflow", "interrupted", "cut", "answered", "late", "talking", "waiting")


def told_of(serial: int, caller: Caller, end: str) -> list[Call]:
    """The pieces that make one call known; a second lies between any two calls."""
    call, after = arrives(serial, serial * 10, caller), serial * 10
    tail = {
        "abandoned": [hung_up(call, after + 3)],
        "overflow": [Call(call.id, overflowed_at=at(after + 2).at), hung_up(call, after + 3)],
        "interrupted": [interrupted(call, after + 3)],
        "cut": [answered(call, "101", after + 2), interrupted(call, after + 60)],
        "answered": [answered(call, "101", after + 2), hung_up(call, after + 60)],
        "late": [hung_up(call, after + 60), answered(call, "101", after + 2)],
        "talking": [answered(call, "101", after + 2)],
        "waiting": [],
    }
    return [call, *tail[end]]


stories = st.lists(st.tuples(st.sampled_from([MULYADI, RATNA, HIDDEN]), st.sampled_from(ENDS)), min_size=1, max_size=6)


async def told_to_a_desk(pieces: list[Call]) -> tuple[list[KeptCallBack], list[KeptCallBack]]:
    with TemporaryDirectory() as folder:
        store = await new_store(Path(folder) / "siaga112.sqlite3")
        desk = TicketDesk(store, SetClock(MORNING), Told(), ZoneInfo("Asia/Makassar"))
        for piece in pieces:
            await desk.handle(RecordCalls((piece,)))
        found = await owed(store), await settled(store)
        await store.close()
        return found


@given(stories, st.data())
@settings(max_examples=40, deadline=None)
def test_what_is_owed_follows_from_the_calls_whatever_is_learned_first(
    told: list[tuple[Caller, str]], data: st.DataObject
) -> None:
    pieces = [piece for serial, (caller, end) in enumerate(told) for piece in told_of(serial, caller, end)]
    known = [joined(*told_of(serial, caller, end)) for serial, (caller, end) in enumerate(told)]
    # Twice, as the giver holds on to what proves no call by itself, and gives it again.
    order = data.draw(st.permutations(pieces))
    still, paid = asyncio.run(told_to_a_desk([*order, *order]))

    def called_again(call: Call) -> bool:
        later = known[known.index(call) + 1 :]
        return number_of(call) is not None and any(one.answered and number_of(one) == number_of(call) for one in later)

    owing = [call for call in known if owes(call)]
    expected: dict[object, list[CallId]] = {}
    for call in owing:
        if not called_again(call):
            expected.setdefault(number_of(call) or call.id, []).append(call.id)
    assert calls_of(still) == list(expected.values())
    assert {call.id for one in paid for call in one.calls} >= {call.id for call in owing if called_again(call)}
    assert all(one.call_back.since == one.calls[0].arrival.at for one in still)
