"""A supervisor's working day on a real line: Asterisk, SIPp, and Debian's chromium."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from bench.rtp import Ear
from bench.sipp import Citizen, Pickup, citizens
from tests.console.console import heard, visit
from tests.telephony.line import CHECKOUT, SITE, Line, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PASSWORD = "tujuh-bukit-Mantoi"
HOSTILE = "<img src=x onerror=alert(1)>"
SHOWN = "<img src=x onerror=alert_1_>"  # the dialplan keeps no brackets ([presented])
SOON_A_NOTICE = f"{SITE}notice_after_s = 5\n"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    home = tmp_path_factory.mktemp("story")
    one = Line.prepared(home)
    (home / "siaga112.toml").write_text(SOON_A_NOTICE)
    one.start()
    try:
        one.add_takers(2)
        yield one
    finally:
        one.stop()


@pytest.fixture
def page(line: Line, chromium: Browser) -> Iterator[Page]:
    """The supervisor's browser, at the door."""
    add_user(line, "sari", "supervisor")
    context = visit(chromium, f"http://{line.http}")
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message) if dialog.type == "alert" else dialog.accept())
    yield page
    context.close()


def _caller(ear: Ear) -> Citizen:
    return Citizen(
        from_header=f'"{HOSTILE}" <sip:08123456789@[local_ip]:[local_port]>', talk_ms=6000, listens_at=ear.address
    )


def add_user(line: Line, name: str, role: str) -> None:
    words = [sys.executable, "-m", "gateway.cli", "user", "add", name, "--role", role, "--password-stdin"]
    subprocess.run(words, env=line.environment, cwd=CHECKOUT, input=f"{PASSWORD}\n", text=True, check=True, timeout=30)


def test_a_supervisor_follows_a_call_from_its_answer_to_its_place_in_the_log(line: Line, page: Page) -> None:
    page.goto("/")
    page.get_by_label("Nama pengguna").fill("sari")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tidak ada tiket terbuka.")).to_be_visible()

    row = page.locator(".tickets [data-ticket]")
    with (
        Ear() as ear,
        line.staffed("201", pickup=Pickup(picks_up=False)),
        citizens(line.sip, _caller(ear)) as calling,
    ):
        waiting = page.get_by_role("region", name="Panggilan menunggu")
        expect(waiting).to_contain_text("+62 812-3456-789", timeout=10_000)
        expect(waiting).to_contain_text(SHOWN)
        # SIPp has no voice: what is on the recording is the notice that the waiting caller hears.
        eventually(lambda: ear.loud_s > 1, within_s=20)
        with line.staffed("202"):
            expect(row).to_contain_text("sedang bicara", timeout=15_000)
            expect(row).to_contain_text(SHOWN)
            assert page.locator("img[src=x]").count() == 0
            counting = row.locator(".clock .figure").first
            before = counting.inner_text()
            expect(counting).not_to_have_text(before)
            calling.finish()
    number = row.get_attribute("data-ticket")
    assert number

    row.get_by_role("link").click()
    status = page.locator("#ticket-head .status")
    page.get_by_role("button", name="Mulai ditangani").click()
    expect(status).to_have_text("Sedang ditangani")
    page.get_by_role("button", name="Selesaikan tiket").click()
    expect(status).to_have_text("Selesai")

    page.get_by_role("link", name="Panggilan", exact=True).click()
    logged = page.locator("tbody tr", has_text=number)
    expect(logged).to_contain_text("+62 812-3456-789")
    times = [cell.strip() for cell in logged.locator("td.num").all_inner_texts()]
    assert all(re.fullmatch(r"(\d\d:)?\d\d:\d\d", time) for time in times), times
    assert len(times) == len(["Tunggu", "Dijawab", "Bicara"])
    assert logged.locator(".clock").evaluate_all("all => all.map(one => one.dataset.state)") == ["met", "met"]
    logged.get_by_role("button", name="Putar").click()
    assert heard(page.locator("audio"))
    page.goto(f"/tickets/{number}")
    expect(page.locator("#ticket-timeline")).to_contain_text("Rekaman diputar oleh sari")
