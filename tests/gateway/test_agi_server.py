"""The AGI server under everything that may come: it serves, it ends, it frees the caller."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from structlog.testing import capture_logs

from gateway.agi.probe import probe
from gateway.agi.server import AgiServer, HelperDead, Route
from gateway.site.config import Bind
from tests.gateway.agi_peer import CONTEXT, Peer, greeting, serving, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.agi.scripts import ScriptContext
    from gateway.agi.session import AgiSession

    Behaviour = Callable[[socket.socket, bytes, threading.Event], None]

PATIENCE_S = 10.0


def polite(session: AgiSession, _context: ScriptContext) -> None:
    session.set_variable("HEARD", session.env.get("agi_arg_1", ""))
    session.set_variable("GW_OK", 1)


def broken(_session: AgiSession, _context: ScriptContext) -> None:
    raise RuntimeError("the caller is 08123456789")


@dataclass
class Hanging:
    """A script that waits for something that does not come, and does not listen to its session."""

    released: threading.Event

    def __call__(self, _session: AgiSession, _context: ScriptContext) -> None:
        self.released.wait(60)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    script = Hanging(threading.Event())
    yield script
    script.released.set()


POLITE = {"polite": Route(polite, deadline_s=30.0)}


def sessions_in(logged: list[Any]) -> list[str]:
    """How the sessions ended, in order."""
    return [entry["outcome"] for entry in logged if entry["event"] == "agi_session"]


def is_served(address: tuple[str, int]) -> bool:
    """Whether a real call still gets its script."""
    with Peer.asking(address, "polite", "hello") as asterisk:
        return asterisk.commands(reply="200 result=1") == [
            'SET VARIABLE "HEARD" "hello"',
            'SET VARIABLE "GW_OK" "1"',
        ]


def test_a_call_gets_its_script_and_goes_on() -> None:
    with capture_logs() as logged, serving(POLITE) as address:
        assert is_served(address)
    [line] = logged
    assert line["outcome"] == "done"
    assert (line["script"], line["call"]) == ("polite", "bima1-1795467732.3")


def test_nothing_of_the_caller_is_logged() -> None:
    with capture_logs() as logged, serving(POLITE) as address:
        assert is_served(address)
    assert "08123456789" not in str(logged)
    assert "quoted" not in str(logged)
    assert "hello" not in str(logged)


def test_a_script_that_does_not_exist_is_told_and_the_call_goes_on() -> None:
    with capture_logs() as logged, serving(POLITE) as address, Peer.asking(address, "rude") as asterisk:
        assert asterisk.ended()
    assert sessions_in(logged) == ["unknown_script"]
    assert logged[0]["log_level"] == "warning"


def test_a_script_that_hangs_frees_its_caller_and_is_told_while_it_hangs(hanging: Hanging) -> None:
    routes = POLITE | {"hanging": Route(hanging, deadline_s=0.1)}
    with capture_logs() as logged, serving(routes) as address:
        with Peer.asking(address, "hanging") as asterisk:
            assert asterisk.ended()
        assert not hanging.released.is_set()
        assert is_served(address)
        wait_until(lambda: "agi_script_hangs" in [entry["event"] for entry in logged])
        assert is_served(address)
        assert is_served(address)
        hanging.released.set()
        wait_until(lambda: "overdue" in sessions_in(logged))
    [told] = [entry for entry in logged if entry["event"] == "agi_script_hangs"]
    assert (told["log_level"], told["script"]) == ("error", "hanging")


def test_a_peer_that_does_not_answer_a_command_is_left_at_the_deadline() -> None:
    routes = {"polite": Route(polite, deadline_s=0.1)}
    with capture_logs() as logged, serving(routes) as address, Peer.asking(address, "polite") as asterisk:
        assert asterisk.command() == 'SET VARIABLE "HEARD" ""'
        assert asterisk.command() == ""
    assert sessions_in(logged) == ["overdue"]


def test_a_peer_that_says_nothing_is_left_at_the_deadline() -> None:
    with capture_logs() as logged, serving(greeting_s=0.1) as address, Peer(address) as silent:
        assert silent.ended()
    assert sessions_in(logged) == ["overdue"]


def test_two_hundred_silent_connections_delay_no_call() -> None:
    with serving(POLITE) as address, ExitStack() as open_connections:
        silent = [open_connections.enter_context(Peer(address)) for _ in range(200)]
        assert is_served(address)
        # They were all still there: nobody had to go first.
        assert all(peer.waits() for peer in silent)


def test_a_session_beyond_the_limit_is_closed_at_once(hanging: Hanging) -> None:
    routes = POLITE | {"hanging": Route(hanging, deadline_s=60.0)}
    with capture_logs() as logged, serving(routes, most_sessions=3) as address, ExitStack() as open_connections:
        held = [open_connections.enter_context(Peer.asking(address, "hanging")) for _ in range(3)]
        with Peer(address) as fourth:
            assert fourth.ended()
        assert all(peer.waits() for peer in held)
        hanging.released.set()
        assert all(peer.ended() for peer in held)
        wait_until(lambda: len(sessions_in(logged)) == 3)
        assert is_served(address)
    assert [entry["event"] for entry in logged].count("agi_session_refused") == 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\n",
        b"x" * 100_000,
        b"agi_x: y\n" * 1000,
        b"\n",
        b"agi_network_script: caller_id\n\n" + b"\xff\n" * 1000,
    ],
    ids=["HTTP", "TLS", "a line without end", "the same line again and again", "nothing", "no replies"],
)
def test_garbage_is_told_once_and_ends(garbage: bytes) -> None:
    with capture_logs() as logged, serving(POLITE) as address:
        with Peer(address) as stranger:
            stranger.send_all_it_takes(garbage)
            wait_until(lambda: len(logged) == 1)
        assert is_served(address)
    assert [entry["event"] for entry in logged] == ["agi_session"] * 2
    assert logged[0]["log_level"] in {"info", "warning"}
    assert "exc_info" not in logged[0]


@pytest.mark.parametrize("said", ["", "agi_network: yes\n", "agi_network: y", greeting("polite")])
@pytest.mark.parametrize("leaves", ["with a FIN", "with a RST"])
def test_a_peer_that_leaves_midway_is_told_once_and_ends(said: str, leaves: str) -> None:
    with capture_logs() as logged, serving(POLITE) as address:
        with Peer(address) as peer:
            peer.send(said)
            if leaves == "with a RST":
                peer.reset()
        wait_until(lambda: len(logged) == 1)
        assert is_served(address)
    assert sessions_in(logged) == ["hung_up", "done"]


def test_a_caller_who_hangs_up_ends_the_session() -> None:
    with capture_logs() as logged, serving(POLITE) as address, Peer.asking(address, "polite") as asterisk:
        assert asterisk.commands(reply="HANGUP") == ['SET VARIABLE "HEARD" ""']
    assert sessions_in(logged) == ["hung_up"]


def test_a_command_that_asterisk_refuses_ends_the_session() -> None:
    with capture_logs() as logged, serving(POLITE) as address, Peer.asking(address, "polite") as asterisk:
        assert len(asterisk.commands(reply="510 Invalid or unknown command")) == 1
    assert sessions_in(logged) == ["refused"]
    assert logged[0]["error"] == "AGIInvalidCommand"


def test_a_script_with_an_error_ends_alone_and_each_time_is_counted() -> None:
    routes = POLITE | {"broken": Route(broken, deadline_s=30.0)}
    with capture_logs() as logged, serving(routes) as address:
        with Peer.asking(address, "broken") as asterisk:
            assert asterisk.ended()
        wait_until(lambda: len(logged) == 1)
        with Peer.asking(address, "broken") as asterisk:
            assert asterisk.ended()
        wait_until(lambda: len(logged) == 2)
        assert is_served(address)
    assert sessions_in(logged) == ["failed", "failed", "done"]
    assert [entry["failures"] for entry in logged[:2]] == [1, 2]
    assert (logged[0]["log_level"], logged[0]["error"]) == ("error", "RuntimeError")
    assert logged[0]["at"].startswith("test_agi_server.py:")
    assert "08123456789" not in str(logged)


class Unguarded(AgiServer):
    """A server whose deadlines nobody enforces."""

    def _keep_deadlines(self) -> None:
        return


def test_a_server_whose_deadlines_are_not_enforced_stops() -> None:
    with Unguarded(("127.0.0.1", 0), CONTEXT) as server, pytest.raises(HelperDead):
        server.serve_forever(poll_interval=0.02)


def test_a_server_whose_log_has_died_stops() -> None:
    with AgiServer(("127.0.0.1", 0), CONTEXT) as server:
        server.log.close(within_s=PATIENCE_S)
        with pytest.raises(HelperDead):
            server.serve_forever(poll_interval=0.02)


def answers(bind: Bind, within_s: float) -> bool:
    """Ask it, where no event loop runs."""
    return asyncio.run(probe(bind, within_s))


def test_the_server_answers_on_ipv6_too() -> None:
    with AgiServer(("::1", 0), CONTEXT) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        assert answers(Bind(host="::1", port=server.server_address[1]), PATIENCE_S)
        server.shutdown()
        thread.join()


async def test_a_probe_is_answered_and_leaves_no_trace_in_the_log() -> None:
    with capture_logs() as logged, serving() as (host, port):
        bind = Bind(host=host, port=port)
        assert await probe(bind, PATIENCE_S)
    assert [entry["log_level"] for entry in logged] == ["debug"]


async def test_a_probe_of_a_port_where_nobody_listens_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bind = Bind(host="127.0.0.1", port=listener.getsockname()[1])
    assert not await probe(bind, PATIENCE_S)


def say_and_wait(connection: socket.socket, says: bytes, over: threading.Event) -> None:
    connection.sendall(says)
    over.wait(PATIENCE_S)


def say_and_leave(connection: socket.socket, says: bytes, _over: threading.Event) -> None:
    connection.sendall(says)


def say_letter_by_letter(connection: socket.socket, says: bytes, over: threading.Event) -> None:
    with suppress(ConnectionError):
        for letter in says:
            connection.sendall(bytes([letter]))
            over.wait(0.05)


@pytest.mark.parametrize(
    ("behave", "says"),
    [
        (say_and_wait, b""),
        (say_and_wait, b"NOOP"),
        (say_and_wait, b'NOOP "gnop"\n'),
        (say_and_wait, b"\xff" * 100),
        (say_and_leave, b""),
        (say_and_leave, b"NOOP"),
        (say_letter_by_letter, b'NOOP "pong"\n'),
    ],
)
async def test_a_probe_of_a_hung_or_foreign_server_fails_in_its_time(behave: Behaviour, says: bytes) -> None:
    over = threading.Event()

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            behave(connection, says, over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        bind = Bind(host="127.0.0.1", port=listener.getsockname()[1])
        thread = threading.Thread(target=answer)
        thread.start()
        assert not await probe(bind, 0.2)
        over.set()
        thread.join()


# -- the process


@dataclass
class Process:
    """`python -m gateway.agi.server` on a port of its own."""

    popen: subprocess.Popen[str]
    bind: Bind
    log: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stopped(self) -> int:
        """Ask it to end, as the supervisor does; give its exit status."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(PATIENCE_S)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def environment(home: Path, bind: Bind) -> dict[str, str]:
    ours = ("SIAGA112_", "PYTHONUNBUFFERED")  # a buffered stderr is the harder case
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return inherited | {"SIAGA112_HOME": str(home), "SIAGA112_AGI_BIND": str(bind)}


@contextmanager
def running(home: Path, stderr: int | None = None, parent: str | None = None) -> Iterator[Process]:
    """Start the process and wait until it answers; end it whatever happens."""
    bind, log = Bind(host="127.0.0.1", port=free_port()), home / "agi.log"
    with log.open("w") as file:
        argv = [sys.executable, "-m", "gateway.agi.server", parent or str(os.getpid())]
        popen = subprocess.Popen(argv, stderr=stderr or file, env=environment(home, bind), text=True)
    try:
        wait_until(lambda: answers(bind, 1.0) or popen.poll() is not None)
        yield Process(popen, bind, log)
    finally:
        popen.kill()
        popen.wait()


def test_the_process_serves_calls_and_ends_on_sigterm(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        with Peer.asking((process.bind.host, process.bind.port), "caller_id", "v1.carrier.") as asterisk:
            assert len(asterisk.commands()) == 2
        wait_until(lambda: len(process.lines) == 2)
        assert process.stopped() == 0
        assert not answers(process.bind, 1.0)
    assert [line["event"] for line in process.lines] == ["agi_server_listening", "agi_session"]
    assert process.lines[1]["outcome"] == "done"


def test_the_process_ends_on_sigterm_in_the_middle_of_sessions(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        address = (process.bind.host, process.bind.port)
        with Peer(address) as silent, Peer.asking(address, "caller_id", "v1.carrier.") as busy:
            assert busy.command().startswith("EXEC CELGenUserEvent")
            assert process.stopped() == 0
            assert silent.ended()
            assert busy.command() == ""
    assert "Traceback" not in process.log.read_text()


def test_a_log_that_nobody_reads_holds_up_no_caller(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with running(tmp_path, stderr=writing) as process:
        address = (process.bind.host, process.bind.port)
        for _ in range(100):
            with Peer.asking(address, "no such script") as stranger:
                assert stranger.ended()
        with Peer.asking(address, "caller_id", "v1.carrier.") as asterisk:
            assert len(asterisk.commands()) == 2
        assert process.stopped() == 0
    os.close(writing)
    os.close(reading)


def test_a_process_out_of_descriptors_serves_again_when_it_has_some(tmp_path: Path) -> None:
    with running(tmp_path) as process, ExitStack() as open_connections:
        resource.prlimit(process.popen.pid, resource.RLIMIT_NOFILE, (24, 1024))
        peers = [open_connections.enter_context(Peer((process.bind.host, process.bind.port))) for _ in range(24)]
        wait_until(lambda: "agi_accept_failed" in process.log.read_text())
        # At their deadline the silent ones are closed; those that could not be accepted then are.
        assert all(peer.ended() for peer in peers)
        assert answers(process.bind, PATIENCE_S)
        assert process.stopped() == 0


def test_a_connection_that_gets_no_thread_is_closed_and_the_server_goes_on(tmp_path: Path) -> None:
    with running(tmp_path) as process, ExitStack() as open_connections:
        address = (process.bind.host, process.bind.port)
        pid = process.popen.pid
        # No room for one more stack.
        resource.prlimit(pid, resource.RLIMIT_AS, (psutil.Process(pid).memory_info().vms + 2**20, -1))
        peers = [open_connections.enter_context(Peer(address)) for _ in range(12)]
        wait_until(lambda: "agi_connection_failed" in process.log.read_text())
        wait_until(lambda: not all(peer.waits() for peer in peers))
        assert "Traceback" not in process.log.read_text()
        resource.prlimit(pid, resource.RLIMIT_AS, (-1, -1))
        assert answers(process.bind, PATIENCE_S)


def test_a_process_whose_supervisor_is_gone_does_not_start(tmp_path: Path) -> None:
    with running(tmp_path, parent="1") as process:
        assert process.popen.wait(PATIENCE_S) == -signal.SIGTERM
        assert not answers(process.bind, 1.0)


def test_a_process_whose_port_is_taken_says_so_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        bind = Bind(host="127.0.0.1", port=holder.getsockname()[1])
        assert start_and_fail(tmp_path, bind) == "the AGI server cannot start: [Errno 98] Address already in use\n"


def test_a_process_with_unusable_settings_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "siaga112.toml").write_text("agi_bind = 'nowhere'\n")
    refusal = start_and_fail(tmp_path, None)
    assert refusal.startswith("the AGI server cannot start: agi_bind (in ")
    assert refusal.count("\n") == 1


def start_and_fail(home: Path, bind: Bind | None) -> str:
    variables = environment(home, bind or Bind(host="127.0.0.1", port=4573))
    if bind is None:
        del variables["SIAGA112_AGI_BIND"]
    argv = [sys.executable, "-m", "gateway.agi.server"]
    ended = subprocess.run(argv, capture_output=True, env=variables, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    return ended.stderr
