"""The line starts, or says in one line why it does not, and touches nothing then."""

from __future__ import annotations

import re
import socket
import sqlite3
from typing import TYPE_CHECKING

import psutil
import pytest

from bench.sipp import Citizen, citizens
from gateway.process.descriptors import ENOUGH
from tests.telephony.line import CHECKOUT, Line, now

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


def refused(line: Line) -> str:
    """Run it, see it refuse with one line on stderr and a status other than 0; give the line."""
    done = line.siaga112("run")
    return _refusal(done)


def _refusal(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert done.stderr.startswith("siaga112: ")
    assert done.stderr.count("\n") == 1
    assert "siaga112 ready" not in done.stdout
    return done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Asterisk registers all its PJSIP modules while SIP is served already, in each start of each configuration; pjproject
# says so of one now and then (seen once): a matter of the instant, not of what is configured.
DURING_OPERATION = "registered during operation. Enable PJSIP_SAFE_MODULE to prevent race condition."


def test_asterisk_starts_without_an_error_or_a_warning(line112: Line) -> None:
    started = (line112.home / "log/messages").read_text(errors="replace").partition("queuerules")[0]
    assert "modules will be loaded" in started
    complaints = [text for text in started.splitlines() if re.search(r"\b(ERROR|WARNING)\b", text)]
    assert [text for text in complaints if not text.endswith(DURING_OPERATION)] == []


def test_every_application_and_function_of_the_dialplan_is_loaded(line112: Line) -> None:
    dialplan = (CHECKOUT / "asterisk-conf/extensions.conf").read_text()
    code = [text.partition(";")[0] for text in dialplan.splitlines()]
    step = re.compile(r"\s*(?:exten => [^,]+,\d+|same => n(?:\([a-z]+\))?),([A-Za-z]+)\(")
    applications = {found[1] for text in code if (found := step.match(text))} | {"Log"}
    functions = set(re.findall(r"\$\{([A-Z_]+)\(", "\n".join(code)))
    assert {"Queue", "MixMonitor", "AGI"} <= applications
    assert {"CUT", "PJSIP_HEADER"} <= functions
    known = {kind: line112.asterisk(f"core show {kind}s").lower() for kind in ("application", "function")}
    assert {name for name in applications if f" {name.lower()}:" not in known["application"]} == set()
    assert {name for name in functions if f"{name.lower()} " not in known["function"]} == set()


def test_asterisk_may_open_as_many_files_as_the_machine_allows(line112: Line) -> None:
    soft, hard = line112.process("asterisk.conf").rlimit(psutil.RLIMIT_NOFILE)
    assert soft >= min(hard, ENOUGH)


def test_two_lines_run_side_by_side_and_each_takes_its_own_calls(line112: Line, tmp_path: Path) -> None:
    with Line.started(tmp_path) as other:
        other.add_takers(1)
        since = now()
        with other.staffed("201"), citizens(other.sip, Citizen()) as caller:
            caller.finish()
        assert len(other.tickets(since)) == 1
        assert line112.calls(since) == []


def test_it_stops_cleanly_and_leaves_no_process_behind(tmp_path: Path) -> None:
    with Line.started(tmp_path) as line:
        processes = line.process("run").children(recursive=True)
        assert len(processes) == 3
        assert line.stop() == 0
        assert [process for process in processes if process.is_running()] == []
        assert line.told("status")["ready"] is False


def test_an_asterisk_left_behind_by_a_crash_is_taken_over_with_its_calls(tmp_path: Path) -> None:
    with Line.started(tmp_path) as line:
        line.add_takers(1)
        since = now()
        asterisk = line.process("asterisk.conf")
        with line.staffed("201"):
            with citizens(line.sip, Citizen(talk_ms=9000)) as caller:
                line.wait_for_talk(since)
                line.crash()
                assert asterisk.is_running()
                assert "taken over" in line.start()
                caller.finish()
            assert line.ended_call(since)["outcome"] == "answered"


def test_a_home_in_use_is_refused(line112: Line) -> None:
    assert "another siaga112 runs in" in refused(line112)


@pytest.mark.parametrize("variable", ["SIP_BIND", "HTTP_BIND", "AMI_BIND", "AGI_BIND"])
def test_a_port_in_use_is_named(tmp_path: Path, variable: str) -> None:
    line = Line.prepared(tmp_path)
    before = contents(tmp_path)
    host, _, port = line.environment[f"SIAGA112_{variable}"].rpartition(":")
    with socket.create_server((host, int(port))):
        assert refused(line) == f"siaga112: SIAGA112_{variable} {host}:{port}: the port is in use\n"
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("SIP_BIND", "5060", "'5060' is not ADDRESS:PORT"),
        ("HTTP_BIND", "0.0.0.0:8112", "must be a loopback address"),
        ("TIMEZONE", "Asia/Bima", "no time zone of that name"),
        ("NODE", "Bima 1", "beginning with a letter"),
        ("NUMBERS", "112;exec", "a number of 2 to 20 digits"),
        ("CARRIER_IPS", "carrier.example", "does not appear to be an IPv4 or IPv6 address"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path, variable: str, value: str, complaint: str) -> None:
    line = Line.prepared(tmp_path, **{f"SIAGA112_{variable}": value})
    said = refused(line)
    assert complaint in said
    assert f"SIAGA112_{variable}" in said or variable.lower() in said


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    line = Line.prepared(tmp_path)
    (tmp_path / "siaga112.toml").write_text("[queue\n")
    assert str(tmp_path / "siaga112.toml") in refused(line)
    (tmp_path / "siaga112.toml").write_text("quee = 1\n")
    assert "quee" in refused(line)


def test_a_damaged_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    line = Line.prepared(tmp_path)
    (tmp_path / "siaga112.sqlite3").write_bytes(b"this is no database " * 400)
    before = contents(tmp_path)
    assert "damaged" in refused(line)
    assert contents(tmp_path) == before


def test_a_database_from_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    line = Line.prepared(tmp_path)
    assert line.siaga112("taker", "list").returncode == 0
    with sqlite3.connect(tmp_path / "siaga112.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = contents(tmp_path)
    assert "newer" in refused(line)
    assert "newer" in _refusal(line.siaga112("tickets"))
    assert contents(tmp_path) == before
