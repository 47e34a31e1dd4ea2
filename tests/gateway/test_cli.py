"""The command line: what an operator types, and what comes back."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from gateway.cli.root import _say, main
from gateway.health import Health
from gateway.site.config import CHECKOUT
from tests.ticketing.evidence import HIDDEN, MORNING, MULYADI, answered, arrives, hung_up
from tests.ticketing.room import SetClock, Told
from ticketing.commands import AddUser, RecordCalls
from ticketing.desk import TicketDesk
from ticketing.model import Caller, CallerKind, Role
from ticketing.people import User
from ticketing.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ticketing.commands import Command
    from ticketing.model import Call

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
READY = {"ready": True, "staffed": 2, "ami": "connected", "journal_lag_s": 0.0, "reasons": []}
NOT_READY = {"ready": False, "staffed": 0, "ami": "connecting", "reasons": ["the AGI server does not answer"]}


@dataclass
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        assert self.status == 0, self.err
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """Its one line on stderr."""
        assert self.status != 0
        assert self.out == ""
        assert self.err.endswith("\n")
        assert len(self.err.splitlines()) == 1, self.err
        return self.err.rstrip("\n")


class Siaga112:
    """The command line over a HOME of its own."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str) -> Done:
        self._monkeypatch.setattr(sys, "argv", ["siaga112", *words])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = self._capsys.readouterr()
        return Done(status, out, err)

    def settings(self, text: str) -> None:
        (self.home / "siaga112.toml").write_text(text)

    def has_recorded(self, *pieces: Call, opened_after: float = 5) -> None:
        """The desk has taken these in, so many seconds into the morning."""
        self.has_done(RecordCalls(pieces), after=opened_after)

    def has_done(self, command: Command, after: float = 0) -> None:
        """The desk has carried this out, so many seconds into the morning."""

        async def carry_out() -> None:
            store = await open_store(f"sqlite+aiosqlite:///{self.home}/siaga112.sqlite3", checked=False)
            clock = SetClock(MORNING + timedelta(seconds=after))
            await TicketDesk(store, clock, Told(), ZoneInfo("Asia/Makassar")).handle(command)
            await store.close()

        asyncio.run(carry_out())

    def has_answered(self, serial: int = 1, after: float = 0, caller: Caller = MULYADI) -> None:
        call = arrives(serial, after, caller)
        self.has_recorded(call, answered(call, "101", after + 4.25), opened_after=after + 5)


@pytest.fixture
def siaga112(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Siaga112:
    for name in [name for name in os.environ if name.startswith("SIAGA112_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SIAGA112_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    command = Siaga112(tmp_path, monkeypatch, capsys)
    command.settings("")
    return command


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["take"], "siaga112: No such command 'take'."),
        (["--quiet"], "siaga112: No such option '--quiet'."),
        (["taker", "add", "101"], "siaga112 taker add: Missing option '--name'."),
        (
            ["taker", "add", "1", "--name", "Siti"],
            "siaga112 taker add: Invalid value for EXTENSION: '1' is no extension",
        ),
        (["taker", "add", "112", "--name", "Siti"], "siaga112 taker add: Invalid value for EXTENSION: '112'"),
        (["taker", "add", "1\n2", "--name", "Siti"], r"siaga112 taker add: Invalid value for EXTENSION: '1\n2'"),
        (["taker", "add", "101", "--name", " "], "siaga112 taker add: Invalid value for '--name': 1 to 80 letters"),
        (["taker", "add", "101", "--name", "S" * 81], "siaga112 taker add: Invalid value for '--name': 1 to 80"),
        (["taker", "add", "101", "--name", "S\x1b[31m"], "siaga112 taker add: Invalid value for '--name': 1 to 80"),
        (["taker", "add", "101", "--name", "\udcff"], "siaga112 taker add: Invalid value for '--name': 1 to 80"),
        (["phone", "show", "101"], "siaga112: there is no call taker 101"),
        (["phone", "show", "\x1b[31m\n101"], "siaga112: there is no call taker \ufffd[31m 101"),
        (
            ["tickets", "--since", "yesterday"],
            "siaga112 tickets: Invalid value for '--since': 'yesterday' is not a time",
        ),
        (["calls", "--since", "2026-11-23T08:00:00"], "siaga112 calls: Invalid value for '--since': "),
        (["calls", "--since", "2026-11-23T08:00:00"], "says no offset: write Z, or +08:00 for WITA"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(siaga112: Siaga112, words: list[str], complaint: str) -> None:
    said = siaga112(*words).complaint
    assert complaint in said
    assert said.startswith("siaga112")


def test_an_extension_is_given_once(siaga112: Siaga112) -> None:
    assert siaga112("taker", "add", "101", "--name", "Siti").status == 0
    assert siaga112("taker", "add", "101", "--name", "Budi").complaint == "siaga112: there is a call taker 101 already"
    assert [taker["name"] for taker in siaga112("taker", "list", "--json").json] == ["Siti"]


@pytest.mark.parametrize("words", [["tickets"], ["taker", "list"], ["phone", "show", "101"], ["status"], ["run"]])
def test_a_setting_that_cannot_be_used_is_said_in_one_line(siaga112: Siaga112, words: list[str]) -> None:
    siaga112.settings('node = "Bima 1"\n')
    place = f"node (in {siaga112.home}/siaga112.toml)"
    assert siaga112(*words).complaint.startswith(f"siaga112: {place}: 1 to 16 of a-z and 0-9")


def test_a_file_that_is_no_database_is_said_in_one_line_and_left_alone(siaga112: Siaga112) -> None:
    file = siaga112.home / "siaga112.sqlite3"
    file.write_bytes(b"this is no database " * 400)
    assert "damaged" in siaga112("calls", "--json").complaint
    assert file.read_bytes() == b"this is no database " * 400


@pytest.mark.parametrize("words", [[], ["taker"], ["phone"]])
def test_a_command_that_needs_another_word_shows_its_help(siaga112: Siaga112, words: list[str]) -> None:
    done = siaga112(*words)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(" ".join(["Usage: siaga112", *words]))
    assert "\nCommands:\n" in done.err


def test_a_process_of_its_own_ends_with_that_status_and_line(tmp_path: Path) -> None:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("SIAGA112_")}
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "phone", "show", "101"],
        env=environment | {"SIAGA112_HOME": str(tmp_path)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "siaga112: there is no call taker 101: see siaga112 taker add --help\n"


# ---- takers and phones -----------------------------------------------------------------------------------------------


def test_a_taker_is_added_with_a_phone_whose_login_can_be_shown(siaga112: Siaga112) -> None:
    siaga112.settings('sip_bind = "127.0.0.1:6060"\n')
    added = siaga112("taker", "add", "101", "--name", "Siti  Aminah ")
    assert added.out == "taker 101 added; the phone's login: siaga112 phone show 101\n"
    login = siaga112("phone", "show", "101", "--json").json
    assert {name: login[name] for name in ("username", "domain", "port", "transport")} == {
        "username": "101",
        "domain": "127.0.0.1",
        "port": 6060,
        "transport": "udp",
    }
    assert re.fullmatch("[0-9a-f]{40}", login["password"])
    shown = dict(line.split() for line in siaga112("phone", "show", "101").out.splitlines())
    assert shown == {name: str(value) for name, value in login.items()}


def test_two_phones_have_two_passwords(siaga112: Siaga112) -> None:
    for extension in ("101", "102"):
        siaga112("taker", "add", extension, "--name", "Siti")
    logins = [siaga112("phone", "show", extension, "--json").json["password"] for extension in ("101", "102")]
    assert logins[0] != logins[1]


def test_takers_are_listed_without_their_secrets(siaga112: Siaga112) -> None:
    siaga112("taker", "add", "102", "--name", "Budi", "--signed-in")
    siaga112("taker", "add", "101", "--name", "Siti")
    assert siaga112("taker", "list", "--json").json == [
        {"extension": "101", "name": "Siti", "signed_in": False},
        {"extension": "102", "name": "Budi", "signed_in": True},
    ]
    header, _rule, *rows = [line.split() for line in siaga112("taker", "list").out.splitlines() if line.strip()]
    assert header == ["extension", "name", "signed", "in"]
    assert rows == [["101", "Siti", "no"], ["102", "Budi", "yes"]]


# ---- tickets and calls -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["tickets", "calls"])
def test_before_the_first_call_there_is_nothing(siaga112: Siaga112, verb: str) -> None:
    assert siaga112(verb, "--json").json == []
    assert siaga112(verb).out == "none\n"


def instants_in(value: object) -> list[str]:
    match value:
        case dict():
            times = [one for name, one in value.items() if name.endswith("_at") and one is not None]
            return times + [time for one in value.values() for time in instants_in(one)]
        case list():
            return [time for one in value for time in instants_in(one)]
    return []


@pytest.mark.parametrize(("verb", "times"), [("tickets", 4), ("calls", 2)])
def test_a_listing_for_programs_is_one_array_with_rfc_3339_times_to_the_microsecond(
    siaga112: Siaga112, verb: str, times: int
) -> None:
    siaga112.has_answered()
    (row,) = siaga112(verb, "--json").json
    assert row["answered_at"] == "2026-11-23T01:00:04.250000Z"
    assert row["wait_s"] == 4.25
    assert len(instants_in(row)) == times
    assert all(RFC3339.fullmatch(time) for time in instants_in(row))


def test_tickets_since_an_instant_are_those_opened_then_or_later(siaga112: Siaga112) -> None:
    for serial, after in enumerate((0, 60, 120), 1):
        siaga112.has_answered(serial, after)
    since = {
        "2026-11-23T01:01:05Z": ["0002", "0003"],
        "2026-11-23T09:01:05.000001+08:00": ["0003"],
        "2026-11-23T00:00:00Z": ["0001", "0002", "0003"],
        "2026-11-24T00:00:00Z": [],
    }
    for instant, serials in since.items():
        rows = siaga112("tickets", "--json", "--since", instant).json
        assert [row["number"] for row in rows] == [f"112-20261123-{serial}" for serial in serials]


def test_calls_since_an_instant_are_those_that_arrived_then_or_later(siaga112: Siaga112) -> None:
    siaga112.has_answered(1)
    given_up = arrives(2, 60)
    siaga112.has_recorded(given_up, hung_up(given_up, 90))
    rows = siaga112("calls", "--json", "--since", "2026-11-23T01:01:00Z").json
    assert [(row["id"], row["outcome"], row["ticket"]) for row in rows] == [(given_up.id, "abandoned", None)]
    assert len(siaga112("calls", "--json").json) == 2


def test_a_call_has_a_recording_when_there_is_a_file_of_it(siaga112: Siaga112) -> None:
    siaga112.has_answered()
    (before,) = siaga112("calls", "--json").json
    audio = siaga112.home / "recordings/2026/11/23" / f"{before['id']}.wav"
    audio.parent.mkdir(parents=True)
    audio.write_bytes(b"RIFF")
    (after,) = siaga112("calls", "--json").json
    assert (before["recording"], after["recording"]) == (None, f"/api/v1/calls/{before['id']}/recording")


def test_a_listing_for_people_is_in_the_citys_time(siaga112: Siaga112) -> None:
    siaga112.has_answered()
    tickets = " ".join(siaga112("tickets").out.split())
    assert "112-20261123-0001 open emergency 101 +6281234500001 (mobile) 2026-11-23 09:00:04 4.2" in tickets
    calls = " ".join(siaga112("calls").out.split())
    assert "2026-11-23 09:00:00 talking +6281234500001 (mobile) 4.2 - 112-20261123-0001" in calls


HOSTILE = ["\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "a\r\nb", "\u202e211", "\x7f", "[red]112[/red]"]


def commands_to_a_terminal(text: str) -> list[str]:
    return [letter for letter in text if not letter.isprintable() and letter != "\n"]


@pytest.mark.parametrize("raw", HOSTILE)
@pytest.mark.parametrize("verb", ["tickets", "calls"])
def test_nothing_that_a_caller_sent_can_command_the_terminal(siaga112: Siaga112, verb: str, raw: str) -> None:
    siaga112.has_answered(caller=Caller(raw, None, CallerKind.UNKNOWN))
    shown = siaga112(verb).out
    assert commands_to_a_terminal(shown) == []
    assert "".join(letter if letter.isprintable() else "\ufffd" for letter in raw) in shown
    as_json = siaga112(verb, "--json")
    assert commands_to_a_terminal(as_json.out) == []
    # A program is given what was sent.
    assert as_json.json[0]["caller"]["raw"] == raw


def test_a_taker_whose_name_looks_like_a_time_is_listed_by_that_name(siaga112: Siaga112) -> None:
    siaga112("taker", "add", "101", "--name", "20Z")
    assert "20Z" in siaga112("taker", "list").out


# ---- status ----------------------------------------------------------------------------------------------------------


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[str]:
    """Whoever answers every question over HTTP so; the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def saying(words: bytes) -> Iterator[str]:
    """Whoever says this to one who connects, without being asked, and closes; the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def say() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(words)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(1024):
                    pass

        thread = threading.Thread(target=say)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(timeout=10)


def test_a_line_that_is_ready_says_so_with_its_status(siaga112: Siaga112) -> None:
    with answering(json.dumps(READY).encode()) as address:
        siaga112.settings(f'http_bind = "{address}"\n')
        assert siaga112("status", "--json").json == READY
        done = siaga112("status")
    assert (done.status, done.out.split()) == (
        0,
        ["ready", "staffed", "2", "ami", "connected", "journal", "lag", "s", "0.0"],
    )


def test_each_fact_of_the_status_stands_apart_from_its_name(siaga112: Siaga112) -> None:
    links = {"ami": "connected", "agi": "ok", "store": "ok", "trunks": {"telkom": "up"}}
    counts = {"open_tickets": 3, "call_backs_owed": 4, "unreadable": 5, "audit": 6}
    health = Health(ready=True, staffed=2, free=1, journal_lag_s=0.0, **links, **counts)  # type: ignore[arg-type]
    with answering(json.dumps(health.as_json()).encode()) as address:
        siaga112.settings(f'http_bind = "{address}"\n')
        _, *told = siaga112("status").out.splitlines()
    assert [re.split(" {2,}", line.strip()) for line in told] == [
        ["staffed", "2"],
        ["free", "1"],
        ["ami", "connected"],
        ["agi", "ok"],
        ["store", "ok"],
        ["journal lag s", "0.0"],
        ["open tickets", "3"],
        ["call backs owed", "4"],
        ["unreadable", "5"],
        ["audit", "6"],
        ["trunks", "telkom up"],
    ]


def test_a_line_that_is_not_ready_says_why_and_its_status_is_1(siaga112: Siaga112) -> None:
    with answering(json.dumps(NOT_READY).encode(), status=503) as address:
        siaga112.settings(f'http_bind = "{address}"\n')
        as_json, for_people = siaga112("status", "--json"), siaga112("status")
    assert (as_json.status, json.loads(as_json.out)) == (1, NOT_READY)
    assert for_people.status == 1
    assert for_people.out.startswith("NOT READY\n")
    assert for_people.out.endswith("  ! the AGI server does not answer\n")


def test_a_line_that_does_not_run_is_not_ready(siaga112: Siaga112) -> None:
    with answering(b"") as address:
        pass
    siaga112.settings(f'http_bind = "{address}"\n')
    done = siaga112("status", "--json")
    assert (done.status, json.loads(done.out)) == (
        1,
        {"ready": False, "reasons": [f"nothing answers on {address}: is siaga112 run running?"]},
    )


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"5", b"[]", b"{}", b'{"ready": "no"}', b"\xff", b"[" * 60_000, b"[" * 1_000_000]
)
def test_another_program_on_the_port_is_not_taken_for_the_line(siaga112: Siaga112, body: bytes) -> None:
    with answering(body) as address:
        siaga112.settings(f'http_bind = "{address}"\n')
        done = siaga112("status", "--json")
    assert (done.status, json.loads(done.out)["reasons"]) == (1, [f"something else answers on {address}"])


def test_a_program_that_does_not_even_speak_http_is_not_taken_for_the_line(siaga112: Siaga112) -> None:
    with saying(b"SSH-2.0-OpenSSH_9.2\r\n") as address:
        siaga112.settings(f'http_bind = "{address}"\n')
        done = siaga112("status")
    assert (done.status, done.out) == (1, f"NOT READY\n  ! something else answers on {address}\n")


def test_the_line_is_asked_past_any_proxy_that_the_shell_is_set_up_for(
    siaga112: Siaga112, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with answering(json.dumps(READY).encode()) as address:
        siaga112.settings(f'http_bind = "{address}"\n')
        assert siaga112("status").status == 0


def test_nothing_that_answers_can_command_the_terminal(siaga112: Siaga112) -> None:
    hostile = {"ready": False, "ami": "\x1b[2J", "\x9bm": 1, "reasons": ["\x1b]0;title\x07", "a\nb"]}
    with answering(json.dumps(hostile).encode()) as address:
        siaga112.settings(f'http_bind = "{address}"\n')
        out = siaga112("status").out
    assert [letter for letter in out if not letter.isprintable() and letter != "\n"] == []
    assert out.count("\n") == 5


# ---- run -------------------------------------------------------------------------------------------------------------


def test_a_line_goes_on_when_nobody_reads_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", buffering=1) as nobody:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdout", nobody)
        _say("gateway died (status 1) and is started again")
        monkeypatch.undo()
        # What could not be said must not be tried again when the pipe is closed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("siaga112 ready", "siaga112 ready\n"),
        ("  stop it            Ctrl-C", "  stop it            Ctrl-C\n"),
        ("gateway died", "siaga112: gateway died\n"),
    ],
)
def test_what_the_line_says_bears_its_name(capsys: pytest.CaptureFixture[str], line: str, shown: str) -> None:
    _say(line)
    assert capsys.readouterr().out == shown


# ---- call-backs ------------------------------------------------------------------------------------------------------


@pytest.fixture
def owing(siaga112: Siaga112) -> Siaga112:
    """Two callers gave up waiting, one of them twice; a taker, a supervisor and an admin work here."""
    for serial, caller in ((1, MULYADI), (2, HIDDEN), (3, MULYADI)):
        call = arrives(serial, serial * 60, caller)
        siaga112.has_recorded(call, hung_up(call, serial * 60 + 30))
    for role in (Role.CALL_TAKER, Role.SUPERVISOR, Role.ADMIN):
        siaga112.has_done(AddUser(User(role.value, role, None, "hash", MORNING)))
    return siaga112


def test_who_is_owed_a_call_back_is_listed_and_that_somebody_called_is_recorded(owing: Siaga112) -> None:
    first, second = owing("call-backs", "list", "--json").json
    assert ([len(one["calls"]) for one in (first, second)], second["caller"]["callable"]) == ([2, 1], False)
    assert "1 +6281234500001 (mobile) 2026-11-23 09:01:00 2 0 - -" in " ".join(owing("call-backs", "list").out.split())
    tried = ("call-backs", "tried", first["id"], "--by", "call_taker", "--outcome")
    assert owing(*tried, "busy", "--note", "dua kali").out == "call-back 1: busy\n"
    assert "(mobile) 2026-11-23 09:01:00 2 1 busy -" in " ".join(owing("call-backs", "list").out.split())
    owing(*tried, "reached")
    assert [one["id"] for one in owing("call-backs", "list", "--json").json] == [second["id"]]
    (done,) = owing("call-backs", "list", "--settled", "--json").json
    assert [(one["by"], one["outcome"], one["note"]) for one in done["attempts"]] == [
        ("call_taker", "busy", "dua kali"),
        ("call_taker", "reached", None),
    ]
    assert "call-back 1 is settled already: reached" in owing(*tried, "busy").complaint


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["1", "--outcome", "reached", "--by", "nobody"], "there is no user nobody"),
        (["1", "--outcome", "reached", "--by", "admin"], "admin has the role admin, which does not call back"),
        (["1", "--outcome", "given_up", "--note", "x", "--by", "call_taker"], "not given up by call_taker"),
        (["1", "--outcome", "given_up", "--by", "supervisor"], "not given up without a reason"),
        (["9", "--outcome", "reached", "--by", "call_taker"], "there is no call-back 9"),
        (["x", "--outcome", "reached", "--by", "call_taker"], "Invalid value for 'ID'"),
        (["1", "--outcome", "called_again", "--by", "call_taker"], "Invalid value for '--outcome'"),
        (["1", "--outcome", "busy", "--note", "x" * 10_001, "--by", "call_taker"], "note is longer than 10000"),
    ],
)
def test_a_call_back_that_cannot_be_recorded_is_said_in_one_line(
    owing: Siaga112, words: list[str], complaint: str
) -> None:
    assert complaint in owing("call-backs", "tried", *words).complaint
    assert [one["attempts"] for one in owing("call-backs", "list", "--json").json] == [[], []]
