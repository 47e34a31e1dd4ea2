from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import HIDDEN, MORNING, MULYADI, answered, arrives
from ticketing.commands import (
    AddPremiseNote,
    ChangePremiseNote,
    RecordCalls,
    Triage,
    TriageTicket,
    TurnStatus,
    WithdrawPremiseNote,
)
from ticketing.errors import ExpiryRefused, PremiseNoteUnknown, PremiseNoteWithdrawn, StalePremiseNote
from ticketing.model import CallType, Role, TicketStatus
from ticketing.premise import PremiseChanges, PremiseKind, Premises
from ticketing.timeline import verify_chain

if TYPE_CHECKING:
    from tests.ticketing.room import SetClock, Told
    from ticketing.desk import TicketDesk
    from ticketing.model import Caller
    from ticketing.store import SqliteStore

NUMBER = str(MULYADI.e164)
HOUSE = Premises(area="52.72.01.1001", address="Gang Mawar 12")
GATE = AddPremiseNote(HOUSE, PremiseKind.ACCESS, "Kode pagar 4711", "dewi")
ASTHMA = AddPremiseNote(Premises(NUMBER), PremiseKind.MEDICAL, "Asma berat", "dewi")


async def a_ticket(desk: TicketDesk, serial: int = 1, caller: Caller = MULYADI, area: str | None = None) -> str:
    call = arrives(serial, serial, caller)
    news = await desk.handle(RecordCalls((call, answered(call, "101", serial + 4))))
    number = next(str(entry.ticket_number) for entry in news if entry.type == "ticket_opened")
    if area:
        await desk.handle(TriageTicket(number, 1, "siti", Triage(area_code=area)))
    return number


async def test_a_note_holds_for_a_year_unless_somebody_says_for_how_long(
    desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    # Half past eleven in the evening of the 23rd in UTC is the 24th in Bima.
    clock.time = MORNING.replace(hour=23, minute=30)
    gate = await desk.write_premise_note(GATE)
    road = await desk.write_premise_note(
        AddPremiseNote(HOUSE, PremiseKind.OTHER, "Jalan rusak", "dewi", date(2026, 11, 24))
    )
    assert [await store.premise_note(one) for one in (1, 2)] == [(gate,), (road,)]
    assert (gate.expires_on, road.expires_on) == (date(2027, 11, 24), date(2026, 11, 24))
    assert (gate.written_by, gate.written_at, gate.version) == ("dewi", clock.time, 1)
    with pytest.raises(ExpiryRefused):
        await desk.write_premise_note(
            AddPremiseNote(HOUSE, PremiseKind.OTHER, "Jalan rusak", "dewi", date(2026, 11, 23))
        )
    assert await store.premise_note(3) == ()


async def test_a_note_is_changed_by_who_has_seen_it_and_every_version_stays(
    desk: TicketDesk, store: SqliteStore, clock: SetClock
) -> None:
    await desk.write_premise_note(GATE)
    clock.time += timedelta(days=200)
    renewed = PremiseChanges(text="Kode pagar 1147", expires_on=date(2028, 1, 1))
    await desk.handle(ChangePremiseNote(1, 1, "rini", renewed))
    with pytest.raises(StalePremiseNote):
        await desk.handle(ChangePremiseNote(1, 1, "dewi", PremiseChanges(text="x")))
    assert await desk.handle(ChangePremiseNote(1, 2, "dewi", renewed)) == ()
    await desk.handle(WithdrawPremiseNote(1, "dewi", "Pagar dibongkar"))
    with pytest.raises(PremiseNoteWithdrawn):
        await desk.handle(WithdrawPremiseNote(1, "dewi"))
    told = [(one.text, one.changed_by, one.act, one.reason) for one in await store.premise_note(1)]
    assert told == [
        ("Kode pagar 4711", "dewi", "written", None),
        ("Kode pagar 1147", "rini", "changed", None),
        ("Kode pagar 1147", "dewi", "withdrawn", "Pagar dibongkar"),
    ]


async def test_nothing_is_done_to_a_note_that_is_not_there(desk: TicketDesk) -> None:
    for command in (ChangePremiseNote(1, 1, "dewi", PremiseChanges(text="x")), WithdrawPremiseNote(1, "dewi")):
        with pytest.raises(PremiseNoteUnknown):
            await desk.handle(command)


async def test_a_note_is_told_on_the_tickets_in_hand_that_it_concerns_without_what_it_says(
    desk: TicketDesk, store: SqliteStore, told: Told
) -> None:
    here = await a_ticket(desk, 1, HIDDEN, "52.72.01.1001")
    mine = await a_ticket(desk, 2)
    await a_ticket(desk, 3, HIDDEN, "52.72.02.1001")
    told.news.clear()
    await desk.write_premise_note(GATE)
    await desk.write_premise_note(ASTHMA)
    assert [(entry.ticket_number, entry.type) for entry in told.news] == [
        (here, "premise_note_touched"),
        (mine, "premise_note_touched"),
    ]
    assert told.news[0].body == {"premise_note": "1", "kind": "access", "act": "written", "by": "dewi"}
    for number in (here, mine):
        verify_chain(await store.timeline(number))


async def test_every_touch_of_a_note_is_told_and_what_says_nothing_new_is_not(desk: TicketDesk, told: Told) -> None:
    await a_ticket(desk)
    await desk.write_premise_note(ASTHMA)
    await desk.handle(ChangePremiseNote(1, 1, "dewi", PremiseChanges(text="Asma berat")))
    await desk.handle(ChangePremiseNote(1, 1, "dewi", PremiseChanges(text="Asma")))
    await desk.handle(WithdrawPremiseNote(1, "dewi", version=2))
    acts = [entry.body["act"] for entry in told.news if entry.type == "premise_note_touched"]
    assert acts == ["written", "changed", "withdrawn"]


async def test_a_closed_ticket_is_told_of_no_note(desk: TicketDesk, told: Told) -> None:
    number = await a_ticket(desk)
    await desk.handle(TriageTicket(number, 1, "siti", Triage(call_type=CallType.PRANK)))
    await desk.handle(TurnStatus(number, TicketStatus.CLOSED, "siti", Role.CALL_TAKER))
    told.news.clear()
    await desk.write_premise_note(ASTHMA)
    assert told.news == []
