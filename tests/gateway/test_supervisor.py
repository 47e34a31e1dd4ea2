"""The processes of a line: started, started again, killed when they hang, stopped in order. All of them are real."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from gateway.process.supervisor import Adopted, Program, Supervisor, Watch, spawn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from gateway.process.supervisor import Running, Start

FOR_EVER = ("sleep", "600")
# What a child of ours is made of: it says that it is up, and waits to be asked to end.
CHILD = """
import os, pathlib, signal, sys, threading
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
def up():
    (folder / "new").write_text(str(os.getpid()))
    (folder / "new").rename(folder / f"{name}.pid")
def alive(other):
    try:
        os.kill(int((folder / f"{other}.pid").read_text()), 0)
    except ProcessLookupError:
        return False
    return True
"""
ORDERLY = """
up()
signal.sigwait({signal.SIGTERM})
there = [other for other in sys.argv[3:] if alive(other)]
with (folder / "ends").open("a") as ends:
    ends.write(f"{name} ends while there are {there}\\n")
"""
STUBBORN = """
up()
while True:
    signal.sigwait({signal.SIGTERM})
"""
ANSWERING = """
import socket
listener = socket.socket(socket.AF_UNIX)
(folder / name).unlink(missing_ok=True)
listener.bind(str(folder / name))
listener.listen()
def answer():
    while True:
        peer, _ = listener.accept()
        peer.sendall(b"well")
        peer.close()
threading.Thread(target=answer, daemon=True).start()
up()
signal.sigwait({signal.SIGTERM})
(folder / name).unlink()
# Calls come to their end here; nothing answers a probe meanwhile.
threading.Event().wait(0.4)
(folder / "ends").write_text("in order")
"""


@dataclass
class Deaths:
    """What the supervisor told."""

    told: list[tuple[str, int | None]] = field(default_factory=list)

    def tell(self, name: str, status: int | None) -> None:
        self.told.append((name, status))


@dataclass
class Started:
    """A program's start that remembers what it started."""

    start: Start
    processes: list[Running] = field(default_factory=list)

    async def __call__(self) -> Running:
        process = await self.start()
        self.processes.append(process)
        return process

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]


@dataclass
class Asked:
    """A watch's probe that remembers what it was answered."""

    probe: Callable[[], Awaitable[bool]]
    answers: list[bool] = field(default_factory=list)

    async def __call__(self) -> bool:
        self.answers.append(await self.probe())
        return self.answers[-1]


@pytest.fixture
def deaths() -> Deaths:
    return Deaths()


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def former() -> Iterator[subprocess.Popen[bytes]]:
    """A process that a former run left behind at work."""
    with subprocess.Popen(FOR_EVER) as process:
        yield process
        process.kill()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for here is another process
            await asyncio.sleep(0.005)


@asynccontextmanager
async def kept(deaths: Deaths, *programs: Program) -> AsyncIterator[Supervisor]:
    """A supervisor at work; asked to stop with the block, and waited for."""
    supervisor = Supervisor(programs, deaths.tell)
    running = asyncio.create_task(supervisor.run())
    try:
        yield supervisor
        assert not running.done()
    finally:
        supervisor.stop()
        async with asyncio.timeout(10):
            await running


def child(code: str, folder: Path, *words: str) -> Started:
    return Started(spawn([sys.executable, "-c", CHILD + code, str(folder), *words], folder / "log"))


def sleeper(log_file: Path) -> Started:
    return Started(spawn(FOR_EVER, log_file))


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def answers_at(address: Path) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        try:
            async with asyncio.timeout(0.3):
                reader, writer = await asyncio.open_unix_connection(str(address))
                try:
                    return await reader.read() == b"well"
                finally:
                    writer.close()
        except OSError:
            return False

    return probe


def in_turn(answers: list[bool]) -> Callable[[], Awaitable[bool]]:
    to_come = iter(answers)

    async def probe() -> bool:
        return next(to_come)

    return probe


# ---- kept alive ------------------------------------------------------------------------------------------------------


async def test_a_process_that_dies_is_started_again_and_its_death_is_told(deaths: Deaths, log_file: Path) -> None:
    gateway = sleeper(log_file)
    async with kept(deaths, Program("gateway", gateway)):
        await until(lambda: gateway.processes)
        os.kill(gateway.pids[0], signal.SIGKILL)
        await until(lambda: len(gateway.processes) == 2)
        assert deaths.told == [("gateway", -signal.SIGKILL)]
        assert lives(gateway.pids[1])


async def test_a_process_that_ends_by_itself_is_started_again_however_often(deaths: Deaths, log_file: Path) -> None:
    async with kept(deaths, Program("gateway", spawn(["sh", "-c", "exit 3"], log_file))):
        await until(lambda: len(deaths.told) >= 3)
    assert set(deaths.told) == {("gateway", 3)}


async def test_the_death_of_one_leaves_the_others_alone(deaths: Deaths, log_file: Path) -> None:
    gateway, asterisk = sleeper(log_file), sleeper(log_file)
    async with kept(deaths, Program("gateway", gateway), Program("Asterisk", asterisk)):
        await until(lambda: gateway.processes and asterisk.processes)
        os.kill(gateway.pids[0], signal.SIGKILL)
        await until(lambda: len(gateway.processes) == 2)
        assert lives(asterisk.pids[0])
        assert len(asterisk.processes) == 1


async def test_a_start_that_fails_is_tried_again(deaths: Deaths, log_file: Path) -> None:
    attempts: list[Started] = [Started(spawn(["/no/such/program"], log_file)), sleeper(log_file)]

    async def start() -> Running:
        return await attempts.pop(0)()

    working = attempts[1]
    async with kept(deaths, Program("gateway", start)):
        await until(lambda: working.processes)
        assert deaths.told == [("gateway", None)]


async def test_whoever_is_told_may_fail_and_the_line_stays_up(log_file: Path) -> None:
    def terminal_is_gone(_name: str, _status: int | None) -> None:
        raise BrokenPipeError

    gateway = sleeper(log_file)
    supervisor = Supervisor([Program("gateway", gateway)], terminal_is_gone)
    running = asyncio.create_task(supervisor.run())
    await until(lambda: gateway.processes)
    os.kill(gateway.pids[0], signal.SIGKILL)
    await until(lambda: len(gateway.processes) == 2)
    supervisor.stop()
    await running


async def test_programs_are_started_in_their_order(deaths: Deaths, log_file: Path) -> None:
    order: list[str] = []

    def program(name: str) -> Program:
        async def start() -> Running:
            order.append(name)
            return await spawn(FOR_EVER, log_file)()

        return Program(name, start)

    async with kept(deaths, program("gateway"), program("AGI server"), program("Asterisk")):
        await until(lambda: len(order) == 3)
    assert order == ["gateway", "AGI server", "Asterisk"]


# ---- watched ---------------------------------------------------------------------------------------------------------


async def test_a_process_that_lives_but_no_longer_answers_is_killed_and_started_again(
    deaths: Deaths, tmp_path: Path
) -> None:
    server = child(ANSWERING, tmp_path, "server")
    probe = Asked(answers_at(tmp_path / "server"))
    async with kept(deaths, Program("server", server, Watch(probe, every_s=0.02), stop_within_s=0.1)):
        await until(lambda: True in probe.answers)
        # Its listener still takes connections in: only an answer tells that it lives.
        os.kill(server.pids[0], signal.SIGSTOP)
        await until(lambda: len(server.processes) == 2)
        assert deaths.told == [("server", -signal.SIGKILL)]
        probe.answers.clear()
        await until(lambda: True in probe.answers)


async def test_a_process_that_never_answers_is_killed_when_its_grace_is_over(deaths: Deaths, log_file: Path) -> None:
    watch = Watch(answers_at(log_file.parent / "nobody"), every_s=0.01, grace_s=0.1)
    async with kept(deaths, Program("gateway", spawn(FOR_EVER, log_file), watch)):
        await until(lambda: deaths.told)
        assert deaths.told[0] == ("gateway", -signal.SIGKILL)


async def test_a_process_is_given_its_grace_until_it_answers_first(deaths: Deaths, log_file: Path) -> None:
    probe = Asked(in_turn([False] * 10 + [True] * 1_000_000))
    gateway = sleeper(log_file)
    async with kept(deaths, Program("gateway", gateway, Watch(probe, every_s=0.001, grace_s=60))):
        await until(lambda: len(probe.answers) > 20)
        assert (len(gateway.processes), deaths.told) == (1, [])


async def test_a_silence_that_is_forgiven_counts_no_longer_once_there_is_an_answer(
    deaths: Deaths, log_file: Path
) -> None:
    probe = Asked(in_turn([True, False, True, False, True, False, False]))
    watch = Watch(probe, every_s=0.001, failures=2)
    async with kept(deaths, Program("gateway", spawn(FOR_EVER, log_file), watch)):
        await until(lambda: deaths.told)
        assert len(probe.answers) == 7


async def test_a_process_that_comes_to_its_end_in_order_is_not_taken_for_one_that_hangs(
    deaths: Deaths, tmp_path: Path
) -> None:
    server = child(ANSWERING, tmp_path, "server")
    probe = Asked(answers_at(tmp_path / "server"))
    async with kept(deaths, Program("server", server, Watch(probe, every_s=0.01))):
        await until(lambda: True in probe.answers)
    assert (tmp_path / "ends").read_text() == "in order"


# ---- stopped ---------------------------------------------------------------------------------------------------------


async def test_the_end_is_in_reverse_order_and_each_waits_for_the_one_before(deaths: Deaths, tmp_path: Path) -> None:
    names = ["gateway", "agi", "asterisk"]
    programs = [Program(name, child(ORDERLY, tmp_path, name, *names)) for name in names]
    async with kept(deaths, *programs):
        await until(lambda: all((tmp_path / f"{name}.pid").exists() for name in names))
    assert (tmp_path / "ends").read_text().splitlines() == [
        "asterisk ends while there are ['gateway', 'agi', 'asterisk']",
        "agi ends while there are ['gateway', 'agi']",
        "gateway ends while there are ['gateway']",
    ]
    assert deaths.told == []


async def test_a_process_that_does_not_end_when_asked_is_killed(deaths: Deaths, tmp_path: Path) -> None:
    stubborn = child(STUBBORN, tmp_path, "stubborn")
    async with kept(deaths, Program("stubborn", stubborn, stop_within_s=0.1)):
        await until((tmp_path / "stubborn.pid").exists)
    assert await stubborn.processes[0].wait() == -signal.SIGKILL
    assert deaths.told == []


async def test_a_process_that_died_when_all_was_to_stop_is_not_started_again(deaths: Deaths, tmp_path: Path) -> None:
    gateway, last = sleeper(tmp_path / "log"), child(STUBBORN, tmp_path, "last")
    async with kept(deaths, Program("gateway", gateway), Program("last", last, stop_within_s=0.5)) as supervisor:
        await until(lambda: gateway.processes and (tmp_path / "last.pid").exists())
        supervisor.stop()
        # Its turn comes when the last one has ended: until then it may die by itself.
        os.kill(gateway.pids[0], signal.SIGKILL)
        await gateway.processes[0].wait()
        assert lives(last.pids[0])
    assert (len(gateway.processes), deaths.told) == (1, [])


async def test_a_stop_between_two_starts_is_not_followed_by_another_start(deaths: Deaths, log_file: Path) -> None:
    gateway = Started(spawn(["sh", "-c", "exit 3"], log_file))
    async with kept(deaths, Program("gateway", gateway)):
        await until(lambda: deaths.told)
    assert len(gateway.processes) == len(deaths.told)


# ---- taken over ------------------------------------------------------------------------------------------------------


async def test_a_process_of_a_former_run_is_waited_for_and_followed_by_one_of_ours(
    deaths: Deaths, log_file: Path, former: subprocess.Popen[bytes]
) -> None:
    ours = sleeper(log_file)
    adopted = Adopted.of(former.pid)
    starts: list[Running] = [adopted]

    async def start() -> Running:
        return starts.pop() if starts else await ours()

    async with kept(deaths, Program("Asterisk", start)):
        await until(lambda: not starts)
        assert ours.processes == []
        former.kill()
        await until(lambda: ours.processes)
        # Its exit status is for its parent to know.
        assert deaths.told == [("Asterisk", None)]
    adopted.release()


async def test_a_process_of_a_former_run_is_stopped_as_one_of_ours(
    deaths: Deaths, former: subprocess.Popen[bytes]
) -> None:
    adopted = Adopted.of(former.pid)

    async def take_over() -> Running:
        return adopted

    asterisk = Started(take_over)
    async with kept(deaths, Program("Asterisk", asterisk)):
        await until(lambda: asterisk.processes)
    adopted.release()
    assert former.wait(timeout=10) == -signal.SIGTERM


def test_a_process_that_is_gone_is_not_taken_over() -> None:
    with subprocess.Popen(["true"]) as former:
        former.wait(timeout=10)
    with pytest.raises(ProcessLookupError):
        Adopted.of(former.pid)


# ---- how they are started --------------------------------------------------------------------------------------------


async def test_a_process_is_started_apart_from_the_terminal_and_what_it_says_is_kept_for_us_alone(
    tmp_path: Path,
) -> None:
    told = "import os, sys; print(os.environ['SAID'], os.getsid(0) == os.getpid(), sys.stdin.read() == ''); "
    code = told + "open('made', 'w').close()"
    argv = ["sh", "-c", f'cd {tmp_path} && exec {sys.executable} -c "$0"', code]
    for said in ("one", "two"):
        process = await spawn(argv, tmp_path / "log", {"SAID": said})()
        assert await process.wait() == 0
    assert (tmp_path / "log").read_text() == "one True True\ntwo True True\n"
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
