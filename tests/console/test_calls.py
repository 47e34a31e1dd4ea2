"""The call log, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.console import evening as told
from tests.console.console import heard

if TYPE_CHECKING:
    from tests.console.conftest import Visit
    from tests.console.console import Console

COLUMNS = ["Tiba", "Pemanggil", "Hasil", "Tunggu", "Dijawab", "Penerima", "Tiket", "Ditangani", "Selesai", "Bicara"]


def test_every_call_stands_beside_its_tickets_timings(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari", at="/calls")
    assert page.get_by_role("columnheader").all_inner_texts() == [*COLUMNS, "Rekaman"]
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(len(told.STORIES))
    crash = rows.filter(has_text="112-20261123-0001")
    cells = [text.strip() for text in crash.locator("td").all_inner_texts()]
    assert cells[2:5] == ["00:18", "18:32:48", "Rahmawati"]
    assert [cell.split()[0] for cell in (cells[6], cells[7], cells[8])] == ["02:50", "23:40", "02:40"]
    assert crash.locator(".clock").evaluate_all("all => all.map(one => one.dataset.state)") == ["met", "breached"]
    crash.get_by_role("link").click()
    page.wait_for_url("**/tickets/112-20261123-0001")


@pytest.mark.parametrize(
    ("filled", "count"),
    [
        ({"Hasil": "abandoned"}, 1),
        ({"Hasil": "overflow"}, 1),
        ({"Penerima": "201"}, 2),
        ({"Nomor atau tiket": "112-20261123-0003"}, 1),
        ({"Nomor atau tiket": "081239004417"}, 2),
        ({"Dari tanggal": "2026-11-23", "Sampai tanggal": "2026-11-23"}, 15),
    ],
)
def test_the_log_is_filtered(evening: Console, visiting: Visit, filled: dict[str, str], count: int) -> None:
    page = visiting(evening.address, "rahmawati", at="/calls")
    for label, value in filled.items():
        field = page.get_by_role("search").get_by_label(label)
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Terapkan").click()
    page.wait_for_url("**/calls?*")
    expect(page.locator("tbody tr")).to_have_count(count)
    page.get_by_role("link", name="Hapus saringan").click()
    expect(page.locator("tbody tr")).to_have_count(len(told.STORIES))


def test_days_without_a_call_say_so(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari", at="/calls?from=2026-11-24")
    expect(page.get_by_text("Tidak ada panggilan yang cocok.")).to_be_visible()
    page.goto("/calls?from=yesterday")
    expect(page.get_by_role("alert")).to_contain_text("Saringan tidak dapat dibaca")
    page.goto("/calls?cursor=nonsense&outcome=answered")
    expect(page).to_have_url(f"{evening.address}/calls?outcome=answered")


def test_older_calls_are_on_the_next_page_each_once(evening: Console, visiting: Visit) -> None:
    evening.run(told.many_more(evening.desk, 60))
    page = visiting(evening.address, "sari", at="/calls")
    seen: list[str] = []
    while True:
        seen += page.locator("tbody tr").evaluate_all("all => all.map(one => one.dataset.call)")
        older = page.get_by_role("link", name="Lebih lama")
        if not older.count():
            break
        older.click()
        page.wait_for_url("**cursor=*")
    assert len(seen) == len(set(seen)) == len(told.STORIES) + 60
    page.get_by_role("link", name="Terbaru").click()
    expect(page.locator("tbody tr").first).to_contain_text("19:42:09")


def test_a_recording_is_played_from_the_log_by_those_who_may(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari", at="/calls")
    button = page.get_by_role("button", name="Putar rekaman panggilan pukul 19:40:20")
    button.click()
    player = page.get_by_role("region", name="Pemutar rekaman")
    expect(player).to_contain_text("Rekaman panggilan pukul 19:40:20")
    assert heard(page.locator("audio"))
    player.get_by_role("button", name="Tutup pemutar").click()
    expect(player).to_be_hidden()
    expect(button).to_be_focused()
    taker = visiting(evening.address, "rahmawati", at="/calls")
    assert taker.get_by_role("columnheader").all_inner_texts() == COLUMNS
    expect(taker.get_by_role("button", name="Putar")).to_have_count(0)


def test_a_log_before_the_first_call_says_so(quiet: Console, visiting: Visit) -> None:
    page = visiting(quiet.address, "sari", at="/calls")
    expect(page.get_by_text("Belum ada panggilan.")).to_be_visible()


def test_printed_the_log_is_the_log_alone(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari", at="/calls")
    page.emulate_media(media="print")
    for part in (page.get_by_role("navigation"), page.get_by_role("search"), page.get_by_role("button", name="Putar")):
        expect(part.first).to_be_hidden()
    expect(page.locator("tbody tr").first).to_be_visible()
