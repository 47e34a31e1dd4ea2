"""A line of its own on which one dispatch is played after the other, and its gateway killed in the midst of each.

Citizens, takers and the SKPDs' officers are telephones that send a tone each, so that what they are sent says who is
with whom. What they note is the truth of a round.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bench.__main__ import furnish
from bench.sipp import SippFailed, free_address, register
from bench.softphone import Plan, Softphone
from chaos.dispatch_plan import RING_S
from chaos.dispatch_scene import READY_WITHIN_S, SOON_S, TAKER_HZ, Scene, Stopped, Unseen, noted, seen, telephones
from chaos.dispatch_verdict import Played, Standing
from chaos.verdict import Told
from chaos.witnesses import Ledger, Seen, key_of, written
from gateway.feed import Feed
from gateway.process.clock import SystemClock
from gateway.site.config import Settings
from tests.telephony.line import Line
from ticketing.commands import AddSkpd
from ticketing.desk import TicketDesk
from ticketing.skpd import Line as SkpdLine
from ticketing.skpd import Skpd
from ticketing.store import open_store

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from bench.sipp import Address
    from chaos.dispatch_plan import Round

T = TypeVar("T")

_LOOKS_EVERY_S: Final = 0.01
_ASKS_EVERY_S: Final = 0.1
_LOGIN_S: Final = 120  # the longest there is (pjsip_phones.conf): each round logs in anew
_TAKERS: Final = 2  # the second one is there for a caller who is put back while the first one's phone is put down


@dataclass
class Lane:
    """See the module. `play` is for one thread; the rest may be asked when it has ended."""

    line: Line
    carrier: Softphone
    plans: dict[str, Plan]  # number → what its telephone does
    stop: threading.Event
    token: str = ""
    calm: frozenset[str] = frozenset()
    played: list[Played] = field(default_factory=list)
    callers: dict[str, Seen] = field(default_factory=dict)
    noted: list[str] = field(default_factory=list)  # every call of every telephone

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, index: int, rounds: Sequence[Round], stop: threading.Event) -> Iterator[Lane]:
        """A ready line that knows the SKPDs of its rounds; stopped with the block."""
        plans = {number: plan for one in rounds for number, plan in telephones(one)}
        ports = 20000 + index * 1000
        with ExitStack() as stack:
            address = free_address("127.0.0.2")
            carrier = stack.enter_context(Softphone(lambda number: plans.get(number, Plan(silent=True)), address))
            folder.mkdir()
            line = stack.enter_context(
                Line.started(folder, SIAGA112_CARRIER_PROXY=str(address), SIAGA112_RTP_PORTS=f"{ports}-{ports + 999}")
            )
            lane = cls(line, carrier, plans, stop)
            lane.token = furnish(line, _TAKERS)
            asyncio.run(_enlist(line, rounds))
            lane.be_ready()
            lane.calm = lane.alarms()
            yield lane

    def wait(
        self, what: str, look: Callable[[], T | None], within_s: float = SOON_S, every_s: float = _LOOKS_EVERY_S
    ) -> T:
        """Look until there is something to see; raise Unseen, Stopped."""
        deadline = time.monotonic() + within_s
        while not (seen := look()):
            if time.monotonic() > deadline:
                raise Unseen(f"{what}, within {within_s:g} s")
            if self.stop.wait(every_s):
                raise Stopped
        return seen

    def be_ready(self) -> None:
        """Wait for it; raise Unseen, Stopped."""
        self.wait("the line is ready", self.line.is_ready, READY_WITHIN_S, _ASKS_EVERY_S)

    def play(self, plan: Round) -> Played:
        """Play one round to its end, and have the line ready again."""
        played = Played(plan)
        self.played.append(played)
        at_desk = free_address()
        try:
            self.be_ready()
            self._log_in(at_desk)
            with Softphone(Plan(hz=TAKER_HZ), at_desk) as takers, Softphone(host="127.0.0.2") as citizens:
                scene = Scene(self, plan, played, takers, citizens)
                try:
                    scene.play()
                finally:
                    scene.all_hang_up()
                    self._note(scene)
            self.be_ready()
        except Unseen as what:
            played.unseen.append(str(what))
        return played

    def _log_in(self, at_desk: Address) -> None:
        def logged_in() -> bool:
            with suppress(SippFailed):  # on a busy machine SIPp asks twice, and stumbles over the second answer
                register(self.line.sip, at_desk, list(self.line.logins.items()), expires_s=_LOGIN_S)
                return True
            return False

        self.wait("the takers' phones log in", logged_in, READY_WITHIN_S)

    # ---- what is asked of the line ----------------------------------------------------------------------------------

    def api(self, method: str, path: str, body: object = None) -> tuple[int | None, Any]:
        """Ask the API once: the answer's status and body; None when there was no answer."""
        asked = urllib.request.Request(
            f"http://{self.line.http}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - http
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, None
        except (OSError, HTTPException, ValueError):  # whoever was asked has died
            return None, None

    def alarms(self) -> frozenset[str]:
        """The names of those that stand."""
        return frozenset(str(alarm["name"]) for alarm in self.line.health().get("alarms", ()))

    def unwell(self) -> str:
        """What is wrong with the line, dispatches that nobody accepted apart; empty when nothing is."""
        health = self.line.health()
        others = {name for name in self.alarms() - self.calm if not name.startswith("dispatch.")}
        lag = health.get("journal_lag_s")
        return "" if health.get("ready") and not lag and not others else f"alarms {sorted(others)}, {health}"

    def standing(self) -> Standing:
        """How the dispatches stand, as the line tells."""
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=10)) as store:
            rows = store.execute("SELECT id FROM dispatches WHERE over IS NULL AND cancelled_at IS NULL").fetchall()
        return Standing(self.line.tickets(), self.alarms(), frozenset(str(row[0]) for row in rows))

    def told(self) -> Told:
        """What the line tells of calls and tickets."""
        return Told(self.line.tickets(), self.line.calls())

    @property
    def _database(self) -> Path:
        return self.line.home / "siaga112.sqlite3"

    # ---- what the others wrote down ---------------------------------------------------------------------------------

    def written(self) -> Ledger:
        """The ledger, by Asterisk."""
        return written(self.line.home / "journals")

    def rung(self) -> Counter[str]:
        """How many INVITEs each number had: a Call-ID is one, however often it was sent."""
        return Counter(talk.number for talk in self.carrier.talks)

    def _note(self, scene: Scene) -> None:
        talks = [*scene.citizens.talks, *scene.takers.talks, *scene.lines()]
        self.noted += [noted(scene.plan, talk) for talk in talks]
        key = key_of(scene.plan.caller)
        if key and scene.citizens.talks:
            self.callers[key] = seen(key, scene.citizens.talks[0], scene.taken)

    def keep(self, folder: Path) -> None:
        """Copy what happened there: the telephones' record, the journals, every log, the store."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "telephones.log").write_text("".join(f"{text}\n" for text in self.noted))
        for file in (*(self.line.home / "log").iterdir(), *self.line.home.glob("*.sqlite3*")):
            shutil.copy2(file, folder)
        shutil.copytree(self.line.home / "journals", folder / "journals", dirs_exist_ok=True)


async def _enlist(line: Line, rounds: Iterable[Round]) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{line.home / 'siaga112.sqlite3'}", checked=False)
    desk = TicketDesk(store, SystemClock(), Feed(), Settings().zone)
    for one in rounds:
        for index in range(len(one.story.skpds)):
            lines = tuple(SkpdLine(number, RING_S) for number, _ in one.lines(index))
            await desk.handle(AddSkpd(Skpd(one.skpd(index), f"SKPD {one.count}.{index + 1}", lines)))
    await store.close()
