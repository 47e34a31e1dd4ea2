"""What is wrong now, in one place: whoever watches a part raises and clears here, whoever shows reads here.

An alarm is a state, not a message: it stands from when it is first raised until it is cleared, and is in the log twice.
A line with alarms may well be ready: `gateway.health` says whether a call would be answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from datetime import datetime

    from ticketing.ports import Clock

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody has to know. `name` is for programs (`trunk.telkom`), `text` for people.

    `grave`: calls, tickets or evidence are at risk; otherwise it is a warning.
    """

    name: str
    text: str
    since: datetime
    grave: bool = False


@dataclass(slots=True)
class Alarms:
    """The alarms that stand. Belongs to the event loop."""

    clock: Clock
    _standing: dict[str, Alarm] = field(default_factory=dict)

    def raise_(self, name: str, text: str, *, grave: bool = False) -> None:
        """Have this alarm stand, with this text; one that stands already keeps its `since`."""
        known = self._standing.get(name)
        if known is None:
            self._standing[name] = Alarm(name, text, self.clock.now(), grave)
            log.log(40 if grave else 30, "alarm_raised", alarm=name, text=text, grave=grave)
        else:
            self._standing[name] = replace(known, text=text, grave=grave)

    def clear(self, name: str) -> None:
        """Have this alarm stand no more; one that does not stand is no error."""
        if self._standing.pop(name, None):
            log.info("alarm_cleared", alarm=name)

    def set(self, name: str, text: str | None, *, grave: bool = False) -> None:
        """Raise it with this text, or clear it when there is none."""
        if text is None:
            self.clear(name)
        else:
            self.raise_(name, text, grave=grave)

    def standing(self) -> tuple[Alarm, ...]:
        """What is wrong now: the grave ones first, then the oldest."""
        return tuple(sorted(self._standing.values(), key=lambda one: (not one.grave, one.since, one.name)))
