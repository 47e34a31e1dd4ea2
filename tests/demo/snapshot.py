"""`make snapshot`: the README's picture of the demo's board, a few minutes into the shift; it takes as long."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.console.console import browser, visit
from tests.demo.playing import Playing

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURE = Path(__file__).resolve().parents[2] / "docs/pictures/demo.png"
# At pace 1 the clocks are those of the SOP.
PACE, SEED = "1", "112"
_WITHIN_MS = 900_000

# A board worth looking at: somebody waits, somebody talks, tickets in both states, and one of them late.
_ALIVE = """() => {
  const count = (what) => document.querySelectorAll(what).length;
  return count(".waiting li") >= 1 && count('.takers li[data-state="talking"]') >= 1 &&
    count('.tickets li[data-status="open"]') >= 2 && count('.tickets li[data-status="on_progress"]') >= 3 &&
    count(".tickets li.late") >= 1 && count(".tickets .incident") >= 1;
}"""


def sign_in(page: Page, name: str, password: str) -> None:
    """Come in with what the demo printed."""
    page.goto("/sign-in")
    page.get_by_label("Nama pengguna").fill(name)
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_url("**/")


def main(picture: Path = PICTURE) -> None:
    """Take it."""
    with Playing.started("--pace", PACE, "--seed", SEED) as demo, browser() as browsing:
        address, name, password = demo.sign_in()
        with visit(browsing, address) as context:
            page = context.new_page()
            sign_in(page, name, password)
            page.wait_for_function(_ALIVE, timeout=_WITHIN_MS)
            page.screenshot(path=picture)
    sys.stdout.write(f"{picture}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
