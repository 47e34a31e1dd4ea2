"""An Asterisk that somebody else keeps, as a container engine does: prepared for, and left alone."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.sipp import Citizen, citizens
from gateway.telephony.provide import provide
from tests.telephony.line import CHECKOUT, Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def asterisk(line: Line) -> Iterator[subprocess.Popen[bytes]]:
    """Asterisk with what was prepared in this line's HOME, and with no supervisor."""
    argv = [*provide(say=lambda _: None).command, "-f", "-C", str(line.home / "asterisk/etc/asterisk.conf")]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def prepared(home: Path) -> Line:
    line = Line.prepared(home)
    done = line.siaga112("prepare")
    assert done.returncode == 0, done.stderr
    return line


def test_beside_an_asterisk_that_somebody_else_keeps_calls_are_ticketed(tmp_path: Path) -> None:
    line = prepared(tmp_path)
    with asterisk(line) as kept:
        try:
            line.start("--without-asterisk")
            commands = [" ".join(process.cmdline()) for process in line.process("run").children()]
            assert len(commands) == 2, commands
            line.add_takers(1)
            since = now()
            with line.staffed("201"), citizens(line.sip, Citizen()) as caller:
                caller.finish()
            assert len(line.tickets(since)) == 1
        finally:
            assert line.stop() == 0
        assert kept.poll() is None, "it was not ours to stop"


def test_the_gateway_may_be_there_before_asterisk(tmp_path: Path) -> None:
    line = prepared(tmp_path)
    command = [sys.executable, "-m", "gateway.cli", "run", "--without-asterisk"]
    with subprocess.Popen(command, env=line.environment, cwd=CHECKOUT, stdout=subprocess.DEVNULL) as supervisor:
        try:
            eventually(lambda: line.health().get("ami") == "connecting", within_s=30)
            with asterisk(line):
                eventually(line.is_ready, within_s=30)
        finally:
            supervisor.terminate()


def test_preparing_touches_nothing_of_a_line_that_serves(line112: Line) -> None:
    rendered = line112.home / "asterisk/etc"
    before = {file.name: file.stat().st_mtime_ns for file in rendered.iterdir()}
    done = line112.siaga112("prepare")
    assert done.returncode == 0
    assert "its configuration is left as it is" in done.stdout
    assert {file.name: file.stat().st_mtime_ns for file in rendered.iterdir()} == before
