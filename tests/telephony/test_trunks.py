"""Several carriers at once, by address and by registration: calls in by each, and out by the first that gets there."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bench.raw_sip import call_with
from bench.sipp import Address, Citizen, Pickup, called_party, citizens, free_address
from tests.telephony.line import SITE, Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT = ("bima112", "rahasia-112")
IDENTITY, OWN_NUMBER, BACKUP = "+62374112", "0374999112", "081100000001"
TRUNKS = """
public_address = "203.0.113.9"
local_networks = ["127.0.0.1/32"]
backup_numbers = ["{backup}"]
{site}
[[trunk]]
name = "one"
addresses = ["127.0.0.2"]
proxy = "{one}"
numbers = ["{number}"]
outbound_identity = "{identity}"
qualify_s = 1
[[trunk]]
name = "two"
addresses = ["127.0.0.3"]
proxy = "{two}"
qualify_s = 1
[[trunk]]
name = "account"
registrar = "{registrar}"
username = "{account[0]}"
password_file = "{password_file}"
qualify_s = 1
"""


@dataclass(frozen=True)
class Carriers:
    """Where the three trunks lead."""

    one: Address
    two: Address
    registrar: Address


@pytest.fixture(scope="module")
def carriers() -> Carriers:
    return Carriers(*(free_address(f"127.0.0.{host}") for host in (2, 3, 4)))


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, carriers: Carriers) -> Iterator[Line]:
    """A line with three trunks, one backup number and nobody at the desk. The registrar is there all the time."""
    home = tmp_path_factory.mktemp("line")
    line = Line.prepared(home)
    configure(home, carriers)
    with called_party(line.sip, carriers.registrar, login=ACCOUNT):
        line.start()
        try:
            yield line
        finally:
            line.stop()


def configure(home: Path, carriers: Carriers) -> None:
    (home / "account.secret").write_text(f"{ACCOUNT[1]}\n")
    (home / "siaga112.toml").write_text(
        TRUNKS.format(
            site=SITE,
            backup=BACKUP,
            number=OWN_NUMBER,
            identity=IDENTITY,
            account=ACCOUNT,
            password_file=home / "account.secret",
            **vars(carriers),
        )
    )


@contextmanager
def answering(line: Line, carriers: Carriers, **plans: Pickup) -> Iterator[None]:
    """The carriers `one` and `two` are there as planned, and Asterisk knows it; one without a plan is dead."""
    with ExitStack() as stack:
        for name, plan in plans.items():
            stack.enter_context(called_party(line.sip, getattr(carriers, name), plan))
        eventually(lambda: known_to_answer(line) == {*plans, "account"})
        yield


def known_to_answer(line: Line) -> set[str]:
    """The trunks of which Asterisk knows that they answer OPTIONS."""
    rows = [row.split() for row in line.asterisk("pjsip show contacts").splitlines()]
    return {row[1].split("/")[0].removeprefix("trunk-") for row in rows if "Avail" in row}


def trunk_that_took(line: Line, call: str) -> set[str]:
    """By which trunks somebody outside answered this call."""
    records = (line.home / "journals/cel-custom/cel.json").read_text().splitlines()
    channels = [one for one in records if '"ANSWER"' in one and f'"linkedid":"{call}"' in one and "AppDial" in one]
    return {name for name in ("one", "two", "account") if any(f"PJSIP/trunk-{name}-" in one for one in channels)}


def trunk_alarms(line: Line) -> set[str]:
    return {alarm["name"] for alarm in line.health()["alarms"] if alarm["name"].startswith("trunk.")}


# ---- in --------------------------------------------------------------------------------------------------------------


def test_a_call_is_known_by_the_trunk_that_brought_it(line: Line) -> None:
    since = now()
    dialled = (("2", "112"), ("2", OWN_NUMBER), ("3", "112"), ("4", "112"), ("4", ACCOUNT[0]))
    with ExitStack() as stack:
        for host, number in dialled:
            stack.enter_context(citizens(line.sip, Citizen(dials=number), carrier=f"127.0.0.{host}")).finish()
    trunks = sorted(call["trunk"] for call in line.calls(since))
    assert trunks == ["account", "account", "one", "one", "two"]


@pytest.mark.parametrize("dialled", [OWN_NUMBER, ACCOUNT[0]])
def test_one_trunks_own_number_is_no_number_on_another(line: Line, dialled: str) -> None:
    since = now()
    with citizens(line.sip, Citizen(dials=dialled, refused_with=404), carrier="127.0.0.3") as caller:
        caller.finish()
    assert line.calls(since) == []


@pytest.mark.parametrize("user", ["trunk-account", ACCOUNT[0], "account", "trunk-two"])
def test_a_trunk_that_registers_lets_nobody_else_in_by_its_name(line: Line, user: str) -> None:
    since = now()
    assert call_with(line.sip, f"<sip:{user}@127.0.0.4>".encode(), carrier="127.0.0.9") == 401
    assert line.calls(since) == []


def test_who_is_outside_is_told_the_public_address_for_sip_and_for_audio(line: Line, carriers: Carriers) -> None:
    since = now()
    told = ("Contact: <sip:[^@>]*@203\\.0\\.113\\.9:", "c=IN IP4 203\\.0\\.113\\.9")
    with answering(line, carriers, one=Pickup(expects=told)), citizens(line.sip, Citizen()) as caller:
        caller.finish()
    assert line.ended_call(since)["outcome"] == "answered"


# ---- out -------------------------------------------------------------------------------------------------------------


def test_the_called_party_sees_the_trunks_own_number(line: Line, carriers: Carriers) -> None:
    since = now()
    shown = (
        f"From: [^\r\n]*sip:[{IDENTITY[0]}]{IDENTITY[1:]}@",
        f"P-Asserted-Identity: [^\r\n]*sip:[+]{IDENTITY[1:]}@",
    )
    with answering(line, carriers, one=Pickup(expects=shown)), citizens(line.sip, Citizen()) as caller:
        caller.finish()
    assert line.ended_call(since)["outcome"] == "answered"


@pytest.mark.parametrize(
    "failure", ["503 Service Unavailable", "403 Forbidden", "404 Not Found", "408 Request Timeout"]
)
def test_a_trunk_that_fails_for_its_own_reasons_is_followed_by_the_next(
    line: Line, carriers: Carriers, failure: str
) -> None:
    since = now()
    with (
        answering(line, carriers, one=Pickup(refuses_with=failure), two=Pickup()),
        citizens(line.sip, Citizen()) as caller,
    ):
        caller.finish()
    call = line.ended_call(since)
    assert (call["outcome"], len(line.tickets(since))) == ("answered", 1)
    assert trunk_that_took(line, call["id"]) == {"two"}


@pytest.mark.parametrize("word", ["486 Busy Here", "600 Busy Everywhere", "603 Decline", "480 Temporarily Unavailable"])
def test_what_the_called_party_says_is_not_asked_for_through_another_trunk(
    line: Line, carriers: Carriers, word: str
) -> None:
    since = now()
    with (
        answering(line, carriers, one=Pickup(refuses_with=word), two=Pickup()),
        citizens(line.sip, Citizen()) as caller,
    ):
        caller.finish()
    assert line.ended_call(since)["outcome"] == "overflow"
    assert line.tickets(since) == []


def test_a_trunk_that_is_known_to_be_dead_costs_the_caller_no_time(line: Line, carriers: Carriers) -> None:
    with answering(line, carriers, two=Pickup()):
        eventually(lambda: line.health()["trunks"]["one"] == "down", within_s=60)
        since = now()
        with citizens(line.sip, Citizen()) as caller:
            caller.finish()
    call = line.ended_call(since)
    assert trunk_that_took(line, call["id"]) == {"two"}
    assert call["wait_s"] < 2


def test_a_registered_trunk_shows_its_login_for_each_call(line: Line, carriers: Carriers) -> None:
    since = now()
    with answering(line, carriers), citizens(line.sip, Citizen()) as caller:
        caller.finish()
    assert " Registered " in line.asterisk("pjsip show registrations")
    assert trunk_that_took(line, line.ended_call(since)["id"]) == {"account"}


# ---- whether they are there ------------------------------------------------------------------------------------------


def test_a_trunk_that_is_gone_alarms_and_is_cleared_when_it_is_back(line: Line, carriers: Carriers) -> None:
    with answering(line, carriers, one=Pickup(), two=Pickup()):
        eventually(lambda: line.health()["trunks"] == {"one": "up", "two": "up", "account": "up"})
        assert trunk_alarms(line) == set()
    eventually(lambda: trunk_alarms(line) == {"trunk.one", "trunk.two"}, within_s=60)
    assert line.health()["trunks"] == {"one": "down", "two": "down", "account": "up"}
    assert "trunk one does not answer on" in line.siaga112("status").stdout
    with answering(line, carriers, two=Pickup()):
        eventually(lambda: trunk_alarms(line) == {"trunk.one"})


def test_a_caller_is_called_back_through_the_next_trunk_too(line: Line, carriers: Carriers) -> None:
    since = now()
    caller = Citizen.numbered("081233312345", patience_ms=1500)
    with answering(line, carriers, one=Pickup(picks_up=False)), citizens(line.sip, caller) as process:
        process.finish()
    call = line.ended_call(since)
    (debt,) = [one for one in line.told("call-backs", "list") if call["id"] in {owing["id"] for owing in one["calls"]}]
    line.siaga112("user", "add", "siti", "--role", "call_taker", "--password-stdin", typed="kata-sandi-siti\n")
    line.add_takers(1)
    failing, answers = Pickup(refuses_with="503 Service Unavailable"), Pickup(talk_ms=6000)
    with answering(line, carriers, one=failing, two=answers), line.staffed("201"):
        asked = ("--call-back", debt["id"], "--phone", "201", "--by", "siti")
        done = line.siaga112("return-call", "start", *asked)
        assert done.returncode == 0, done.stdout + done.stderr
    (paid,) = [one for one in line.told("call-backs", "list", "--settled") if one["id"] == debt["id"]]
    assert (paid["settled"]["how"], paid["settled"]["by"]) == ("reached", "siti")
    (made,) = paid["return_calls"]
    legs = [(leg["trunk"], leg["outcome"], leg["sip"], leg["reached_at"] is not None) for leg in made["legs"]]
    assert legs == [("one", "failed", 503, False), ("two", None, 200, True)]
