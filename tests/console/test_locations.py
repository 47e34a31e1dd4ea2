"""Where the network says a caller is: beside the caller's words on the ticket's page, and taken over by a click."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.console.evening import HOSTILE, NOW, answered, arrives
from ticketing.commands import RecordCalls, Triage, TriageTicket
from ticketing.located import LocationSource, Shape, SourceKind
from ticketing.model import Call

if TYPE_CHECKING:
    from tests.console.conftest import Visit
    from tests.console.console import Console

FIX = LocationSource(SourceKind.VALUE, NOW, Shape.CIRCLE, -8.4606, 118.7273, 850.24, method=HOSTILE)
ADDRESS = LocationSource(SourceKind.VALUE, NOW, Shape.CIVIC, civic=(("RD", HOSTILE), ("XYZ", "9")))
CELL = LocationSource(SourceKind.CELL, NOW, reference="5101012ab01c3d4")
REFUSED = LocationSource(SourceKind.VALUE, NOW, refusal="off_the_earth")


def test_a_place_comes_onto_the_page_by_itself_and_into_the_ticket_by_a_click_alone(
    evening: Console, visiting: Visit
) -> None:
    evening.tell(RecordCalls((arrives(), answered(arrives()))))
    kept = evening.run(evening.store.call(arrives().id))
    assert kept
    number = kept.ticket
    assert number
    evening.tell(TriageTicket(number, 1, "rahmawati", Triage(verbatim="dekat masjid")))
    page = visiting(evening.address, "rahmawati", at=f"/tickets/{number}")
    panel = page.get_by_role("region", name="Lokasi dari jaringan")
    expect(panel).to_contain_text("Jaringan tidak mengirim lokasi.")
    evening.tell(RecordCalls((Call(arrives().id, locations=(FIX, ADDRESS, CELL, REFUSED)),)))
    expect(panel.get_by_role("heading", level=3)).to_have_count(4)
    for text in ("± 850 m", HOSTILE, "Antena ini tidak ada", "Koordinat di luar bumi.", "XYZ"):
        expect(panel).to_contain_text(text)
    expect(panel.get_by_role("link")).to_have_attribute("href", "geo:-8.460600,118.727300;u=850")
    # Who types meanwhile loses nothing: it is saved with the click.
    page.get_by_label("Patokan").fill("Masjid Raya")
    panel.get_by_role("button", name="Pakai titik ini di tiket").click()
    expect(panel).to_contain_text("Dipakai di tiket.")
    expect(panel.get_by_role("button")).to_have_count(0)
    ticket = evening.run(evening.store.ticket(number))
    assert ticket
    where = ticket.ticket.location
    assert (where.verbatim, where.landmark) == ("dekat masjid", "Masjid Raya")
    assert (where.lat, where.lon, where.source) == (-8.4606, 118.7273, "network-circle-850m")
    expect(page.get_by_role("region", name="Riwayat")).to_contain_text("Jaringan memberi lokasi: Sel antena")


def test_who_only_reads_tickets_takes_no_place_over(evening: Console, visiting: Visit) -> None:
    caller = replace(arrives(), locations=(FIX,))
    evening.tell(RecordCalls((caller, answered(caller))))
    kept = evening.run(evening.store.call(caller.id))
    page = visiting(evening.address, "admin", at=f"/tickets/{kept.ticket if kept else ''}")
    panel = page.get_by_role("region", name="Lokasi dari jaringan")
    expect(panel).to_contain_text("-8.460600, 118.727300")
    expect(panel.get_by_role("button")).to_have_count(0)
