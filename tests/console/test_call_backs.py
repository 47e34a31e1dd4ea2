"""The call-backs, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.console import evening as told
from ticketing.commands import RecordCalls
from ticketing.model import Call

if TYPE_CHECKING:
    from tests.console.conftest import Visit
    from tests.console.console import Console

NOTE = "<b>dua kali</b> & tidak diangkat"


def gives_up(serial: int) -> Call:
    """Somebody who calls now, and hangs up in the same minute."""
    call = told.arrives(serial)
    return Call(call.id, call.arrived, call.trunk, call.caller, identified=True, ended=call.arrived)


def test_a_taker_sees_who_is_owed_a_call_back_and_records_an_attempt_with_one_key(
    evening: Console, visiting: Visit
) -> None:
    page = visiting(evening.address, "rahmawati")
    link = page.get_by_role("link", name="Panggilan balik")
    expect(link).to_have_text("Panggilan balik 2")
    link.click()
    rows = page.locator("[data-call-back]")
    expect(rows).to_have_count(2)
    # The oldest debt first; the one without a number cannot be called, and has no button to say so of.
    expect(rows.first).to_contain_text("Tidak dapat dihubungi kembali")
    expect(rows.first.get_by_role("button")).to_have_count(0)
    owed = rows.nth(1)
    expect(owed).to_contain_text("+62 852-5550-1234")
    owed.get_by_label("Catatan").fill(NOTE)
    owed.get_by_role("button", name="tidak diangkat").press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Dicatat")).to_contain_text(
        "Dicatat “tidak diangkat” dalam 5 detik."
    )
    page.keyboard.press("Escape")
    expect(page.locator("#closing")).to_be_hidden()
    expect(owed).to_contain_text("Belum dicoba")
    owed.get_by_role("button", name="tidak diangkat").press("Enter")
    # Somebody else gives up meanwhile: what was typed, and the moment, go on.
    evening.tell(RecordCalls((gives_up(901),)))
    expect(rows).to_have_count(3)
    expect(link).to_have_text("Panggilan balik 3")
    expect(owed.get_by_label("Catatan")).to_have_value(NOTE)
    rows.nth(2).get_by_role("button", name="terhubung").click()
    # To click another caller's result is to mean the first.
    expect(owed).to_contain_text(NOTE)
    expect(owed).to_contain_text("oleh rahmawati")
    page.goto("/call-backs?settled=true")
    # So is to leave the page.
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("terhubung")


def test_a_supervisor_gives_up_with_a_reason_and_a_caller_who_calls_again_is_gone_by_itself(
    evening: Console, visiting: Visit
) -> None:
    page = visiting(evening.address, "sari", at="/call-backs")
    rows = page.locator("[data-call-back]")
    hidden = rows.first
    hidden.get_by_role("button", name="Tidak ditindaklanjuti").click()
    expect(page.get_by_role("status")).to_have_text("Tulis alasannya di catatan.")
    expect(hidden.get_by_label("Catatan")).to_be_focused()
    page.keyboard.type("tanpa nomor")
    hidden.get_by_role("button", name="Tidak ditindaklanjuti").click()
    evening.tell(RecordCalls((gives_up(902),)))
    expect(rows).to_have_count(3)
    again = told.arrives(903)
    evening.tell(RecordCalls((again, told.answered(again))))
    expect(rows).to_have_count(2)
    expect(rows).to_have_count(1, timeout=8000)
    expect(page.locator("#owed-count")).to_have_text("1")
