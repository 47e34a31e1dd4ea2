"""A voice: sends a tone of its own and RFC 4733 digits, keeps what it is sent, and tells whose tones are in it."""

from __future__ import annotations

import itertools
import math
import select
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from bench.rtp import LINEAR
from bench.sipp import Address, free_address

if TYPE_CHECKING:
    from collections.abc import Sequence

_RATE = 8000
_SAMPLES = 160  # of a packet: 20 ms
_PACKET_S = _SAMPLES / _RATE
_PCMA, _EVENTS = 8, 101
LET_GO = 0x80  # in a key's event: the key is pressed no longer
_KEYS = "0123456789*#"
_KEY_LOUDNESS = 10  # -10 dBm0
# Of 1: so much of the power of what is heard has to be at a tone's own frequency.
_SHARE = 0.05
_TONE = 6000  # of 32767


def _encoded(samples: Sequence[float]) -> bytes:
    nearest = [(value, byte) for byte, value in enumerate(LINEAR)]
    return bytes(min(nearest, key=lambda one: abs(one[0] - sample))[1] for sample in samples)


@cache
def tone(hz: int) -> bytes:
    """A fifth of a second of a tone as A-law; it joins with itself when `hz` is a multiple of 5."""
    return _encoded([_TONE * math.sin(2 * math.pi * hz * n / _RATE) for n in range(_RATE // 5)])


def key_events(key: str) -> list[bytes]:
    """A key (RFC 4733, 2.5), an event for every 20 ms: held for 120 ms, and three times that it was let go."""
    event = _KEYS.index(key)
    held = [(0, lasted) for lasted in (1, 2, 3, 4, 5)]
    steps = [*held, *[(LET_GO, 6)] * 3]
    return [bytes((event, end | _KEY_LOUDNESS)) + (lasted * _SAMPLES).to_bytes(2, "big") for end, lasted in steps]


def linear(audio: bytes) -> list[int]:
    """A-law as samples of 16 bits."""
    return [LINEAR[byte] for byte in audio]


_BIT = 10  # samples of one bit of a packet that says its number
_CLEAR = _TONE // 2  # of 32767: more, on average over a bit, and somebody says it


def numbered(number: int) -> bytes:
    """A packet that says its number, modulo 65536: sixteen bits, the lowest first, each above or below nothing."""
    high, low = _encoded([_TONE, -_TONE])
    return b"".join(bytes([high if number >> bit & 1 else low]) * _BIT for bit in range(_SAMPLES // _BIT))


def numbers_in(samples: Sequence[int]) -> list[int | None]:
    """Which packets these are, one after the other; None where nobody says a number."""
    return [_number(samples[at : at + _SAMPLES]) for at in range(0, len(samples) - _SAMPLES + 1, _SAMPLES)]


def _number(packet: Sequence[int]) -> int | None:
    bits = [sum(packet[at : at + _BIT]) / _BIT for at in range(0, _SAMPLES, _BIT)]
    if any(abs(bit) < _CLEAR for bit in bits):
        return None
    return sum(1 << place for place, bit in enumerate(bits) if bit > 0)


def share_of(hz: int, samples: Sequence[int]) -> float:
    """How much of the power of these samples (8 kHz) is at this frequency (Goertzel), from 0 to 1."""
    power = sum(sample * sample for sample in samples)
    if not power:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * hz / _RATE)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    at_tone = last * last + before * before - coefficient * last * before
    return min(1.0, 2 * at_tone / (power * len(samples)))


@dataclass
class Voice:
    """The audio of one call: sends a tone, keeps what it is sent with its times.

    With `counts` it says the number of each packet instead of a tone: which of them is where can be told one by one.
    """

    host: str
    hz: int
    counts: bool = False
    packets: list[tuple[float, bytes]] = field(default_factory=list)  # monotonic seconds, A-law
    sent: list[float] = field(default_factory=list)  # Unix seconds of each packet
    target: Address | None = None
    pauses: bool = False  # sends nothing for a while, as a phone that leaves out silence

    def __post_init__(self) -> None:
        self.address = free_address(self.host)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address.host, self.address.port))
        self._over = threading.Event()
        self._keys: list[str] = []
        self._sequence, self._stamp = 1, 0
        self._source = uuid.uuid4().bytes[:4]
        self._start()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Fall silent and listen no more; a second time is no error."""
        if self._over.is_set():
            return
        self._over.set()
        self._thread.join()
        self._socket.close()

    def press(self, keys: str) -> None:
        """Press keys, one after the other (RFC 4733)."""
        self._keys += keys

    def heard(self, last_s: float = 0.4) -> bytes:
        """The audio of the last moments."""
        since = time.monotonic() - last_s
        return b"".join(payload for at, payload in list(self.packets) if at >= since)

    def hears(self, hz: int, last_s: float = 0.4) -> bool:
        """Whether a tone is in what came in the last moments."""
        audio = self.heard(last_s)
        return len(audio) >= _SAMPLES * 5 and share_of(hz, linear(audio)) > _SHARE

    def hears_throughout(self, hz: int, last_s: float = 1.0) -> bool:
        """Whether a tone was in every fifth of a second of the last moments."""
        audio, piece = self.heard(last_s), _RATE // 5
        pieces = [audio[at : at + piece] for at in range(0, len(audio) - piece + 1, piece)]
        return len(audio) >= 0.9 * last_s * _RATE and all(share_of(hz, linear(one)) > _SHARE for one in pieces)

    def ever_heard(self, hz: int) -> bool:
        """Whether a tone was in any half second of all that came."""
        audio = b"".join(payload for _, payload in list(self.packets))
        return any(
            share_of(hz, linear(audio[at : at + _RATE // 2])) > _SHARE for at in range(0, len(audio), _RATE // 2)
        )

    def _run(self) -> None:
        sound = tone(self.hz) if self.hz else b"\xd5" * _SAMPLES
        pieces = itertools.cycle([sound[at : at + _SAMPLES] for at in range(0, len(sound), _SAMPLES)])
        due = time.monotonic()
        while not self._over.is_set():
            if time.monotonic() >= due:
                if self.target and self._keys:
                    self._send_key(self._keys.pop(0))
                elif self.target and not self.pauses:
                    self._send(_PCMA, numbered(len(self.sent)) if self.counts else next(pieces), marker=False)
                    self.sent.append(time.time())
                due = max(due + _PACKET_S, time.monotonic() - 1)
            readable, _, _ = select.select([self._socket], [], [], max(0.0, min(_PACKET_S, due - time.monotonic())))
            if readable:
                packet = self._socket.recv(2048)
                if len(packet) > 12 and packet[1] & 0x7F == _PCMA:
                    self.packets.append((time.monotonic(), packet[12:]))

    def _send(self, kind: int, payload: bytes, *, marker: bool, samples: int = _SAMPLES) -> None:
        assert self.target
        head = bytes((0x80, kind | (0x80 if marker else 0)))
        head += self._sequence.to_bytes(2, "big") + self._stamp.to_bytes(4, "big") + self._source
        self._socket.sendto(head + payload, (self.target.host, self.target.port))
        self._sequence = (self._sequence + 1) % 65536
        self._stamp += samples

    def _send_key(self, key: str) -> None:
        events = key_events(key)
        for number, payload in enumerate(events):
            self._send(_EVENTS, payload, marker=number == 0, samples=0)
            time.sleep(_PACKET_S)
        self._stamp += _SAMPLES * len(events)
