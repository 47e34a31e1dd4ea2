"""`siaga112 run`, `prepare`: everything checked, made and started, in an order in which nothing is touched early."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import socket
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from gateway.agi.probe import probe
from gateway.first_admin import FIRST_ADMIN, first_admin
from gateway.places.areas.kept import table_of
from gateway.process import logs
from gateway.process.descriptors import raise_limit
from gateway.process.supervisor import Program, Supervisor, Watch, spawn
from gateway.site.home import Home, HomeUnusable, load_secrets
from gateway.telephony.asterisk import Asterisk
from gateway.telephony.prompts import lay_prompts
from gateway.telephony.provide import provide
from gateway.telephony.render import changed_files, render, render_phones, render_skpd_numbers
from gateway.web.door.routes import API
from ticketing.errors import Siaga112Error
from ticketing.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gateway.process.supervisor import Start
    from gateway.site.config import Bind, Settings
    from ticketing.model import Taker
    from ticketing.skpd import Skpd

    Say = Callable[[str], None]

_READY_WITHIN_S = 60.0
_PROBE_WITHIN_S = 1.0
_FEW_FILES = 16_384
_FILES_A_CALLER = 7


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store has, and Asterisk has to know from its start."""

    takers: tuple[Taker, ...]
    skpds: tuple[Skpd, ...]


class PortTaken(Siaga112Error):
    """Somebody else listens where we should."""


async def run(settings: Settings, say: Say) -> None:
    """Bring the line up, say that it is ready, and keep it until SIGINT or SIGTERM.

    Raises Siaga112Error, with one clear line, for whatever stands in the way.
    """
    _open_wide(say)
    home = Home.of(settings)
    with ExitStack() as stack:
        kept = await _hold(home, settings, stack, asterisk_runs=_holds_an_asterisk(home))
        installed = await asyncio.to_thread(provide, say=say)
        asterisk = Asterisk(installed, home)
        survivor = await asterisk.survivor()
        if survivor is None:
            await asyncio.to_thread(_prepare, settings, asterisk, kept, say)
        else:
            survivor.release()
            say("Asterisk of a former run still serves calls: taken over as it is")
            _tell_changes(settings, asterisk, say)
        # Its calls die with it: an Asterisk in which no thread has run for twenty seconds has lost them already.
        watch = Watch(asterisk.answers, every_s=2.0, grace_s=60.0, failures=4)
        line = Program("Asterisk", asterisk.start, watch, stop_within_s=10.0)
        await _supervise(settings, home, [*_ours(settings, home), line], say)


async def run_beside_asterisk(settings: Settings, say: Say) -> None:
    """Keep the gateway and the AGI server until SIGINT or SIGTERM, and leave Asterisk to whoever else keeps it.

    That Asterisk runs with what `prepare` wrote into this HOME, on this machine's loopback; it may come later, go, and
    come back. Raises Siaga112Error, with one clear line, for whatever stands in the way.
    """
    _open_wide(say)
    home = Home.of(settings)
    with ExitStack() as stack:
        # Its ports are not ours to look at: it may be about to start.
        await _hold(home, settings, stack, asterisk_runs=True)
        await _supervise(settings, home, _ours(settings, home), say)


async def prepare(settings: Settings, say: Say) -> None:
    """Make everything that Asterisk needs in HOME, and end; while one runs there, only say what would be others.

    Raises Siaga112Error, with one clear line, for whatever stands in the way.
    """
    home = Home.of(settings)
    if _holds_an_asterisk(home):
        say("Asterisk serves calls: its configuration is left as it is")
        _tell_changes(settings, Asterisk(await asyncio.to_thread(provide, say=say), home), say)
        return
    with ExitStack() as stack:
        kept = await _hold(home, settings, stack, asterisk_runs=False)
        asterisk = Asterisk(await asyncio.to_thread(provide, say=say), home)
        await asyncio.to_thread(_prepare, settings, asterisk, kept, say)
    say(f"prepared in {home.root}")


async def _hold(home: Home, settings: Settings, stack: ExitStack, *, asterisk_runs: bool) -> Kept:
    """Hold HOME as long as the stack, once nothing is in the way; give what the store has."""
    if home.run.exists():
        stack.enter_context(_alone(home))
    # What would be in the way is found before anything is written.
    check_ports(settings, asterisk_runs=asterisk_runs)
    table_of(settings)
    kept = await _kept(settings)
    if not home.run.exists():
        home.make()
        stack.enter_context(_alone(home))
    home.make()
    # The terminal is for the operator: what the supervisor does is in its log.
    logs.configure(stack.enter_context((home.log / "supervisor.log").open("a", buffering=1)))
    return kept


def _open_wide(say: Say) -> None:
    if (files := raise_limit()) < _FEW_FILES:
        say(f"only {files} files may be open (ulimit -n): some {files // _FILES_A_CALLER} callers at a time, no more")


def _tell_changes(settings: Settings, asterisk: Asterisk, say: Say) -> None:
    for name in changed_files(settings, asterisk.home, load_secrets(asterisk.home), asterisk.installed):
        say(f"  changed since it was started, and not in force until it is started again: {name}")


async def _kept(settings: Settings) -> Kept:
    """Open the store (made, migrated, and looked over for damage), and read what Asterisk has to know of it."""
    store = await open_store(settings.database)
    try:
        return Kept(tuple(await store.takers()), await store.skpds())
    finally:
        await store.close()


def _prepare(settings: Settings, asterisk: Asterisk, kept: Kept, say: Say) -> None:
    home = asterisk.home
    lay_prompts(settings, home, say)
    render(settings, home, load_secrets(home), asterisk.installed)
    render_phones(settings, home, kept.takers)
    render_skpd_numbers(home, kept.skpds)


async def _supervise(settings: Settings, home: Home, programs: Sequence[Program], say: Say) -> None:
    supervisor = Supervisor(
        programs,
        died=lambda name, status: say(f"{name} died (status {status}) and is started again"),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    announcing = asyncio.create_task(_announce(settings, home, say), name="announcement")
    try:
        await supervisor.run()
    finally:
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)
    say("stopped")


def _ours(settings: Settings, home: Home) -> list[Program]:
    """In order of their start; Asterisk, where we keep it too, comes after them.

    They are stopped in reverse, so that the gateway hears the last call end.
    """
    parent = str(os.getpid())
    environment = {"PYTHONUNBUFFERED": "1", "SIAGA112_HOME": str(home.root)}

    def ours(module: str, log: str) -> Start:
        argv = [sys.executable, "-m", module, parent]
        return spawn(argv, home.log / log, environment)

    async def agi_answers() -> bool:
        return await probe(settings.agi_bind, _PROBE_WITHIN_S)

    async def gateway_answers() -> bool:
        return await _health(settings.http_bind, 5.0) is not None

    return [
        Program(
            "gateway", ours("gateway", "gateway.log"), Watch(gateway_answers, every_s=2.0, grace_s=60.0, failures=2)
        ),
        # A caller waits while this one hangs: looked at often, given no second chance.
        Program("AGI server", ours("gateway.agi.server", "agi.log"), Watch(agi_answers, every_s=0.5)),
    ]


async def _announce(settings: Settings, home: Home, say: Say) -> None:
    """Say that the line is ready, once it is; and now and then why it is not yet.

    A line that is not ready is kept running all the same: Asterisk may well be taking calls.
    """
    loop = asyncio.get_running_loop()
    complain_at = loop.time() + _READY_WITHIN_S
    while True:
        health = await _health(settings.http_bind, 5.0)
        if health is not None and health.get("ready"):
            break
        if loop.time() > complain_at:
            reasons = health.get("reasons", ["the gateway has an error"]) if health else ["the gateway does not answer"]
            say(f"NOT READY: {'; '.join(reasons)} (tried on; see {home.log}/)")
            complain_at = loop.time() + _READY_WITHIN_S
        await asyncio.sleep(0.1)
    password = await first_admin(settings)
    for line in _welcome(settings, home, password):
        say(line)


def _welcome(settings: Settings, home: Home, password: str | None) -> list[str]:
    carrier = settings.trunks[0]
    first_sign_in = [f"  first sign-in      {FIRST_ADMIN}, password {password} (shown this once)"] if password else []
    return [
        "siaga112 ready",
        f"  console            http://{settings.http_bind}/",
        f"  API                http://{settings.http_bind}{API}/openapi.json",
        *first_sign_in,
        f"  citizens' calls    SIP {settings.sip_bind}, from {', '.join(carrier.addresses)}",
        "  attach a softphone .venv/bin/siaga112 taker add 101 --name NAME --signed-in",
        "                     .venv/bin/siaga112 phone show 101",
        f"  state and logs     {home.root}",
        "  stop it            Ctrl-C",
    ]


async def _health(bind: Bind, within_s: float) -> dict[str, Any] | None:
    """What the gateway says of itself, or None when it says nothing in time."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(within_s)) as session,
            session.get(f"http://{bind}{API}/health") as answer,
        ):
            said: object = await answer.json()
            # An error of the gateway's own is an answer too: one that says nothing of the line.
            return said if isinstance(said, dict) else {}
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


def check_ports(settings: Settings, *, asterisk_runs: bool = False) -> None:
    """Raise PortTaken, naming the setting, when somebody listens where we are to.

    `asterisk_runs`: our own Asterisk holds its ports already.
    """
    ours = (
        ("SIAGA112_HTTP_BIND", settings.http_bind, socket.SOCK_STREAM),
        ("SIAGA112_AGI_BIND", settings.agi_bind, socket.SOCK_STREAM),
    )
    asterisks = (
        ("SIAGA112_SIP_BIND", settings.sip_bind, socket.SOCK_DGRAM),
        ("SIAGA112_SIP_BIND", settings.sip_bind, socket.SOCK_STREAM),
        ("SIAGA112_AMI_BIND", settings.ami_bind, socket.SOCK_STREAM),
    )
    for variable, bind, kind in (*ours, *(() if asterisk_runs else asterisks)):
        family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                # A connection of a former run that is still fading away is no listener.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((bind.host, bind.port))
            except OSError as error:
                reason = "the port is in use" if error.errno == errno.EADDRINUSE else error.strerror
                raise PortTaken(f"{variable} {bind}: {reason}") from error


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold HOME for this run; raise HomeUnusable when another run holds it."""
    with (home.run / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise HomeUnusable(f"another siaga112 runs in {home.root}") from held
        yield


def _holds_an_asterisk(home: Home) -> bool:
    """Whether the control socket of this HOME is answered: a former run's Asterisk is still at work."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(home.control_socket))
        except OSError:
            return False
        return True
