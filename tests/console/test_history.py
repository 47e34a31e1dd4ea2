"""What is known besides, at the answer; and the premise notes that supervisors keep. In a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.console import evening as told
from tests.console.test_door import flaws, spilled
from ticketing.commands import AddPremiseNote, RecordCalls, RequestDispatch, Triage, TriageTicket
from ticketing.premise import PremiseKind, Premises

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.console.conftest import Visit
    from tests.console.console import Console

HOSTILE = "<img src=x onerror=alert(1)> & anjing"
NUMBER = str(told.mobile("81298765432").e164)  # who calls now
HOUSE = Premises(area="52.72.01.1001", address="Gang Mawar 12")
FIRE = "112-20261123-0010"  # open, in 52.72.01.1001


def writes(console: Console, premises: Premises, text: str, kind: PremiseKind = PremiseKind.HAZARD) -> int:
    """A supervisor writes a note now; its id."""
    return console.run(console.desk.write_premise_note(AddPremiseNote(premises, kind, text, "sari"))).id


def answer(console: Console, serial: int) -> str:
    """Who calls now is answered; the ticket."""
    call = told.arrives(serial)
    console.tell(RecordCalls((call, told.answered(call))))
    kept = console.run(console.store.call(call.id))
    assert kept
    assert kept.ticket
    return kept.ticket


def opened(visiting: Visit, console: Console, name: str, number: str) -> Page:
    page = visiting(console.address, name, at=f"/tickets/{number}")
    expect(page.get_by_role("heading", name=number)).to_be_visible()
    return page


def test_who_answers_sees_the_note_and_that_the_same_number_has_an_open_ticket(
    evening: Console, visiting: Visit
) -> None:
    writes(evening, Premises(NUMBER), HOSTILE)
    first = answer(evening, 900)
    page = opened(visiting, evening, "rahmawati", first)
    known = page.locator("#ticket-history")
    expect(known).to_contain_text("Panggilan pertama dari nomor ini.")
    expect(known.locator('[data-premise-note="1"]')).to_contain_text(HOSTILE)
    # The same incident is called in again, while this ticket stands open.
    second = answer(evening, 901)
    same = known.locator(".same")
    expect(same).to_contain_text("Belum selesai, dari nomor yang sama:")
    expect(same.get_by_role("link", name=second)).to_have_attribute("href", f"/tickets/{second}")
    page.goto(f"/tickets/{second}")
    expect(same.get_by_role("link", name=first)).to_be_visible()
    # What is said there is seen here without a click, and what somebody has unfolded stays unfolded.
    known.get_by_text("Panggilan terakhir").click()
    evening.tell(TriageTicket(first, 1, "sari", Triage(verbatim="gang Mawar", category="kebakaran")))
    expect(same).to_contain_text("gang Mawar")
    expect(known.locator("#known-calls")).to_have_attribute("open", "")


def test_a_second_caller_of_the_same_fire_is_recognised_as_soon_as_the_area_is_picked(
    evening: Console, visiting: Visit
) -> None:
    writes(evening, HOUSE, "Kode pagar 4711", PremiseKind.ACCESS)
    page = opened(visiting, evening, "rahmawati", answer(evening, 900))
    known = page.locator("#ticket-history")
    expect(known).to_contain_text("Pilih kelurahan")
    expect(known).to_contain_text("Tidak ada catatan lokasi.")
    page.get_by_label("Kelurahan").fill("paruga")
    page.keyboard.press("Enter")
    # Nothing is saved yet.
    expect(known.get_by_role("link", name=FIRE)).to_be_visible()
    expect(known).to_contain_text("Kode pagar 4711")
    expect(known).to_contain_text("Gang Mawar 12")
    expect(page.get_by_text("Ada perubahan yang belum disimpan.")).to_be_visible()


def test_a_note_written_while_the_ticket_stands_open_appears_on_it(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    known = page.locator("#ticket-history")
    expect(known).to_contain_text("Tidak ada catatan lokasi.")
    writes(evening, HOUSE, "Tabung gas di dapur")
    expect(known.locator("[data-premise-note]")).to_contain_text("Tabung gas di dapur")
    expect(page.locator("#ticket-timeline")).to_contain_text("Catatan lokasi ditulis: Bahaya")
    expect(page.locator("#ticket-timeline")).not_to_contain_text("Tabung gas")


def test_an_skpds_dispatcher_sees_the_notes_of_its_ticket_and_no_other_callers(
    evening: Console, visiting: Visit
) -> None:
    number = answer(evening, 900)
    evening.tell(RequestDispatch(number, "damkar", "rahmawati", told.NOW))
    writes(evening, Premises(NUMBER), "Kode pagar 4711", PremiseKind.ACCESS)
    page = opened(visiting, evening, "damkar", number)
    known = page.locator("#ticket-history")
    expect(known).to_contain_text("Kode pagar 4711")
    expect(known.get_by_role("heading")).to_have_count(0)
    expect(page.get_by_role("link", name="Catatan lokasi")).to_have_count(0)
    page.goto("/premise-notes")
    expect(page.get_by_text("403")).to_be_visible()


def test_a_supervisor_writes_changes_renews_and_withdraws_a_note(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    page.get_by_role("link", name="Catatan lokasi").click()
    expect(page.get_by_text("Tidak ada catatan.")).to_be_visible()
    page.locator("#premise-add > summary").click()
    page.get_by_label("Nomor penelepon").fill("112")
    page.get_by_label("Isi catatan").fill(HOSTILE)
    page.get_by_role("button", name="Simpan").click()
    # What is refused stays typed.
    expect(page.get_by_role("status")).to_contain_text("Tidak tersimpan")
    expect(page.get_by_label("Isi catatan")).to_have_value(HOSTILE)
    page.get_by_label("Alamat", exact=True).check()
    page.get_by_label("Kelurahan").select_option("52.72.01.1001")
    page.get_by_label("Alamat atau patokan").fill("Gang Mawar 12")
    page.get_by_label("Berlaku sampai").fill("2026-12-01")
    page.get_by_role("button", name="Simpan").click()
    note = page.locator('[data-premise-note="1"]')
    expect(note).to_contain_text("Gang Mawar 12, Paruga")
    expect(note).to_contain_text("berlaku sampai 1 Des 2026 segera kedaluwarsa")
    note.get_by_role("button", name="Perpanjang sampai 23 Nov 2027").click()
    expect(note).not_to_contain_text("segera kedaluwarsa")
    note.get_by_text("Ubah", exact=True).click()
    note.get_by_label("Isi catatan").fill("Anjing sudah diikat")
    note.get_by_role("button", name="Simpan").click()
    expect(note.locator("> .text")).to_have_text("Anjing sudah diikat")
    note.get_by_text("Riwayat perubahan").click()
    expect(note.locator(".versions > li")).to_have_count(3)
    expect(note.locator(".versions > li").last).to_contain_text(HOSTILE)
    note.get_by_text("Cabut", exact=True).first.click()
    note.get_by_label("Alasan").fill("Rumah kosong")
    note.get_by_role("button", name="Cabut").click()
    expect(page.get_by_text("Tidak ada catatan.")).to_be_visible()
    page.get_by_role("link", name="Dicabut").click()
    expect(note).to_contain_text("Rumah kosong")
    expect(note.get_by_role("button")).to_have_count(0)


def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(evening: Console, visiting: Visit) -> None:
    writes(evening, HOUSE, "Anjing galak")
    page, other = visiting(evening.address, "sari"), visiting(evening.address, "admin")
    for one in (page, other):
        one.goto("/premise-notes")
    other.get_by_role("button", name="Perpanjang").or_(other.get_by_text("Ubah", exact=True)).first.click()
    other.get_by_label("Isi catatan").last.fill("Dua anjing")
    other.get_by_role("button", name="Simpan").last.click()
    expect(other.get_by_role("status")).to_have_text("Tersimpan.")
    page.get_by_text("Ubah", exact=True).click()
    page.get_by_label("Isi catatan").last.fill("Kucing")
    page.get_by_role("button", name="Simpan").last.click()
    expect(page.get_by_role("status")).to_contain_text("Catatan ini baru saja diubah orang lain.")
    expect(page.get_by_label("Isi catatan").last).to_have_value("Kucing")


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_axe_finds_nothing_and_nothing_spills_over(evening: Console, visiting: Visit, scheme: str, width: int) -> None:
    long = f"{HOSTILE} {'panjang' * 40}"
    for premises in (Premises(NUMBER), HOUSE, Premises(area="52.72.01", address="x" * 200)):
        writes(evening, premises, long)
    first, second = answer(evening, 900), answer(evening, 901)
    for number in (first, second):
        evening.tell(TriageTicket(number, 1, "sari", Triage(verbatim="y" * 300, area_code="52.72.01.1001")))
    page = visiting(
        evening.address, "sari", at=f"/tickets/{second}", color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page.get_by_text("Panggilan terakhir").click()
    expect(page.locator("#ticket-history").get_by_role("link", name=FIRE)).to_be_visible()
    assert (flaws(page), spilled(page)) == ([], [])
    page.goto("/premise-notes")
    for closed in page.locator("summary").all():
        closed.click()
    expect(page.locator(".versions")).to_have_count(3)
    assert (flaws(page), spilled(page)) == ([], [])
