"""An ear: takes the RTP that a caller is sent, and tells when there was sound in it."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.sipp import Address, free_address

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_PCMA = 8
_HEADER = 12
_PACKET_S = 0.02
# Of 32767: speech is far above, comfort noise and rounding far below.
_LOUD = 500


def alaw_to_linear(byte: int) -> int:
    """One A-law sample as a 16-bit one (ITU-T G.711)."""
    value = byte ^ 0x55
    exponent, mantissa = (value >> 4) & 7, (value & 15) << 4
    magnitude = mantissa + 8 if exponent == 0 else (mantissa + 264) << (exponent - 1)
    return magnitude if value & 0x80 else -magnitude


LINEAR = [alaw_to_linear(byte) for byte in range(256)]


def loudness(payload: bytes) -> float:
    """Mean magnitude of a packet of A-law, 0 … 32767."""
    return sum(abs(LINEAR[byte]) for byte in payload) / len(payload) if payload else 0.0


@dataclass
class Ear:
    """Listens on a UDP port of its own while its block runs."""

    address: Address = field(default_factory=lambda: free_address("127.0.0.2"))
    packets: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address.host, self.address.port))
        self._socket.settimeout(0.1)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()

    @property
    def loud_s(self) -> float:
        """Seconds of sound heard so far."""
        return sum(_PACKET_S for packet in self.packets if loudness(packet) > _LOUD)

    @property
    def heard_s(self) -> float:
        """Seconds of audio received so far, silence included."""
        return len(self.packets) * _PACKET_S

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                packet = self._socket.recv(2048)
            except TimeoutError:
                continue
            if len(packet) > _HEADER and packet[1] & 0x7F == _PCMA:
                self.packets.append(packet[_HEADER:])
