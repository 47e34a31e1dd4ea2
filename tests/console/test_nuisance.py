"""The supervisors' page of marked numbers, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from ticketing.commands import RecordCalls, Triage, TriageTicket, TurnStatus
from ticketing.model import (
    AnswerLeg,
    Call,
    Caller,
    CallerKind,
    CallId,
    CallType,
    Instant,
    Precision,
    Role,
    TicketStatus,
)

if TYPE_CHECKING:
    from tests.console.conftest import Visit
    from tests.console.console import Console

PRANKSTER = Caller("081234500077", "+6281234500077", CallerKind.MOBILE)


def pranks(evening: Console, count: int) -> None:
    """So many calls of one number were answered this evening, and their tickets closed as pranks."""
    for serial in range(count):
        at = evening.clock.now() - timedelta(minutes=30 - serial)
        arrived = Instant(at, Precision.LEDGER)
        leg = AnswerLeg(f"prank-leg-{serial}", "101", connected=True, answered=arrived, ended=arrived)
        call_id = CallId(f"bima1-{int(at.timestamp())}.{7000 + serial}")
        evening.tell(
            RecordCalls((Call(call_id, arrived, "carrier", PRANKSTER, identified=True, legs=(leg,), ended=arrived),))
        )
        kept = evening.run(evening.store.call(call_id))
        assert kept
        assert kept.ticket
        evening.tell(TriageTicket(kept.ticket, 1, "rahmawati", Triage(call_type=CallType.PRANK)))
        evening.tell(TurnStatus(kept.ticket, TicketStatus.CLOSED, "sari", Role.SUPERVISOR))


def test_a_supervisor_looks_at_a_number_confirms_it_and_forgives_it(evening: Console, visiting: Visit) -> None:
    pranks(evening, 6)
    page = visiting(evening.address, "sari")
    page.get_by_role("link", name="Nomor iseng").click()
    row = page.locator("[data-number]")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("+62 812-3450-0077")
    expect(row).to_contain_text("6 kali ditandai iseng atau hening")
    row.get_by_label("Catatan").fill("anak SDN 12")
    row.get_by_role("button", name="Konfirmasi").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Tercatat.")
    expect(row).to_contain_text("oleh sari")
    expect(row).to_contain_text("anak SDN 12")
    expect(row).to_contain_text("Menunggu seperti menelepon 300 detik kemudian")
    row.get_by_role("button", name="Maafkan").click()
    expect(page.get_by_text("Tidak ada nomor yang perlu dilihat.")).to_be_visible()
