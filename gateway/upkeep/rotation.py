"""The journals' rotation: ours, so that a file system lasts, and without the loss of a line.

Asterisk opens `cel.json` anew for each record (res_cdrel_custom, 22.10): a rename is all it takes. It holds `queue_log`
open and lets go of it at `logger reload`, under a lock that no line is written across. Until then it writes on into the
renamed file, which the reader follows; so a rotation that is cut short at any point loses nothing, and is finished by
the next look.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from gateway.ledger.journal import journal_files
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from gateway.calls.call_recorder import Journal
    from gateway.doorbell.ami_listener import AmiListener
    from gateway.site.config import Storage
    from gateway.telephony.asterisk import Asterisk
    from ticketing.ports import Clock

log = structlog.get_logger()

_EVERY_S: Final = 1.0
# Elders are looked through so often: they are kept for months.
_TIDY_EVERY_S: Final = 600.0
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_OURS: Final = re.compile(r".+\.(\d{8}T\d{6}Z)")


def rotated(journal: Path, now: datetime) -> Path:
    """The name that the journal takes when it is rotated now: `queue_log.20261123T010000Z`."""
    return journal.with_name(f"{journal.name}.{now.astimezone(UTC):{_STAMP}}")


def outlived(elders: Iterable[Path], now: datetime, keep: timedelta) -> tuple[Path, ...]:
    """Which of these were rotated by us longer ago than that. What somebody else renamed is left to them."""
    ours = ((path, match[1]) for path in elders if (match := _OURS.fullmatch(path.name)))
    return tuple(path for path, stamp in ours if datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) < now - keep)


@dataclass(slots=True)
class Rotation:
    """Rotates the journals that have grown too large, and removes the elders that are read and old."""

    journals: Sequence[Journal]
    asterisk: Asterisk
    ami: AmiListener
    clock: Clock
    limits: Storage
    _complaint: str = ""

    async def run(self) -> None:
        """Look for ever; what cannot be done now is tried again at the next look."""
        loop = asyncio.get_running_loop()
        tidy_at = loop.time()
        while True:
            # Without Asterisk nothing grows, and nobody could be asked to let go.
            await self.ami.connected()
            try:
                await self.rotate()
                if loop.time() >= tidy_at:
                    await asyncio.to_thread(self.tidy)
                    tidy_at = loop.time() + _TIDY_EVERY_S
                self._complaint = ""
            except (Siaga112Error, OSError) as error:
                self._complain(str(error))
            await asyncio.sleep(_EVERY_S)

    async def rotate(self) -> None:
        """Rotate what is too large; raise OSError or AsteriskSilent, having lost nothing."""
        for journal in self.journals:
            path = journal.tail.path
            if await asyncio.to_thread(self._set_aside, path):
                log.info("journal_rotated", journal=path.name)
        # Also when an earlier rotation was cut short here, by whatever it was.
        if await asyncio.to_thread(_held_by_its_old_name, self.asterisk.home.queue_log):
            await self.asterisk.command("logger reload")

    def _set_aside(self, path: Path) -> bool:
        if not path.exists() or path.stat().st_size < self.limits.rotate_journals_mb * 1_000_000:
            return False
        to = rotated(path, self.clock.now())
        if to.exists():  # twice within a second
            return False
        path.rename(to)
        return True

    def tidy(self) -> None:
        """Remove the elders that are wholly read and older than they have to be; raise OSError."""
        keep = timedelta(days=self.limits.keep_journals_days)
        for journal in self.journals:
            for elder in outlived(journal.tail.read_elders(), self.clock.now(), keep):
                elder.unlink()
                log.info("old_journal_removed", journal=elder.name)

    def _complain(self, reason: str) -> None:
        if reason != self._complaint:
            self._complaint = reason
            log.warning("journals_not_rotated", reason=reason)


def _held_by_its_old_name(queue_log: Path) -> bool:
    return not queue_log.exists() and bool(journal_files(queue_log))
