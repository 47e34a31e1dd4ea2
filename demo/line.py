"""The demo's own line: `siaga112 run` in a folder that no site uses, on the ports of `make run`."""

from __future__ import annotations

import asyncio
import fcntl
import ipaddress
import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.sipp import Address
from gateway.site.config import CHECKOUT, Bind, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Say = Callable[[str], None]

# All that the demo takes over from the environment. A site's database, carrier and backup numbers are not its own.
TAKEN_OVER: Final = frozenset(
    f"SIAGA112_{name}" for name in ("SIP_BIND", "HTTP_BIND", "AMI_BIND", "AGI_BIND", "RTP_PORTS", "CITY", "LANGUAGE")
)
DEMOS: Final = CHECKOUT / "var-demo"
_STOPS_WITHIN_S: Final = 20.0
_VERBS_AT_ONCE: Final = 2


class DemoFailed(Exception):
    """The demo cannot begin or go on; the message says why, in one line."""


@contextmanager
def home_of(environment: Mapping[str, str]) -> Iterator[Path]:
    """The folder of this demo: SIAGA112_HOME, which must be empty and is kept, or one of its own, removed at the end.

    A folder of its own lies in the checkout, like a line's var/: recordings take some 140 MB an hour, and /tmp may be
    memory. Raises DemoFailed.
    """
    named = environment.get("SIAGA112_HOME")
    if named:
        home = Path(named).absolute()
        if home.exists() and (not home.is_dir() or any(home.iterdir())):
            raise DemoFailed(f"SIAGA112_HOME {home} is not empty: a demo begins with an empty folder, and keeps it")
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield home
        return
    DEMOS.mkdir(exist_ok=True)
    with ExitStack() as held:
        with _locked(DEMOS):
            _sweep()
            home = Path(tempfile.mkdtemp(prefix="", dir=DEMOS))
            held.enter_context(_locked(home))
        try:
            yield home
        finally:
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _locked(folder: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold a folder; the kernel lets go of it when this process ends, however it does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _sweep() -> None:
    """Remove the folders of demos that were killed: nobody holds them."""
    for folder in DEMOS.iterdir():
        with suppress(BlockingIOError), _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(folder, ignore_errors=True)


def loopback(environment: Mapping[str, str], key: str) -> Address:
    """Where the line listens, by SIAGA112_<KEY> or by default.

    Raises DemoFailed unless it is 127.…: a demo calls nobody outside this machine.
    """
    text = environment.get(f"SIAGA112_{key.upper()}", str(Settings.model_fields[key].default))
    try:
        bind = Bind.model_validate(text)
    except ValueError as error:
        raise DemoFailed(f"SIAGA112_{key.upper()}: {text[:80]!r} is not ADDRESS:PORT") from error
    if not bind.is_loopback or ipaddress.ip_address(bind.host).version != 4:  # noqa: PLR2004
        raise DemoFailed(f"SIAGA112_{key.upper()} {bind}: a demo takes place on this machine alone, on 127.…")
    return Address(bind.host, bind.port)


@dataclass
class DemoLine:
    """The line's process, and its command line."""

    home: Path
    environment: dict[str, str]
    say: Say
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _process: asyncio.subprocess.Process | None = None
    _verbs: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_VERBS_AT_ONCE))

    @classmethod
    def prepared(cls, home: Path, settings: str, say: Say) -> DemoLine:
        """A line in this folder with these settings (TOML), not started yet."""
        # Found before any site's own file in the checkout (gateway.site.config.find_file).
        (home / "siaga112.toml").write_text(settings, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA112_")}
        ports = {name: os.environ[name] for name in TAKEN_OVER if name in os.environ}
        return cls(home, {**kept, **ports, "SIAGA112_HOME": str(home)}, say)

    async def run(self) -> int:
        """Start it, say what it says, and give its exit status when it ends."""
        # A session of its own: a Ctrl-C at the terminal ends the town first. And when the demo is killed, the kernel
        # tells the line to stop (prctl(2), PR_SET_PDEATHSIG).
        argv = ("setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "gateway.cli", "run")
        self._process = await asyncio.create_subprocess_exec(
            *argv,
            env=self.environment,
            cwd=CHECKOUT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout
        async for text in self._process.stdout:
            self.say(text.decode(errors="replace").rstrip())
            if text.startswith(b"siaga112 ready"):
                self.ready.set()
        return await self._process.wait()

    async def stop(self) -> None:
        """Stop it as Ctrl-C does; kill it when it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), _STOPS_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def siaga112(self, *words: str, password: str | None = None) -> str:
        """Run one verb against this line and give what it printed; raise DemoFailed with its complaint."""
        async with self._verbs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway.cli", *words),
                env=self.environment,
                cwd=CHECKOUT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            printed, complaint = await process.communicate((password or "").encode() + b"\n")
        if process.returncode:
            raise DemoFailed(f"siaga112 {' '.join(words[:2])}: {complaint.decode(errors='replace').strip()}")
        return printed.decode().strip()
