"""A web server on a port of its own, over a real store, with one user of each role, and people who talk to it."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

import aiohttp
from multidict import CIMultiDict

from gateway.access.passwords import digest, hashed
from gateway.alarms import Alarms
from gateway.feed import EntryCounts, Feed
from gateway.health import Health
from gateway.site.home import Home
from gateway.web.api.answers import ProblemAnswer
from gateway.web.api.metrics import add_metrics
from gateway.web.api.table import ROUTES
from gateway.web.door.city import City
from gateway.web.door.connections import Door
from gateway.web.door.context import Web
from gateway.web.door.routes import API
from gateway.web.pages.root import add_pages
from gateway.web.server import application, started
from tests.databases import new_store
from tests.ticketing.evidence import MORNING, MULYADI, answered, arrives, call_id, hung_up
from tests.ticketing.room import SetClock, Told
from ticketing.commands import AddPremiseNote, AddSkpd, AddToken, AddUser, RecordCalls, RequestDispatch
from ticketing.desk import TicketDesk
from ticketing.errors import SkpdExists
from ticketing.model import Role
from ticketing.people import Token, User
from ticketing.premise import PremiseKind, Premises
from ticketing.skpd import Line, Skpd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gateway.web.door.routes import Route
    from gateway.web.pages.views import Seats
    from ticketing.model import Caller
    from ticketing.store import SqliteStore

PASSWORD = "tujuh-bukit-Mantoi"
DAMKAR = Skpd("damkar", "Pemadam Kebakaran", (Line("+6237442113"), Line("113", ring_s=40)), ("kebakaran",))
WELL = Health(
    ready=True,
    staffed=2,
    free=1,
    ami="connected",
    agi="ok",
    store="ok",
    journal_lag_s=0.0,
    open_tickets=0,
    call_backs_owed=0,
    unreadable=0,
    audit=0,
)


@cache
def password_hash() -> str:
    """One hash for everybody: argon2 is slow by design."""
    return hashed(PASSWORD)


def token_of(role: Role) -> str:
    """The bearer token of the user of this role."""
    return f"token-{role}".ljust(43, "x")


@dataclass
class SetHealth:
    """Says of the line what it is told to say."""

    health: Health = WELL

    async def now(self) -> Health:
        return self.health


@dataclass(frozen=True)
class Answer:
    """What came back, read whole."""

    status: int
    headers: CIMultiDict[str]
    raw: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.raw)


@dataclass
class Room:
    """The server, and what it stands on."""

    store: SqliteStore
    desk: TicketDesk
    clock: SetClock
    told: Told
    feed: Feed
    home: Home
    health: SetHealth
    parts: Web
    address: str = ""
    door: Door = field(init=False)
    _sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    def visitor(self, **headers: str) -> Visitor:
        """Somebody with a browser of their own, not signed in."""
        session = aiohttp.ClientSession(self.address, cookie_jar=aiohttp.CookieJar(unsafe=True), headers=headers)
        self._sessions.append(session)
        return Visitor(session)

    def program(self, role: Role) -> Visitor:
        """A program with the token of a user of this role."""
        return self.visitor(Authorization=f"Bearer {token_of(role)}")

    async def signed_in(self, role: Role) -> Visitor:
        """The user of this role, signed in with a browser."""
        visitor = self.visitor()
        assert (await visitor.sign_in(role)).status == HTTPStatus.OK
        return visitor

    async def ticket(self, serial: int = 1, after: float = 0, taker: str = "101") -> str:
        """Have a call arrive, be answered and end; give its ticket's number."""
        call = arrives(serial, after)
        news = await self.desk.handle(RecordCalls((call, answered(call, taker, after + 4), hung_up(call, after + 60))))
        return next(str(entry.ticket_number) for entry in news if entry.type == "ticket_opened")

    async def owed(self, serial: int = 90, after: float = 600, caller: Caller = MULYADI) -> str:
        """Have somebody hang up after half a minute of waiting; give the id of the call-back that is owed."""
        call = arrives(serial, after, caller)
        await self.desk.handle(RecordCalls((call, hung_up(call, after + 30))))
        kept = await self.store.call(call.id)
        assert kept
        return str(kept.call_back)

    async def skpd(self) -> str:
        """Register the fire brigade; give its code, which is that of the user of the role skpd."""
        with suppress(SkpdExists):
            await self.desk.handle(AddSkpd(DAMKAR))
        return DAMKAR.code

    async def dispatch(self, number: str) -> str:
        """Have the fire brigade asked to act on a ticket; give the dispatch's id."""
        local = self.clock.time + timedelta(hours=8)
        asked = RequestDispatch(number, await self.skpd(), "siti", local)
        (told,) = await self.desk.handle(asked)
        return str(told.body["dispatch"])

    async def premise_note(self, **more: Any) -> str:  # noqa: ANN401 - fields of the command
        """Have a supervisor write a note; give its id."""
        given: dict[str, Any] = {
            "premises": Premises(MULYADI.e164),
            "kind": PremiseKind.HAZARD,
            "text": "Anjing galak",
            "by": "dewi",
        }
        return str((await self.desk.write_premise_note(AddPremiseNote(**{**given, **more}))).id)

    def record(self, audio: bytes, serial: int = 1, after: float = 0) -> None:
        """Leave a recording where Asterisk would."""
        file = self.home.recording(call_id(serial, after))
        file.parent.mkdir(parents=True)
        file.write_bytes(audio)

    async def leave(self) -> None:
        for session in self._sessions:
            await session.close()


@dataclass
class Visitor:
    """Somebody who asks. Every answer is held against what the API says of itself."""

    session: aiohttp.ClientSession
    csrf: str | None = None

    async def sign_in(self, role: Role | str, password: str = PASSWORD) -> Answer:
        answer = await self.ask("POST", "/session", json={"name": str(role), "password": password})
        if answer.status == HTTPStatus.OK:
            self.csrf = answer.json["csrf"]
        return answer

    async def page(self, path: str) -> Answer:
        """Ask for a page; redirections are not followed."""
        async with self.session.get(path, allow_redirects=False) as response:
            return Answer(response.status, CIMultiDict(response.headers), await response.read())

    async def get(self, path: str, **more: Any) -> Answer:  # noqa: ANN401 - aiohttp's own arguments
        return await self.ask("GET", path, **more)

    async def ask(self, method: str, path: str, **more: Any) -> Answer:  # noqa: ANN401 - aiohttp's own arguments
        """Ask for a path below the API's."""
        if self.csrf is not None and method not in {"GET", "HEAD"}:
            more["headers"] = {"X-CSRF-Token": self.csrf, **more.get("headers", {})}
        async with self.session.request(method, API + path, **more) as response:
            answer = Answer(response.status, CIMultiDict(response.headers), await response.read())
        _hold_to_the_description(method, path, answer)
        return answer

    def listen(self, since: int | None = None, **more: Any) -> Any:  # noqa: ANN401 - a context manager of aiohttp's
        """Open the live feed."""
        return self.session.ws_connect(f"{API}/live", params={} if since is None else {"since": str(since)}, **more)


def route_of(method: str, path: str) -> Route | None:
    """The route that serves this path, if any."""
    parts = path.partition("?")[0].split("/")
    for route in ROUTES:
        pattern = route.path.split("/")
        fits = len(pattern) == len(parts) and all(
            one == other or one.startswith("{") for one, other in zip(pattern, parts, strict=True)
        )
        if fits and route.method == method:
            return route
    return None


def _hold_to_the_description(method: str, path: str, answer: Answer) -> None:
    if answer.status >= HTTPStatus.BAD_REQUEST and answer.headers["Content-Type"].startswith("application/problem"):
        assert answer.json["status"] == answer.status
        assert answer.json["title"]
    route = route_of(method, path)
    if route is None:
        return
    if answer.status not in {route.status, *route.also}:
        _hold_a_refusal_to_the_description(route, answer)
        return
    if isinstance(route.answers, type):
        route.answers.model_validate_json(answer.raw)


def _hold_a_refusal_to_the_description(route: Route, answer: Answer) -> None:
    more = route.problems.get(HTTPStatus(answer.status))
    says_more = more is not None and answer.json["type"] == get_args(more.model_fields["type"].annotation)[0]
    (more if more and says_more else ProblemAnswer).model_validate_json(answer.raw)


async def _people(desk: TicketDesk) -> None:
    for role in Role:
        skpd = DAMKAR.code if role is Role.SKPD else None
        await desk.handle(AddUser(User(role.value, role, skpd, password_hash(), MORNING)))
        await desk.handle(AddToken(Token(digest(token_of(role)), role.value, MORNING)))


async def _seats() -> Seats | None:
    """Asterisk does not say."""
    return None


@asynccontextmanager
async def open_room(folder: Path, with_parts: Callable[[Web], Web] = lambda parts: parts) -> AsyncIterator[Room]:
    """A room in this folder, open while the block runs; `with_parts` gives it other parts than the usual ones."""
    store = await new_store(folder / "siaga112.sqlite3")
    clock, told, health = SetClock(MORNING), Told(), SetHealth()
    counts = EntryCounts()
    feed = Feed((told, counts))
    zone = ZoneInfo("Asia/Makassar")
    desk = TicketDesk(store, clock, feed, zone)
    home = Home(folder, folder / "journals")
    parts = with_parts(Web(store, desk, clock, feed, home, health, City(zone), Alarms(clock)))
    room = Room(store, desk, clock, told, feed, home, health, parts)
    await _people(desk)
    app = application(parts)
    add_pages(app, _seats)
    add_metrics(app, counts)
    try:
        async with started(app) as server:
            room.door = Door(server)
            listener = await room.door.open("127.0.0.1", 0)
            host, port = listener.sockets[0].getsockname()
            room.address = f"http://{host}:{port}"
            try:
                yield room
            finally:
                listener.close()
                await room.leave()
    finally:
        await store.close()
