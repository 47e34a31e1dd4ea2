"""Dispatch on a ticket's page, in a real browser: asked for, followed, withdrawn, refused; and an SKPD's own view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from gateway.facts.skpd_facts import note_stamp, voice_note
from tests.console.console import heard
from tests.console.evening import NOW, ago, answered, arrives, write_sound
from ticketing.commands import RecordCalls, RequestDispatch, Triage, TriageTicket, UpdateDispatch
from ticketing.dispatch import Dispatch, DispatchLeg, DispatchMode, DispatchState, Said, Trace, Tried

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.console.conftest import Visit
    from tests.console.console import Console

FIRE = "112-20261123-0010"  # an ambulance is on its way, nobody accepted at the police


def dispatches(console: Console, number: str) -> tuple[Dispatch, ...]:
    return console.run(console.store.dispatches([number])).get(number, ())


def rings(console: Console, dispatch: Dispatch, *legs: DispatchLeg, **more: object) -> None:
    """What the telephone tells of it."""
    console.tell(RecordCalls(dispatches=((dispatch.id, Trace(legs, **more)),)))  # type: ignore[arg-type]


def of(page: Page, dispatch: Dispatch) -> Locator:
    return page.locator(f"#dispatch-{dispatch.id}")


def test_one_click_has_an_skpd_rung_and_the_page_follows_every_step_of_it(evening: Console, visiting: Visit) -> None:
    evening.tell(RecordCalls((arrives(), answered(arrives()))))
    kept = evening.run(evening.store.call(arrives().id))
    assert kept
    number = kept.ticket
    assert number
    page = visiting(evening.address, "rahmawati", at=f"/tickets/{number}")
    page.get_by_label("Kategori kejadian").select_option(label="Kebakaran")
    page.get_by_role("button", name="Pemadam Kebakaran", exact=True).click()
    damkar = page.get_by_role("list", name="Yang sudah dihubungi").get_by_role("listitem").first
    expect(damkar).to_contain_text("Pemadam Kebakaran: Memanggil")
    # The officer is told what it is: what was typed is saved before anything rings.
    ticket = evening.run(evening.store.ticket(number))
    assert ticket
    assert ticket.ticket.category == "kebakaran"
    (one,) = dispatches(evening, number)
    assert (one.skpd, one.requested_by) == ("damkar", "rahmawati")
    # Its own SKPD stands first now; asked for twice it is refused in words, and nothing rings twice.
    first = page.get_by_role("list", name="SKPD yang dapat dihubungi").get_by_role("button").first
    expect(first).to_have_text("Pemadam Kebakaran")
    first.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="sedang dihubungi")).to_be_visible()
    assert len(dispatches(evening, number)) == 1
    rings(evening, one, DispatchLeg(1, "telkom", dialled=ago(0), ringing=ago(0)))
    expect(damkar).to_contain_text("Pemadam Kebakaran: Berdering")
    rings(evening, one, DispatchLeg(1, "telkom", answered=ago(0), accepted=ago(0)), joined=ago(0))
    expect(damkar).to_contain_text("dalam percakapan")
    expect(page.locator("#ticket-timeline")).to_contain_text("Pemadam Kebakaran menerima, di +62 374 42113")
    expect(page.get_by_role("button", name="Batalkan panggilan")).to_have_count(0)
    evening.line.silent = True
    page.get_by_role("button", name="Serahkan").click()
    expect(page.get_by_role("alert").filter(has_text="Asterisk tidak menjawab")).to_be_visible()
    evening.line.silent = False
    with page.expect_response("**/hand-over"):
        page.get_by_role("button", name="Serahkan").click()
    expect(page.locator("#dispatch-problem")).to_be_empty()
    assert evening.line.handed_over == [number]


def test_a_word_with_the_skpd_first_and_then_all_together(evening: Console, visiting: Visit) -> None:
    evening.tell(RecordCalls((arrives(), answered(arrives()))))
    kept = evening.run(evening.store.call(arrives().id))
    assert kept
    assert kept.ticket
    page = visiting(evening.address, "rahmawati", at=f"/tickets/{kept.ticket}")
    page.get_by_role("button", name="Bicara dulu dengan BPBD").click()
    bpbd = page.get_by_role("list", name="Yang sudah dihubungi").get_by_role("listitem").first
    expect(bpbd).to_contain_text("BPBD: Memanggil")
    (one,) = dispatches(evening, kept.ticket)
    assert one.mode is DispatchMode.CONSULT
    accepts = DispatchLeg(1, "telkom", dialled=ago(0), answered=ago(0), accepted=ago(0))
    rings(evening, one, accepts, consulted=ago(0))
    expect(bpbd).to_contain_text("bicara dengan Anda saja")
    with page.expect_response("**/join"):
        bpbd.get_by_role("button", name="Gabungkan").click()
    assert evening.line.joined == [one.id]
    rings(evening, one, joined=ago(0))
    expect(bpbd).to_contain_text("dalam percakapan")
    expect(bpbd.get_by_role("button", name="Gabungkan")).to_have_count(0)


def test_what_rings_is_withdrawn_and_the_keyboard_keeps_its_place(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati", at=f"/tickets/{FIRE}")
    page.get_by_role("button", name="BPBD").press("Enter")
    one = page.get_by_role("list", name="Yang sudah dihubungi").get_by_role("listitem").first
    expect(one).to_contain_text("BPBD: Memanggil")
    expect(page.get_by_role("button", name="BPBD")).to_be_focused()
    one.get_by_role("button", name="Batalkan panggilan").press("Enter")
    expect(one).to_contain_text("BPBD: Dibatalkan")
    expect(one).to_be_focused()
    *_, asked = dispatches(evening, FIRE)
    assert asked.state is DispatchState.CANCELLED


def test_nobody_overlooks_that_no_line_has_accepted(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    row = page.locator(f'[data-ticket="{FIRE}"]')
    expect(row).to_contain_text("Polres Bima Kota: Gagal")
    expect(row).to_contain_text("PSC 119 · ambulans: Menuju lokasi")
    row.get_by_role("link").click()
    page.wait_for_url("**/tickets/*")
    alarm = page.get_by_role("alert").filter(has_text="Tidak ada yang menerima di Polres Bima Kota.")
    expect(alarm).to_be_visible()
    page.get_by_role("button", name="Polres Bima Kota", exact=True).click()
    expect(alarm).to_be_hidden()
    *_, again = dispatches(evening, FIRE)
    engaged = DispatchLeg(1, "telkom", dialled=ago(0), ended=ago(0), tried=Tried("BUSY", cause=17, sip=486))
    rings(evening, again, engaged, over=ago(0))
    expect(alarm).to_be_visible()
    expect(of(page, again)).to_contain_text("sibuk")
    expect(of(page, again)).to_contain_text("Q.850 17, SIP 486")


def test_an_skpds_dispatcher_sees_what_was_sent_to_it_and_says_how_it_goes_on(
    evening: Console, visiting: Visit
) -> None:
    evening.tell(RequestDispatch(FIRE, "damkar", "rahmawati", NOW))
    *others, mine = dispatches(evening, FIRE)
    page = visiting(evening.address, "damkar")
    expect(page.locator("[data-ticket]")).to_have_count(1)
    page.locator(f'[data-ticket="{FIRE}"]').get_by_role("link").click()
    expect(page.get_by_role("button", name="Simpan catatan")).to_have_count(0)
    expect(page.locator("[data-dispatch], [data-cancel], [data-turn], [data-quick]")).to_have_count(0)
    for other in others:
        expect(of(page, other).get_by_role("button")).to_have_count(0)
    of(page, mine).get_by_role("button", name="Menolak").click()
    dialog = page.get_by_role("dialog", name="Menolak")
    dialog.get_by_label("Catatan").fill("semua unit di Sape")
    page.route("**/api/v1/tickets/*/dispatches/*/updates", lambda route: route.abort())
    dialog.get_by_role("button", name="Catat").click()
    expect(dialog.get_by_text("server tidak dapat dihubungi")).to_be_visible()
    # What was typed is still there, also for who looked at something else meanwhile.
    dialog.get_by_role("button", name="Batal").click()
    of(page, mine).get_by_role("button", name="Menolak").click()
    expect(dialog.get_by_label("Catatan")).to_have_value("semua unit di Sape")
    page.unroute("**/api/v1/tickets/*/dispatches/*/updates")
    dialog.get_by_role("button", name="Catat").click()
    expect(of(page, mine)).to_contain_text("Pemadam Kebakaran: Menolak")
    expect(of(page, mine)).to_contain_text("semua unit di Sape")
    # The feed is not for them: what the room does is there all the same, a moment later.
    evening.tell(UpdateDispatch(FIRE, mine.id, DispatchState.ON_SCENE, "rahmawati"))
    expect(of(page, mine)).to_contain_text("Pemadam Kebakaran: Di lokasi")


def test_an_officers_spoken_note_is_heard_on_the_ticket_and_that_it_was_is_on_record(
    evening: Console, visiting: Visit
) -> None:
    spoken = ago(20).at
    evening.tell(RecordCalls(said=((1, Said(spoken, "tel:+6237444119", None, voice_note(note_stamp(spoken)))),)))
    write_sound(evening.home.note(1, note_stamp(spoken)), seconds=60)
    page = visiting(evening.address, "sari", at=f"/tickets/{FIRE}")
    ambulance = page.locator("#dispatch-1")
    play = ambulance.get_by_role("button", name="Putar catatan suara PSC 119 · ambulans pukul 19:42:10")
    play.press("Enter")
    player = page.get_by_role("region", name="Pemutar rekaman")
    expect(player).to_contain_text("Catatan suara PSC 119 · ambulans pukul 19:42:10")
    sound = player.locator("audio")
    assert heard(sound)
    played = "Catatan suara PSC 119 · ambulans pukul 19:42:10 diputar oleh sari"
    expect(page.locator("#ticket-timeline")).to_contain_text(played)
    # It goes on while the page follows what others do, and leaves the keyboard where it was.
    evening.tell(UpdateDispatch(FIRE, 1, DispatchState.ON_SCENE, "rahmawati"))
    expect(ambulance).to_contain_text("Di lokasi")
    assert sound.evaluate("one => !one.paused && !one.ended")
    player.get_by_role("button", name="Tutup pemutar").press("Enter")
    expect(player).to_be_hidden()
    expect(play).to_be_focused()


def test_who_may_not_hear_recordings_sees_that_a_note_was_spoken(evening: Console, visiting: Visit) -> None:
    spoken = ago(20).at
    evening.tell(RecordCalls(said=((1, Said(spoken, "tel:+6237444119", None, voice_note(note_stamp(spoken)))),)))
    write_sound(evening.home.note(1, note_stamp(spoken)))
    page = visiting(evening.address, "rahmawati", at=f"/tickets/{FIRE}")
    expect(page.locator("#dispatch-1")).to_contain_text("Catatan suara")
    expect(page.get_by_role("button", name="Putar")).to_have_count(0)


def test_somebody_is_sent_although_the_record_cannot_be_saved(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati")
    page.route_web_socket("**/api/v1/live*", lambda _socket: None)
    page.goto(f"/tickets/{FIRE}")
    page.get_by_label("Patokan", exact=True).fill("Menara masjid")
    kept = evening.run(evening.store.ticket(FIRE))
    assert kept
    evening.tell(TriageTicket(FIRE, kept.ticket.version, "sari", Triage(landmark="SMA 4")))
    page.get_by_role("button", name="Pemadam Kebakaran", exact=True).click()
    expect(page.locator(".dispatches li").first).to_contain_text("Pemadam Kebakaran: Memanggil")
    expect(page.get_by_label("Patokan", exact=True)).to_have_value("Menara masjid")
    expect(page.get_by_role("alert").filter(has_text="Tiket ini diubah orang lain")).to_be_visible()
