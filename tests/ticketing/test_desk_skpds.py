from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ticketing.commands import AddSkpd, ChangeSkpd, RemoveSkpd, SetSkpdPin
from ticketing.errors import SkpdExists, SkpdUnknown
from ticketing.skpd import Line, Skpd

if TYPE_CHECKING:
    from tests.ticketing.room import Told
    from ticketing.desk import TicketDesk
    from ticketing.store import SqliteStore

DAMKAR = Skpd("damkar", "Pemadam Kebakaran", (Line("+6237442113"), Line("113")), ("kebakaran",))
HASH = "$argon2id$1"


async def test_an_skpd_is_registered_once_and_no_screen_is_told(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await desk.handle(AddSkpd(DAMKAR))
    with pytest.raises(SkpdExists):
        await desk.handle(AddSkpd(DAMKAR))
    assert await store.skpds() == (DAMKAR,)
    assert told.news == []


async def test_a_change_of_the_lines_leaves_the_pin_as_it_is(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(AddSkpd(DAMKAR))
    await desk.handle(SetSkpdPin("damkar", HASH))
    changed = replace(DAMKAR, name="Damkar", lines=(Line("113"),), categories=(), confirm=False)
    for given in (changed, replace(changed, pin_hash="$argon2id$2")):
        await desk.handle(ChangeSkpd(given))
        assert await store.skpd("damkar") == replace(changed, pin_hash=HASH)


async def test_a_pin_can_be_taken_away(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(AddSkpd(DAMKAR))
    await desk.handle(SetSkpdPin("damkar", HASH))
    assert await store.skpd("damkar") == replace(DAMKAR, pin_hash=HASH)
    await desk.handle(SetSkpdPin("damkar", None))
    assert await store.skpd("damkar") == DAMKAR


async def test_a_removed_skpd_comes_back_without_its_old_pin(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(AddSkpd(replace(DAMKAR, pin_hash=HASH)))
    await desk.handle(RemoveSkpd("damkar"))
    assert await store.skpd("damkar") is None
    await desk.handle(AddSkpd(DAMKAR))
    assert await store.skpd("damkar") == DAMKAR


async def test_nothing_is_done_to_no_skpd(desk: TicketDesk) -> None:
    for command in (ChangeSkpd(DAMKAR), RemoveSkpd("damkar"), SetSkpdPin("damkar", HASH)):
        with pytest.raises(SkpdUnknown, match="there is no SKPD damkar"):
            await desk.handle(command)


def test_a_pins_hash_is_not_shown() -> None:
    assert HASH not in repr(SetSkpdPin("damkar", HASH))
