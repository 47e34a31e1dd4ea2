from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ticketing.commands import AddSkpd, ChangeSkpd, RemoveSkpd, SetSkpdPin
from ticketing.errors import SkpdExists, SkpdUnknown
from ticketing.skpd import SHORT_NUMBERS, Line, Skpd

if TYPE_CHECKING:
    from tests.ticketing.room import Told
    from ticketing.desk import TicketDesk
    from ticketing.store import SqliteStore

DAMKAR = Skpd("damkar", "Pemadam Kebakaran", (Line("+6237442113"), Line("113")), ("kebakaran",))
FIRST = replace(DAMKAR, short="11")
HASH = "$argon2id$1"


async def test_an_skpd_is_registered_once_and_no_screen_is_told(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    await desk.handle(AddSkpd(DAMKAR))
    with pytest.raises(SkpdExists):
        await desk.handle(AddSkpd(DAMKAR))
    assert await store.skpds() == (FIRST,)
    assert told.news == []


async def test_a_change_of_the_lines_leaves_the_pin_as_it_is(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(AddSkpd(DAMKAR))
    await desk.handle(SetSkpdPin("damkar", HASH))
    changed = replace(DAMKAR, name="Damkar", lines=(Line("113"),), categories=(), confirm=False)
    for given in (changed, replace(changed, pin_hash="$argon2id$2")):
        await desk.handle(ChangeSkpd(given))
        assert await store.skpd("damkar") == replace(changed, pin_hash=HASH, short="11")


async def test_a_pin_can_be_taken_away(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(AddSkpd(DAMKAR))
    await desk.handle(SetSkpdPin("damkar", HASH))
    assert await store.skpd("damkar") == replace(FIRST, pin_hash=HASH)
    await desk.handle(SetSkpdPin("damkar", None))
    assert await store.skpd("damkar") == FIRST


async def test_a_removed_skpd_comes_back_without_its_old_pin(desk: TicketDesk, store: SqliteStore) -> None:
    await desk.handle(AddSkpd(replace(DAMKAR, pin_hash=HASH)))
    await desk.handle(RemoveSkpd("damkar"))
    assert await store.skpd("damkar") is None
    await desk.handle(AddSkpd(DAMKAR))
    assert await store.skpd("damkar") == FIRST


async def test_each_skpd_has_the_lowest_short_number_that_is_free_and_keeps_it(
    desk: TicketDesk, store: SqliteStore
) -> None:
    for code in ("zeta", "alfa", "beta"):
        await desk.handle(AddSkpd(replace(DAMKAR, code=code)))
    await desk.handle(RemoveSkpd("alfa"))
    await desk.handle(AddSkpd(replace(DAMKAR, code="gamma")))
    await desk.handle(ChangeSkpd(replace(DAMKAR, code="zeta", name="Zeta")))
    assert {one.code: one.short for one in await store.skpds()} == {"zeta": "11", "gamma": "12", "beta": "13"}


async def test_an_skpd_beyond_the_last_short_number_has_none(desk: TicketDesk, store: SqliteStore) -> None:
    for serial in range(len(SHORT_NUMBERS) + 1):
        await desk.handle(AddSkpd(replace(DAMKAR, code=f"s{serial:03}")))
    *others, last = (one.short for one in await store.skpds())
    assert (len(set(others)), others[-1], last) == (89, "99", None)


async def test_nothing_is_done_to_no_skpd(desk: TicketDesk) -> None:
    for command in (ChangeSkpd(DAMKAR), RemoveSkpd("damkar"), SetSkpdPin("damkar", HASH)):
        with pytest.raises(SkpdUnknown, match="there is no SKPD damkar"):
            await desk.handle(command)


def test_a_pins_hash_is_not_shown() -> None:
    assert HASH not in repr(SetSkpdPin("damkar", HASH))
