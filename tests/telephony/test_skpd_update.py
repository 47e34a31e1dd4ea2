"""Officers report by telephone: they dial the service from a line of their SKPD, and press keys."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from bench.rtp import loudness
from bench.sipp import free_address, register
from bench.softphone import Plan, Softphone, Talk
from tests.telephony.line import Line, eventually, now
from tests.telephony.test_fails_open import stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVICE = "1122"
LAND, MOBILE = "+62374400001", "+6281140000002"
PIN = "90210377"
_LOUD = 500
_AGAIN_S = 2.0


@dataclass
class Station:
    """An SKPD with one open dispatch, and what can be seen of it."""

    line: Line
    token: str
    ticket: str

    def dispatch(self) -> dict[str, Any]:
        asked = urllib.request.Request(
            f"http://{self.line.http}/api/v1/tickets/{self.ticket}",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            (dispatch,) = json.load(answer)["dispatches"]
        return dict(dispatch)

    @property
    def state(self) -> str:
        return str(self.dispatch()["state"])

    def alarms(self) -> list[str]:
        return [one["name"] for one in self.line.health()["alarms"]]

    def ledger(self) -> str:
        return (self.line.home / "journals/cel-custom/cel.json").read_text()

    @contextmanager
    def officer(self, number: str) -> Iterator[tuple[Softphone, Talk]]:
        """Somebody calls the service from this number, and hears it speak. At the end no call is left, and none new."""
        since, owed = now(), self.line.health().get("call_backs_owed")
        with Softphone(host="127.0.0.2") as phone:
            talk = phone.dial(self.line.sip, SERVICE, shown=number, hz=440)
            eventually(lambda: talk.up and speaks(talk))
            yield phone, talk
            phone.hang_up(talk)
        eventually(lambda: self.line.asterisk("core show channels count").startswith("0 active channels"))
        eventually(lambda: self.line.health().get("call_backs_owed") == owed)
        assert (self.line.calls(since), self.line.tickets(since)) == ([], [])


def shows_pin(station: Station, officer: Talk) -> None:
    """Type the right PIN: once, since keys that come too late say something else."""
    before = station.ledger().count(".right.")
    officer.voice.press(f"{PIN}#")
    eventually(lambda: station.ledger().count(".right.") > before)


def speaks(talk: Talk) -> bool:
    """Whether somebody has said something on this line."""
    return any(loudness(payload) > _LOUD for _, payload in list(talk.voice.packets))


def presses(talk: Talk, keys: str, until: Callable[[], object], *, within_s: float = 30) -> None:
    """Press keys, again while nothing comes of it: what is pressed between two questions is heard by nobody."""
    pressed = [time.monotonic() - _AGAIN_S]

    def look() -> bool:
        if until():
            return True
        if time.monotonic() - pressed[0] >= _AGAIN_S and not talk.ended:
            talk.voice.press(keys)
            pressed[0] = time.monotonic()
        return False

    eventually(look, within_s=within_s)


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    home, proxy = tmp_path_factory.mktemp("line"), free_address("127.0.0.2")
    with (
        Softphone(Plan(presses="1"), proxy) as carrier,
        Line.started(home, SIAGA112_CARRIER_PROXY=str(proxy), SIAGA112_SERVICE_NUMBERS=SERVICE) as line,
    ):
        line.add_takers(1)
        for words, typed in (
            (("skpd", "add", "damkar", "--name", "Pemadam", "--line", f"{LAND},ring=5", "--line", MOBILE), ""),
            (("skpd", "pin", "damkar", "--pin-stdin"), f"{PIN}\n"),
            (("user", "add", "dewi", "--role", "supervisor", "--password-stdin"), "kata-sandi-dewi\n"),
        ):
            done = line.siaga112(*words, typed=typed)
            assert done.returncode == 0, done.stderr
        token = line.siaga112("token", "create", "--user", "dewi").stdout.strip()
        yield Station(line, token, _dispatched(line, token, carrier))


def _dispatched(line: Line, token: str, carrier: Softphone) -> str:
    """Somebody calls, a taker answers, the SKPD accepts, all hang up; give the ticket's number."""
    since, at = now(), free_address()
    register(line.sip, at, [("201", line.logins["201"])])
    with Softphone(Plan(hz=700), at), Softphone(host="127.0.0.2") as citizen:
        eventually(lambda: line.health()["staffed"] == 1)
        call = citizen.dial(line.sip, "112")
        ticket = str(eventually(lambda: line.tickets(since))[0]["number"])
        asked = urllib.request.Request(
            f"http://{line.http}/api/v1/tickets/{ticket}/dispatches",
            data=b'{"skpd": "damkar"}',
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            assert answer.status == 201
        eventually(lambda: Station(line, token, ticket).dispatch()["bridged_at"])
        citizen.hang_up(call)
        for talk in carrier.talks:
            carrier.hang_up(talk)
    eventually(lambda: line.asterisk("core show channels count").startswith("0 active channels"))
    return ticket


def said_at(station: Station) -> datetime:
    return datetime.fromisoformat(station.dispatch()["updates"][-1]["at"])


def test_with_the_right_pin_a_key_is_on_the_ticket_and_no_call_is(station: Station) -> None:
    assert station.state == "accepted"
    # As carriers write a number, without the country's code.
    with station.officer("0374400001") as (_, officer):
        shows_pin(station, officer)
        presses(officer, "2", lambda: station.state == "en_route")
    assert station.dispatch()["updates"][-1]["by"] == f"tel:{LAND}"


def test_a_spoken_note_is_kept_when_the_officer_hangs_up(station: Station) -> None:
    before = len(station.dispatch()["updates"])
    with station.officer(MOBILE) as (phone, officer):
        shows_pin(station, officer)
        notes = station.line.home / "recordings/notes"
        presses(officer, "*", lambda: any(one.stat().st_size > 40_000 for one in notes.glob("*.wav")))
        phone.hang_up(officer)
    updates = eventually(lambda: station.dispatch()["updates"][before:])
    (audio,) = notes.glob("*.wav")
    assert [one["note"] for one in updates] == [f"voice:{audio.stem.partition('-')[2]}"]


def test_three_wrong_pins_end_the_call_and_are_reported_until_a_right_one(station: Station) -> None:
    with station.officer(MOBILE) as (_, officer):
        presses(officer, "1111#", lambda: officer.ended)
    eventually(lambda: "skpd-pin.damkar" in station.alarms())
    with station.officer(LAND) as (_, officer):
        shows_pin(station, officer)
    eventually(lambda: "skpd-pin.damkar" not in station.alarms())


def test_whoever_calls_from_another_line_is_told_so_and_that_is_all(station: Station) -> None:
    before = station.ledger().count("SKPD_")
    with station.officer("08123456789") as (_, stranger):
        eventually(lambda: stranger.ended)
    assert station.ledger().count("SKPD_") == before


def test_what_is_said_while_the_gateway_is_dead_is_on_the_ticket_afterwards_at_its_instant(station: Station) -> None:
    # The supervisor is held, so that it cannot start the gateway again before the officer has spoken.
    with stopped(station.line.process("run")):
        station.line.process("-m gateway ").kill()
        with Softphone(host="127.0.0.2") as phone:
            officer = phone.dial(station.line.sip, SERVICE, shown=LAND)
            eventually(lambda: officer.up and speaks(officer))
            shows_pin(station, officer)
            presses(officer, "3", lambda: ".on_scene." in station.ledger())
            spoken = now()
            phone.hang_up(officer)
    eventually(station.line.is_ready)
    eventually(lambda: station.state == "on_scene")
    assert said_at(station) <= spoken
