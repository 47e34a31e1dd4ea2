"""Where faults take place: a line of its own on small disks, behind a bad network, with phones and a crowd on SIPp."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import psutil

from bench.__main__ import furnish
from bench.sipp import Address, Crowd, Pickup, Sipp, SippFailed, called_party, crowd, free_address, phones
from chaos.ami_proxy import AmiProxy
from chaos.sealed import Disk
from chaos.verdict import Told
from chaos.witnesses import Ledger, Seen, seen, written
from gateway.telephony.provide import provide
from tests.telephony.line import Line, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Nobody on the desk has to wait for a phone, and nobody in the crowd for a taker.
TAKERS: Final = 40
# The line rotates its journals every few seconds of the crowd, in the middle of whatever else is going on.
_SETTINGS: Final = "\n[storage]\nrotate_journals_mb = 0.5\n"
_PICKUP: Final = Pickup(rings_ms=400)
_CARRIER: Final = Address("127.0.0.2", 5070)  # the settings' own default
_TALKS_MS: Final = (300, 700, 1200, 2000, 3000)
# Gone before any phone is picked up: the race with the answer is SIP's own (RFC 3261, 9.1), and is on record.
_IMPATIENT_MS: Final = 250
_IMPATIENT_SHARE: Final = 0.15
# A login is good for 120 s (pjsip_phones.conf).
_SHIFT_S: Final = 50.0
_LOG_IN_WITHIN_S: Final = 30.0
_STARTS_WITHIN_S: Final = 90.0
_ENDLESS: Final = 1_000_000


class Stuck(Exception):
    """The line did not come to where it has to be; the message says what it says of itself."""


@dataclass
class Ground:
    """A line that can be hurt."""

    line: Line
    folder: Path
    proxy: AmiProxy
    store_disk: Disk
    journal_disk: Disk
    alarms_in_calm: frozenset[str] = frozenset()  # what this machine is like: no synchronised clock, say
    _asterisk: subprocess.Popen[bytes] | None = None
    _shifts: list[tuple[float, ExitStack]] = field(default_factory=list)
    _crowds: int = 0

    # ---- the line -------------------------------------------------------------------------------------------------

    @classmethod
    @contextmanager
    def staffed(cls, folder: Path) -> Iterator[Ground]:
        """A ready line with its takers at the desk; all of it ended with the block."""
        home, journals = folder / "home", folder / "journals"
        disks = Disk(home), Disk(journals)
        line = Line.prepared(home, SIAGA112_JOURNALS=str(journals), SIAGA112_RTP_PORTS="20000-24999")
        with (home / "siaga112.toml").open("a") as settings:
            settings.write(_SETTINGS)
        host, _, port = line.environment["SIAGA112_AMI_BIND"].rpartition(":")
        proxy = AmiProxy(Address(host, int(port)), free_address())
        ground = cls(line, folder, proxy, *disks)
        with ExitStack() as stack:
            for disk in disks:
                stack.callback(disk.unmount)
            stack.callback(ground._stop)
            ground._start_asterisk_behind_the_proxy()
            stack.enter_context(proxy.running())
            ground.start()
            furnish(line, TAKERS)
            # The carrier answers when it is asked whether it is there.
            stack.enter_context(called_party(line.sip, _CARRIER))
            ground.relieve()
            ground.settle(_STARTS_WITHIN_S)
            ground.alarms_in_calm = ground.alarms()
            yield ground

    def _start_asterisk_behind_the_proxy(self) -> None:
        # What the gateway dials and what Asterisk listens on is one setting. So Asterisk is started here, with the
        # other port, and `siaga112 run` takes it over as it takes one over after a crash of its own.
        done = self.line.siaga112("prepare")
        assert done.returncode == 0, done.stderr
        manager = self.line.home / "asterisk/etc/manager.conf"
        ours, behind = (f"port = {one.port}\n" for one in (self.proxy.listen, self.proxy.target))
        assert ours in manager.read_text()
        manager.write_text(manager.read_text().replace(ours, behind))
        command = [*provide(say=lambda _: None).command, "-f", "-C", str(self.line.home / "asterisk/etc/asterisk.conf")]
        with (self.line.home / "log/asterisk.log").open("ab") as log:
            self._asterisk = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        eventually(self.asterisk_answers, within_s=30)

    def asterisk_answers(self) -> bool:
        """Whether Asterisk is there, and has started to the end."""
        with suppress(subprocess.SubprocessError):
            return "fully booted" in self.line.asterisk("core waitfullybooted")
        return False

    def start(self) -> None:
        """Start `siaga112 run`, again and again as systemd would; raise Stuck."""
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < deadline:
            starting = threading.Thread(target=self._try_to_start, daemon=True)
            starting.start()
            starting.join(deadline - time.monotonic())
            if self.line.is_ready():
                return
        raise Stuck(f"not started within {_STARTS_WITHIN_S:g} s\n{self.line.logs()}")

    def _try_to_start(self) -> None:
        with suppress(AssertionError):  # the ports of the former gateway, which is just ending
            self.line.start()

    def asterisk(self) -> psutil.Process:
        """The Asterisk of the moment, whoever started it."""
        return psutil.Process(int((self.line.home / "run/asterisk.pid").read_text()))

    def kill_asterisk(self) -> None:
        """Have it die on the spot."""
        self.asterisk().kill()
        if self._asterisk:
            self._asterisk.poll()

    def _stop(self) -> None:
        for _, shift in self._shifts:
            shift.close()
        with suppress(psutil.Error, OSError, ValueError):
            self.line.stop()
        with suppress(psutil.Error, OSError, ValueError):
            self.kill_asterisk()

    @property
    def database(self) -> Path:
        """The store."""
        return self.line.home / "siaga112.sqlite3"

    def empty_write_ahead_log(self) -> None:
        """Have SQLite move everything into the database itself, and give the room back."""
        with closing(sqlite3.connect(self.database, timeout=10)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def journal_files(self) -> tuple[Path, Path]:
        """What Asterisk appends to."""
        return self.folder / "journals/queue_log", self.folder / "journals/cel-custom/cel.json"

    # ---- the telephones -------------------------------------------------------------------------------------------

    def relieve(self) -> None:
        """Have new phones log in for the takers when the logins of the old ones are about to run out.

        A port that SIPp answers on cannot send another login: new phones take the place of the old, which stay for the
        conversations that they have.
        """
        if self._shifts and time.monotonic() - self._shifts[-1][0] < _SHIFT_S:
            return
        shift = self._log_in()
        self._shifts.append((time.monotonic(), shift))
        while len(self._shifts) > 2:
            self._shifts.pop(0)[1].close()

    def _log_in(self) -> ExitStack:
        record, logins = self.folder / f"phones-{time.monotonic_ns()}.log", list(self.line.logins.items())
        deadline = time.monotonic() + _LOG_IN_WITHIN_S
        while True:
            shift = ExitStack()
            try:
                shift.enter_context(phones(self.line.sip, logins, _PICKUP, logs_out=False, record=record))
            except SippFailed as refused:
                # On a machine that is busy, SIPp asks twice, and does not understand that it is answered twice.
                if time.monotonic() > deadline:
                    raise Stuck(f"the phones cannot log in: {refused}") from refused
            else:
                return shift

    @contextmanager
    def calls(self, per_second: float) -> Iterator[list[Sipp]]:
        """Citizens who call at this rate, some of whom give up, until the block ends and they are through."""
        patient = Crowd(self._numbers(), _TALKS_MS), per_second * (1 - _IMPATIENT_SHARE)
        impatient = Crowd(self._numbers(), (300,), _IMPATIENT_MS), per_second * _IMPATIENT_SHARE
        with ExitStack() as stack:
            callers = [
                stack.enter_context(crowd(self.line.sip, who, self._record(who), calls=_ENDLESS, per_second=rate))
                for who, rate in (patient, impatient)
            ]
            yield callers
            self.finish(callers)

    def burst(self, calls: int) -> None:
        """So many call within a second."""
        who = Crowd(self._numbers(), (300, 700))
        with (
            crowd(self.line.sip, who, self._record(who), calls=calls, per_second=calls) as callers,
            suppress(SippFailed, subprocess.TimeoutExpired),
        ):
            callers.finish(60)

    def finish(self, callers: list[Sipp], within_s: float = 75.0) -> None:
        """Nobody calls any more, and those who do have their calls to the end."""
        for one in callers:
            one.wind_down()
        deadline = time.monotonic() + within_s
        for one in callers:
            with suppress(SippFailed, subprocess.TimeoutExpired):
                one.finish(max(0.1, deadline - time.monotonic()))

    def _numbers(self) -> str:
        self._crowds += 1
        return f"0812{self._crowds:03}"

    def _record(self, who: Crowd) -> Path:
        return self.folder / f"crowd-{who.numbers}.log"

    # ---- what can be seen -----------------------------------------------------------------------------------------

    def seen(self) -> dict[str, Seen]:
        """Every call so far, by SIPp."""
        return seen(sorted(self.folder.glob("crowd-*.log")), sorted(self.folder.glob("phones-*.log")))

    def written(self) -> Ledger:
        """The ledger so far, by Asterisk."""
        return written(self.folder / "journals")

    def told(self) -> Told:
        """What the line tells."""
        return Told(self.line.tickets(), self.line.calls())

    def keep(self, folder: Path) -> None:
        """Copy what happened there: SIPp's record, the journals, every log, the store."""
        folder.mkdir(parents=True, exist_ok=True)
        home = self.line.home
        for file in (*self.folder.glob("*.log"), *(home / "log").iterdir(), *home.glob("*.sqlite3*")):
            shutil.copy2(file, folder)
        shutil.copytree(self.folder / "journals", folder / "journals", dirs_exist_ok=True)

    def alarms(self) -> frozenset[str]:
        """The names of those that stand."""
        return frozenset(str(alarm["name"]) for alarm in self.line.health().get("alarms", ()))

    def is_well(self) -> bool:
        """Whether all is read, and no alarm stands that did not before."""
        health = self.line.health()
        alarms = {str(alarm["name"]) for alarm in health.get("alarms", ())}
        return bool(health.get("ready")) and not health["journal_lag_s"] and alarms <= self.alarms_in_calm

    def settle(self, within_s: float, wanted: Callable[[], bool] | None = None) -> None:
        """Wait until the line is ready, or as wanted; raise Stuck."""
        deadline = time.monotonic() + within_s
        while not (wanted or self.line.is_ready)():
            if time.monotonic() > deadline:
                raise Stuck(f"not so within {within_s:g} s: {self.line.health()}")
            time.sleep(0.1)
