"""Asterisk's part of a FastAGI conversation, and a server to have it with."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gateway.agi.scripts import ScriptContext, Service
from gateway.agi.server import ROUTES, AgiServer
from gateway.agi.skpd_snapshot import Snapshot
from gateway.process.clock import SystemClock
from ticketing.model import CallerIdStyle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.agi.server import Route

STYLES = {"bare": CallerIdStyle.E164_BARE, "national": CallerIdStyle.NATIONAL}
SERVICE = Service(
    Snapshot, lambda dispatch, stamp: Path(f"/notes/{dispatch}-{stamp}.wav"), Path("/sounds"), SystemClock()
)
PRANKSTER = "+628123450000"
CONTEXT = ScriptContext(
    lambda trunk: STYLES.get(trunk, CallerIdStyle.AUTO), SERVICE, lambda number: 6000 if number == PRANKSTER else 0
)


def greeting(script: str, *arguments: str) -> str:
    """What Asterisk 22.10 sends first, as captured from a Local channel; less of it where it says nothing."""
    lines = [
        "agi_network: yes",
        f"agi_network_script: {script}",
        f"agi_request: agi://127.0.0.1:4573/{script}",
        "agi_channel: PJSIP/carrier-00000001",
        "agi_uniqueid: bima1-1795467732.3",
        "agi_callerid: 08123456789",
        'agi_calleridname: a "quoted\\" name',
        "agi_accountcode: ",
        *(f"agi_arg_{number}: {text}" for number, text in enumerate(arguments, 1)),
    ]
    return "\n".join([*lines, "", ""])


class Peer:
    """A connection to the server under test. Reading waits at most ten seconds."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=10)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    @classmethod
    def asking(cls, address: tuple[str, int], script: str, *arguments: str) -> Self:
        """Ask for a script."""
        peer = cls(address)
        peer.send(greeting(script, *arguments))
        return peer

    def send(self, data: str | bytes) -> None:
        """Send this."""
        self._socket.sendall(data.encode() if isinstance(data, str) else data)

    def send_all_it_takes(self, data: bytes) -> None:
        """Send this, as far as the server listens."""
        with suppress(ConnectionError):
            self.send(data)

    def command(self) -> str:
        """Wait for the next command; "" when the server has closed."""
        return self._lines.readline().decode().rstrip("\n")

    def commands(self, *, reply: str = "200 result=0") -> list[str]:
        """Answer every command like this until the server closes, and give them all."""
        commands = []
        while command := self.command():
            commands.append(command)
            self.send(f"{reply}\n")
        return commands

    def ended(self) -> bool:
        """Wait until the server closes; False if it says something first."""
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def waits(self) -> bool:
        """Tell, without waiting, whether the server has neither closed nor said anything."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(10)
        return False

    def reset(self) -> None:
        """Leave with a RST, as a machine that lost its power and came back does."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.__exit__()


@contextmanager
def serving(
    routes: Mapping[str, Route] = ROUTES, *, most_sessions: int = 512, greeting_s: float = 30.0
) -> Iterator[tuple[str, int]]:
    """Run a server in this process on a free port; give its address. At the end, all is logged."""
    with AgiServer(("127.0.0.1", 0), CONTEXT, routes, most_sessions=most_sessions, greeting_s=greeting_s) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield ("127.0.0.1", server.server_address[1])
            wait_until(lambda: server.sessions == 0)
        finally:
            server.shutdown()
            thread.join()


def wait_until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    """Look again and again; fail when the condition does not come true in this time."""
    until = time.monotonic() + within_s
    looked_away = threading.Event()
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        looked_away.wait(0.005)
