"""Looks at the disks every second, and has give way what has to (`gateway.watch.space` decides)."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from gateway.doorbell.ami_link import AmiRefused
from gateway.doorbell.ami_listener import LinkState
from gateway.facts.channel_variables import UNRECORDED_UNTIL
from gateway.process import logs
from gateway.telephony.render import render_messages
from gateway.watch.space import MB, Disk, Measures, Pace, Part, finding, measures
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.alarms import Alarms
    from gateway.doorbell.ami_listener import AmiListener
    from gateway.site.config import Storage
    from gateway.telephony.asterisk import Asterisk
    from ticketing.ports import Clock

log = structlog.get_logger()

_EVERY_S: Final = 1.0
# Asterisk is told anew while calls are not to be recorded: what it was told holds for a minute.
_SAY_AGAIN_S, _HOLDS_S = 20.0, 60
RESERVE: Final = "reserve"
_PROBE: Final = "written-at-times"


@dataclass(slots=True)
class DiskWatch:
    """See the module. `folders` say where each part lies."""

    folders: Mapping[Part, Path]
    limits: Storage
    alarms: Alarms
    ami: AmiListener
    asterisk: Asterisk
    clock: Clock
    _taken: Measures = field(default_factory=Measures)
    _paces: dict[Part, Pace] = field(default_factory=lambda: {part: Pace() for part in Part})
    _told: tuple[Measures, float] | None = None  # what Asterisk was told, and when
    _quiet: bool | None = None

    async def run(self) -> None:
        """Look for ever. Whatever cannot be done now is tried again at the next look."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> None:
        """Look once, say what is wrong, and have give way what has to."""
        now = asyncio.get_running_loop().time()
        disks = await asyncio.to_thread(self._measured)
        self._taken = measures(disks, self.limits, self._taken)
        for part, disk in disks.items():
            forecast = self._paces[part].full_in_s(now, disk.free)
            found = finding(part, disk, self.limits, self._taken, forecast)
            self.alarms.set(f"space.{part}", found.text, grave=found.grave)
        with suppress(OSError):
            await asyncio.to_thread(self._keep_reserve, disks[Part.JOURNALS].free)
        try:
            await self._tell_asterisk(now)
            await self._quieten()
        except (Siaga112Error, OSError) as error:
            log.warning("measure_not_taken", reason=str(error))

    def _measured(self) -> dict[Part, Disk]:
        return {part: _disk(folder) for part, folder in self.folders.items()}

    def _keep_reserve(self, free: int) -> None:
        file = self.folders[Part.JOURNALS] / RESERVE
        size = int(self.limits.ballast_mb * MB)
        if self._taken.reserve_given_up or not size:
            file.unlink(missing_ok=True)
        elif not file.exists() and free > self.limits.evidence_mb * MB + size:
            _allocate(file, size)

    async def _tell_asterisk(self, now: float) -> None:
        if self.ami.state is not LinkState.CONNECTED:
            # It may have been started anew, and know nothing of what it was told.
            self._told = None
            return
        if self._told is not None:
            told, at = self._told
            if told == self._taken and not (told.unrecorded and now - at >= _SAY_AGAIN_S):
                return
        until = int(self.clock.now().timestamp()) + _HOLDS_S if self._taken.unrecorded else 0
        await self.ami.action("Setvar", Variable=UNRECORDED_UNTIL, Value=str(until))
        if self._taken.recordings_end:
            await self._end_recordings()
        self._told = (self._taken, now)

    async def _end_recordings(self) -> None:
        for event in await self.ami.list_action("CoreShowChannels"):
            channel = str(event.get("Channel", ""))
            if channel.startswith("PJSIP/"):
                with suppress(AmiRefused):  # none of it is recorded, or it is gone
                    await self.ami.action("StopMixMonitor", Channel=channel)

    async def _quieten(self) -> None:
        quiet = self._taken.quiet
        logs.errors_alone(quiet=quiet)
        if quiet == self._quiet or self.ami.state is not LinkState.CONNECTED:
            return
        if await asyncio.to_thread(render_messages, self.asterisk.home, errors_alone=quiet):
            await self.asterisk.command("logger reload")
        self._quiet = quiet


def _disk(folder: Path) -> Disk:
    try:
        found = os.statvfs(folder)
    except OSError as error:
        return Disk(0, error.strerror)
    return Disk(found.f_bavail * found.f_frsize, _trouble(folder))


def _trouble(folder: Path) -> str | None:
    """Why nothing can be written there: tried, since a mount may say one thing and do another."""
    file = folder / _PROBE
    try:
        file.write_bytes(b"112")
        file.unlink()
    except OSError as error:
        return error.strerror
    return None


def _allocate(file: Path, size: int) -> None:
    partial = file.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # Blocks, not a hole: only what was taken can be given up.
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        partial.unlink()
        raise
    finally:
        os.close(descriptor)
    partial.rename(file)
