"""Which Asterisk is run, and how a private one comes to be. mmdebstrap is a shell script here: it takes a while.

The real build is what tests/telephony/ runs on.
"""

from __future__ import annotations

import fcntl
import os
import queue
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.telephony import provide as provide_module
from gateway.telephony.provide import AsteriskUnavailable, provide, serves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.telephony.provide import Installed

CHECKOUT = Path(__file__).resolve().parents[2]

# Fills its last argument as mmdebstrap does, as far as it matters.
UNPACK = """
for target; do :; done
lib="$target/usr/lib/x86_64-linux-gnu" share="$target/usr/share/asterisk"
mkdir -p "$lib/asterisk/modules" "$share/documentation" "$share/sounds/en_US_f_Allison"
mkdir -p "$target/usr/sbin" "$target/tmp" "$target/dev"
: >"$lib/asterisk/modules/app_queue.so"
: >"$target/usr/sbin/asterisk"
printf '#!/bin/sh\\necho Asterisk %s\\n' "${PRIVATE:-22.10.1+dfsg+~cs6-1}" >"$lib/ld-linux-x86-64.so.2"
chmod +x "$lib/ld-linux-x86-64.so.2"
echo 'I: extracting archives...' >&2
"""
STALE = """
case "$*" in *'Acquire::Check-Valid-Until "false"'*) ;; *)
    mkdir -p "$target/dev"
    echo 'E: Release file for somewhere is expired (invalid since 17d). Updates will not be applied.' >&2
    exit 25
esac
"""
# Says that it has begun, and goes on until the gate is opened.
HANG = """
for target; do :; done
mkdir -p "$target/usr/lib"
echo started >"$BEGUN"
read go <"$GATE"
exit 1
"""


def executable(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}")
    file.chmod(0o755)


@dataclass
class Machine:
    """A machine with an Asterisk of its own that is too old, as Ubuntu 24.04's, unless a test says otherwise."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def has_asterisk(self, version: str) -> None:
        executable(self.folder / "usr/sbin/asterisk", f"echo 'Asterisk {version}'")
        (self.folder / "usr/share/asterisk/documentation").mkdir(parents=True, exist_ok=True)
        modules = self.folder / "usr/lib/x86_64-linux-gnu/asterisk/modules"
        modules.mkdir(parents=True, exist_ok=True)
        (modules / "app_queue.so").touch()

    def has_mmdebstrap(self, script: str) -> None:
        executable(self.folder / "bin/mmdebstrap", f'echo "$*" >>"{self.folder}/asked"\n{script}')

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def asked(self) -> list[str]:
        log = self.folder / "asked"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def cached(self) -> list[str]:
        return sorted(one.name for one in self.cache.iterdir() if one.suffix != ".lock")

    def provide(self) -> Installed:
        return provide(self.cache, say=self.said.append)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    one = Machine(tmp_path)
    one.has_asterisk("20.6.0~dfsg+~cs6.13.40431414-2build5")
    one.has_mmdebstrap(UNPACK)
    monkeypatch.setenv("PATH", os.pathsep.join((f"{tmp_path}/bin", f"{tmp_path}/usr/sbin", os.environ["PATH"])))
    return one


@pytest.mark.parametrize("version", ["22.9.0", "22.10.1", "22.10.1+dfsg+~cs6.17.60671434-1", "22.11.0-rc1"])
def test_an_asterisk_of_the_system_that_is_new_enough_is_the_one_that_runs(machine: Machine, version: str) -> None:
    machine.has_asterisk(version)
    usr = machine.folder / "usr"
    installed = machine.provide()
    assert installed.command == (str(usr / "sbin/asterisk"),)
    assert version.startswith(installed.version)
    assert installed.modules == usr / "lib/x86_64-linux-gnu/asterisk/modules"
    assert installed.data == usr / "share/asterisk"
    assert not machine.asked


@pytest.mark.parametrize(
    "version", ["20.6.0", "22.8.2", "23.2.0", "certified/22.8-cert1", "GIT-22-1234abcd", "22", "is not for you"]
)
def test_an_asterisk_of_the_system_that_lacks_what_we_need_is_named_and_left_alone(
    machine: Machine, version: str
) -> None:
    machine.has_asterisk(version)
    assert machine.provide().version == "22.10.1"
    assert "22.9 or a later 22 is needed" in machine.said[0]


def test_an_asterisk_whose_modules_are_elsewhere_is_left_alone(machine: Machine) -> None:
    machine.has_asterisk("22.10.1")
    (machine.folder / "usr/lib/x86_64-linux-gnu/asterisk/modules/app_queue.so").unlink()
    assert machine.provide().modules.is_relative_to(machine.cache)
    assert "not in the usual places" in machine.said[0]


def test_versions_are_compared_as_numbers() -> None:
    assert [serves(version) for version in ("22.8.9", "22.9", "22.10.0", "23.0.0")] == [False, True, True, False]


def test_a_private_asterisk_runs_through_its_own_loader_with_its_own_libraries(machine: Machine) -> None:
    installed = machine.provide()
    root = next(one for one in machine.cache.iterdir() if one.is_dir())
    lib = root / "usr/lib/x86_64-linux-gnu"
    assert installed.version == "22.10.1"
    assert installed.command[:3] == (str(lib / "ld-linux-x86-64.so.2"), "--library-path", str(lib))
    assert installed.command[-1] == str(root / "usr/sbin/asterisk")
    assert installed.modules == lib / "asterisk/modules"
    assert (installed.data / "sounds/en").resolve() == installed.data / "sounds/en_US_f_Allison"
    assert "Asterisk: extracting archives" in machine.said


def test_nothing_of_the_private_asterisk_is_run_or_mounted_while_it_is_built(machine: Machine) -> None:
    machine.provide()
    (asked,) = machine.asked
    assert {"--variant=extract", "--mode=chrootless", "--include=asterisk"} <= set(asked.split())
    root = next(one for one in machine.cache.iterdir() if one.is_dir())
    assert [one.name for one in root.iterdir()] == ["usr"]


def test_a_private_asterisk_is_built_once(machine: Machine) -> None:
    first = machine.provide()
    assert machine.provide() == first
    assert len(machine.asked) == 1


def test_a_private_asterisk_that_no_longer_runs_is_built_again(machine: Machine) -> None:
    Path(machine.provide().command[0]).write_text("#!/bin/sh\nexit 1")
    assert machine.provide().version == "22.10.1"
    assert len(machine.asked) == 2


def test_a_mirror_with_an_expired_release_file_serves_and_the_user_is_told(machine: Machine) -> None:
    machine.has_mmdebstrap("for target; do :; done" + STALE + UNPACK)
    assert machine.provide().version == "22.10.1"
    assert ["Check-Valid-Until" in call for call in machine.asked] == [False, True]
    assert any("expired" in line for line in machine.said)
    assert len(machine.cached) == 1


def test_a_build_that_fails_says_why_and_leaves_nothing(machine: Machine) -> None:
    machine.has_mmdebstrap("for target; do :; done; mkdir -p $target/x; echo 'E: Unable to locate package'; exit 25")
    with pytest.raises(AsteriskUnavailable, match=r"exit status 25[^$]*E: Unable to locate package$"):
        machine.provide()
    assert len(machine.asked) == 1
    assert machine.cached == []


def test_a_private_asterisk_of_a_wrong_version_is_refused(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE", "23.4.0")
    with pytest.raises(AsteriskUnavailable, match=r"gave no Asterisk 22\.9"):
        machine.provide()
    assert machine.cached == []


def test_without_mmdebstrap_the_user_is_told_what_to_install(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{machine.folder}/usr/sbin")
    with pytest.raises(AsteriskUnavailable, match="apt-get install mmdebstrap"):
        machine.provide()


def test_a_cache_whose_path_the_loader_would_split_is_refused(machine: Machine) -> None:
    with pytest.raises(AsteriskUnavailable, match="XDG_CACHE_HOME"):
        provide(machine.folder / "a:b", say=machine.said.append)


def test_a_cache_that_cannot_be_written_is_named(machine: Machine) -> None:
    machine.cache.write_text("a file, not a folder")
    with pytest.raises(AsteriskUnavailable, match=str(machine.cache)):
        machine.provide()


@pytest.mark.parametrize(("variable", "expected"), [("sub/folder", ".cache/siaga112"), ("/own", "own/siaga112")])
def test_the_cache_is_where_the_xdg_specification_has_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, variable: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", str(machine.folder))
    monkeypatch.setenv("XDG_CACHE_HOME", variable.replace("/own", f"{machine.folder}/own"))
    assert provide(say=machine.said.append).modules.is_relative_to(machine.folder / expected)


@contextmanager
def gate(machine: Machine) -> Iterator[Callable[[], int]]:
    """A pipe on which a stand-in waits; what is given lets everybody go on who waits there."""
    fifo = machine.folder / "gate"
    os.mkfifo(fifo)
    # Open for both: writing then waits for no reader.
    end = os.open(fifo, os.O_RDWR)
    try:
        yield partial(os.write, end, b"go\n" * 10)
    finally:
        # Where a test has failed nobody is left waiting, and the test comes to its end.
        os.write(end, b"go\n" * 10)
        os.close(end)


@contextmanager
def builder(machine: Machine) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, in the middle of a build that goes on until the gate is opened."""
    begun = machine.folder / "begun"
    os.mkfifo(begun)
    machine.has_mmdebstrap(HANG)
    code = "import sys; from pathlib import Path; from gateway.telephony.provide import provide; "
    code += "provide(Path(sys.argv[1]), say=print)"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(machine.cache)],
        cwd=CHECKOUT,
        env=os.environ | {"BEGUN": str(begun), "GATE": str(machine.folder / "gate")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert begun.read_text() == "started\n"
        yield process
        process.kill()


def wait_for(words: str, heard: queue.Queue[str]) -> None:
    lines = [""]
    while words not in lines[-1]:
        assert len(lines) < 20, lines
        lines.append(heard.get(timeout=60))


def test_after_a_killed_build_the_next_one_waits_for_its_orphan_and_starts_clean(machine: Machine) -> None:
    heard: queue.Queue[str] = queue.Queue()
    with ThreadPoolExecutor() as pool, gate(machine) as opened:
        with builder(machine) as killed:
            killed.kill()
        machine.has_mmdebstrap(UNPACK)
        built = pool.submit(provide, machine.cache, say=heard.put)
        wait_for("another siaga112 is building it", heard)
        assert len(machine.cached) == 1
        opened()
        wait_for("removing what an interrupted build left", heard)
        assert built.result(timeout=60).version == "22.10.1"
    assert len(machine.cached) == 1


def test_a_build_stopped_with_ctrl_c_leaves_nothing(machine: Machine) -> None:
    with gate(machine), builder(machine) as stopped:
        stopped.send_signal(signal.SIGINT)
        stopped.wait()
        assert machine.cached == []


def test_two_that_start_at_once_build_one_asterisk(machine: Machine) -> None:
    heard: queue.Queue[str] = queue.Queue()
    machine.has_mmdebstrap(f'read go <"{machine.folder}/gate"\n{UNPACK}')
    with ThreadPoolExecutor() as pool, gate(machine) as opened:
        both = [pool.submit(provide, machine.cache, say=heard.put) for _ in range(2)]
        wait_for("another siaga112 is building it", heard)
        opened()
        first, second = (one.result(timeout=60) for one in both)
    assert first == second
    assert len(machine.asked) == 1


def test_a_build_that_takes_long_says_that_it_goes_on(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provide_module, "QUIET_S", 0.05)
    heard: queue.Queue[str] = queue.Queue()
    machine.has_mmdebstrap(f'read go <"{machine.folder}/gate"\n{UNPACK}')
    with ThreadPoolExecutor() as pool, gate(machine) as opened:
        built = pool.submit(provide, machine.cache, say=heard.put)
        wait_for("still at it after", heard)
        opened()
        assert built.result(timeout=60).version == "22.10.1"


def test_the_right_to_build_ends_with_its_holder(machine: Machine) -> None:
    machine.provide()
    (lock,) = machine.cache.glob("*.lock")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
