"""The line calls itself: the whole way, past every human, and an alarm when it does not get there."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from bench.raw_sip import call_with
from tests.telephony.line import SITE, Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line with one taker, that calls itself only when it is asked to."""
    line = Line.prepared(home := tmp_path_factory.mktemp("line"))
    (home / "siaga112.toml").write_text(f'backup_numbers = ["0811"]\n{SITE}[test_call]\nevery_s = 0\n')
    line.start()
    try:
        line.add_takers(1)
        yield line
    finally:
        line.stop()


@pytest.fixture(scope="module")
def token(line: Line) -> str:
    """A supervisor's."""
    line.siaga112("user", "add", "dewi", "--role", "supervisor", "--password-stdin", typed="tujuh bukit Mantoi\n")
    return line.siaga112("token", "create", "--user", "dewi").stdout.strip()


def asked(line: Line, token: str) -> dict[str, Any]:
    """Place a test call through the API."""
    headers = {"Authorization": f"Bearer {token}"}
    talk = HTTPConnection(line.http.host, line.http.port, timeout=60)
    try:
        talk.request("POST", "/api/v1/test-calls", headers=headers)
        return dict(json.load(talk.getresponse()))
    finally:
        talk.close()


def test_a_test_call_goes_the_whole_way_and_leaves_a_closed_ticket_of_its_type(line: Line) -> None:
    since = now()
    with line.staffed("201"):
        done = line.siaga112("test-call")
        # The taker is there, and was not rung.
        assert line.health()["staffed"] == 1
    (call,), (ticket,) = line.calls(since), line.tickets(since)
    assert (done.returncode, done.stderr) == (0, "")
    assert ticket["number"] in done.stdout
    assert (ticket["status"], ticket["call_type"], ticket["taker"]) == ("closed", "test", None)
    assert ticket["sla"]["close"]["state"] == "exempt"
    assert (call["trunk"], call["outcome"], call["takers"]) == ("test", "answered", [])
    assert (call["caller"]["callable"], call["recording"] is None) == (False, False)
    assert line.health()["unreadable"] == 0


def test_a_test_call_that_nobody_answers_alarms_until_the_next_good_one(line: Line, token: str) -> None:
    since = now()
    line.asterisk("queue pause member Local/s@robot/n queue test reason test")
    failed = asked(line, token)
    assert (failed["passed"], failed["ticket"]) == (False, None)
    (alarm,) = eventually(lambda: line.health()["alarms"])
    assert (alarm["name"], alarm["grave"]) == ("test-call", True)
    assert "the robot did not answer it" in alarm["text"]
    # It wakes nobody outside the room either.
    assert "trunk-carrier" not in (line.home / "journals/cel-custom/cel.json").read_text()
    line.asterisk("queue unpause member Local/s@robot/n queue test reason test")
    assert asked(line, token)["passed"]
    eventually(lambda: line.health()["alarms"] == [])
    assert [ticket["call_type"] for ticket in line.tickets(since)] == ["test"]


@pytest.mark.parametrize("user", ["trunk-test", "test-call", "test"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9"])
def test_nobody_gets_in_as_a_test_call_without_its_secret(line: Line, user: str, address: str) -> None:
    since = now()
    assert call_with(line.sip, f"<sip:{user}@127.0.0.1>".encode(), carrier=address) == 401
    assert line.calls(since) == []


@pytest.mark.parametrize("name", ["trunk-test", "test-call", "trunk-carrier", "201"])
@pytest.mark.parametrize("dialled", ["112", "s"])
def test_nobody_gets_in_by_a_name_in_an_authorization_header(line: Line, name: str, dialled: str) -> None:
    since, before = now(), line.asterisk("core show channels count").splitlines()[-1]
    claim = f'Authorization: Digest username="{name}",realm="x",nonce="x",uri="sip:s@x",response="{"0" * 32}"'
    stranger = b"<sip:stranger@127.0.0.9>"
    assert call_with(line.sip, stranger, (claim.encode(),), carrier="127.0.0.9", dialled=dialled) == 401
    assert line.asterisk("core show channels count").splitlines()[-1] == before  # calls processed
    assert line.calls(since) == []
