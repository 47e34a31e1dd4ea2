"""What every store keeps its word on about SKPDs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.errors import SkpdExists, SkpdUnknown
from ticketing.skpd import Hours, Line, Skpd, Weekday
from ticketing.store.migrate import prepare
from ticketing.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ticketing.ports import Transaction
    from ticketing.store import SqliteStore

OFFICE = Hours(time(7, 30), time(16), frozenset(Weekday) - {Weekday.SAT, Weekday.SUN})
DAMKAR = Skpd(
    "damkar",
    "Satpol PP & Pemadam Kebakaran",
    (Line("+6237442113", 30, OFFICE), Line("+6281234500113"), Line("113", 120, Hours(time(22), time(6)))),
    ("kebakaran", "evakuasi-hewan"),
    confirm=False,
    pin_hash="$argon2id$…",
)
PSC = Skpd("psc119", "PSC 119", (Line("119"),))


def added(*skpds: Skpd) -> Callable[[Transaction], None]:
    def work(transaction: Transaction) -> None:
        for skpd in skpds:
            transaction.add_skpd(skpd)

    return work


async def test_skpds_come_back_as_they_were_kept_by_code(store: SqliteStore) -> None:
    await store.transact(added(PSC, DAMKAR))
    assert await store.skpds() == (DAMKAR, PSC)
    assert [await store.skpd(code) for code in ("damkar", "psc119", "bpbd", "' OR 1=1")] == [DAMKAR, PSC, None, None]
    assert await store.transact(lambda transaction: transaction.skpd("damkar")) == DAMKAR


async def test_a_code_is_given_once(store: SqliteStore) -> None:
    await store.transact(added(DAMKAR))
    with pytest.raises(SkpdExists, match="there is an SKPD damkar already"):
        await store.transact(added(PSC, replace(DAMKAR, name="Damkar")))
    assert await store.skpds() == (DAMKAR,)


async def test_an_skpd_is_changed_and_no_other(store: SqliteStore) -> None:
    changed = Skpd("damkar", "Damkar", (Line("110"),))
    await store.transact(added(DAMKAR, PSC))
    await store.transact(lambda transaction: transaction.change_skpd(changed))
    assert await store.skpds() == (changed, PSC)


async def test_a_removed_skpd_is_asked_no_more_and_keeps_its_name(store: SqliteStore) -> None:
    await store.transact(added(DAMKAR, PSC))
    await store.transact(lambda transaction: transaction.remove_skpd("damkar"))
    assert await store.skpds() == (PSC,)
    assert await store.skpd("damkar") is None
    assert await store.skpd_names() == {"damkar": DAMKAR.name, "psc119": PSC.name}


async def test_a_removed_code_comes_back_as_it_is_added(store: SqliteStore) -> None:
    again = Skpd("damkar", "Dinas Pemadam Kebakaran", (Line("113"),))
    await store.transact(added(DAMKAR))
    await store.transact(lambda transaction: transaction.remove_skpd("damkar"))
    await store.transact(added(again))
    assert await store.skpds() == (again,)
    with pytest.raises(SkpdExists):
        await store.transact(added(again))


@pytest.mark.parametrize("removed", [False, True])
async def test_nothing_is_done_to_an_skpd_that_is_not_there(store: SqliteStore, removed: bool) -> None:  # noqa: FBT001
    if removed:
        await store.transact(added(DAMKAR))
        await store.transact(lambda transaction: transaction.remove_skpd("damkar"))

    def read(transaction: Transaction) -> object:
        return transaction.skpd("damkar")

    def change(transaction: Transaction) -> None:
        transaction.change_skpd(DAMKAR)

    def remove(transaction: Transaction) -> None:
        transaction.remove_skpd("damkar")

    for work in (read, change, remove):
        with pytest.raises(SkpdUnknown, match="there is no SKPD damkar"):
            await store.transact(work)
    assert await store.skpds() == ()


minutes = st.times().map(lambda one: one.replace(second=0, microsecond=0))
hours = st.builds(Hours, minutes, minutes, st.frozensets(st.sampled_from(Weekday), min_size=1))
lines = st.builds(Line, st.sampled_from(["110", "119", "+6237442112"]), st.integers(5, 120), st.none() | hours)
skpds = st.builds(
    Skpd,
    st.sampled_from(["damkar", "psc119"]),
    st.text(min_size=1, max_size=8).filter(lambda text: bool(text.strip()) and text.isprintable()),
    st.lists(lines, max_size=3, unique_by=lambda line: line.number).map(tuple),
    st.lists(st.sampled_from(["kebakaran", "banjir", "SAR_laut"]), unique=True).map(tuple),
    st.booleans(),
    st.none() | st.text(max_size=4).map(lambda text: f"$argon2id${text.encode().hex()}"),
)


@pytest.fixture(scope="module")
def transaction(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlTransaction]:
    file = tmp_path_factory.mktemp("store") / "siaga112.sqlite3"
    prepare(file, checked=False)
    with closing(sqlite3.connect(file)) as connection:
        transaction = SqlTransaction(connection)
        added(DAMKAR, PSC)(transaction)
        yield transaction


@given(skpd=skpds)
def test_every_skpd_comes_back_exactly(transaction: SqlTransaction, skpd: Skpd) -> None:
    transaction.change_skpd(skpd)
    assert transaction.skpd(skpd.code) == skpd
