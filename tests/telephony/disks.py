"""Small file systems for the tests of full ones: mounted, filled, emptied, and always unmounted."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MB = 1_000_000


@dataclass(frozen=True)
class SmallDisk:
    """A file system of a few MB."""

    path: Path

    @property
    def free(self) -> int:
        """Bytes that are left."""
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Nobody can write there while the block runs; no file may be open for writing when it begins."""
        remount = ["mount", "-o"]
        subprocess.run([*remount, "remount,ro", str(self.path)], check=True)
        try:
            yield
        finally:
            subprocess.run([*remount, "remount,rw", str(self.path)], check=True)

    @contextmanager
    def filled(self, leaving_mb: float = 0) -> Iterator[None]:
        """Somebody else's file leaves so much while the block runs."""
        filler = self.path / "somebody-elses"
        try:
            with filler.open("wb") as file:
                size = max(self.free - int(leaving_mb * MB), 0)
                os.posix_fallocate(file.fileno(), 0, size // 4096 * 4096)
            yield
        finally:
            filler.unlink()


@contextmanager
def small_disk(path: Path, size_mb: int = 32) -> Iterator[SmallDisk]:
    """Mount one at `path`; it is gone after the block."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=700", "siaga112-test", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"full disks are tested on small ones of our own, which only root can mount: {done}"
    try:
        yield SmallDisk(path)
    finally:
        # Lazily: whoever still holds a file there after a failure must not keep the mount.
        subprocess.run(["umount", "--lazy", str(path)], check=True)
