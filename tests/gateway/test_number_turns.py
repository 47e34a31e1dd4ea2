"""Whose turn it is among the calls of one number, when the one that had its place in line is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.calls.number_turns import NumberTurns
from gateway.doorbell.ami_link import AmiRefused
from tests.gateway.recording_room import room_over, told, until
from tests.ticketing.evidence import HIDDEN, MORNING, answered, arrives, hung_up, interrupted, left
from tests.ticketing.room import SetClock
from ticketing.commands import RecordCalls
from ticketing.desk import TicketDesk
from ticketing.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.doorbell.ami_link import Headers
    from ticketing.model import Call

NUMBER = "6281234500001"


@dataclass
class Switchboard:
    """What Asterisk would say: channels by unique id, their variables, and what it was asked to do."""

    channels: dict[str, dict[str, str]] = field(default_factory=dict)
    queued: set[str] = field(default_factory=set)
    moved: list[tuple[str, str]] = field(default_factory=list)

    def rings(self, call: Call, place: int, *, behind: bool) -> Call:
        name = f"PJSIP/trunk-carrier-{len(self.channels):08x}"
        group = {} if behind else {"GROUP(place)": NUMBER}
        self.channels[call.id] = {"CHANNEL(name)": name, "SIAGA_PLACE": str(place), **group}
        self.queued.add(name)
        return call

    def holders(self) -> list[str]:
        return [call for call, one in self.channels.items() if one.get("GROUP(place)") == NUMBER]

    async def action(self, name: str, /, **headers: str | Sequence[str]) -> Headers:
        asked = {key: str(value) for key, value in headers.items()}
        match name:
            case "Getvar":
                if asked["Channel"] not in self.channels:
                    raise AmiRefused(name, "No such channel")
                if asked["Variable"] == f"GROUP_COUNT({NUMBER}@place)":
                    return {"Value": str(len(self.holders()))}
                return {"Value": self.channels[asked["Channel"]].get(asked["Variable"], "")}
            case "Setvar":
                (of_it,) = [one for one in self.channels.values() if one["CHANNEL(name)"] == asked["Channel"]]
                of_it[asked["Variable"]] = asked["Value"]
            case "QueueChangePriorityCaller":
                assert (asked["Queue"], asked["Immediate"]) == ("112", "yes")
                if asked["Caller"] not in self.queued:
                    raise AmiRefused(name, "Caller not found")
                self.moved.append((asked["Caller"], asked["Priority"]))
        return {}


@dataclass
class Desk:
    """A desk whose news the turns follow."""

    board: Switchboard
    turns: NumberTurns
    desk: TicketDesk

    async def knows(self, *pieces: Call) -> None:
        await self.desk.handle(RecordCalls(pieces))

    async def gone(self, call: Call) -> None:
        self.board.channels.pop(call.id, None)
        await self.knows(hung_up(call, 9))


def desk_over(store: SqliteStore) -> Desk:
    board = Switchboard()
    turns = NumberTurns(board, store)
    return Desk(board, turns, TicketDesk(store, SetClock(MORNING), turns, ZoneInfo("Asia/Makassar")))


async def test_the_oldest_of_those_behind_has_the_place_when_the_first_is_over(tmp_path: Path) -> None:
    async with room_over(SqliteStore, tmp_path) as room:
        it = desk_over(room.store)
        first, *others = [
            it.board.rings(arrives(serial, after=serial), 1000 - serial, behind=serial > 1) for serial in (1, 2, 3)
        ]
        await it.knows(first, others[1], others[0], answered(first, "101", 4))
        await it.turns.look()
        assert it.board.moved == []
        await it.gone(first)
        await it.turns.look()
        assert it.board.holders() == [others[0].id]
        assert it.board.moved == [("PJSIP/trunk-carrier-00000001", "998")]
        assert it.board.channels[others[0].id]["QUEUE_PRIO"] == "998"
        # Once: the others wait for that one's end.
        await it.turns.look()
        assert len(it.board.moved) == 1
        await it.gone(others[0])
        await it.turns.look()
        assert it.board.holders() == [others[1].id]


async def test_while_another_call_of_the_number_talks_nobody_is_moved_up(tmp_path: Path) -> None:
    async with room_over(SqliteStore, tmp_path) as room:
        it = desk_over(room.store)
        first, waits, talks = [
            it.board.rings(arrives(serial, after=serial), 1000, behind=serial > 1) for serial in (1, 2, 3)
        ]
        await it.knows(first, waits, talks, answered(first, "101", 4), answered(talks, "102", 5))
        await it.gone(first)
        await it.turns.look()
        assert (it.board.holders(), it.board.moved) == ([talks.id], [])
        await it.knows(left(talks, "102", 8))
        await it.gone(talks)
        await it.turns.look()
        assert (it.board.holders(), len(it.board.moved)) == ([waits.id], 1)


async def test_a_call_that_is_out_of_the_queue_goes_back_to_its_place_by_itself(tmp_path: Path) -> None:
    async with room_over(SqliteStore, tmp_path) as room:
        it = desk_over(room.store)
        first, told_to_stay = [
            it.board.rings(arrives(serial, after=serial), 1000, behind=serial > 1) for serial in (1, 2)
        ]
        await it.knows(first, told_to_stay)
        it.board.queued.clear()
        await it.gone(first)
        await it.turns.look()
        assert it.board.channels[told_to_stay.id]["QUEUE_PRIO"] == "1000"


async def test_what_has_not_come_that_far_or_is_gone_without_a_word_is_passed_over(tmp_path: Path) -> None:
    async with room_over(SqliteStore, tmp_path) as room:
        it = desk_over(room.store)
        first, gone, early = [
            it.board.rings(arrives(serial, after=serial), 1000, behind=serial > 1) for serial in (1, 2, 3)
        ]
        await it.knows(first, gone, early)
        del it.board.channels[gone.id]
        it.board.channels[early.id]["SIAGA_PLACE"] = ""
        await it.gone(first)
        await it.turns.look()
        assert it.board.moved == []
        it.board.channels[early.id]["SIAGA_PLACE"] = "997"
        await it.turns.look()
        assert it.board.moved == [("PJSIP/trunk-carrier-00000002", "997")]


async def test_hidden_callers_have_nothing_to_do_with_one_another(tmp_path: Path) -> None:
    async with room_over(SqliteStore, tmp_path) as room:
        it = desk_over(room.store)
        one, other = (arrives(serial, after=serial, caller=HIDDEN) for serial in (1, 2))
        await it.knows(one, other, hung_up(one, 5))
        await it.turns.look()
        assert it.board.moved == []


async def test_it_begins_with_the_calls_that_live_and_wakes_up_at_an_end(tmp_path: Path) -> None:
    async with room_over(SqliteStore, tmp_path) as room:
        before = desk_over(room.store)
        calls = [arrives(serial, after=serial) for serial in (1, 2, 3)]
        await before.knows(*calls, answered(calls[0], "101", 4))
        it = desk_over(room.store)
        for serial, call in enumerate(calls):
            it.board.rings(call, 1000 - serial, behind=serial > 0)
        work = asyncio.create_task(it.turns.run())
        try:
            await it.gone(calls[0])
            await until(told(lambda: it.board.holders() == [calls[1].id]))
            del it.board.channels[calls[1].id]
            await it.knows(interrupted(calls[1], 12))
            await until(told(lambda: it.board.holders() == [calls[2].id]))
        finally:
            work.cancel()
