"""A ticket's page, in a real browser: recording, closing, turning, and two people at once."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.console.console import enter, heard, sign_in
from tests.console.evening import PASSWORD, answered, arrives
from ticketing.commands import RecordCalls, Triage, TriageTicket, TurnStatus
from ticketing.model import CallType, Role, TicketStatus

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.console.conftest import Visit
    from tests.console.console import Console
    from ticketing.model import Ticket

FIRE = "112-20261123-0010"  # open, an emergency, its call is over
FLOOD = "112-20261123-0006"  # on progress, from a caller without a number
CLOSED = "112-20261123-0002"


def opened(visiting: Visit, console: Console, name: str, number: str) -> Page:
    page = visiting(console.address, name, at=f"/tickets/{number}")
    expect(page.get_by_role("heading", name=number)).to_be_visible()
    return page


def deaf(page: Page) -> None:
    """The page hears nothing of what others do."""
    page.route_web_socket("**/api/v1/live*", lambda _socket: None)


def stored(console: Console, number: str) -> Ticket:
    kept = console.run(console.store.ticket(number))
    assert kept
    return kept.ticket


def ticket_of(console: Console, serial: int) -> str:
    """The number of the ticket that this call's answer has opened."""
    kept = console.run(console.store.call(arrives(serial).id))
    assert kept
    assert kept.ticket
    return kept.ticket


def save(page: Page) -> None:
    page.get_by_role("button", name="Simpan catatan").click()


def test_a_taker_records_what_the_caller_says(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.get_by_label("Lokasi, kata pemanggil").fill("bukan di pasar,\ndi belakang SMA 4")
    page.get_by_label("Kelurahan").fill("penatoi")
    page.keyboard.press("Enter")
    page.get_by_label("Kategori kejadian").select_option(label="Kebakaran")
    page.get_by_label("Tingkat keparahan").select_option("5")
    page.get_by_label("Pelapor", exact=True).fill("")
    expect(page.get_by_text("Ada perubahan yang belum disimpan.")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.get_by_text(re.compile(r"Tersimpan pukul 19:4\d:\d\d"))).to_be_visible()
    ticket = stored(evening, FIRE)
    assert ticket.location.verbatim == "bukan di pasar,\ndi belakang SMA 4"
    assert (ticket.severity, ticket.reporter_name) == (5, None)
    assert ticket.description
    expect(page.locator("#ticket-timeline")).to_contain_text("Pelapor: Ibu Marlina → (kosong)")
    page.reload()
    expect(page.get_by_label("Lokasi, kata pemanggil")).to_have_value("bukan di pasar,\ndi belakang SMA 4")


def closes(page: Page) -> None:
    """After its moment of grace the ticket is closed."""
    expect(page.locator("#ticket-head .status")).to_have_text("Selesai", timeout=10_000)


def test_one_key_closes_a_prank_with_what_was_typed(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.get_by_label("Uraian kejadian", exact=True).fill("anak-anak tertawa")
    page.keyboard.press("F8")
    expect(page.get_by_role("alert").filter(has_text="Ditutup sebagai “Iseng” dalam")).to_be_visible()
    closes(page)
    ticket = stored(evening, FIRE)
    assert (ticket.status, ticket.call_type, ticket.description) == ("closed", "prank", "anak-anak tertawa")
    expect(page.get_by_label("Iseng")).to_be_checked()
    expect(page.get_by_text("Tidak ada perubahan status untuk peran Anda.")).to_be_visible()


def test_the_key_for_a_ghost_is_shown_beside_its_button(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.get_by_role("button", name="F9 Hantu, tutup").click()
    closes(page)
    assert stored(evening, FIRE).call_type == "ghost"


def test_a_slip_of_the_finger_is_taken_back_before_anything_is_closed(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    soon = page.get_by_role("alert").filter(has_text="Ditutup sebagai")
    for key in ("F8", "F9"):
        page.keyboard.press(key)
        expect(soon).to_contain_text("Iseng" if key == "F8" else "Hantu")
    page.keyboard.press("Escape")
    expect(soon).to_be_hidden()
    expect(page.get_by_label("Darurat", exact=True)).to_be_checked()
    expect(page.locator("#ticket-timeline")).to_contain_text("Jenis panggilan: Hantu (tanpa suara) → Darurat")
    ticket = stored(evening, FIRE)
    assert (ticket.status, ticket.call_type) == ("open", "emergency")


def test_what_somebody_makes_an_emergency_meanwhile_is_not_closed(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "sari", FLOOD)
    page.keyboard.press("F8")
    soon = page.get_by_role("alert").filter(has_text="Ditutup sebagai")
    expect(soon).to_be_visible()
    back = Triage(call_type=CallType.EMERGENCY, description="korban terjepit")
    evening.tell(TriageTicket(FLOOD, stored(evening, FLOOD).version, "rahmawati", back))
    expect(soon).to_be_hidden()
    expect(page.get_by_label("Uraian kejadian", exact=True)).to_have_value("korban terjepit")
    # Nothing is left that would close it: the next wish of the same page comes after it.
    page.get_by_label("Patokan", exact=True).fill("Jembatan")
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    assert (stored(evening, FLOOD).status, stored(evening, FLOOD).call_type) == ("on_progress", "emergency")


def test_a_page_that_hears_nothing_does_not_close_what_became_an_emergency(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    deaf(page)
    page.goto(f"/tickets/{FLOOD}")
    page.keyboard.press("F8")
    expect(page.get_by_role("alert").filter(has_text="Ditutup sebagai")).to_be_visible()
    back = Triage(call_type=CallType.EMERGENCY)
    evening.tell(TriageTicket(FLOOD, stored(evening, FLOOD).version, "rahmawati", back))
    expect(page.get_by_text("Tiket ini baru saja diubah orang lain.")).to_be_visible(timeout=10_000)
    assert (stored(evening, FLOOD).status, stored(evening, FLOOD).call_type) == ("on_progress", "emergency")


def test_a_change_that_leaves_it_a_prank_does_not_keep_it_open(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati")
    deaf(page)
    page.goto(f"/tickets/{FIRE}")
    page.keyboard.press("F8")
    expect(page.get_by_role("alert").filter(has_text="Ditutup sebagai")).to_be_visible()
    evening.tell(TriageTicket(FIRE, stored(evening, FIRE).version, "sari", Triage(landmark="SMA 4")))
    closes(page)
    assert stored(evening, FIRE).status == "closed"


def test_what_is_typed_while_it_is_being_saved_is_saved_by_the_next_stroke(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    held: list[Route] = []
    page.route("**/api/v1/tickets/*", lambda route: held.append(route) if not held else route.continue_())
    field = page.get_by_label("Uraian kejadian", exact=True)
    with page.expect_request("**/api/v1/tickets/*"):
        field.fill("asap")
        page.keyboard.press("Control+s")
    field.fill("asap tebal, dua orang terjebak")
    page.keyboard.press("Control+s")
    held[0].continue_()
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    assert stored(evening, FIRE).description == "asap tebal, dua orang terjebak"
    page.keyboard.press("F8")
    closes(page)


def test_whoever_signs_out_has_closed_the_prank(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.keyboard.press("F8")
    expect(page.get_by_role("alert").filter(has_text="Ditutup sebagai")).to_be_visible()
    page.get_by_role("button", name="Keluar").click()
    expect(page.get_by_label("Nama pengguna")).to_be_visible()
    assert stored(evening, FIRE).status == "closed"


def test_what_is_typed_before_the_page_has_its_scripts_is_not_lost(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati")
    held: list[Route] = []
    released = threading.Event()
    page.route("**/static/*.js", lambda route: route.continue_() if released.is_set() else held.append(route))
    page.goto(f"/tickets/{FIRE}", wait_until="commit")
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    page.get_by_label("Hantu (tanpa suara)").check()
    released.set()
    for route in held:
        route.continue_()
    page.wait_for_load_state("load")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    ticket = stored(evening, FIRE)
    assert (ticket.location.landmark, ticket.call_type) == ("Menara masjid", "ghost")


def test_who_has_something_unsaved_is_asked_before_signing_out(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    page.once("dialog", lambda asked: asked.dismiss())
    page.get_by_role("button", name="Keluar").click()
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    assert stored(evening, FIRE).location.landmark == "Menara masjid"


def test_who_has_signed_in_again_in_another_tab_loses_nothing_here(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Keluar").click()
    expect(other.get_by_label("Nama pengguna")).to_be_visible()
    sign_in(other, "rahmawati")
    page.bring_to_front()
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    assert stored(evening, FIRE).location.landmark == "Menara masjid"


def test_a_session_that_ends_elsewhere_takes_nothing_typed_with_it(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Keluar").click()
    over = page.get_by_text("Sesi Anda telah berakhir")
    expect(over).to_be_visible()
    with page.context.expect_page() as door:
        page.get_by_role("link", name="Masuk lagi").click()
    enter(door.value, "rahmawati", PASSWORD)
    door.value.wait_for_url("**/")
    page.bring_to_front()
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    expect(over).to_be_hidden()
    assert stored(evening, FIRE).location.landmark == "Menara masjid"


def test_a_part_that_cannot_be_fetched_is_said_and_fetched_again(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "sari", FIRE)
    page.route("**/fragments/tickets/*", lambda route: route.fulfill(status=503))
    evening.tell(TurnStatus(FIRE, TicketStatus.ON_PROGRESS, "sari", Role.SUPERVISOR))
    banner = page.get_by_text("Sambungan langsung terputus")
    expect(banner).to_be_visible()
    page.unroute("**/fragments/tickets/*")
    expect(page.locator("#ticket-head .status")).to_have_text("Sedang ditangani")
    expect(banner).to_be_hidden()


def test_a_line_break_from_elsewhere_in_a_field_of_one_line_is_nobodys_change(
    evening: Console, visiting: Visit
) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    elsewhere = Triage(landmark="dekat pasar\nsisi utara")
    evening.tell(TriageTicket(FIRE, stored(evening, FIRE).version, "sari", elsewhere))
    expect(page.get_by_label("Patokan", exact=True)).to_have_value("dekat pasarsisi utara")
    page.get_by_label("Pelapor", exact=True).fill("Pak Usman")
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    ticket = stored(evening, FIRE)
    assert (ticket.reporter_name, ticket.location.landmark) == ("Pak Usman", "dekat pasar\nsisi utara")


def test_a_reason_that_the_server_did_not_take_is_kept(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "sari", CLOSED)
    page.get_by_role("button", name="Buka kembali").click()
    dialog = page.get_by_role("dialog", name="Buka kembali")
    dialog.get_by_label("Alasan membuka kembali").fill("api menyala lagi")
    page.route("**/api/v1/tickets/*/status", lambda route: route.abort())
    dialog.get_by_role("button", name="Buka kembali").click()
    expect(dialog.get_by_text("server tidak dapat dihubungi")).to_be_visible()
    expect(dialog.get_by_label("Alasan membuka kembali")).to_have_value("api menyala lagi")
    page.unroute("**/api/v1/tickets/*/status")
    dialog.get_by_role("button", name="Buka kembali").click()
    expect(page.locator("#ticket-head .status")).to_have_text("Baru")
    expect(dialog).to_be_hidden()


def test_whoever_goes_on_to_the_next_call_has_closed_the_prank(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.keyboard.press("F8")
    expect(page.get_by_role("alert").filter(has_text="Ditutup sebagai")).to_be_visible()
    page.get_by_role("link", name="Papan").click()
    expect(page.locator(f'[data-ticket="{FIRE}"]')).to_have_count(0)
    assert stored(evening, FIRE).status == "closed"


def test_what_was_closed_as_a_prank_says_who_can_make_an_emergency_of_it(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.keyboard.press("F8")
    closes(page)
    page.get_by_label("Darurat", exact=True).check()
    save(page)
    expect(page.get_by_text("Tidak tersimpan: Tiket ini sudah ditutup. Supervisor harus")).to_be_visible()
    assert stored(evening, FIRE).call_type == "prank"


def test_a_call_that_this_desks_phone_answers_brings_its_ticket_up(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati")
    page.get_by_label("Telepon di meja ini").select_option("202")
    evening.tell(RecordCalls((arrives(901), answered(arrives(901), "201"))))
    expect(page.get_by_text("Tiket baru: 112-20261123-")).to_be_attached()
    assert page.url == f"{evening.address}/"
    evening.tell(RecordCalls((arrives(902), answered(arrives(902), "202"))))
    first = ticket_of(evening, 902)
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    # What is typed and not saved stays on the screen: the next call is offered, not forced.
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    evening.tell(RecordCalls((arrives(903), answered(arrives(903), "202"))))
    offered = page.locator("#mine").get_by_role("link", name=ticket_of(evening, 903))
    expect(offered).to_be_visible()
    expect(page.get_by_label("Patokan", exact=True)).to_have_value("Menara masjid")
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    offered.click()
    expect(page.get_by_role("heading", name=ticket_of(evening, 903))).to_be_visible()


def test_a_taker_has_no_button_for_an_emergencys_status_and_no_recording(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    expect(page.locator("[data-turn]")).to_have_count(0)
    expect(page.locator("audio")).to_have_count(0)
    page = opened(visiting, evening, "admin", FIRE)
    expect(page.locator("[data-turn], [data-quick]")).to_have_count(0)
    expect(page.get_by_label("Uraian kejadian", exact=True)).to_be_disabled()


def test_a_supervisor_turns_a_ticket_on_and_closes_and_reopens_it_with_a_reason(
    evening: Console, visiting: Visit
) -> None:
    page = opened(visiting, evening, "sari", FIRE)
    status = page.locator("#ticket-head .status")
    page.get_by_role("button", name="Mulai ditangani").click()
    expect(status).to_have_text("Sedang ditangani")
    expect(page.locator("#ticket-head .clock").first).to_contain_text("tepat waktu")
    page.get_by_role("button", name="Selesaikan tiket").click()
    expect(status).to_have_text("Selesai")
    page.get_by_role("button", name="Buka kembali").click()
    dialog = page.get_by_role("dialog", name="Buka kembali")
    dialog.get_by_role("button", name="Buka kembali").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Alasan membuka kembali").fill("api menyala lagi")
    dialog.get_by_role("button", name="Buka kembali").click()
    expect(status).to_have_text("Baru")
    expect(page.locator("#ticket-timeline")).to_contain_text("Alasan: api menyala lagi")
    expect(page.locator("#ticket-timeline")).to_contain_text("Status: Selesai → Baru oleh sari")


def test_the_second_of_two_is_told_sees_both_and_loses_nothing(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    deaf(page)
    page.goto(f"/tickets/{FIRE}")
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    page.get_by_label("Uraian kejadian", exact=True).fill("Uraian saya")
    change = Triage(landmark="Terminal Dara", description="Uraian mereka", reporter_name="Pak Usman")
    evening.tell(TriageTicket(FIRE, stored(evening, FIRE).version, "rahmawati", change))
    save(page)
    panel = page.get_by_role("alert").filter(has_text="Tiket ini diubah orang lain")
    expect(panel.get_by_role("row", name="Patokan")).to_contain_text("Terminal Dara")
    expect(panel.get_by_role("row", name="Patokan")).to_contain_text("Menara masjid")
    expect(panel.get_by_role("row", name="Uraian kejadian")).to_contain_text("Uraian mereka")
    expect(page.get_by_label("Patokan", exact=True)).to_have_value("Menara masjid")
    expect(page.get_by_label("Uraian kejadian", exact=True)).to_have_value("Uraian saya")
    # What was not touched here follows; nothing is saved before the second person says so.
    expect(page.get_by_label("Pelapor", exact=True)).to_have_value("Pak Usman")
    assert stored(evening, FIRE).description == "Uraian mereka"
    panel.get_by_role("button", name="Pakai isian mereka: Uraian kejadian").click()
    expect(page.get_by_label("Uraian kejadian", exact=True)).to_have_value("Uraian mereka")
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    expect(panel).to_be_hidden()
    ticket = stored(evening, FIRE)
    assert (ticket.location.landmark, ticket.description, ticket.reporter_name) == (
        "Menara masjid",
        "Uraian mereka",
        "Pak Usman",
    )


def test_while_somebody_types_another_persons_change_is_shown_at_once(evening: Console, visiting: Visit) -> None:
    first, second = (opened(visiting, evening, name, FIRE) for name in ("rahmawati", "sari"))
    second.get_by_label("Patokan", exact=True).fill("Menara masj")
    first.get_by_label("Patokan", exact=True).fill("Terminal Dara")
    first.get_by_label("Pelapor", exact=True).fill("Pak Usman")
    save(first)
    expect(first.get_by_text("Tersimpan pukul")).to_be_visible()
    expect(second.get_by_role("row", name="Patokan")).to_contain_text("Terminal Dara")
    expect(second.get_by_label("Patokan", exact=True)).to_have_value("Menara masj")
    expect(second.get_by_label("Pelapor", exact=True)).to_have_value("Pak Usman")
    second.get_by_label("Patokan", exact=True).fill("Menara masjid")
    expect(second.get_by_role("row", name="Patokan")).to_contain_text("Menara masjid")
    save(second)
    expect(second.get_by_text("Tersimpan pukul")).to_be_visible()
    assert stored(evening, FIRE).location.landmark == "Menara masjid"
    expect(first.get_by_label("Patokan", exact=True)).to_have_value("Menara masjid")


def test_a_status_turned_by_another_does_not_stand_in_the_way_of_saving(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati")
    deaf(page)
    page.goto(f"/tickets/{FIRE}")
    other = opened(visiting, evening, "sari", FIRE)
    other.get_by_role("button", name="Mulai ditangani").click()
    expect(other.locator("#ticket-head .status")).to_have_text("Sedang ditangani")
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    assert stored(evening, FIRE).location.landmark == "Menara masjid"


def test_what_cannot_be_saved_stays_and_says_why(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    page.route("**/api/v1/tickets/*", lambda route: route.abort())
    save(page)
    expect(page.get_by_text("Tidak tersimpan: server tidak dapat dihubungi")).to_be_visible()
    expect(page.get_by_label("Patokan", exact=True)).to_have_value("Menara masjid")
    page.unroute("**/api/v1/tickets/*")
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()


def test_a_caller_without_a_number_is_said_to_be_one_who_cannot_be_called_back(
    evening: Console, visiting: Visit
) -> None:
    page = opened(visiting, evening, "sari", FLOOD)
    caller = page.get_by_role("region", name="Pemanggil")
    expect(caller).to_contain_text("Nomor tidak ada")
    expect(caller).to_contain_text("Tidak dapat dihubungi kembali")


def test_a_supervisor_hears_the_recording_and_that_is_on_record(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "sari", FIRE)
    timeline = page.locator("#ticket-timeline")
    expect(timeline).not_to_contain_text("Rekaman diputar")
    recording = page.get_by_role("region", name="Rekaman", exact=True).locator("audio")
    recording.evaluate("one => one.play()")
    assert heard(recording)
    expect(timeline).to_contain_text("Rekaman diputar oleh sari")


def test_a_closed_ticket_may_be_completed(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", CLOSED)
    page.get_by_label("Pelapor", exact=True).fill("Bu Aisyah")
    save(page)
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()
    assert stored(evening, CLOSED).status == "closed"
