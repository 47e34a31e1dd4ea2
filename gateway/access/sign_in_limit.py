"""How often somebody may try to sign in: by name and by address, in a sliding window. Pure but for its memory."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

WINDOW_S: Final = 300.0
PER_NAME: Final = 10
PER_ADDRESS: Final = 30
# Names are the attacker's to choose: those tried longest ago are forgotten first.
_REMEMBERED: Final = 4_096


@dataclass(slots=True)
class Tries:
    """At most `most` tries of each key within `window_s`."""

    most: int
    window_s: float = WINDOW_S
    _of: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def wait_s(self, key: str, now: float) -> float:
        """Seconds until this key may try again; 0 when it may now."""
        tries = self._of.get(key, deque[float]())
        while tries and tries[0] <= now - self.window_s:
            tries.popleft()
        return tries[0] + self.window_s - now if len(tries) >= self.most else 0.0

    def note(self, key: str, now: float) -> None:
        """Remember a try at `now` (monotonic seconds)."""
        self._of.setdefault(key, deque()).append(now)
        self._of.move_to_end(key)
        if len(self._of) > _REMEMBERED:
            self._of.popitem(last=False)

    def take_back(self, key: str) -> None:
        """The last try of this key was a good one: it does not count."""
        if tries := self._of.get(key):
            tries.pop()

    def forget(self, key: str) -> None:
        """Begin anew with this key."""
        self._of.pop(key, None)


@dataclass(slots=True)
class SignInLimit:
    """Counts tries before they are judged, so that many at once are no way around it.

    Where somebody has signed in before is counted by itself: a stranger who tries a supervisor's name all night
    locks strangers out, not the supervisor.
    """

    names: Tries = field(default_factory=lambda: Tries(PER_NAME))
    addresses: Tries = field(default_factory=lambda: Tries(PER_ADDRESS))
    _at_home: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def tried(self, name: str, address: str, now: float) -> float:
        """Count a try; give the seconds to wait, 0 when it may be judged. A refused try is not counted."""
        key = self._key(name, address)
        wait = max(self.names.wait_s(key, now), self.addresses.wait_s(address, now))
        if not wait:
            self.names.note(key, now)
            self.addresses.note(address, now)
        return wait

    def succeeded(self, name: str, address: str) -> None:
        """Forget the tries of somebody who knew the password; those of others at the address stay counted."""
        self.names.forget(self._key(name, address))
        self.addresses.take_back(address)
        self._at_home[_place(name, address)] = None
        self._at_home.move_to_end(_place(name, address))
        if len(self._at_home) > _REMEMBERED:
            self._at_home.popitem(last=False)

    def _key(self, name: str, address: str) -> str:
        place = _place(name, address)
        return place if place in self._at_home else name


def _place(name: str, address: str) -> str:
    return f"{name}@{address}"
