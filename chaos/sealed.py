"""A world of its own: mounts, processes and ports that are gone when the harness is, however that one ends.

By unshare(1), with root's rights or without (in a user namespace then): mount namespace for the small disks, PID
namespace so that the kernel ends whatever was started, network namespace so that no port is anybody else's.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SEALED: Final = "CHAOS_SEALED"
_TRIES: Final = 100
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 0x1
# A bound, not memory: a tmpfs takes what is written to it. So much that no forecast sees it full within a day.
_AMPLE: Final = "1T"


class NoWorld(Exception):
    """This machine lets us make no namespaces; the message says what it said."""


def enter(words: Sequence[str]) -> None:
    """Go on inside such a world, with these words of the command line; return when we are in it already.

    Raises NoWorld.
    """
    if os.environ.get(_SEALED):
        _loopback_up()
        return
    unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid():
        unshare.append("--map-root-user")
    tried = subprocess.run(
        [*unshare, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        raise NoWorld(tried.stderr.strip())
    # The shell is the namespace's first process: it takes in the orphans, which we should have to know otherwise.
    inside = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "chaos", *words]
    os.environ[_SEALED] = "1"
    os.execvp(unshare[0], [*unshare, *inside])


def _loopback_up() -> None:
    """A new network has one interface, which is down (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", _IFF_UP))


class Disk:
    """A file system in memory, which can be full."""

    def __init__(self, folder: Path) -> None:
        """Mount it there; it goes with the world."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        _mount("-t", "tmpfs", "-o", f"size={_AMPLE},mode=0700", "tmpfs", str(folder))

    def fill(self) -> None:
        """Leave no room: its size becomes what is on it now."""
        for _ in range(_TRIES):
            at = os.statvfs(self._folder)
            used = (at.f_blocks - at.f_bfree) * at.f_frsize
            with suppress(subprocess.CalledProcessError):  # somebody has written meanwhile: it would be too small
                _mount("-o", f"remount,size={used}", str(self._folder))
                return
        raise OSError(f"{self._folder} grows faster than it can be filled")

    def release(self) -> None:
        """Make room again."""
        _mount("-o", f"remount,size={_AMPLE}", str(self._folder))

    def unmount(self) -> None:
        """Let go of it, whoever still has a file open there."""
        subprocess.run(["umount", "--lazy", str(self._folder)], check=False, capture_output=True)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
