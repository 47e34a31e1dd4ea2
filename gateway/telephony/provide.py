"""Finds the Asterisk to run: the system's own where it serves, else a private one that is built once.

Debian 12 and 13 have no Asterisk, and Ubuntu 24.04's (20) is too old. Debian forky has 22, which is LTS. Its
packages are unpacked into a folder of the user's cache by mmdebstrap, which checks Debian's signatures; no
package script is run. So neither root nor user namespaces are needed, and nothing is mounted.

Nothing is chrooted into either: the binary is started in place by the folder's own dynamic loader with the
folder's own libraries, so that the host's older C library does not matter. Paths, /etc/hosts, time zones,
users and signals are the host's own, as they would be with an Asterisk that the host had installed.

The private Asterisk is not renewed by itself: its folder is removed for a newer one, and built again.
"""

from __future__ import annotations

import fcntl
import os
import platform
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Say = Callable[[str], None]

SUITE = "forky"
RECIPE = 1  # raised when what an earlier siaga112 built no longer serves
PACKAGES = Path(__file__).resolve().parents[2] / "packages" / "asterisk.txt"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# The JSON form of cel_custom came with 22.9. Asterisk 23 had it only from 23.3 on, and is no LTS.
OLDEST, TOO_NEW = (22, 9), (23,)
QUIET_S = 5.0  # after so long without a word from the build, the user is told that it goes on
STOP_S = 15.0  # asked to end, mmdebstrap finishes its stage first


class AsteriskUnavailable(Siaga112Error):
    """There is no Asterisk to run and none could be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An Asterisk that can be run.

    `version` is as `22.10.1`; `command` is what stands before Asterisk's own arguments; `modules` and `data`
    are what asterisk.conf calls astmoddir and astdatadir.
    """

    version: str
    command: tuple[str, ...]
    modules: Path
    data: Path


def provide(cache: Path | None = None, *, say: Say) -> Installed:
    """Give an Asterisk 22.9 or later, building a private one in `cache` where the system has none.

    `cache` is $XDG_CACHE_HOME/siaga112 unless given; `say` takes one line of progress at a time. A build
    takes half a minute on a good connection; a second one at the same time waits for it. Raises
    AsteriskUnavailable.
    """
    try:
        return _of_the_system(say) or _private(cache or _cache_home(), say)
    except OSError as error:
        raise AsteriskUnavailable(f"Asterisk could not be prepared: {error}") from error


def serves(version: str) -> bool:
    """Whether this version (as `22.10.1`) has what the configuration asks for."""
    return OLDEST <= tuple(int(part) for part in version.split(".")) < TOO_NEW


def _cache_home() -> Path:
    # A relative XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification).
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "siaga112"


def _of_the_system(say: Say) -> Installed | None:
    # The sbin folders are not on the PATH of Debian's ordinary users.
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"))
    found = shutil.which("asterisk", path=path)
    if found is None:
        return None
    binary = Path(found).resolve()
    version = _version((str(binary),))
    if version is None or not serves(version):
        say(f"Asterisk: {binary} is {version or 'of an unknown version'}, and 22.9 or a later 22 is needed")
        return None
    installed = _below(binary.parents[1], version, (str(binary),))
    if installed is None:
        say(f"Asterisk: {binary} is left aside: its modules and documentation are not in the usual places")
    return installed


def _version(command: tuple[str, ...]) -> str | None:
    """What `asterisk -V` prints, as `22.10.1`; None where it cannot be run or is numbered in another way."""
    try:
        told = subprocess.run(  # noqa: S603 - a path found on this machine, no shell
            [*command, "-V"], stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(rb"Asterisk (\d{1,4}(?:\.\d{1,4}){1,2})\b", told.stdout)
    return match[1].decode() if match else None


def _below(prefix: Path, version: str, command: tuple[str, ...]) -> Installed | None:
    """The Asterisk installed below this prefix (/usr, as a rule); None where a part of it is missing."""
    modules = (*prefix.glob("lib/*/asterisk/modules"), *prefix.glob("lib*/asterisk/modules"))
    # res_pjsip and others read their options' descriptions from the documentation, and fail without it.
    data = (prefix / "share/asterisk", prefix.parent / "var/lib/asterisk")
    for module_dir in (one for one in modules if (one / "app_queue.so").exists()):
        for data_dir in (one for one in data if (one / "documentation").is_dir()):
            return Installed(version, command, module_dir, data_dir)
    return None


def _private(cache: Path, say: Say) -> Installed:
    # The loader parts its search path at : and ; and apt's configuration quotes with ".
    if not re.fullmatch(r"[\w./@+, -]+", str(cache), re.ASCII):
        raise AsteriskUnavailable(
            f"Asterisk cannot be built in {str(cache)!r}: set XDG_CACHE_HOME to a path of plain letters"
        )
    cache.mkdir(parents=True, exist_ok=True)
    root = cache.absolute() / f"asterisk-{SUITE}-{platform.machine()}-{RECIPE}"
    installed = _in_root(root)
    if installed is not None:
        return installed
    with _alone(root, say) as lock:
        installed = _in_root(root)
        if installed is None:
            _build(root, lock, say)
            installed = _in_root(root)
    if installed is None:
        raise AsteriskUnavailable(f"Asterisk was built in {root}, and went away: build it again")
    return installed


def _in_root(root: Path) -> Installed | None:
    """The Asterisk of a private root, if it runs and serves."""
    for loader in sorted(root.glob("usr/lib/*/ld-linux-*.so.*")):
        binary = root / "usr/sbin/asterisk"
        command = (
            *(str(loader), "--library-path", str(loader.parent), "--inhibit-cache"),
            # Asterisk takes itself for its remote console when "rasterisk" is anywhere in its name, a path
            # included; and `core restart` runs whatever on the PATH bears that name: nothing does.
            *("--argv0", "siaga112-asterisk", str(binary)),
        )
        version = _version(command)
        if version is not None and serves(version):
            return _below(root / "usr", version, command)
    return None


@contextmanager
def _alone(root: Path, say: Say) -> Iterator[int]:
    """Hold the right to build this root, and give the descriptor that holds it.

    The kernel takes it back from the dead: from us and from whoever inherited the descriptor.
    """
    with root.with_name(f"{root.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Asterisk: another siaga112 is building it: waiting for that")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _build(root: Path, lock: int, say: Say) -> None:
    """Make the root beside its place and rename it there whole."""
    for leftover in root.parent.glob(f"{root.name}.part-*"):
        say("Asterisk: removing what an interrupted build left")
        shutil.rmtree(leftover, ignore_errors=True)
    say(f"Asterisk: unpacking Debian {SUITE}'s into {root.parent} (half a minute, 270 MB)")
    work = Path(tempfile.mkdtemp(prefix=f"{root.name}.part-", dir=root.parent))
    try:
        built = _unpack(work, lock, say)
        _trim(built)
        _name_prompts(built / "usr/share/asterisk/sounds")
        if _in_root(built) is None:
            raise AsteriskUnavailable(f"Debian {SUITE} gave no Asterisk 22.9 or later 22 that runs here")
        os.sync()  # a power cut must not leave a root with the right names and empty files
        # A folder found in place did not run, or we would not be here.
        shutil.rmtree(root, ignore_errors=True)
        built.rename(root)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say("Asterisk: ready")


def _trim(root: Path) -> None:
    """Keep /usr: a root's devices, and its /tmp for everybody, have no place in somebody's cache."""
    for folder in root.iterdir():
        if folder.name != "usr":
            shutil.rmtree(folder)


def _name_prompts(sounds: Path) -> None:
    """Give the English prompts the name that Asterisk looks for; Debian does it in a package script."""
    for prompts in sorted(sounds.glob("en_*"))[:1]:
        (sounds / "en").symlink_to(prompts.name)


def _unpack(work: Path, lock: int, say: Say) -> Path:
    """Let mmdebstrap fill a folder below `work`, and return that."""
    target = work / "root"
    status, last = _follow(_mmdebstrap(target), lock, say)
    if status and any("is expired" in line for line in last):
        say("Asterisk: the mirror's Release file has expired: trying again without the check of its date")
        target = work / "undated"
        undated = '--aptopt=Acquire::Check-Valid-Until "false"'
        status, last = _follow(_mmdebstrap(target, undated), lock, say)
    if status:
        raise AsteriskUnavailable(
            f"mmdebstrap could not unpack Debian {SUITE}'s Asterisk (exit status {status}): is the network "
            "up, is there room on the disk? Its last words:\n" + "\n".join(last)
        )
    return target


def _mmdebstrap(target: Path, *options: str) -> list[str]:
    if shutil.which("mmdebstrap") is None:
        raise AsteriskUnavailable(
            "mmdebstrap is not installed: apt-get install mmdebstrap debian-archive-keyring distro-info-data"
        )
    lines = (line.partition("#")[0].strip() for line in PACKAGES.read_text(encoding="utf-8").splitlines())
    return [
        # With the variant extract no package script runs, so that chrootless is safe, for root too.
        *("mmdebstrap", "--mode=chrootless", "--skip=check/chrootless", "--variant=extract"),
        *("--format=directory", f"--keyring={KEYRING}", f"--include={','.join(filter(None, lines))}"),
        *options,
        *(SUITE, str(target)),
    ]


def _follow(command: list[str], lock: int, say: Say) -> tuple[int, list[str]]:
    """Run a command to its end and pass its stages on; return its exit status and its last lines."""
    last: deque[str] = deque(maxlen=12)
    started = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - our own list of words, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        # Should we die, the next build waits for this one's orphans before it tidies up after them.
        pass_fds=(lock,),
    ) as process:
        try:
            for line in _lines(process):
                if line is None:
                    say(f"Asterisk: still at it after {time.monotonic() - started:.0f} s")
                    continue
                last.append(line)
                if stage := re.fullmatch(r"I: ([a-z][^(]*)\.\.\.", line):
                    say(f"Asterisk: {stage[1]}")
        except BaseException:
            _stop(process)
            raise
    return process.returncode, list(last)


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str | None]:
    """A command's lines as they come, and None whenever it was quiet for QUIET_S."""
    assert process.stdout is not None
    rest = b""
    while True:
        readable, _, _ = select.select([process.stdout], [], [], QUIET_S)
        if readable:
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
        elif process.poll() is None:
            yield None
        else:
            return  # something it started holds the pipe open


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a command that we do not wait out."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
