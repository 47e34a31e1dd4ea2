"""How each fault is done to the line. One function a kind: it returns when the fault is over."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

import psutil

from chaos.ami_proxy import FAIR, Weather
from chaos.garbage import garbage
from chaos.plan import Kind
from tests.telephony.line import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.ground import Ground
    from chaos.plan import Fault
    from chaos.sealed import Disk

_PROCESSES: Final = {
    Kind.KILL_GATEWAY: "-m gateway ",
    Kind.FREEZE_GATEWAY: "-m gateway ",
    Kind.KILL_AGI: "gateway.agi.server",
    Kind.FREEZE_AGI: "gateway.agi.server",
    Kind.FREEZE_SUPERVISOR: "run",
}
_FILLS_AGAIN_S: Final = 0.1
# Nobody else writes to the database while this holds it.
_LOCK: Final = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
database.execute("ROLLBACK")
"""


def inflict(fault: Fault, ground: Ground) -> None:
    """Do it, hold it for its time, and take it back."""
    _HOW[fault.kind](fault, ground)


def _kill(fault: Fault, ground: Ground) -> None:
    with suppress(psutil.NoSuchProcess):
        ground.line.process(_PROCESSES[fault.kind]).kill()


def _freeze(fault: Fault, ground: Ground) -> None:
    process = ground.line.process(_PROCESSES[fault.kind])
    process.send_signal(signal.SIGSTOP)
    time.sleep(fault.held_s)
    with suppress(psutil.NoSuchProcess):  # somebody has found it frozen
        process.send_signal(signal.SIGCONT)


def _kill_supervisor(fault: Fault, ground: Ground) -> None:
    ground.line.crash()
    time.sleep(fault.held_s)
    ground.start()


def _kill_asterisk(_fault: Fault, ground: Ground) -> None:
    died = ground.asterisk().pid
    ground.kill_asterisk()
    eventually(lambda: _is_another(ground, died), within_s=60)
    eventually(ground.asterisk_answers, within_s=60)


def _is_another(ground: Ground, died: int) -> bool:
    with suppress(psutil.Error, OSError, ValueError):
        return ground.asterisk().pid != died
    return False


def _weather(weather: Weather, fault: Fault, ground: Ground) -> None:
    ground.proxy.weather = weather
    time.sleep(fault.held_s)
    ground.proxy.weather = FAIR


def _cut(fault: Fault, ground: Ground) -> None:
    ground.proxy.weather = Weather(refuse=True)
    ground.proxy.cut()
    time.sleep(fault.held_s)
    ground.proxy.weather = FAIR


def _lock(fault: Fault, ground: Ground) -> None:
    command = [sys.executable, "-c", _LOCK, str(ground.database), str(fault.held_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        holder.wait(60)


def _fill_store(fault: Fault, ground: Ground) -> None:
    # Its write-ahead log has room of its own, which would carry it for a while: taken away first.
    ground.empty_write_ahead_log()
    _fill(ground.store_disk, fault)


def _fill_journals(fault: Fault, ground: Ground) -> None:
    _fill(ground.journal_disk, fault)


def _fill(disk: Disk, fault: Fault) -> None:
    disk.fill()
    until = time.monotonic() + fault.held_s
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _FILLS_AGAIN_S))
        if fault.form == "and again":
            disk.fill()
    disk.release()


def _rotate(_fault: Fault, ground: Ground) -> None:
    # As docs/operations.md says.
    for file in ground.journal_files():
        if file.exists():
            file.rename(file.with_name(f"{file.name}.{time.time_ns()}"))
    ground.line.asterisk("logger reload")


def _spoil(fault: Fault, ground: Ground) -> None:
    file = next(one for one in ground.journal_files() if one.name == fault.target)
    # Unbuffered, to the end, as Asterisk itself appends: nobody's line is torn by it.
    with closing(file.open("ab", buffering=0)) as journal:
        journal.write(garbage(fault.form, fault.target, random.Random(fault.seed)))


_HOW: Final[dict[Kind, Callable[[Fault, Ground], None]]] = {
    Kind.KILL_GATEWAY: _kill,
    Kind.KILL_AGI: _kill,
    Kind.KILL_SUPERVISOR: _kill_supervisor,
    Kind.FREEZE_GATEWAY: _freeze,
    Kind.FREEZE_AGI: _freeze,
    Kind.FREEZE_SUPERVISOR: _freeze,
    Kind.KILL_ASTERISK: _kill_asterisk,
    Kind.AMI_CUT: _cut,
    Kind.AMI_HALF_OPEN: lambda fault, ground: _weather(Weather(vanish=True), fault, ground),
    Kind.AMI_DELAYED: lambda fault, ground: _weather(Weather(delay_s=fault.measure), fault, ground),
    Kind.AMI_THROTTLED: lambda fault, ground: _weather(Weather(bytes_per_s=fault.measure), fault, ground),
    Kind.DATABASE_LOCKED: _lock,
    Kind.STORE_FULL: _fill_store,
    Kind.JOURNAL_FULL: _fill_journals,
    Kind.ROTATION: _rotate,
    Kind.GARBAGE: _spoil,
    Kind.BURST: lambda fault, ground: ground.burst(int(fault.measure)),
}
