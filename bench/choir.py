"""Many voices on one thread: the audio of a hundred telephones for a fraction of a core.

A `Voice` has a thread of its own and keeps all that it hears; that is for a story. A bench wants to know of many at
once since when one hears another, and has to leave the cores to whom it measures.
"""

from __future__ import annotations

import itertools
import select
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.voice import LET_GO, Voice, key_events, linear, share_of, tone

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_PCMA, _EVENTS = 8, 101  # what the payload of RTP is, by the telephones' SDP
_SAMPLES = 160  # of a packet: 20 ms
_HEADER = 12
# The voices do not all speak at the same instant: telephones do not.
_SLOTS = 4
_SLOT_S = 0.02 / _SLOTS
# Of 1: so much of a packet's power is at the tone that it holds. Two tones of like loudness have a half each.
HELD = 0.25


@dataclass
class Onset:
    """When a tone began: at the first of two packets in a row that hold it. Speech may hold it in one."""

    hz: int  # a multiple of 50, so that other such tones in a packet of 20 ms are told apart
    at: float | None = None  # seconds, by the clock of whoever takes the packets
    _perhaps: float | None = None

    def take(self, at: float, audio: bytes) -> None:
        """Take the next packet (A-law, 20 ms)."""
        if self.at is not None:
            return
        if share_of(self.hz, linear(audio)) < HELD:
            self._perhaps = None
        elif self._perhaps is None:
            self._perhaps = at
        else:
            self.at = self._perhaps


@dataclass
class Part(Voice):
    """A voice in a choir: hears since when there is the other side's tone, and keeps no audio but the first packet."""

    choir: Choir = field(kw_only=True)
    listens_for: int = field(kw_only=True)  # the other side's tone
    once_let_go: bool = field(default=False, kw_only=True)  # and not before a key was pressed and let go
    let_go_at: float | None = None  # monotonic seconds: when the first key was
    _onset: Onset | None = None

    @property
    def heard_at(self) -> float | None:
        """Since when the other side's tone is heard (monotonic seconds)."""
        return self._onset.at if self._onset else None

    def stop(self) -> None:
        """Fall silent and listen no more; a second time is no error."""
        if self._over.is_set():
            return
        self._over.set()
        self.choir.leave(self)
        self._socket.close()

    def _start(self) -> None:
        self._socket.setblocking(False)  # noqa: FBT003
        sound = tone(self.hz) if self.hz else b"\xd5" * _SAMPLES
        self._pieces = itertools.cycle([sound[at : at + _SAMPLES] for at in range(0, len(sound), _SAMPLES)])
        self._events: deque[bytes] = deque()
        if not self.once_let_go:
            self._onset = Onset(self.listens_for)
        self.choir.join(self, self._socket.fileno())

    def speak(self) -> None:
        """Send what is due: a piece of the tone, or of a key."""
        if not self.target:
            return
        begins = bool(self._keys) and not self._events
        if begins:
            self._events.extend(key_events(self._keys.pop(0)))
        if not self._events:
            self._send(_PCMA, next(self._pieces), marker=False)
            return
        event = self._events.popleft()
        self._send(_EVENTS, event, marker=begins, samples=0)
        if not self._events:
            self._stamp += _SAMPLES * len(key_events("1"))
        if event[1] & LET_GO and self.let_go_at is None:
            self.let_go_at = time.monotonic()
            self._onset = self._onset or Onset(self.listens_for)

    def listen(self) -> None:
        """Take one packet, if there is one."""
        try:
            packet = self._socket.recv(2048)
        except BlockingIOError:
            return
        if len(packet) <= _HEADER or packet[1] & 0x7F != _PCMA:
            return
        now, audio = time.monotonic(), packet[_HEADER:]
        if not self.packets:
            self.packets.append((now, audio))
        if self._onset:
            self._onset.take(now, audio)


@dataclass
class Choir:
    """Has its parts speak every 20 ms and listen meanwhile, while its block runs."""

    late_s: list[float] = field(default_factory=list)  # how much later than due each slot was: our own part in a figure

    def __enter__(self) -> Self:
        self._poll = select.epoll()
        self._parts: dict[int, Part] = {}  # by the descriptor of the socket
        self._slots: list[list[Part]] = [[] for _ in range(_SLOTS)]
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._poll.close()

    def join(self, part: Part, descriptor: int) -> None:
        """Have one more voice."""
        with self._lock:
            self._parts[descriptor] = part
            min(self._slots, key=len).append(part)
            self._poll.register(descriptor, select.EPOLLIN)

    def leave(self, part: Part) -> None:
        """Have one voice less: it neither speaks nor listens any more when this returns."""
        with self._lock:
            descriptor = next(one for one, its in self._parts.items() if its is part)
            del self._parts[descriptor]
            for slot in self._slots:
                slot[:] = [one for one in slot if one is not part]
            if not self._over.is_set():
                self._poll.unregister(descriptor)

    def _run(self) -> None:
        due = time.monotonic()
        for slot in itertools.cycle(range(_SLOTS)):
            due += _SLOT_S
            self._listen_until(due)
            if self._over.is_set():
                return
            now = time.monotonic()
            self.late_s.append(max(0.0, now - due))
            with self._lock:
                for part in self._slots[slot]:
                    part.speak()
            due = max(due, now - 1)

    def _listen_until(self, due: float) -> None:
        while True:
            ready = self._poll.poll(max(0.0, due - time.monotonic()))
            with self._lock:
                for descriptor, _ in ready:
                    if part := self._parts.get(descriptor):
                        part.listen()
            if time.monotonic() >= due:
                return
