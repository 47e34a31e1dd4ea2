"""The bad network between gateway and Asterisk is as bad as it is asked to be, and no worse."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from bench.sipp import free_address
from chaos.ami_proxy import FAIR, AmiProxy, Weather

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def proxy() -> Iterator[AmiProxy]:
    """A proxy before somebody who repeats everything."""
    target = free_address()
    with socket.create_server((target.host, target.port)) as server:

        def echo() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(peer,), daemon=True).start()

        def answer(peer: socket.socket) -> None:
            with peer:
                while data := peer.recv(1024):
                    peer.sendall(data)

        threading.Thread(target=echo, daemon=True).start()
        with AmiProxy(free_address(), target).running() as running:
            yield running
        server.shutdown(socket.SHUT_RDWR)


def connected(proxy: AmiProxy) -> socket.socket:
    return socket.create_connection((proxy.listen.host, proxy.listen.port), timeout=5)


def test_in_fair_weather_everything_passes(proxy: AmiProxy) -> None:
    with connected(proxy) as peer:
        peer.sendall(b"Ping")
        assert heard(peer, 4) == b"Ping"


def test_a_cut_ends_every_connection_and_lets_none_be_made(proxy: AmiProxy) -> None:
    with connected(proxy) as peer, connected(proxy) as other:
        peer.sendall(b"Ping")
        assert heard(peer, 4) == b"Ping"
        proxy.weather = Weather(refuse=True)
        proxy.cut()
        assert lost(peer)
        assert lost(other)
        with connected(proxy) as third:
            assert lost(third)
    proxy.weather = FAIR
    with connected(proxy) as peer:
        peer.sendall(b"Ping")
        assert heard(peer, 4) == b"Ping"


def heard(peer: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := peer.recv(count - len(data))):
        data += more
    return data


def lost(peer: socket.socket) -> bool:
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def test_what_vanishes_arrives_when_the_weather_turns(proxy: AmiProxy) -> None:
    with connected(proxy) as peer:
        proxy.weather = Weather(vanish=True)
        peer.sendall(b"Ping")
        peer.settimeout(0.3)
        with pytest.raises(TimeoutError):
            peer.recv(1)
        proxy.weather = FAIR
        peer.settimeout(5)
        assert heard(peer, 4) == b"Ping"


@pytest.mark.parametrize("weather", [Weather(delay_s=0.2), Weather(bytes_per_s=20)])
def test_a_slow_network_delivers_late_and_whole(proxy: AmiProxy, weather: Weather) -> None:
    with connected(proxy) as peer:
        proxy.weather = weather
        began = time.monotonic()
        peer.sendall(b"Ping, ping")
        assert heard(peer, 10) == b"Ping, ping"
        assert time.monotonic() - began >= 0.4
