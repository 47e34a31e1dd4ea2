"""The live board, in a real browser."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.console.evening import HOSTILE, NOW, answered, arrives
from ticketing.commands import RecordCalls, TurnStatus
from ticketing.model import Role, TicketStatus

if TYPE_CHECKING:
    from tests.console.conftest import Visit
    from tests.console.console import Console

FIGURES = {"Menunggu": "2", "Penerima siap": "1", "Tiket baru": "4", "Sedang ditangani": "3", "Terlambat": "2"}
# A screen's own clock decides (test_a_server_is_called_silent_within_three_seconds); a busy machine draws later.
FEED_SAID_CUT_WITHIN_MS = 10_000
LIVE = Path(__file__).resolve().parents[2] / "gateway/web/pages/static/live.js"


def test_a_call_that_comes_waits_on_the_board_and_is_a_ticket_the_moment_it_is_answered(
    quiet: Console, visiting: Visit
) -> None:
    page = visiting(quiet.address, "sari")
    expect(page.get_by_text("Tidak ada tiket terbuka.")).to_be_visible()
    call = arrives()
    quiet.tell(RecordCalls((call,)))
    waiting = page.get_by_role("region", name="Panggilan menunggu")
    expect(waiting).to_contain_text("+62 812-9876-5432")
    quiet.tell(RecordCalls((answered(call),)))
    row = page.locator(".tickets [data-ticket]")
    expect(row).to_contain_text("112-20261123-0001")
    expect(row).to_contain_text("sedang bicara")
    expect(waiting).to_contain_text("Tidak ada panggilan yang menunggu.")
    expect(page.get_by_role("status")).to_have_text("Tiket baru: 112-20261123-0001")


def test_what_is_wrong_with_the_line_stands_over_the_board_until_it_is_not(quiet: Console, visiting: Visit) -> None:
    page = visiting(quiet.address, "sari")
    faults = page.get_by_role("list", name="Gangguan pada saluran 112")
    expect(page.get_by_text("Tidak ada tiket terbuka.")).to_be_visible()
    expect(faults).to_have_count(0)
    quiet.loop.call_soon_threadsafe(quiet.alarms.raise_, "clock", "not synchronised")
    quiet.loop.call_soon_threadsafe(lambda: quiet.alarms.raise_("space.journals", HOSTILE, grave=True))
    expect(faults.get_by_role("listitem")).to_contain_text(["Ruang penyimpanan hampir habis", "Jam server tidak tepat"])
    expect(faults).to_contain_text(HOSTILE)
    for name in ("clock", "space.journals"):
        quiet.loop.call_soon_threadsafe(quiet.alarms.clear, name)
    expect(faults).to_have_count(0)


def test_ages_and_clocks_count(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    for counting in (page.locator(".waiting .figure").first, page.locator("[data-due-ms] .figure").first):
        before = counting.inner_text()
        expect(counting).not_to_have_text(before)


def test_a_clock_that_runs_out_says_so_by_itself(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    fire = page.locator(".tickets li", has_text="pasar lama")
    clock = fire.locator(".clock").first
    expect(clock).to_contain_text("tersisa")
    # Answered 125 s before NOW: two seconds are left of its three minutes. Only the page itself counts from here.
    evening.clock.time += timedelta(seconds=53 - (evening.clock.now() - NOW).total_seconds())
    page.reload()
    page.route("**/fragments/board*", lambda route: route.abort())
    expect(clock).to_contain_text("tersisa")
    late = int(page.locator("#late-count").inner_text())
    expect(clock).to_contain_text("terlambat")
    expect(clock).to_have_attribute("data-state", "breached")
    expect(clock.locator("use")).to_have_attribute("href", "/static/icons.svg#breached")
    expect(page.locator("#late-count")).to_have_text(str(late + 1))


def test_a_feed_that_is_cut_is_said_and_what_was_missed_is_there_afterwards(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    row = page.locator(".tickets li", has_text="pasar lama")
    expect(row).to_contain_text("Baru")
    banner = page.get_by_text("Sambungan langsung terputus")
    expect(banner).to_be_hidden()
    number = row.get_attribute("data-ticket")
    assert number
    evening.run(evening.cut())
    expect(banner).to_be_visible(timeout=FEED_SAID_CUT_WITHIN_MS)
    evening.tell(TurnStatus(number, TicketStatus.ON_PROGRESS, "sari", Role.SUPERVISOR))
    evening.run(evening.back())
    expect(banner).to_be_hidden()
    expect(row).to_contain_text("Sedang ditangani")


def test_a_server_is_called_silent_within_three_seconds() -> None:
    script = LIVE.read_text()
    silent_after, a_look = (
        re.search(words, script) for words in (r"SILENT_AFTER_MS = (\d+);", r"setInterval\(watch, (\d+)\);")
    )
    assert silent_after
    assert a_look
    assert int(silent_after[1]) + int(a_look[1]) <= 3_000


def test_a_server_that_falls_silent_without_a_word_is_noticed_too(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    expect(page.locator(".tickets li").first).to_be_visible()
    banner = page.get_by_text("Sambungan langsung terputus")
    thaw = threading.Event()
    evening.loop.call_soon_threadsafe(thaw.wait, 30)
    try:
        expect(banner).to_be_visible(timeout=FEED_SAID_CUT_WITHIN_MS)
    finally:
        thaw.set()
    expect(banner).to_be_hidden()


def test_emergencies_come_first_and_late_ones_are_marked_by_word_and_shape(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    rows = page.locator(".tickets [data-ticket]")
    expect(rows).to_have_count(7)
    types = [rows.nth(n).get_attribute("data-type") for n in range(7)]
    assert types == ["emergency"] * 6 + ["information"]
    states = page.locator(".tickets .clock").evaluate_all(
        "all => all.map(one => [one.dataset.state, one.querySelector('.word').textContent, "
        "one.querySelector('use').getAttribute('href').split('#')[1]])"
    )
    words = {"running": "tersisa", "met": "tepat waktu", "breached": "terlambat", "exempt": "tanpa batas"}
    assert {state for state, _, _ in states} == set(words)
    assert all((word, shape) == (words[state], state) for state, word, shape in states)


def test_takers_are_shown_as_they_stand(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    takers = page.get_by_role("region", name="Penerima panggilan").get_by_role("listitem")
    shown = [text.split() for text in takers.all_inner_texts()]
    assert [words[0] for words in shown] == ["201", "202", "203", "204", "205"]
    for words, state in zip(shown, ["Bicara", "Siap", "Berdering", "mati", "masuk"], strict=True):
        assert state in words


def test_a_skpds_dispatcher_sees_no_call_and_no_ticket_of_others(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "damkar")
    expect(page.get_by_text("Tidak ada tiket yang diteruskan ke SKPD Anda.")).to_be_visible()
    expect(page.locator("[data-ticket], [data-call]")).to_have_count(0)
    expect(page.get_by_role("link", name="Panggilan")).to_have_count(0)
    answer = page.goto("/calls")
    assert answer
    assert answer.status == 403
    expect(page.get_by_text("Halaman ini bukan untuk peran Anda.")).to_be_visible()
    answer = page.goto("/tickets/112-20261123-0001")
    assert answer
    assert answer.status == 404


def test_a_callers_name_is_text_on_every_page(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    row = page.locator(".tickets li", has_text=HOSTILE)
    expect(row.locator(".place")).to_have_text(HOSTILE)
    expect(row.locator(".caller .name")).to_contain_text(HOSTILE)
    number = row.get_attribute("data-ticket")
    for path in ("/", f"/tickets/{number}", "/calls", f"/calls?q={HOSTILE}", f"/sign-in?next={HOSTILE}"):
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        assert page.locator("img[src=x]").count() == 0
    page.goto(f"/tickets/{number}")
    expect(page.get_by_label("Lokasi, kata pemanggil")).to_have_value(HOSTILE)
    expect(page.locator("#ticket-timeline")).to_contain_text(HOSTILE)
    expect(page.locator(".facts")).to_contain_text(HOSTILE)


def test_english_is_there_for_who_chooses_it(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Open tickets")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="Calls").click()
    expect(page.get_by_role("columnheader", name="On progress")).to_be_visible()
    page.get_by_role("link", name="Indonesia").click()
    expect(page.get_by_role("heading", name="Panggilan")).to_be_visible()
    assert page.url == f"{evening.address}/calls"


def test_the_keyboard_keeps_its_place_while_the_board_is_fetched_anew(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    link = page.locator(".tickets a").nth(2)
    name = link.inner_text()
    link.focus()
    with page.expect_response("**/fragments/board*"):
        evening.tell(RecordCalls((arrives(),)))
    expect(page.get_by_role("region", name="Panggilan menunggu")).to_contain_text("+62 812-9876-5432")
    expect(page.get_by_role("link", name=name)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tickets/{name}")


def test_the_figures_on_top_are_those_of_the_evening(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati")
    figures = {name: page.locator("dt", has_text=re.compile(f"^{name}$")).locator("xpath=../dd") for name in FIGURES}
    for name, count in FIGURES.items():
        expect(figures[name]).to_have_text(count)


def test_a_board_that_cannot_be_fetched_says_so_until_it_can(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    page.route("**/fragments/board*", lambda route: route.fulfill(status=503))
    evening.tell(RecordCalls((arrives(910), answered(arrives(910)))))
    banner = page.get_by_text("Sambungan langsung terputus")
    expect(banner).to_be_visible()
    page.unroute("**/fragments/board*")
    expect(banner).to_be_hidden()
    expect(page.locator(".tickets [data-ticket]")).to_have_count(8)


def test_a_phone_that_a_taker_chose_moves_no_supervisors_board(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    page.evaluate("localStorage.setItem('siaga112-my-phone', '202')")
    expect(page.get_by_label("Telepon di meja ini")).to_have_count(0)
    evening.tell(RecordCalls((arrives(911), answered(arrives(911), "202"))))
    expect(page.locator(".tickets [data-ticket]")).to_have_count(8)
    assert page.url == f"{evening.address}/"
