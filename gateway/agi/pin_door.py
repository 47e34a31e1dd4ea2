"""Who may report in an SKPD's name by telephone: whoever calls from one of its lines and knows its PIN."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.access.passwords import matches
from gateway.access.sign_in_limit import Tries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.agi.skpd_snapshot import Department

TRIES_A_CALL: Final = 3
_CALLS: Final = 3
_WINDOW_S: Final = 3600.0


@dataclass(slots=True)
class PinDoor:
    """Bounds guessing: a line has as many wrong PINs in an hour as three failed calls have.

    PINs are counted, not calls: hanging up before the third is no way around it. For the threads of all sessions.
    A hash is made to be slow, and wants much memory: one at a time, so that callers to the line keep the machine.
    """

    now: Callable[[], float] = time.monotonic
    _wrong: Tries = field(default_factory=lambda: Tries(TRIES_A_CALL * _CALLS, _WINDOW_S))
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _judging: threading.Lock = field(default_factory=threading.Lock)

    def is_shut(self, line: str) -> bool:
        """Whether this line has guessed too often."""
        with self._counting:
            return self._wrong.wait_s(line, self.now()) > 0

    def opens(self, line: str, pin: str, departments: Iterable[Department]) -> Department | None:
        """Give the one of these departments whose PIN this is; None for nobody's, or when the line's tries are used up.

        A try is counted before it is judged, so that many at once are no way around the bound.
        """
        with self._counting:
            if self._wrong.wait_s(line, self.now()):
                return None
            self._wrong.note(line, self.now())
        with self._judging:
            found = next((one for one in departments if one.pin_hash and matches(pin, one.pin_hash)), None)
        if found:
            with self._counting:
                self._wrong.forget(line)
        return found
