"""The console on a port of its own, over a real store with an evening in it; and a browser that looks at it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web
from playwright.sync_api import sync_playwright

from gateway.alarms import Alarms
from gateway.doorbell.ami_link import AmiUnavailable
from gateway.feed import Feed
from gateway.places.areas.kept import kept_boundaries
from gateway.site.home import Home
from gateway.web.door.city import City
from gateway.web.door.context import Web
from gateway.web.pages.root import add_pages
from gateway.web.pages.views import Seats
from gateway.web.server import application
from tests.console import evening
from tests.databases import new_store
from tests.gateway.web_desk import WELL
from tests.ticketing.room import SetClock
from ticketing.commands import AskCaller, CancelDispatch, CancelReturnCall, RequestDispatch, RequestReturnCall
from ticketing.desk import TicketDesk

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from datetime import datetime
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

    from gateway.health import Health
    from ticketing.asked import Question
    from ticketing.dispatch import Dispatch, DispatchMode
    from ticketing.return_calls import ReturnCall
    from ticketing.store import SqliteStore

T = TypeVar("T")

CHROMIUM = "/usr/bin/chromium-headless-shell"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = {"width": 1280, "height": 800}


class RunningClock(SetClock):
    """Shows the time it is set to, until it is started; from then on it runs."""

    _started: float | None = None

    def start(self) -> None:
        self._started = time.monotonic()

    def now(self) -> datetime:
        if self._started is None:
            return self.time
        return self.time + timedelta(seconds=time.monotonic() - self._started)


@dataclass
class BoundariesOf:
    """Reads what is imported anew at each question: no test waits for the next look at it."""

    home: Home

    def areas_at(self, lat: float, lon: float) -> tuple[str, ...]:
        return kept_boundaries(self.home).areas_at(lat, lon)


@dataclass
class DeskLine:
    """Asks for SKPDs and withdraws them on the desk, as the real dispatcher does; what rings, the tests tell.

    While `silent`, it is as if Asterisk did not answer.
    """

    store: SqliteStore
    desk: TicketDesk
    clock: RunningClock
    silent: bool = False
    handed_over: list[str] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def request(self, number: str, skpd: str, by: str, mode: DispatchMode) -> Dispatch:
        asked, *_ = await self.desk.handle(RequestDispatch(number, skpd, by, self.clock.now(), mode))
        return await self._kept(int(str(asked.body["dispatch"])))

    async def cancel(self, number: str, dispatch: int, by: str) -> Dispatch:
        await self.desk.handle(CancelDispatch(number, dispatch, by))
        return await self._kept(dispatch)

    async def join(self, dispatch: Dispatch) -> None:
        self.joined.append(dispatch.id)

    async def call_back(
        self, phone: str, by: str, *, call_back: int | None = None, ticket: str | None = None
    ) -> ReturnCall:
        """Write a return call down; which telephone rings, the tests tell."""
        if self.silent:
            raise AmiUnavailable("Originate", "no answer", sent=False)
        asked, *_ = await self.desk.handle(RequestReturnCall(phone, by, call_back, ticket))
        return await self._returned(int(str(asked.body["return_call"])))

    async def withdraw(self, return_call: int, by: str) -> ReturnCall:
        await self.desk.handle(CancelReturnCall(return_call, by))
        return await self._returned(return_call)

    async def _returned(self, return_call: int) -> ReturnCall:
        kept = await self.store.return_call(return_call)
        assert kept
        return kept

    async def hand_over(self, number: str) -> None:
        if self.silent:
            raise AmiUnavailable("Hangup", "no answer", sent=False)
        self.handed_over.append(number)

    async def ask(self, number: str, question: Question, by: str) -> None:
        if self.silent:
            raise AmiUnavailable("Originate", "no answer", sent=False)
        await self.desk.handle(AskCaller(number, question, by))
        self.asked.append((number, question))

    async def _kept(self, dispatch: int) -> Dispatch:
        kept = await self.store.dispatch(dispatch)
        assert kept
        return kept


class DeskPhones:
    """The same line, as return calls ask for it."""

    def __init__(self, line: DeskLine) -> None:
        self.request, self.cancel = line.call_back, line.withdraw


class Well:
    """Says that all is well."""

    async def now(self) -> Health:
        return WELL


@dataclass
class Console:
    """The server, in a thread with a loop of its own."""

    store: SqliteStore
    desk: TicketDesk
    clock: RunningClock
    home: Home
    alarms: Alarms
    line: DeskLine
    loop: asyncio.AbstractEventLoop
    door: socket.socket
    runner: web.AppRunner
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def tell(self, command: Any) -> None:  # noqa: ANN401 - any command
        """Have the desk carry out a command, as a telephone or another person would."""
        self.run(self.desk.handle(command))

    async def cut(self) -> None:
        """Break every connection and take no new one."""
        await _stop(self.runner, self.door)

    async def back(self) -> None:
        """Be there again, on the same port."""
        self.door = _door(self.port)
        self.runner = await _serve(self.store, self.desk, self.clock, self.home, self.alarms, self.line, self.door)


async def _seats() -> Seats | None:
    return Seats(evening.REACHABLE, evening.FREE, evening.RINGING)


def _door(port: int) -> socket.socket:
    """Where browsers knock; 0: at any port."""
    return socket.create_server(("127.0.0.1", port))


async def _serve(
    store: SqliteStore,
    desk: TicketDesk,
    clock: RunningClock,
    home: Home,
    alarms: Alarms,
    line: DeskLine,
    door: socket.socket,
) -> web.AppRunner:
    feed = desk._publisher
    assert isinstance(feed, Feed)
    city = City(ZoneInfo("Asia/Makassar"))
    boundaries = BoundariesOf(home)
    parts = Web(
        store,
        desk,
        clock,
        feed,
        home,
        Well(),
        city,
        alarms,
        dispatches=line,
        boundaries=boundaries,
        questions=line,
        return_calls=DeskPhones(line),
    )
    app = application(parts)
    add_pages(app, _seats)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.SockSite(runner, door).start()
    return runner


async def _opened(folder: Path, loop: asyncio.AbstractEventLoop) -> Console:
    store = await new_store(folder / "siaga112.sqlite3")
    clock = RunningClock(evening.NOW)
    desk = TicketDesk(store, clock, Feed(), ZoneInfo("Asia/Makassar"))
    home = Home(folder, folder / "journals")
    alarms = Alarms(clock)
    line = DeskLine(store, desk, clock)
    door = _door(0)
    runner = await _serve(store, desk, clock, home, alarms, line, door)
    return Console(store, desk, clock, home, alarms, line, loop, door, runner, door.getsockname()[1])


async def _stop(runner: web.AppRunner, door: socket.socket) -> None:
    """Stop serving, and let go of every connection: their loop will end.

    First nobody is let in any more, and whoever was in the last instant is waited for: the server hears of it two
    rounds of the loop later, and asyncio loses it if the server is closed by then (CPython 3.11, `Server._attach`).
    Then aiohttp lets go of all that have taken the whole of their answer, and we of the others.
    """
    asyncio.get_running_loop().remove_reader(door)
    for _ in range(2):
        await asyncio.sleep(0)
    transports = [one.transport for one in runner.server.connections] if runner.server else []
    await runner.cleanup()
    for transport in transports:
        if transport is not None:
            transport.abort()
    await asyncio.sleep(0)  # each is told that it is lost in the loop's next round


async def _closed(console: Console) -> None:
    await _stop(console.runner, console.door)
    # As asyncio.run() does: a request that the server gave up lets go of the database before its loop ends.
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await console.store.close()


@contextmanager
def console(folder: Path, *, evening_told: bool = True) -> Iterator[Console]:
    """A console in this folder, open while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    one = asyncio.run_coroutine_threadsafe(_opened(folder, loop), loop).result(20)
    try:
        one.run(evening.people(one.desk, one.clock))
        if evening_told:
            one.run(evening.play(one.desk, one.clock, one.home))
        one.clock.start()
        yield one
    finally:
        one.run(_closed(one))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        started.close()


def visit(browsing: Browser, address: str, **more: Any) -> BrowserContext:  # noqa: ANN401 - Playwright's own
    """Somebody's own browser: its cookies are its own."""
    context = browsing.new_context(**{"base_url": address, "viewport": DESKTOP, "locale": "id-ID", **more})
    context.set_default_timeout(10_000)
    return context


def let_in(context: BrowserContext, name: str) -> None:
    """Sign somebody in without a look at the door, whose own stories are told in test_door."""
    answer = context.request.post("/api/v1/session", data={"name": name, "password": evening.PASSWORD})
    assert answer.ok, answer.text()


def knock(page: Page, name: str, password: str) -> None:
    """Ask to be let in."""
    page.goto("/sign-in")
    enter(page, name, password)


def enter(page: Page, name: str, password: str) -> None:
    """Fill in the door's form, where one stands before it."""
    page.get_by_label("Nama pengguna").fill(name)
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()


def sign_in(page: Page, name: str) -> None:
    """Come in by the door."""
    knock(page, name, evening.PASSWORD)
    page.wait_for_url("**/")


def heard(sound: Locator) -> bool:
    """Wait until some of a sound has been played; fail with the browser's reason when it cannot be."""
    return bool(
        sound.evaluate(
            """one => new Promise((done, fail) => {
              const look = () => {
                if (one.error) fail(new Error(one.error.message));
                else if (one.currentTime > 0) done(true);
              };
              for (const news of ["timeupdate", "error", "ended"]) one.addEventListener(news, look);
              look();
              setTimeout(() => fail(new Error(`not heard: state ${one.readyState}, paused ${one.paused}`)), 15000);
            })"""
        )
    )
