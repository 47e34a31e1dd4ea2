"""A caller is called back by a click, in a real browser: this desk's phone, how it goes, the ticket that comes up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from ticketing.commands import CancelReturnCall, RecordCalls, RequestReturnCall
from ticketing.dispatch import Tried
from ticketing.model import Instant, Precision
from ticketing.return_calls import ReturnLeg, ReturnTrace

if TYPE_CHECKING:
    from tests.console.conftest import Visit
    from tests.console.console import Console

NUMBER = "+62 852-5550-1234"


def heard(evening: Console, return_call: int, *, seconds: float = 0, **known: object) -> None:
    """Have the ledger tell: picked_up, over, or of the caller's telephone through the trunk main."""
    at = Instant(evening.clock.now() + timedelta(seconds=seconds), Precision.LEDGER)
    whole = {name: at for name in ("picked_up", "over") if name in known}
    legs = {name: value or at for name, value in known.items() if name not in whole}
    trace = ReturnTrace((ReturnLeg("main", **legs),) if legs else (), **whole)  # type: ignore[arg-type]
    evening.tell(RecordCalls(return_calls=((return_call, trace),)))


def test_a_taker_calls_back_with_one_click_and_the_callers_ticket_comes_up(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati", at="/call-backs")
    row = page.locator("[data-call-back]").filter(has_text=NUMBER)
    call = row.get_by_role("button", name=f"Telepon sekarang: {NUMBER}")
    # Nobody has said which phone is beside this screen.
    call.click()
    expect(page.get_by_role("status").filter(has_text="Pilih dulu")).to_be_visible()
    page.get_by_label("Telepon di meja ini").select_option("202")
    call.press("Enter")
    expect(row).to_contain_text("Telepon 202 berdering: angkat")
    expect(call).to_have_count(0)
    heard(evening, 1, picked_up=True)
    expect(row).to_contain_text("Memanggil penelepon dari telepon 202")
    heard(evening, 1, dialled=None, ended=None, tried=Tried("BUSY", cause=17, sip=486))
    heard(evening, 1, over=True)
    # What came of it nobody has to type, and it is owed still.
    expect(row.get_by_role("listitem").first).to_contain_text("sibuk")
    call.click()
    expect(row).to_contain_text("Telepon 202 berdering: angkat")  # the ledger tells of what was begun, never before
    heard(evening, 2, picked_up=True)
    heard(evening, 2, dialled=None, reached=None)
    page.wait_for_url("**/tickets/*")
    expect(page.get_by_text("Tiket dibuka saat penelepon dihubungi kembali")).to_be_visible()
    expect(page.get_by_text("Sedang bicara di telepon 202")).to_be_visible()
    heard(evening, 2, seconds=30, over=True)
    expect(page.locator("#ticket-return")).to_contain_text("terhubung")
    page.get_by_role("link", name="Panggilan balik").click()
    expect(page.locator("[data-call-back]").filter(has_text=NUMBER)).to_have_count(0)


def test_what_rings_is_withdrawn_and_what_is_refused_is_said_in_words(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "rahmawati", at="/call-backs")
    page.get_by_label("Telepon di meja ini").select_option("202")
    row = page.locator("[data-call-back]").filter(has_text=NUMBER)
    (owed,) = [one for one in evening.run(evening.store.call_backs()).items if one.call_back.number]
    evening.tell(RequestReturnCall("203", "sari", call_back=owed.call_back.id))
    # Somebody else's call is on this screen too, and can be withdrawn here.
    row.get_by_role("button", name="Batalkan").click()
    expect(row.get_by_role("button", name="Batalkan")).to_have_count(0)
    heard(evening, 1, over=True)
    expect(row.get_by_role("listitem").first).to_contain_text("dibatalkan")
    evening.line.silent = True
    row.get_by_role("button", name=f"Telepon sekarang: {NUMBER}").click()
    expect(page.get_by_role("status").filter(has_text="Tidak ditelepon")).to_be_visible()


def test_the_caller_of_a_ticket_who_has_hung_up_is_called_from_its_page(evening: Console, visiting: Visit) -> None:
    tickets = evening.run(evening.store.tickets())
    over = next(one for one in tickets if one.call.ended and one.call.caller and one.call.caller.callable)
    page = visiting(evening.address, "rahmawati", at=f"/tickets/{over.ticket.number}")
    page.get_by_role("button", name="Telepon").click()
    expect(page.get_by_role("alert").filter(has_text="Pilih dulu")).to_be_visible()
    page.evaluate("localStorage.setItem('siaga112-my-phone', '202')")
    page.get_by_role("button", name="Telepon").click()
    part = page.locator("#ticket-return")
    expect(part).to_contain_text("Telepon 202 berdering")
    evening.tell(CancelReturnCall(1, "sari"))
    heard(evening, 1, over=True)
    expect(part).to_contain_text("dibatalkan")
