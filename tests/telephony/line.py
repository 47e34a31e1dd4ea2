"""What a test says to the line, and sees of it: through SIP, the command line and the API, as anybody would."""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psutil
from click.testing import CliRunner

from bench.sipp import Address, Pickup, Sipp, free_address, phones
from gateway.cli.root import siaga112
from gateway.telephony.prompts import make_prompts, phrases_in
from gateway.telephony.provide import provide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
CHECKOUT = Path(__file__).resolve().parents[2]
# One phone rings for three seconds, not twelve: the stories are the same and shorter.
SITE = "[queue]\nring_s = 3\n"


def eventually(look: Callable[[], T | None], *, within_s: float = 30.0) -> T:
    """Look again until there is something to see; fail when it does not come."""
    deadline = time.monotonic() + within_s
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not seen within {within_s} s; last: {seen!r}"
        select.select([], [], [], 0.05)


@cache
def spoken() -> Path:
    """Every prompt, made once for all the lines of this process: they say the same, and it takes seconds."""
    folder = Path(tempfile.mkdtemp(prefix="siaga112-spoken-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make_prompts(phrases_in("id"), folder, say=lambda _: None)
    return folder


@dataclass
class Line:
    """A running line."""

    home: Path
    environment: dict[str, str]
    sip: Address
    http: Address
    logins: dict[str, str] = field(default_factory=dict)  # extension → password
    _process: subprocess.Popen[str] | None = None

    @classmethod
    @contextmanager
    def started(cls, home: Path, **more: str) -> Iterator[Line]:
        """A line of its own, ready; stopped with the block."""
        line = cls.prepared(home, **more)
        line.start()
        try:
            yield line
        finally:
            line.stop()

    @classmethod
    def prepared(cls, home: Path, **more: str) -> Line:
        """A line that has not been started."""
        sip, http, ami, agi = (free_address() for _ in range(4))
        rtp = 20000 + sip.port % 300 * 100
        (home / "siaga112.toml").write_text(SITE)
        (home / "asterisk").mkdir(mode=0o700)
        shutil.copytree(spoken(), home / "asterisk/sounds")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SIAGA112_")},
            "SIAGA112_HOME": str(home),
            "SIAGA112_SIP_BIND": str(sip),
            "SIAGA112_HTTP_BIND": str(http),
            "SIAGA112_AMI_BIND": str(ami),
            "SIAGA112_AGI_BIND": str(agi),
            "SIAGA112_RTP_PORTS": f"{rtp}-{rtp + 999}",
            **more,
        }
        return cls(home, environment, sip, http)

    # ---- the process --------------------------------------------------------------------------------------------

    def start(self, *options: str) -> str:
        """Start it, wait until it says that it is ready; give what it printed until then."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "run", *options],
            env=self.environment,
            cwd=CHECKOUT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdout
        printed: list[str] = []
        for text in self._process.stdout:
            printed.append(text)
            if "siaga112 ready" in text:
                return "".join(printed)
        raise AssertionError("".join(printed) + self.logs())

    def stop(self) -> int:
        """Stop it as Ctrl-C does; give its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=30)
        return self._process.returncode

    def crash(self) -> None:
        """Have the supervisor die as by an out-of-memory kill; Asterisk is left alone."""
        assert self._process
        self._process.kill()
        self._process.communicate(timeout=10)

    def process(self, words: str) -> psutil.Process:
        """The process of ours whose command line has these words in it; the supervisor for 'run'."""
        assert self._process
        supervisor = psutil.Process(self._process.pid)
        if words == "run":
            return supervisor

        def find() -> psutil.Process | None:
            return next((child for child in supervisor.children() if words in _command_of(child)), None)

        return eventually(find)

    def logs(self) -> str:
        """What every process logged, for the message of a failure."""
        files = sorted((self.home / "log").glob("*"))
        return "\n".join(f"== {file.name}\n{file.read_text(errors='replace')[-3000:]}" for file in files)

    # ---- the command line ---------------------------------------------------------------------------------------

    def siaga112(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run one verb of the command line against this line, with this on its standard input."""
        command = [sys.executable, "-m", "gateway.cli", *words]
        return subprocess.run(
            command,
            env=self.environment,
            cwd=CHECKOUT,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def told(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """What a verb prints as JSON: the command line itself, without a process of its own for each look."""
        return json.loads(self._typed(*words, "--json"))

    def _typed(self, *words: str) -> str:
        done = CliRunner().invoke(siaga112, words, env=self._variables())
        assert done.stdout, done.stderr or done.exception
        return done.stdout

    def _variables(self) -> dict[str, str | None]:
        others = {name: None for name in os.environ if name.startswith("SIAGA112_")}
        return {**others, **{name: value for name, value in self.environment.items() if name.startswith("SIAGA112_")}}

    def tickets(self, since: datetime | None = None) -> list[dict[str, Any]]:
        """The tickets, oldest first."""
        return list(self.told("tickets", *_since(since)))

    def calls(self, since: datetime | None = None) -> list[dict[str, Any]]:
        """The calls, oldest first."""
        return list(self.told("calls", *_since(since)))

    def ended_call(self, since: datetime) -> dict[str, Any]:
        """The one call since then, once it is over."""

        def look() -> dict[str, Any] | None:
            ended = [call for call in self.calls(since) if call["ended_at"]]
            return ended[0] if ended else None

        call = eventually(look)
        assert len(self.calls(since)) == 1
        return call

    def health(self) -> dict[str, Any]:
        """What the API says of the line; {} when nothing answers."""
        try:
            with urllib.request.urlopen(f"http://{self.http}/api/v1/health", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.load(error))
        except OSError:
            return {}

    def is_ready(self) -> bool:
        """Whether the line says that it is ready."""
        return bool(self.health().get("ready"))

    def wait_for_talk(self, since: datetime) -> dict[str, Any]:
        """Wait until the one call since then is answered; give it."""

        def look() -> dict[str, Any] | None:
            return next((call for call in self.calls(since) if call["outcome"] == "talking"), None)

        return eventually(look)

    def asterisk(self, command: str) -> str:
        """What Asterisk's own command line says."""
        argv = [*provide(say=lambda _: None).command, "-C", str(self.home / "asterisk/etc/asterisk.conf")]
        return subprocess.run([*argv, "-rx", command], capture_output=True, text=True, check=True, timeout=10).stdout

    # ---- the desk -----------------------------------------------------------------------------------------------

    def add_takers(self, count: int, first: int = 201) -> None:
        """Add takers, signed in; their phones come with `staffed`."""
        for extension in map(str, range(first, first + count)):
            self._typed("taker", "add", extension, "--name", f"Petugas {extension}", "--signed-in")
            self.logins[extension] = self.told("phone", "show", extension)["password"]
        eventually(lambda: self._asterisk_knows(str(first + count - 1)))

    def _asterisk_knows(self, extension: str) -> bool:
        return f"[{extension}]" in (self.home / "asterisk/etc/pjsip_phones.conf").read_text()

    @contextmanager
    def staffed(self, *extensions: str, pickup: Pickup = Pickup()) -> Iterator[Sipp]:  # noqa: B008 - frozen
        """These takers' phones are registered and behave so; gone with the block."""
        before = int(self.health()["staffed"])
        with phones(self.sip, [(one, self.logins[one]) for one in extensions], pickup) as process:
            eventually(lambda: self.health().get("staffed") == before + len(extensions))
            yield process
        eventually(lambda: self.health().get("staffed") == before)


def _command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just died
        return ""


def _since(at: datetime | None) -> list[str]:
    return ["--since", at.isoformat()] if at else []


def now() -> datetime:
    """The instant from which a test looks at calls."""
    return datetime.now(UTC)
