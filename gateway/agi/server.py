"""The AGI server: a process of its own, so that nothing which befalls the gateway makes a caller wait.

Asterisk waits for a script without any limit of its own. So every connection has a deadline from the
instant it is accepted, and a thread that does nothing else closes those that are past it; Asterisk then
goes on with the call. What this process cannot see of itself (it hangs as a whole) is for a watchdog
outside: `gateway.agi.probe`.

    python -m gateway.agi.server [PARENT]      PARENT: the supervisor's process id; without it there is none
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import socketserver
import sys
import threading
import time
import traceback
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from asterisk.agi import AGIError, AGIHangup

from gateway.agi import skpd_snapshot
from gateway.agi.nuisance_snapshot import NuisanceFile
from gateway.agi.scripts import ScriptContext, Service, caller_id, skpd_update
from gateway.agi.session import AgiSession, ProtocolBroken
from gateway.facts import phone_numbers
from gateway.process import logs
from gateway.process.clock import SystemClock
from gateway.process.log_queue import LogQueue
from gateway.process.orphans import die_with_parent
from gateway.site import config
from gateway.site.home import Home
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

MOST_SESSIONS = 512
MOST_OFFICERS = 32  # of those sessions: an officer's lasts minutes, and callers' must always find room
GREETING_S = 1.5  # from the connection until Asterisk has said which script it wants
TICK_S = 0.05  # how late a deadline may be noticed
HANGS_S = 1.0  # a script that has not ended so long after its connection was closed hangs
LAST_WORDS_S = 0.5  # for what is still to be logged at the end


@dataclass(frozen=True, slots=True)
class Route:
    """A script, how long it may take, in seconds from the connection, and how many may run at once."""

    run: Callable[[AgiSession, ScriptContext], None]
    deadline_s: float
    most: int = MOST_SESSIONS


def _pong(session: AgiSession, _context: ScriptContext) -> None:
    """Answer a health probe, which reads one line and asks no more."""
    session.send_command("NOOP", '"pong"')


ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        "caller_id": Route(caller_id.run, deadline_s=1.5),
        "skpd_update": Route(skpd_update.run, deadline_s=600, most=MOST_OFFICERS),
        "ping": Route(_pong, deadline_s=1.5),
    }
)


class HelperDead(Siaga112Error):
    """A thread that serves all sessions has died: the process must end and be started again."""


class Outcome(StrEnum):
    """How a session ended."""

    DONE = "done"
    HUNG_UP = "hung_up"  # the other side left: a caller, a port scan
    UNKNOWN_SCRIPT = "unknown_script"
    FULL = "full"  # as many of this script as may run at once do
    NO_AGI = "no_agi"
    REFUSED = "refused"  # Asterisk did not carry out a command
    OVERDUE = "overdue"
    FAILED = "failed"  # an error of the script


class NotServed(Exception):
    """This session gets no script."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


_LEVELS = {
    Outcome.DONE: logging.INFO,
    Outcome.HUNG_UP: logging.INFO,
    Outcome.FAILED: logging.ERROR,
}


@dataclass(slots=True)
class Watch:
    """One connection and its deadline, on the monotonic clock."""

    connection: socket.socket
    began: float
    due: float
    overdue: bool = False
    hangs: bool = False
    facts: dict[str, object] = field(default_factory=dict)  # for the log: nothing of the caller's


class AgiServer(socketserver.ThreadingTCPServer):
    """Listens, gives each connection a thread and a deadline, and takes no more than it can serve.

    A script that hangs keeps its thread, though not its caller. When threads that hang have used up all
    sessions, the server answers nobody any more, the probe included: so the watchdog ends it.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(
        self,
        address: tuple[str, int],
        context: ScriptContext,
        routes: Mapping[str, Route] = ROUTES,
        *,
        most_sessions: int = MOST_SESSIONS,
        greeting_s: float = GREETING_S,
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.context = context
        self.routes = routes
        self._most_sessions = most_sessions
        self._greeting_s = greeting_s
        self._watches: dict[object, Watch] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._failures = 0
        self._running: Counter[str] = Counter()
        self.log = LogQueue()
        super().__init__(address, _Conversation)
        self._keeper = threading.Thread(target=self._keep_deadlines, name="agi-deadlines", daemon=True)
        self._keeper.start()

    @property
    def sessions(self) -> int:
        """How many are open."""
        return len(self._watches)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; its clock runs from here."""
        try:
            connection, address = super().get_request()
        except OSError as error:
            # Out of descriptors, say: what waits stays ready, and without a pause the loop would spin.
            self.log.put(logging.WARNING, "agi_accept_failed", error=error.strerror)
            self._closing.wait(TICK_S)
            raise
        now = time.monotonic()
        with self._lock:
            self._watches[connection] = Watch(connection, began=now, due=now + self._greeting_s)
        return connection, address

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002 - socketserver's
        """Refuse what is beyond the limit: closed at once, Asterisk goes on with the call."""
        if self.sessions <= self._most_sessions:
            return True
        self.log.put(logging.WARNING, "agi_session_refused", most_sessions=self._most_sessions)
        return False

    def close_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Forget the deadline and close, in one step: the next connection may get the same descriptor."""
        with self._lock:
            self._watches.pop(request, None)
            super().close_request(request)

    def service_actions(self) -> None:
        """Once a round of the loop: tell of scripts that hang. Raises HelperDead."""
        if not (self._keeper.is_alive() and self.log.alive):
            raise HelperDead("deadlines are no longer enforced, or nothing is logged")
        now = time.monotonic()
        with self._lock:
            hanging = [w for w in self._watches.values() if w.overdue and not w.hangs and w.due + HANGS_S < now]
        for watch in hanging:
            watch.hangs = True
            self.log.put(logging.ERROR, "agi_script_hangs", **watch.facts)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - socketserver's
        """Log, in one line, a connection that could not be given a session."""
        self.log.put(logging.ERROR, "agi_connection_failed", error=type(sys.exception()).__name__)

    def server_close(self) -> None:
        """Stop listening and enforcing; write the log to its end."""
        super().server_close()
        self._closing.set()
        self.log.close(within_s=LAST_WORDS_S)

    def watch_of(self, connection: object) -> Watch:
        """The deadline of an open connection."""
        with self._lock:
            return self._watches[connection]

    def route(self, name: str) -> Route:
        """Give the script of this name; raise NotServed when there is none."""
        if name not in self.routes:
            raise NotServed(Outcome.UNKNOWN_SCRIPT)
        return self.routes[name]

    @contextmanager
    def room_for(self, name: str, route: Route) -> Iterator[None]:
        """Count a script as running while the block runs; raise NotServed when as many do as may."""
        with self._lock:
            if self._running[name] >= route.most:
                raise NotServed(Outcome.FULL)
            self._running[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[name] -= 1

    def count_failure(self) -> int:
        """Count one more script that failed by its own error; give the count since the start."""
        with self._lock:
            self._failures += 1
            return self._failures

    def _keep_deadlines(self) -> None:
        # No log and no wait but its own in here: what holds up a script must not hold up this thread.
        while not self._closing.wait(TICK_S):
            now = time.monotonic()
            with self._lock:
                for watch in self._watches.values():
                    if watch.due <= now and not watch.overdue:
                        watch.overdue = True
                        with suppress(OSError):
                            watch.connection.shutdown(socket.SHUT_RDWR)


class _Conversation(socketserver.StreamRequestHandler):
    """One connection from the greeting to its one line of log."""

    disable_nagle_algorithm = True
    server: AgiServer

    def handle(self) -> None:
        watch = self.server.watch_of(self.request)
        outcome = self._serve(watch)
        # Asterisk goes on with the call at this instant.
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        if watch.overdue:
            outcome = Outcome.OVERDUE
        level = _LEVELS.get(outcome, logging.WARNING)
        if outcome is Outcome.DONE and watch.facts["script"] == "ping":
            level = logging.DEBUG  # every half second, for ever
        took_ms = round((time.monotonic() - watch.began) * 1000, 1)
        self.server.log.put(level, "agi_session", outcome=outcome.value, **watch.facts, took_ms=took_ms)

    def _serve(self, watch: Watch) -> Outcome:
        try:
            session = AgiSession(self.rfile, self.wfile)
            name = session.env.get("agi_network_script", "")
            watch.facts = {"script": name[:40], "call": session.env.get("agi_uniqueid", "")[:40]}
            route = self.server.route(name)
            watch.due = watch.began + route.deadline_s
            with self.server.room_for(name, route):
                route.run(session, self.server.context)
        except NotServed as refusal:
            return refusal.outcome
        except AGIHangup:
            return Outcome.HUNG_UP
        except ProtocolBroken:
            return Outcome.NO_AGI
        except AGIError as error:
            watch.facts["error"] = type(error).__name__
            return Outcome.REFUSED
        except Exception as error:  # noqa: BLE001 - one script's error must not end the server, nor pass unseen
            # The message may hold a caller's data: the kind and the place say enough.
            watch.facts |= {"error": type(error).__name__, "at": _place(error)}
            watch.facts["failures"] = self.server.count_failure()
            return Outcome.FAILED
        return Outcome.DONE


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename.rpartition('/')[2]}:{last.lineno}"


class _Stopped(BaseException):
    """Somebody asked for the end; no `except Exception` may take it for an error."""


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # asked again while we end
    raise _Stopped


def _context(settings: config.Settings) -> ScriptContext:
    home = Home.of(settings)
    service = Service(lambda: skpd_snapshot.read(home.skpds), home.note, home.sounds, SystemClock())
    return ScriptContext(settings.style_of, service, NuisanceFile(home.nuisance, SystemClock()).penalty)


def main() -> int:
    """Serve until SIGTERM or SIGINT; give the process's exit status."""
    if len(sys.argv) > 1:
        die_with_parent(int(sys.argv[1]))
    logs.configure()
    # The numbering plans take a tenth of a second to load: no caller waits for that.
    phone_numbers.warm_up()
    try:
        settings = config.load()
        bind = settings.agi_bind
        server = AgiServer((bind.host, bind.port), _context(settings))
    except (Siaga112Error, OSError) as error:
        sys.stderr.write(f"the AGI server cannot start: {error}\n")
        return 1
    with server:
        server.log.put(logging.INFO, "agi_server_listening", bind=str(bind))
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, _stop)
            server.serve_forever()
        except _Stopped:
            return 0
        except HelperDead as error:
            sys.stderr.write(f"the AGI server stops: {error}\n")
        return 1


if __name__ == "__main__":
    # Not sys.exit: the interpreter's own end waits, for ever, for a log that nobody reads.
    os._exit(main())
