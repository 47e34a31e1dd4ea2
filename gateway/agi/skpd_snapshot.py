"""What the script of the service number knows of SKPDs: a file in HOME that the gateway replaces whenever it changes.

A script opens no store: nothing that befalls the store, or the gateway, may make an officer wait. What the file says is
as old as the gateway's last look (`gateway.watch.skpd_watch`); with the gateway dead it is as it was. It holds the
hashes of PINs, so it is for this user alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ticketing.dispatch import DispatchState
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ticketing.dispatch import Dispatch
    from ticketing.skpd import Skpd

_VERSION: Final = 1
MOST_DISPATCHES: Final = 20
"""So many of an SKPD's open dispatches can be heard, the latest: nobody listens to more."""


class SnapshotUnreadable(Siaga112Error):
    """There is no snapshot, or it makes no sense; the message says which file."""


@dataclass(frozen=True, slots=True)
class OpenDispatch:
    """A dispatch in which the SKPD still has something to do."""

    id: int
    ticket: str
    state: DispatchState


@dataclass(frozen=True, slots=True)
class Department:
    """What the script needs of an SKPD: its lines that can call (E.164), its PIN's hash, what is open."""

    code: str
    lines: tuple[str, ...]
    pin_hash: str | None = field(repr=False)
    dispatches: tuple[OpenDispatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All SKPDs at one instant."""

    departments: tuple[Department, ...] = ()

    def of_line(self, number: str) -> tuple[Department, ...]:
        """Give those that have this line: a radio room may be several SKPDs', and the PIN tells them apart."""
        return tuple(one for one in self.departments if number in one.lines)


def department(skpd: Skpd, dispatches: Iterable[Dispatch]) -> Department:
    """Make the part of an SKPD, with these open dispatches, in any order; it has the latest first.

    A line that is a service code is left out: nobody calls from one.
    """
    latest = sorted(dispatches, key=lambda one: one.id, reverse=True)[:MOST_DISPATCHES]
    return Department(
        skpd.code,
        tuple(line.number for line in skpd.lines if line.number.startswith("+")),
        skpd.pin_hash,
        tuple(OpenDispatch(one.id, one.ticket, one.state) for one in latest),
    )


def encode(snapshot: Snapshot) -> str:
    """Write it as JSON."""
    return json.dumps({"v": _VERSION, **asdict(snapshot)}, separators=(",", ":"))


def decode(text: str) -> Snapshot:
    """Read what `encode` wrote; raise ValueError for anything else."""
    try:
        record = json.loads(text)
        if record["v"] != _VERSION:
            raise ValueError(f"a snapshot of version {record['v']}")
        return Snapshot(tuple(map(_department, record["departments"])))
    except (KeyError, TypeError) as error:
        raise ValueError("no snapshot") from error


def _department(record: Mapping[str, Any]) -> Department:
    dispatches = (OpenDispatch(one["id"], one["ticket"], DispatchState(one["state"])) for one in record["dispatches"])
    return Department(record["code"], tuple(record["lines"]), record["pin_hash"], tuple(dispatches))


def read(file: Path) -> Snapshot:
    """Read the snapshot; raise SnapshotUnreadable."""
    try:
        return decode(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SnapshotUnreadable(f"cannot use {file}: {type(error).__name__}") from error
