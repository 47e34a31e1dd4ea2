"""`make pictures`: every page, light and dark, wide and narrow, into docs/pictures/console/."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.console.console import browser, console, sign_in, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).resolve().parents[2] / "docs/pictures/console"
SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "390": (390, 844)}


def pages(page: Page, shoot: Shoot) -> None:
    """Walk through the console."""
    page.goto("/sign-in")
    shoot(page, "sign-in")
    sign_in(page, "sari")
    page.wait_for_selector(".takers .figure:not(:empty)")
    shoot(page, "board")
    fire = page.locator(".tickets li", has_text="pasar lama").get_by_role("link")
    fire.click()
    page.wait_for_selector("#record")
    shoot(page, "ticket")
    page.goto("/calls")
    shoot(page, "calls")
    page.goto("/calls?q=nothing")
    shoot(page, "calls-empty")
    page.goto("/tickets/112-19990101-0001")
    shoot(page, "error")


class Shoot:
    """Takes a picture of the whole page under a name."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix

    def __call__(self, page: Page, name: str) -> None:
        page.screenshot(path=self._folder / f"{name}-{self._suffix}.png", full_page=True)


def shoot_all(browsing: Browser, address: str, folder: Path) -> None:
    """Every page in every size and scheme."""
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = visit(browsing, address, color_scheme=scheme, viewport={"width": width, "height": height})
            pages(context.new_page(), Shoot(folder, f"{size}-{scheme}"))
            context.close()


def main(folder: Path = FOLDER) -> None:
    """Take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, console(Path(home)) as one, browser() as browsing:
        shoot_all(browsing, one.address, folder)
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures in {folder}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
