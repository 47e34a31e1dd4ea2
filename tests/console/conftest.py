"""A console of each test's own, and people at their browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.console import Console, browser, console, let_in, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    Visit = Callable[..., Page]


# A module's: while Playwright's loop runs in this thread, no asynchronous test of another module could.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as one:
        yield one


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Console]:
    """A console before its first call."""
    with console(tmp_path, evening_told=False) as one:
        yield one


@pytest.fixture
def visiting(chromium: Browser) -> Iterator[Visit]:
    """Give people browsers of their own; whatever a page's script or its policy complains of fails the test.

    With a name they are signed in already, and look at a page.
    """
    complaints: list[str] = []
    contexts = []

    def come(address: str, name: str | None = None, at: str = "/", **more: object) -> Page:
        context = visit(chromium, address, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said.text) else None)
        page.on("dialog", lambda dialog: complaints.append(dialog.message) if dialog.type == "alert" else None)
        if name:
            let_in(context, name)
            page.goto(at)
        return page

    yield come
    for context in contexts:
        context.close()
    assert complaints == []


def _is_complaint(text: str) -> bool:
    return "Content Security Policy" in text or "Refused to" in text or "TypeError" in text
