"""What the dialplan may ask during a call: one script a file, each `run(session, context) -> None`.

A script sets `GW_OK` to 1 last. It may fail, or be cut off at its deadline, at any point before: the call
goes on without it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.agi.pin_door import PinDoor
from gateway.agi.skpd_snapshot import Snapshot
from ticketing.model import CallerIdStyle
from ticketing.ports import Clock


@dataclass(frozen=True, slots=True)
class Service:
    """What the script that officers report to knows and uses."""

    snapshot: Callable[[], Snapshot]  # raises SnapshotUnreadable
    note: Callable[[int, str], Path]  # where a dispatch's note with this stamp is
    sounds: Path
    clock: Clock
    door: PinDoor = field(default_factory=PinDoor)


@dataclass(frozen=True, slots=True)
class ScriptContext:
    """What a script knows besides the call."""

    style_of_trunk: Callable[[str], CallerIdStyle]  # how a trunk, by its name, writes numbers
    service: Service
    penalty: Callable[[str], int] = lambda _number: 0  # by how many hundredths of a second this number is put back
