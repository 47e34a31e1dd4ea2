"""SIPp as citizens and as takers' phones: scenarios from a few words, processes that end with their block.

Shared by the tests, the bench and the demo: every call anywhere in this project is made by these.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SCENARIOS = Environment(  # noqa: S701 - SIPp's XML, made of our own words
    loader=FileSystemLoader(Path(__file__).parent / "scenarios"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_SOUND = "silence.alaw"
_SILENCE = b"\xd5" * 8000  # one second of A-law (ITU-T G.711)


class SippFailed(Exception):
    """A SIPp process saw something else than its scenario; the message holds what it complained about."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address and UDP port of this machine."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody who dials the line through the carrier."""

    from_header: str = '"08123456789" <sip:08123456789@[local_ip]:[local_port]>'
    headers: tuple[str, ...] = ()
    dials: str = "112"
    patience_ms: int = 30_000  # hangs up after so long without an answer
    talk_ms: int = 500  # hangs up so long after the answer, unless the other side does first
    refused_with: int | None = None  # expects this status instead of an answer
    listens_at: Address | None = None  # where its audio is to be sent, when somebody listens to it

    @classmethod
    def numbered(cls, number: str, **more: object) -> Citizen:
        """A caller whose number the carrier shows."""
        return cls(from_header=f'"{number}" <sip:{number}@[local_ip]:[local_port]>', **more)  # type: ignore[arg-type]


HIDDEN = '"Anonymous" <sip:anonymous@anonymous.invalid>'


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many citizens, each with a number of its own: `numbers`, then SIPp's count. SIPp keeps record of their calls.

    With `one_number` all of them call from `numbers` itself.
    """

    numbers: str
    talk_one_of_ms: tuple[int, ...]  # one of these for each call, at random
    patience_ms: int = 40_000
    dials: str = "112"
    one_number: bool = False


@dataclass(frozen=True, slots=True)
class Pickup:
    """How a taker's phone behaves."""

    rings_ms: int = 200
    picks_up: bool = True
    talk_ms: int = 60_000  # hangs up after so long, unless the caller does first
    forwards_to: str | None = None  # sends every call there instead of ringing (302)
    busy_for: str | None = None  # a called number for which it is busy (486)
    refuses_with: str | None = None  # a status for every call, such as "503 Service Unavailable"
    expects: tuple[str, ...] = ()  # what has to stand in an INVITE; without them it is not answered
    rings_one_of_ms: tuple[int, ...] = ()  # instead of rings_ms: one of these for each call, at random
    sends_audio: bool = False  # without any, Asterisk takes it for dead after 20 s of talk (pjsip_phones.conf)


def free_address(host: str = "127.0.0.1") -> Address:
    """An address whose port is free for UDP and TCP now."""
    for _ in range(100):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        ):
            udp.bind((host, 0))
            port = udp.getsockname()[1]
            try:
                tcp.bind((host, port))
            except OSError:
                continue
            return Address(host, port)
    raise SippFailed(f"no free port on {host}")


class Sipp:
    """One SIPp process, started at once. It ends with the thread that started it, however that one ends."""

    def __init__(self, scenario: str, target: Address, local: Address, options: Sequence[str], folder: Path) -> None:
        self._errors = folder / "errors.log"
        (folder / "scenario.xml").write_text(scenario, encoding="utf-8")
        # prctl(2), PR_SET_PDEATHSIG: nobody is called by a process whose parent was killed.
        command = ["setpriv", "--pdeathsig", "KILL"]
        command += ["sipp", str(target), "-sf", str(folder / "scenario.xml"), "-nostdin", "-skip_rlimit"]
        # Tests wait for the end of the process, so calls that are over need not be remembered.
        command += ["-i", local.host, "-p", str(local.port), "-mi", local.host, "-deadcall_wait", "0"]
        command += ["-trace_err", "-error_file", str(self._errors), "-timeout_error", *options]
        # SIPp draws its screen on standard output; nobody looks at it here.
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def finish(self, within_s: float = 60) -> None:
        """Wait for its calls to end; raise SippFailed unless every one went as its scenario says."""
        status = self._process.wait(within_s)
        if status:
            complaints = self._errors.read_text(errors="replace")[-2000:] if self._errors.exists() else ""
            raise SippFailed(f"SIPp ended with {status}\n{complaints}")

    @property
    def is_running(self) -> bool:
        """Whether it still calls or listens."""
        return self._process.poll() is None

    def wind_down(self) -> None:
        """Have it make no new call, and end when those it has made are over (SIPp: SIGUSR1)."""
        if self.is_running:
            self._process.send_signal(signal.SIGUSR1)

    def stop(self) -> None:
        """End it now, whatever it does."""
        if self.is_running:
            self._process.kill()
        self._process.wait()


@contextmanager
def _sipp(scenario: str, target: Address, local: Address, *options: str) -> Iterator[Sipp]:
    with tempfile.TemporaryDirectory(prefix="sipp-") as folder:
        if _SOUND in scenario:
            (Path(folder) / _SOUND).write_bytes(_SILENCE)
        process = Sipp(scenario, target, local, options, Path(folder))
        try:
            yield process
        finally:
            process.stop()


@contextmanager
def citizens(
    line: Address,
    citizen: Citizen,
    *,
    carrier: str = "127.0.0.2",
    calls: int = 1,
    per_second: float = 20,
    local: Address | None = None,
) -> Iterator[Sipp]:
    """Callers who dial `line` from the carrier's address; ended with the block if they have not finished."""
    scenario = _render("citizen.xml.j2", **_words(citizen))
    at_once = str(max(calls, 1))
    pace = ["-m", str(calls), "-l", at_once, "-r", str(max(1, int(per_second * 10))), "-rp", "10000"]
    with _sipp(scenario, line, local or free_address(carrier), *pace, "-timeout", "600s") as process:
        yield process


@contextmanager
def crowd(line: Address, who: Crowd, record: Path, *, calls: int, per_second: float) -> Iterator[Sipp]:
    """These citizens dial `line`; a line in `record` for each step of each call. Ended with the block.

    A call that goes astray is on record as far as it went; it is not the process that fails.
    """
    scenario = _render("crowd.xml.j2", **_words(who))
    pace = ["-m", str(calls), "-l", str(calls), "-r", str(max(1, int(per_second * 10))), "-rp", "10000"]
    kept = ["-trace_logs", "-log_file", str(record), "-log_overwrite", "false"]
    with _sipp(scenario, line, free_address("127.0.0.2"), *pace, *kept) as process:
        yield process


def register(
    line: Address, local: Address, phones: Iterable[tuple[str, str]], *, refused: bool = False, expires_s: int = 600
) -> None:
    """Log the phones (extension, password), which all listen on `local`, in; raise SippFailed if that fails."""
    accounts = list(phones)
    scenario = _render("register.xml.j2", refused=refused, expires_s=expires_s)
    with tempfile.TemporaryDirectory(prefix="phones-") as folder:
        injection = Path(folder) / "phones.csv"
        lines = [f"{user};[authentication username={user} password={password}]" for user, password in accounts]
        injection.write_text("\n".join(["SEQUENTIAL", *lines, ""]))
        pace = ["-m", str(len(accounts)), "-r", "50", "-inf", str(injection), "-timeout", "30s"]
        with _sipp(scenario, line, local, *pace) as process:
            process.finish()


@contextmanager
def phones(
    line: Address,
    accounts: Iterable[tuple[str, str]],
    pickup: Pickup = Pickup(),
    *,
    logs_out: bool = True,
    record: Path | None = None,
) -> Iterator[Sipp]:
    """Takers' phones (extension, password), logged in, that behave so until the block ends.

    With a `record`, SIPp keeps a line in it for each caller they were given.
    """
    local, logins = free_address("127.0.0.1"), list(accounts)
    register(line, local, logins)
    on_record = record is not None
    scenario = _render("phone.xml.j2", is_carrier=False, login=None, on_record=on_record, **_words(pickup))
    kept = ["-trace_logs", "-log_file", str(record), "-log_overwrite", "false"] if record else []
    try:
        with _sipp(scenario, line, local, "-aa", *kept) as process:
            yield process
    finally:
        # Only now is the port free to log out from. A phone that is gone without a word would be rung all the same.
        if logs_out:
            register(line, local, logins, expires_s=0)


@contextmanager
def called_party(
    line: Address, local: Address, pickup: Pickup = Pickup(), login: tuple[str, str] | None = None
) -> Iterator[Sipp]:
    """A carrier that is there (OPTIONS), and telephones behind it: whoever is called out through it behaves so.

    With a `login` (username, password) it is a registrar too, and wants the login's digest for every call.
    """
    scenario = _render("phone.xml.j2", is_carrier=True, login=login, on_record=False, **_words(pickup))
    with _sipp(scenario, line, local, "-aa") as process:
        yield process


def dial(line: Address, account: tuple[str, str], number: str) -> None:
    """A taker's phone dials `number` (*11, *12) and listens until the other side hangs up."""
    extension, password = account
    scenario = _render("dial.xml.j2", extension=extension, password=password, number=number)
    with _sipp(scenario, line, free_address("127.0.0.1"), "-m", "1", "-timeout", "30s") as process:
        process.finish()


def _words(plan: Citizen | Crowd | Pickup) -> dict[str, object]:
    return {field.name: getattr(plan, field.name) for field in fields(plan)}


def _render(template: str, **words: object) -> str:
    # SIPp reads a message up to the first blank line as headers: none may stand in front of the XML.
    return _SCENARIOS.get_template(template).render(words).lstrip()
