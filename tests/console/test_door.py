"""Who may come in, and what every page has in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.console.console import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.console.conftest import Visit
    from tests.console.console import Console

AXE = (Path(__file__).parent / "axe.min.js").read_text()
TICKET = "/tickets/112-20261123-0010"
PATHS = ("/", TICKET, "/calls", "/calls?q=nobody", "/call-backs", "/premise-notes", "/nowhere")


def test_who_is_not_signed_in_is_sent_to_the_door_and_from_there_onward(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address)
    page.goto("/calls?outcome=answered")
    expect(page.get_by_role("heading", name="Siaga 112")).to_be_visible()
    page.get_by_label("Nama pengguna").fill("sari")
    page.get_by_label("Kata sandi").fill("kota-tepian-air")
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls?outcome=answered")
    expect(page.get_by_label("Hasil")).to_have_value("answered")


def test_a_wrong_password_is_refused_in_words(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address)
    page.goto("/sign-in")
    page.get_by_label("Nama pengguna").fill("sari")
    page.get_by_label("Kata sandi").fill("salah-salah-salah")
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("alert")).to_have_text("Nama pengguna atau kata sandi salah.")
    expect(page.get_by_label("Kata sandi")).to_be_focused()
    for _ in range(10):
        page.get_by_label("Kata sandi").fill("salah-salah-salah")
        with page.expect_response("**/api/v1/session"):
            page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Terlalu banyak percobaan")


@pytest.mark.parametrize(
    "onward", ["//evil.example/", "/\\evil.example", "https://evil.example/", "javascript:alert(1)"]
)
def test_the_door_sends_nobody_elsewhere(evening: Console, visiting: Visit, onward: str) -> None:
    page = visiting(evening.address)
    page.goto(f"/sign-in?next={onward.replace('/', '%2F')}")
    page.get_by_label("Nama pengguna").fill("sari")
    page.get_by_label("Kata sandi").fill("kota-tepian-air")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{evening.address}/")


def test_who_signs_out_is_out_everywhere(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari")
    other = page.context.new_page()
    other.goto("/")
    page.get_by_role("button", name="Keluar").click()
    page.wait_for_url("**/sign-in")
    other.wait_for_url("**/sign-in?next=%2F")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("role", ["sari", "rahmawati", "damkar"])
def test_axe_finds_nothing(evening: Console, visiting: Visit, role: str, scheme: str) -> None:
    page = visiting(evening.address, color_scheme=scheme)
    page.goto("/sign-in")
    assert flaws(page) == []
    sign_in(page, role)
    for path in PATHS:
        page.goto(path)
        assert flaws(page) == [], path


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_nothing_is_cut_or_spills_over(evening: Console, visiting: Visit, width: int) -> None:
    page = visiting(evening.address, viewport={"width": width, "height": 800})
    page.goto("/sign-in")
    assert spilled(page) == []
    sign_in(page, "sari")
    for path in PATHS:
        page.goto(path)
        assert spilled(page) == [], path


def test_everything_can_be_reached_by_tabulator_in_the_order_of_reading(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address, "sari", at="/calls")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
    assert reached[:10] == [
        "Langsung ke isi",
        "Siaga 112 Kota Bima",
        "Papan",
        "Panggilan",
        "Panggilan balik 2",
        "Nomor iseng",
        "Catatan lokasi",
        "Indonesia",
        "English",
        "Keluar",
    ]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_page_keeps_to_its_own_server(evening: Console, visiting: Visit) -> None:
    page = visiting(evening.address)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    answer = page.goto("/sign-in")
    assert answer
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    sign_in(page, "sari")
    for path in PATHS:
        page.goto(path)
    assert hosts == {evening.address.removeprefix("http://")}


def flaws(page: Page) -> list[Any]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]]


def spilled(page: Page) -> list[Any]:
    """What is wider than its box, or over the page's edge; what scrolls, or is cut with an ellipsis, may be."""
    found: list[Any] = page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth > wide) return ["the page itself"];
          const kept = (one) => one.closest(".scroll, .conflict, .unseen, .skip, select, [hidden]")
            || getComputedStyle(one).clipPath !== "none";
          return [...document.querySelectorAll("body *")]
            .filter((one) => one.getClientRects().length && !kept(one))
            .filter((one) => one.getBoundingClientRect().right > wide + 1 || (one.children.length === 0
              && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline"
              && !["INPUT", "TEXTAREA"].includes(one.tagName)))
            .map((one) => one.outerHTML.slice(0, 120));
        }"""
    )
    return found
