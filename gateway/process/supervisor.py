"""Keeps the processes of an instance alive: starts them, starts them again, kills the ones that hang, stops them.

It does nothing else, so that nothing else can bring it down.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from signal import pidfd_send_signal
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

log = structlog.get_logger()

# Between the death of a process and its next start: soon, then less often while it keeps dying.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
# A process that lived so long was well: its next death is a new story.
_LIVED_WELL_S = 30.0


class Running(Protocol):
    """A process, ours or one that a former run left behind."""

    @property
    def pid(self) -> int:
        """Its process id."""

    async def wait(self) -> int | None:
        """Wait for its end; give its exit status where that can be known."""

    def send_signal(self, signal: int) -> None:
        """Send it a signal; raise ProcessLookupError when it is gone."""


Start = Callable[[], Awaitable[Running]]


@dataclass(frozen=True, slots=True)
class Watch:
    """How to tell that a process lives but hangs. `probe` says whether it answered, in its own bounded time."""

    probe: Callable[[], Awaitable[bool]]
    every_s: float
    # From a start to the first answer; a process that has never answered by then is killed too.
    grace_s: float = 30.0
    failures: int = 1


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep: what starts it, and how it is watched and stopped."""

    name: str
    start: Start
    watch: Watch | None = None
    stop_within_s: float = 5.0


def spawn(
    argv: Sequence[str], log_file: Path, environment: Mapping[str, str] | None = None
) -> Callable[[], Awaitable[Running]]:
    """How to start `argv` as a process of its own session: a Ctrl-C at the terminal is for the supervisor alone."""

    async def start() -> Running:
        with log_file.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                umask=0o077,
            )

    return start


@dataclass(frozen=True, slots=True)
class Adopted:
    """A process that a former run started and that is still at work.

    Held by a file descriptor (pidfd_open(2)), not by its number alone: a number is given again.
    """

    pid: int
    descriptor: int

    @classmethod
    def of(cls, pid: int) -> Adopted:
        """Hold the process that has this number now; raise ProcessLookupError."""
        return cls(pid, os.pidfd_open(pid))

    async def wait(self) -> int | None:
        """Wait for its end. Its exit status is its parent's to know."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self.descriptor)
        return None

    def send_signal(self, signal: int) -> None:
        """Send it a signal; raise ProcessLookupError when it is gone."""
        pidfd_send_signal(self.descriptor, signal)

    def release(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)


@dataclass(slots=True)
class Supervisor:
    """Runs the programs until `stop`. `died` is told of every end that nobody asked for."""

    programs: Sequence[Program]
    died: Callable[[str, int | None], None]
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Ask for the end; `run` returns when every process is gone."""
        self._stopping.set()

    async def run(self) -> None:
        """Start every program in order, keep each alive, and on `stop` end them in reverse order."""
        ends = [asyncio.Event() for _ in self.programs]
        async with asyncio.TaskGroup() as group:
            for program, gone, after in zip(self.programs, ends, (*ends[1:], None), strict=True):
                group.create_task(self._keep(program, after, gone), name=f"keep {program.name}")

    async def _keep(self, program: Program, after: asyncio.Event | None, gone: asyncio.Event) -> None:
        pause = _FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        try:
            while not self._stopping.is_set():
                started = loop.time()
                status = await self._once(program, after)
                if self._stopping.is_set():
                    return
                self._tell("process_died", process=program.name, status=status)
                # Whoever is told may write to a terminal that is gone, or a disk that is full. Nobody dies of that.
                with suppress(OSError, ValueError):
                    self.died(program.name, status)
                pause = _FIRST_PAUSE_S if loop.time() - started > _LIVED_WELL_S else min(pause * 2, _LONGEST_PAUSE_S)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
        finally:
            gone.set()

    async def _once(self, program: Program, after: asyncio.Event | None) -> int | None:
        try:
            process = await program.start()
        except OSError as error:  # no memory, no processes, no descriptors: tried again
            self._tell("process_not_started", process=program.name, reason=str(error))
            return None
        self._tell("process_started", process=program.name, pid=process.pid)
        return await self._until_end(program, process, after)

    def _tell(self, event: str, **facts: object) -> None:
        with suppress(OSError, ValueError):
            log.info(event, **facts)

    async def _until_end(self, program: Program, process: Running, after: asyncio.Event | None) -> int | None:
        ending = asyncio.create_task(process.wait(), name=f"{program.name} ends")
        stopping = asyncio.create_task(self._stop_after(after), name=f"{program.name} is to stop")
        watching = asyncio.create_task(_watch(program, process), name=f"{program.name} is watched")
        try:
            await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                # What comes to its end in order answers no more, and does not hang.
                watching.cancel()
                await _end(process, ending, program.stop_within_s)
            return await ending
        finally:
            for task in (stopping, watching):
                task.cancel()
            await asyncio.gather(stopping, watching, return_exceptions=True)

    async def _stop_after(self, other: asyncio.Event | None) -> None:
        await self._stopping.wait()
        if other is not None:
            await other.wait()


async def _end(process: Running, ending: asyncio.Task[int | None], within_s: float) -> None:
    _signal(process, signal.SIGTERM)
    await asyncio.wait({ending}, timeout=within_s)
    if not ending.done():
        _signal(process, signal.SIGKILL)
        await asyncio.wait({ending})


async def _watch(program: Program, process: Running) -> None:
    """Kill a process that lives but does not answer. Its next start is the cure."""
    watch = program.watch
    if watch is None:
        return
    loop = asyncio.get_running_loop()
    deadline = loop.time() + watch.grace_s
    answered, failures = False, 0
    while True:
        if await watch.probe():
            answered, failures = True, 0
        elif answered:
            failures += 1
        hangs = failures >= watch.failures if answered else loop.time() > deadline
        if hangs:
            with suppress(OSError, ValueError):
                log.error("process_hangs", process=program.name, pid=process.pid)
            _signal(process, signal.SIGKILL)
            return
        await asyncio.sleep(watch.every_s)


def _signal(process: Running, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)
