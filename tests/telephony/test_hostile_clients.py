"""Strangers at the AGI server's and the console's ports, two hundred at once: callers notice nothing of them."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.telephony.ordinary import is_served_as_ever

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.telephony.line import Line

SAYS = {
    "SIAGA112_AGI_BIND": {
        "nothing": b"",
        "a greeting and no replies": b"agi_network: yes\nagi_network_script: caller_id\nagi_uniqueid: x-1.1\n\n",
        "garbage": b"\x16\x03\x01\x02\x00\xff\n" * 500,
    },
    "SIAGA112_HTTP_BIND": {
        "nothing": b"",
        "half a head": b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n",
        "half a body": b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b'Content-Length: 99\r\n\r\n{"name":',
        "garbage": b"\x16\x03\x01\x02\x00\xff\r\n" * 500,
    },
}


@contextmanager
def strangers(line: Line, where: str, says: bytes, *, leave: bool = False) -> Iterator[list[socket.socket]]:
    """Two hundred connections that say this, and then no more."""
    host, _, port = line.environment[where].rpartition(":")
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection((host, int(port)), timeout=20)) for _ in range(200)]
        for one in opened:
            with suppress(ConnectionError):  # let go in the middle of its word
                one.sendall(says)
            if leave:
                one.close()
        yield opened


def is_let_go(stranger: socket.socket) -> bool:
    """Whether it is, after whatever it is still told."""
    with suppress(ConnectionError):
        while stranger.recv(65536):
            pass
    return True


@pytest.mark.parametrize(
    ("where", "what"), [pytest.param(where, what, id=f"{where}-{what}") for where in SAYS for what in SAYS[where]]
)
def test_two_hundred_strangers_at_once_harm_no_call_and_are_let_go(line112: Line, where: str, what: str) -> None:
    unreadable = line112.health()["unreadable"]
    with strangers(line112, where, SAYS[where][what]) as crowd:
        is_served_as_ever(line112, unreadable)
        assert all(is_let_go(one) for one in crowd)
    assert line112.is_ready()


@pytest.mark.parametrize("where", SAYS)
def test_two_hundred_strangers_who_leave_midway_harm_no_call(line112: Line, where: str) -> None:
    unreadable = line112.health()["unreadable"]
    for says in SAYS[where].values():
        with strangers(line112, where, says, leave=True):
            pass
    is_served_as_ever(line112, unreadable)
