"""What every store keeps its word on about premise notes and the history of a number and of an area."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from tests.ticketing.evidence import HIDDEN, MORNING, MULYADI, answered, arrives, at, hung_up, joined
from ticketing.errors import BadCursor, PremiseNoteUnknown
from ticketing.model import CallerKind, CallType, Location, Ticket, TicketStatus
from ticketing.ports import (
    MOST_COUNTED,
    MOST_NOTES_TOLD,
    MOST_REMEMBERED,
    KeptCall,
    KeptTicket,
    NumberHistory,
    PastCall,
)
from ticketing.premise import KINDS_IN_ORDER, PremiseKind, PremiseNote, Premises, PremiseState
from ticketing.store.cursors import Place, written
from ticketing.store.histories import counted, in_hand, last_calls, tickets_around
from ticketing.store.migrate import prepare
from ticketing.store.premise_notes import notes_at
from ticketing.store.transaction import SqlTransaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ticketing.model import Call, Caller
    from ticketing.ports import Transaction
    from ticketing.store import SqliteStore

TODAY = date(2026, 11, 23)
NUMBER = str(MULYADI.e164)
OTHER = replace(MULYADI, raw="082277774711", e164="+6282277774711")
KELURAHAN, KECAMATAN, KOTA = "52.72.01.1001", "52.72.01", "52.72"
HOUSE = Premises(area=KELURAHAN, address="Gang Mawar 12")
DOG = PremiseNote(HOUSE, PremiseKind.HAZARD, "Anjing galak", date(2027, 11, 23), MORNING, "dewi", MORNING, "dewi")
ASTHMA = replace(DOG, premises=Premises(NUMBER), kind=PremiseKind.MEDICAL, text="Asma berat")


def an_answered(serial: int, caller: Caller = MULYADI, **ticket: Any) -> tuple[Call, Ticket]:  # noqa: ANN401
    """A call an hour after the one before, and its ticket."""
    call = arrives(serial, 3600 * serial, caller)
    call = joined(call, answered(call, "101", 3600 * serial + 4), hung_up(call, 3600 * serial + 60))
    opened = at(3600 * serial + 4).at
    place = Location(area_code=ticket.pop("area", None))
    number = f"112-20261123-{serial:04d}"
    return call, Ticket(number, call.id, opened, opened, "101", location=place, **ticket)


def abandoned(serial: int, caller: Caller = MULYADI) -> Call:
    call = arrives(serial, 3600 * serial, caller)
    return joined(call, hung_up(call, 3600 * serial + 20))


def kept(calls: Sequence[Call] = (), with_tickets: Sequence[tuple[Call, Ticket]] = ()) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        tx.keep_calls([*map(KeptCall, calls), *(KeptCall(call, ticket.number) for call, ticket in with_tickets)])
        tx.open_tickets([ticket for _, ticket in with_tickets])

    return work


def noted(*notes: PremiseNote) -> Callable[[Transaction], tuple[PremiseNote, ...]]:
    return lambda tx: tuple(map(tx.keep_premise_note, notes))


# ---- premise notes


async def test_a_note_comes_back_with_all_its_versions(store: SqliteStore) -> None:
    dog, asthma = await store.transact(noted(DOG, ASTHMA))
    assert (dog, asthma) == (replace(DOG, id=1), replace(ASTHMA, id=2))
    second = replace(dog, text="Dua anjing", version=2, changed_by="rini")
    assert await store.transact(noted(second)) == (second,)
    assert await store.premise_note(dog.id) == (dog, second)
    assert await store.transact(lambda tx: tx.premise_note(dog.id)) == second
    assert await store.premise_note(asthma.id) == (asthma,)
    assert await store.premise_note(3) == ()
    with pytest.raises(PremiseNoteUnknown, match="there is no premise note 3"):
        await store.transact(lambda tx: tx.premise_note(3))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE premise_notes SET text = 'x'",
        "DELETE FROM premise_notes",
        "INSERT OR REPLACE INTO premise_notes SELECT * FROM premise_notes",
    ],
)
async def test_no_version_of_a_note_is_ever_changed_or_taken_away(
    store: SqliteStore, database: Path, statement: str
) -> None:
    (dog,) = await store.transact(noted(DOG))
    with closing(sqlite3.connect(database)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert await store.premise_note(dog.id) == (dog,)


async def test_a_note_is_found_at_its_number_and_around_its_area(store: SqliteStore) -> None:
    dog, asthma, tower = await store.transact(
        noted(DOG, ASTHMA, replace(DOG, premises=Premises(area=KECAMATAN, address="Menara pasar")))
    )
    asked = {
        (NUMBER, None): [asthma],
        (NUMBER, KELURAHAN): [tower, dog, asthma],
        (None, KECAMATAN): [tower, dog],
        (None, KOTA): [tower, dog],
        (None, "52.72.01.1002"): [tower],
        (None, "52.72.02"): [],
        (None, "52.72.011"): [],
        (OTHER.e164, None): [],
        (None, None): [],
    }
    for (number, area), notes in asked.items():
        assert list(await store.premise_notes_at(number, area, TODAY)) == notes, (number, area)


async def test_a_note_is_told_as_its_last_version_and_only_while_it_is_in_force(store: SqliteStore) -> None:
    dog, asthma, _ = await store.transact(noted(DOG, ASTHMA, replace(ASTHMA, expires_on=TODAY - timedelta(days=1))))
    changed = replace(dog, premises=replace(HOUSE, address="Gang Mawar 21"), version=2)
    await store.transact(noted(changed, replace(asthma, withdrawn=True, version=2)))
    assert await store.premise_notes_at(NUMBER, KELURAHAN, TODAY) == (changed,)
    assert await store.premise_notes_at(NUMBER, KELURAHAN, DOG.expires_on) == (changed,)
    assert await store.premise_notes_at(NUMBER, KELURAHAN, DOG.expires_on + timedelta(days=1)) == ()


async def test_what_can_hurt_is_told_first_and_no_more_than_can_be_read(store: SqliteStore) -> None:
    kinds = [*reversed(KINDS_IN_ORDER), *[PremiseKind.OTHER] * MOST_NOTES_TOLD]
    await store.transact(noted(*(replace(ASTHMA, kind=kind) for kind in kinds)))
    told = await store.premise_notes_at(NUMBER, None, TODAY)
    assert [note.kind for note in told[:4]] == list(KINDS_IN_ORDER)
    assert len(told) == MOST_NOTES_TOLD


async def test_notes_are_listed_by_how_they_stand_in_pages(store: SqliteStore) -> None:
    expired = replace(DOG, expires_on=TODAY - timedelta(days=1))
    notes = await store.transact(noted(*[DOG] * 5, *[expired] * 2))
    ended = replace(notes[2], withdrawn=True, version=2)
    await store.transact(noted(ended))
    seen: list[PremiseNote] = []
    cursor = None
    while True:
        page = await store.premise_notes(PremiseState.IN_FORCE, TODAY, cursor=cursor, limit=2)
        assert len(page.items) <= 2
        seen += page.items
        cursor = page.next
        if cursor is None:
            break
    assert seen == [notes[4], notes[3], notes[1], notes[0]]
    assert (await store.premise_notes(PremiseState.EXPIRED, TODAY)).items == (notes[6], notes[5])
    assert (await store.premise_notes(PremiseState.WITHDRAWN, TODAY)).items == (ended,)


@pytest.mark.parametrize("cursor", ["nonsense", written("p", Place(1, "a")), written("t", Place(1))])
async def test_a_cursor_that_no_list_of_notes_gave_is_refused(store: SqliteStore, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await store.premise_notes(PremiseState.IN_FORCE, TODAY, cursor=cursor)


texts = st.text(min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
instants = st.integers(0, 10**9).map(lambda us: MORNING + timedelta(microseconds=us))
premises = st.just(Premises(NUMBER)) | st.builds(
    lambda area, address: Premises(area=area, address=address), st.sampled_from([KOTA, KELURAHAN]), texts
)
notes = st.builds(
    PremiseNote,
    premises,
    st.sampled_from(PremiseKind),
    texts,
    st.dates(),
    instants,
    texts,
    instants,
    texts,
    st.integers(1, 2**31),
    st.booleans(),
    st.none() | texts,
)


@pytest.fixture(scope="module")
def transaction(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlTransaction]:
    file = tmp_path_factory.mktemp("store") / "siaga112.sqlite3"
    prepare(file, checked=False)
    with closing(sqlite3.connect(file)) as connection:
        yield SqlTransaction(connection)


@given(note=notes)
def test_every_note_comes_back_exactly(transaction: SqlTransaction, note: PremiseNote) -> None:
    kept_note = transaction.keep_premise_note(note)
    assert transaction.premise_note(kept_note.id) == kept_note == replace(note, id=kept_note.id)


# ---- which tickets a note concerns


async def test_a_note_concerns_the_tickets_not_closed_of_its_number_and_around_its_area(store: SqliteStore) -> None:
    tickets = [
        an_answered(1, area=KELURAHAN),
        an_answered(2, area=KECAMATAN, status=TicketStatus.ON_PROGRESS),
        an_answered(3, area=KELURAHAN, status=TicketStatus.CLOSED),
        an_answered(4, OTHER, area="52.72.02.1001"),
        an_answered(5, HIDDEN),
        an_answered(6, replace(MULYADI, kind=CallerKind.UNKNOWN)),
    ]
    await store.transact(kept(with_tickets=tickets))
    asked = {
        Premises(NUMBER): [2, 1],
        Premises(OTHER.e164): [4],
        HOUSE: [2, 1],
        Premises(area="52.72.01.1002", address="x"): [2],
        Premises(area=KOTA, address="x"): [4, 2, 1],
        Premises(area="52.72.02", address="x"): [4],
        Premises(area="52", address="x"): [4, 2, 1],
    }
    for one, serials in asked.items():
        found = await store.transact(lambda tx, one=one: tx.calls_in_hand_at(one, 9))  # type: ignore[misc]
        assert found == tuple(tickets[serial - 1][0].id for serial in serials), one
    assert len(await store.transact(lambda tx: tx.calls_in_hand_at(HOUSE, 1))) == 1


# ---- the history of a number


async def test_a_number_has_its_last_calls_with_their_tickets_the_latest_first(store: SqliteStore) -> None:
    first, second = an_answered(1, status=TicketStatus.CLOSED), an_answered(2)
    missed, now, others = abandoned(3), an_answered(4), an_answered(5, OTHER)
    await store.transact(kept([missed], [first, second, now, others]))
    history = await store.number_history(NUMBER, now[0].id)
    assert history.calls == (PastCall(missed, None), PastCall(*second), PastCall(*first))
    assert history.in_hand == (KeptTicket(second[1], second[0]),)
    assert (history.by_type, history.without_ticket) == ({CallType.EMERGENCY: 2}, 1)
    assert (history.counted, history.more) == (3, False)


async def test_calls_are_counted_by_what_they_turned_out_to_be(store: SqliteStore) -> None:
    kinds = (CallType.PRANK, CallType.GHOST, CallType.PRANK, CallType.EMERGENCY)
    tickets = [an_answered(serial, call_type=kind) for serial, kind in enumerate(kinds)]
    await store.transact(kept([abandoned(8)], tickets))
    history = await store.number_history(NUMBER, abandoned(9).id)
    assert history.by_type == {CallType.PRANK: 2, CallType.GHOST: 1, CallType.EMERGENCY: 1}
    assert history.without_ticket == 1


@pytest.mark.parametrize("kind", [CallerKind.UNKNOWN, CallerKind.ANONYMOUS, CallerKind.SHORT])
async def test_who_has_no_number_of_their_own_is_never_taken_for_another(store: SqliteStore, kind: CallerKind) -> None:
    pretended = replace(MULYADI, kind=kind)
    await store.transact(kept([abandoned(1, pretended), abandoned(2, replace(MULYADI, e164=None, kind=kind))]))
    assert await store.number_history(NUMBER, abandoned(3).id) == NumberHistory()


async def test_a_number_that_floods_the_line_is_told_of_and_counted_within_bounds(store: SqliteStore) -> None:
    old = an_answered(0)
    flood = [arrives(serial, 3600 + serial) for serial in range(1, MOST_COUNTED + 2)]
    await store.transact(kept(flood, [old]))
    history = await store.number_history(NUMBER, arrives(5000, 9000).id)
    assert [past.call.id for past in history.calls] == [call.id for call in flood[: -MOST_REMEMBERED - 1 : -1]]
    assert (history.counted, history.more) == (MOST_COUNTED + 1, True)
    # What lies behind the flood is not gone through; the tickets in hand are on the board all the same.
    assert history.in_hand == ()


# ---- the history of an area


async def test_an_area_has_its_last_tickets_those_not_closed_first(store: SqliteStore) -> None:
    tickets = [
        an_answered(1, area=KELURAHAN),
        an_answered(2, area=KECAMATAN, status=TicketStatus.CLOSED),
        an_answered(3, area=KOTA, status=TicketStatus.ON_PROGRESS),
        an_answered(4, HIDDEN, area=KELURAHAN, status=TicketStatus.CLOSED),
        an_answered(5, area="52.72.01.1002"),
        an_answered(6),
        an_answered(7, area=KELURAHAN),
        an_answered(30, area=KELURAHAN),
    ]
    await store.transact(kept(with_tickets=tickets))
    since, until = MORNING, MORNING + timedelta(hours=24)
    found = await store.area_history(KELURAHAN, since, until, tickets[6][1].number)
    assert [one.ticket.number[-2:] for one in found] == ["03", "01", "04", "02"]
    assert found[1] == KeptTicket(tickets[0][1], tickets[0][0])
    wide = await store.area_history(KECAMATAN, since, until, "112-20261123-0099")
    assert [one.ticket.number[-2:] for one in wide] == ["07", "05", "03", "01", "04", "02"]
    assert await store.area_history("52.72.011", since, until, "") == (found[0],)


async def test_no_more_of_an_area_is_told_than_can_be_read(store: SqliteStore) -> None:
    await store.transact(kept(with_tickets=[an_answered(n, area=KELURAHAN) for n in range(MOST_REMEMBERED + 1)]))
    found = await store.area_history(KELURAHAN, MORNING, MORNING + timedelta(days=9), "")
    assert len(found) == MOST_REMEMBERED


@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        (last_calls(NUMBER, abandoned(1).id), {"ix_calls_caller"}),
        (counted(NUMBER, abandoned(1).id), {"ix_calls_caller"}),
        (in_hand(NUMBER, abandoned(1).id), {"ix_calls_caller"}),
        (tickets_around(KELURAHAN, MORNING, MORNING, ""), {"ix_tickets_area"}),
        (notes_at(NUMBER, KELURAHAN, TODAY), {"ix_premise_notes_number", "ix_premise_notes_area"}),
    ],
)
@pytest.mark.usefixtures("store")
async def test_a_history_is_read_off_its_index(database: Path, query: Any, indexes: set[str]) -> None:  # noqa: ANN401
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    values = [compiled.params[name] for name in compiled.positiontup or []]
    plain = [str(value) if isinstance(value, date | datetime) else value for value in values]
    with closing(sqlite3.connect(database)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled.string}", plain)]
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN") and "INDEX" not in step}
    assert scanned.isdisjoint({"tickets", "calls", "premise_notes"}), plan
    assert {index for index in indexes if any(f" {index} " in step for step in plan)} == indexes, plan
