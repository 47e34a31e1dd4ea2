"""Alarms while somebody has tried to report in an SKPD's name without its PIN."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from gateway.alarms import Alarms
    from gateway.facts.skpd_facts import PinTried

log = structlog.get_logger()

# A ledger that is read anew tells of the tries of years.
_STILL_NEWS: Final = timedelta(days=1)
_NAME: Final = "skpd-pin."


@dataclass(slots=True)
class PinWatch:
    """Raises `skpd-pin.CODE` at three wrong PINs, and clears it at a right one."""

    alarms: Alarms

    def tried(self, told: PinTried) -> None:
        """Take what the ledger tells, in its order."""
        if told.right:
            self.alarms.clear(f"{_NAME}{told.skpd}")
            return
        line = f"…{told.line[-4:]}"  # enough to know it by, too little to call it: health tells alarms to whoever asks
        log.warning("skpd_pin_wrong", skpd=told.skpd, line=line, at=str(told.at))
        if told.at > self.alarms.clock.now() - _STILL_NEWS:
            text = f"three wrong PINs for {told.skpd} from its line {line}: if it was no officer, change the PIN"
            self.alarms.raise_(f"{_NAME}{told.skpd}", text)
