"""`make pictures`: every page and state, light and dark, wide and narrow; and the README's three."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.console.console import browser, console, knock, sign_in, visit
from ticketing.commands import Triage, TriageTicket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, Page

    from tests.console.console import Console

README_FOLDER = Path(__file__).resolve().parents[2] / "docs/pictures"
FOLDER = README_FOLDER / "console"
SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "390": (390, 844)}
FOR_README = ("board", "ticket", "calls")
FIRE, FLOOD = "112-20261123-0010", "112-20261123-0006"


class Shoot:
    """Takes a picture of the whole page under a name."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix

    def __call__(self, page: Page, name: str) -> None:
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=self._folder / f"{name}-{self._suffix}.png", full_page=True)


def supervisors(page: Page, shoot: Shoot) -> None:
    """What a supervisor sees."""
    page.goto("/sign-in")
    shoot(page, "sign-in")
    knock(page, "sari", "a wrong password")
    page.wait_for_selector("#problem:not(:empty)")
    shoot(page, "sign-in-refused")
    sign_in(page, "sari")
    page.wait_for_selector(".takers .figure:not(:empty)")
    shoot(page, "board")
    page.goto(f"/tickets/{FIRE}")
    page.wait_for_selector("#record")
    shoot(page, "ticket")
    page.goto("/calls")
    shoot(page, "calls")
    page.goto("/calls?q=nothing")
    shoot(page, "calls-empty")
    page.goto("/tickets/112-19990101-0001")
    shoot(page, "error")


def takers(page: Page, shoot: Shoot, one: Console) -> None:
    """What a taker sees: the board, a slip of the finger, somebody else's change, a feed that is cut."""
    sign_in(page, "rahmawati")
    page.wait_for_selector("#my-phone")
    shoot(page, "taker-board")
    page.goto(f"/tickets/{FLOOD}")
    page.keyboard.press("F8")
    page.wait_for_selector("#closing:not([hidden])")
    shoot(page, "ticket-closing")
    page.keyboard.press("Escape")
    page.wait_for_selector("#closing", state="hidden")
    page.get_by_text("Tersimpan pukul").wait_for()
    page.route_web_socket("**/api/v1/live*", lambda _socket: None)
    page.reload()
    page.get_by_label("Patokan", exact=True).fill("Jembatan Penatoi")
    kept = one.run(one.store.ticket(FLOOD))
    assert kept
    version = kept.ticket.version
    one.tell(TriageTicket(FLOOD, version, "sari", Triage(landmark=f"Terminal Dara {version}", reporter_name="Fajar")))
    page.get_by_role("button", name="Simpan catatan").click()
    page.wait_for_selector("#conflict:not([hidden])")
    page.wait_for_selector("#feed-cut:not([hidden])")
    shoot(page, "ticket-conflict")


def before_the_first_call(page: Page, shoot: Shoot) -> None:
    """What there is on the first morning."""
    sign_in(page, "sari")
    page.wait_for_selector("#board")
    shoot(page, "board-empty")
    page.goto("/calls")
    shoot(page, "calls-none-yet")


def looks() -> Sequence[tuple[str, dict[str, Any]]]:
    """Every size in both schemes: a suffix for files, and the browser's options."""
    return [
        (f"{size}-{scheme}", {"color_scheme": scheme, "viewport": {"width": width, "height": height}})
        for scheme in ("light", "dark")
        for size, (width, height) in SIZES.items()
    ]


def shoot_all(browsing: Browser, one: Console, quiet: Console, folder: Path) -> None:
    """Every page in every size and scheme, each person with a browser of their own."""
    for suffix, options in looks():
        shoot = Shoot(folder, suffix)
        with visit(browsing, one.address, **options) as context:
            supervisors(context.new_page(), shoot)
        with visit(browsing, one.address, **options) as context:
            takers(context.new_page(), shoot, one)
        with visit(browsing, quiet.address, **options) as context:
            before_the_first_call(context.new_page(), shoot)
        sys.stdout.write(f"{suffix}\n")


def main(folder: Path = FOLDER) -> None:
    """Take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as evening_home,
        tempfile.TemporaryDirectory() as quiet_home,
        console(Path(evening_home)) as one,
        console(Path(quiet_home), evening_told=False) as quiet,
        browser() as browsing,
    ):
        shoot_all(browsing, one, quiet, folder)
    if folder == FOLDER:
        for name in FOR_README:
            shutil.copy(folder / f"{name}-1280-light.png", README_FOLDER / f"{name}.png")
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures in {folder}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
