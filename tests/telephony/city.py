"""A city for stories of dispatch: a line with one taker, and SKPDs' telephones that do as they are told.

Everybody sends a tone of their own: it tells who hears whom.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.sipp import free_address, register
from bench.softphone import Plan, Softphone, Talk
from tests.telephony.line import Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CITIZEN, TAKER, DAMKAR, PSC = 400, 700, 1000, 1300
LAND, MOBILE, RADIO = "+62374400001", "+6281140000002", "+6281140000003"
AMBULANCE = "+62374400119"
BACKUP = "081190000001"
ACCEPTS = "1"
DESK = "201"  # the taker's own phone has a plan among the others, where a story wants another than to pick up


@dataclass
class City:
    """A line with one taker, and a carrier behind which the telephones of SKPDs do as they are told."""

    line: Line
    taker: Softphone
    carrier: Softphone
    token: str
    lines: dict[str, Plan] = field(default_factory=dict)

    def api(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        asked = urllib.request.Request(
            f"http://{self.line.http}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.status or 0, json.load(error)

    @contextmanager
    def call(self) -> Iterator[Conversation]:
        """A citizen calls, the taker answers, the ticket is open; everybody hangs up with the block."""
        since, before = now(), len(self.taker.talks)
        with Softphone(host="127.0.0.2") as phone:
            citizen = phone.dial(self.line.sip, "112", hz=CITIZEN)
            try:
                taker = eventually(lambda: next((talk for talk in self.taker.talks[before:] if talk.up), None))
                eventually(lambda: citizen.up)
                number = eventually(lambda: self.line.tickets(since))[0]["number"]
                yield Conversation(self, phone, citizen, taker, number)
            finally:
                for telephone in (phone, self.taker, self.carrier):
                    for talk in telephone.talks:
                        telephone.hang_up(talk)
        eventually(lambda: self.line.asterisk("core show channels count").startswith("0 active channels"))
        eventually(lambda: self.line.health()["free"] == 1)


@dataclass
class Conversation:
    city: City
    phone: Softphone
    citizen: Talk
    taker: Talk
    number: str

    def dispatch(self, skpd: str = "damkar", **more: str) -> dict[str, Any]:
        status, answer = self.city.api("POST", f"/tickets/{self.number}/dispatches", {"skpd": skpd, **more})
        assert status == 201, answer
        return dict(answer)

    def ticket(self) -> dict[str, Any]:
        status, answer = self.city.api("GET", f"/tickets/{self.number}")
        assert status == 200
        return dict(answer)

    def seen(self, dispatch: dict[str, Any]) -> dict[str, Any]:
        return next(one for one in self.ticket()["dispatches"] if one["id"] == dispatch["id"])

    def state(self, dispatch: dict[str, Any]) -> str:
        return str(self.seen(dispatch)["state"])

    def outcomes(self, dispatch: dict[str, Any]) -> list[tuple[str, str | None]]:
        return [(leg["line"], leg["outcome"]) for leg in self.seen(dispatch)["legs"]]

    def answered_by(self, number: str) -> Talk:
        return eventually(
            lambda: next((talk for talk in self.city.carrier.talks if talk.number == number and talk.up), None)
        )


def hear_each_other(*parties: Talk) -> None:
    """Wait until everybody hears everybody else; a failure says by their tones who does not hear whom."""

    def apart() -> list[tuple[int, int]]:
        pairs = [(one, other) for one in parties for other in parties if one is not other]
        return [(one.plan.hz, other.plan.hz) for one, other in pairs if not one.voice.hears(other.plan.hz)]

    try:
        eventually(lambda: not apart(), within_s=10)
    except AssertionError as late:
        raise AssertionError(f"who does not hear whom: {apart()}") from late


def hears_nothing_of(one: Talk, *others: Talk) -> bool:
    return not any(one.voice.hears(other.plan.hz) for other in others)


@contextmanager
def city_of(home: Path) -> Iterator[City]:
    """A city whose line lives in this folder, open while the block runs."""
    proxy = free_address("127.0.0.2")
    plans: dict[str, Plan] = {}
    with (
        Softphone(lambda number: plans.get(number, Plan(silent=True)), proxy) as carrier,
        Line.started(home, SIAGA112_CARRIER_PROXY=str(proxy), SIAGA112_BACKUP_NUMBERS=BACKUP) as line,
    ):
        line.add_takers(1)
        for code, name, numbers in (
            ("damkar", "Pemadam Kebakaran", (LAND, MOBILE, RADIO)),
            ("psc119", "PSC 119", (AMBULANCE,)),
        ):
            lines = [word for number in numbers for word in ("--line", f"{number},ring=5")]
            done = line.siaga112("skpd", "add", code, "--name", name, *lines)
            assert done.returncode == 0, done.stderr
        assert (
            line.siaga112(
                "user", "add", "dewi", "--role", "supervisor", "--password-stdin", typed="kata-sandi-dewi\n"
            ).returncode
            == 0
        )
        token = line.siaga112("token", "create", "--user", "dewi").stdout.strip()
        desk = free_address()
        register(line.sip, desk, [(DESK, line.logins[DESK])], expires_s=3600)
        with Softphone(lambda _number: plans.get(DESK, Plan(hz=TAKER)), desk) as taker:
            eventually(lambda: line.health()["staffed"] == 1)
            yield City(line, taker, carrier, token, plans)
