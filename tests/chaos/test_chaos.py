"""Every kind of fault once, under real calls: no call is lost, and no ticket; nor a leg of a dispatch."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.dispatch_plan import Moment
from chaos.plan import Kind
from tests.telephony.line import CHECKOUT, eventually

SEED = "112"


def chaos(*words: str) -> subprocess.Popen[str]:
    """Start it, in a process group of its own, as at a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "chaos", *words],
        cwd=CHECKOUT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


@pytest.mark.timeout(420)
def test_no_fault_of_any_kind_costs_a_call_or_a_ticket() -> None:
    with chaos("--short", "--seed", SEED, "--per-second", "4") as running:
        said = running.communicate(timeout=400)[0]
    suffered = re.findall(r"^ +\d+  \d\d:\d\d:\d\d  (.{22})", said, re.MULTILINE)
    assert sorted(kind.strip() for kind in suffered) == sorted(Kind), said
    # How fast is for `make chaos` to say: this machine has other tests to do.
    lost = [text for text in said.splitlines() if "VIOLATION" in text and "a set-up took" not in text]
    assert lost == [], said
    answered = re.search(r"(\d+) calls, (\d+) answered", said)
    assert answered, said
    assert int(answered[2]) > 100


@pytest.mark.timeout(300)
def test_a_gateway_that_dies_in_any_moment_of_a_dispatch_drops_nobody_and_loses_no_leg() -> None:
    with chaos("--dispatch-kills", str(len(Moment)), "--seed", SEED, "--side-by-side", "2") as running:
        said = running.communicate(timeout=280)[0]
    suffered = re.findall(r"^ +\d+  \d\d:\d\d:\d\d  (.{18})", said, re.MULTILINE)
    assert sorted(moment.strip() for moment in suffered) == sorted(Moment), said
    lost = [text for text in said.splitlines() if "VIOLATION" in text and "a set-up took" not in text]
    assert lost == [], said
    for what, least in (("dispatches", len(Moment)), ("legs", 2 * len(Moment) - 2)):
        counted = re.search(rf"^ +(\d+) {what}$", said, re.MULTILINE)
        assert counted, said
        assert int(counted[1]) > least // 2
    for what in ("callers dropped", "lines dialled twice", "legs missing"):
        assert re.search(rf"^ +0 {what}$", said, re.MULTILINE), said


def test_ctrl_c_ends_it_and_leaves_nothing_behind() -> None:
    with chaos("--faults", "5") as running:
        assert running.stdout
        assert "chaos: 5 faults" in running.stdout.readline()
        world = _world_of(running.pid)
        eventually(lambda: any("asterisk.conf" in words for words in _processes(world)), within_s=60)
        os.killpg(running.pid, signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode != 0
    assert _processes(world) == []


def _world_of(pid: int) -> str:
    """The PID namespace of the children of this process (unshare(1))."""
    return eventually(lambda: str(Path(f"/proc/{pid}/ns/pid_for_children").readlink()))


def _processes(world: str) -> list[str]:
    """The command lines of everything in this PID namespace."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "ns/pid").readlink()) == world:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has just ended
            continue
    return found
