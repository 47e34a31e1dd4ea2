"""One board for all who look at it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway.web.pages.shared_board import SharedBoard


@dataclass
class Room:
    """What has happened so far, and how often somebody drew it."""

    seq: int = 1
    drawn: int = 0

    async def last_seq(self) -> int:
        return self.seq

    async def draw(self) -> str:
        self.drawn += 1
        await asyncio.sleep(0)
        return f"up to {self.seq}"


def shared(room: Room) -> SharedBoard:
    return SharedBoard(room.last_seq, pause_s=0.01)


async def test_fifty_screens_that_heard_the_same_are_one_drawing() -> None:
    room = Room()
    board = shared(room)
    told = await asyncio.gather(*(board.html("id", 1, room.draw) for _ in range(50)))
    assert (set(told), room.drawn) == ({"up to 1"}, 1)


async def test_nobody_is_shown_less_than_was_heard() -> None:
    room = Room()
    board = shared(room)
    for seq in range(1, 6):
        room.seq = seq
        told = await asyncio.gather(*(board.html("id", seq, room.draw) for _ in range(10)))
        assert set(told) == {f"up to {seq}"}
    assert room.drawn == 5


async def test_what_comes_while_it_is_drawn_makes_the_next_drawing() -> None:
    room = Room()
    board = shared(room)

    async def drawn_slowly() -> str:
        before = await room.draw()
        room.seq += 1
        return before

    assert await board.html("id", 1, drawn_slowly) == "up to 1"
    assert await board.html("id", 2, room.draw) == "up to 2"


async def test_each_kind_of_visitor_has_a_board_of_its_own() -> None:
    room = Room()
    board = shared(room)
    await asyncio.gather(board.html("id", 1, room.draw), board.html("en", 1, room.draw))
    assert room.drawn == 2


async def test_a_drawing_that_fails_is_nobodys_board() -> None:
    room = Room()
    board = shared(room)

    async def fails() -> str:
        raise RuntimeError("the store is away")

    told = await asyncio.gather(*(board.html("id", 1, fails) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in told] == [RuntimeError, RuntimeError]
    assert await board.html("id", 1, room.draw) == "up to 1"
