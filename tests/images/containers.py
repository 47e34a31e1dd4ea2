"""The images of docker/ without a container engine: buildah builds them, and starts what docker/compose.yaml says.

buildah's chroot isolation needs root and no daemon. A container so started has the image's files, user and
environment, and this machine's network, as in compose.yaml; it has no namespaces or capabilities of its own to speak
of. What an engine alone does (health checks in time, restarts, the order of starts) is done by the test.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import yaml

from gateway.site.config import CHECKOUT
from gateway.telephony.provide import KEYRING, SUITE
from tests.telephony.line import eventually

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator, Mapping, Sequence

COMPOSE = CHECKOUT / "docker/compose.yaml"
BASE = f"docker.io/library/debian:{SUITE}-slim"
# As Debian's own slim images have it: a package that is installed starts no daemon, waits for no disk, leaves no
# archive behind, and brings no manual.
_SLIM = (
    r"""--customize-hook=printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" """,
    '--customize-hook=chmod 755 "$1/usr/sbin/policy-rc.d"',
    r"""--customize-hook=printf 'APT::Keep-Downloaded-Packages "false";\n' >"$1/etc/apt/apt.conf.d/docker-clean" """,
    "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man")),
)


def compose() -> dict[str, Any]:
    """docker/compose.yaml as an engine reads it, anchors merged."""
    return dict(yaml.safe_load(COMPOSE.read_text()))


@dataclass(frozen=True)
class Buildah:
    """buildah, with images and containers in a folder of their own."""

    folder: Path
    driver: str

    @classmethod
    @contextmanager
    def here(cls) -> Iterator[Buildah]:
        """A storage that goes with the block."""
        assert shutil.which("buildah"), "buildah is not installed: `make test-images` installs it"
        assert os.geteuid() == 0, "buildah builds and runs images as root only"
        folder = Path(tempfile.mkdtemp(prefix="siaga112-images-"))
        try:
            yield cls(folder, _driver(folder))
        finally:
            shutil.rmtree(folder)

    def __call__(self, *words: str) -> str:
        """Run one of its commands to the end; give what it printed."""
        done = subprocess.run(
            self.command(*words), env=self.environment, cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"buildah {' '.join(words)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout.strip()

    def command(self, *words: str) -> list[str]:
        """The whole command line."""
        return ["buildah", "--root", f"{self.folder}/storage", "--runroot", f"{self.folder}/run", *words]

    @property
    def environment(self) -> dict[str, str]:
        """What it is told besides."""
        ours = {"STORAGE_DRIVER": self.driver, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(self.folder)}
        return {**os.environ, **ours}

    def make_base(self) -> None:
        """Make from Debian's archive what a registry gives as debian:forky-slim."""
        tar = self.folder / "base.tar"
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=apt", f"--keyring={KEYRING}"),
                # A frozen mirror's Release file has expired. Signatures are checked all the same.
                '--aptopt=Acquire::Check-Valid-Until "false"',
                *_SLIM,
                *(SUITE, str(tar)),
            ],
            check=True,
        )
        empty = self("from", "scratch")
        self("add", "--quiet", empty, str(tar), "/")
        tar.unlink()
        self("commit", "--quiet", "--rm", empty, BASE)

    def build(self, service: Mapping[str, Any]) -> None:
        """Build a service's image as compose.yaml says."""
        assert (COMPOSE.parent / service["build"]["context"]).resolve() == CHECKOUT
        dockerfile = service["build"]["dockerfile"]
        # With layers, the second image takes what it has in common with the first from there, as an engine does.
        self("bud", "--layers", "--pull-never", *self._pip(), "--file", dockerfile, "--tag", service["image"], ".")

    def _pip(self) -> list[str]:
        """Options that show a build the package index, if any, that this machine's pip is set up for."""
        told = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
        )
        settings: dict[str, str] = {}
        for line in told.stdout.splitlines():
            name, _, value = line.partition("=")
            # Variables, which win, are listed first.
            settings.setdefault(name.rpartition(".")[2], ast.literal_eval(value))
        file = self.folder / "pip.conf"
        mounts = {str(file): "/etc/pip.conf"}

        def inside(word: str) -> str:
            """A file or folder of this machine is mounted where no package of the image has anything."""
            path = Path(word.removeprefix("file://"))
            if not (path.is_absolute() and path.exists()):
                return word
            # An index names its files as ../../files/NAME: what stands beside it belongs to it.
            shown = path.parent if word.startswith("file://") else path
            there = mounts.setdefault(str(shown), f"/pip/{len(mounts)}")
            return word.replace(str(shown), there)

        lines = [f"{name} = {' '.join(map(inside, value.split()))}" for name, value in settings.items()]
        file.write_text("\n".join(["[global]", *lines]))
        return [f"--volume={there}:{here}:ro" for there, here in mounts.items()]


def _driver(folder: Path) -> str:
    """overlay, which copies nothing, unless this file system cannot bear it (another overlay cannot); then vfs."""
    probe = Buildah(folder / "probe", "overlay")
    done = subprocess.run(probe.command("from", "scratch"), env=probe.environment, capture_output=True, check=False)
    return "vfs" if done.returncode else "overlay"


@dataclass
class Containers:
    """The services of compose.yaml, with a folder of this machine as the volume HOME."""

    buildah: Buildah
    site: Path  # what compose.yaml calls docker/siaga112.toml
    home: Path
    services: Mapping[str, Any] = field(default_factory=lambda: compose()["services"])

    def create(self) -> None:
        """Make the containers, and HOME with the owner that an engine gives a new volume: the image's."""
        for name, service in self.services.items():
            self.buildah("from", "--pull-never", "--name", name, service["image"])
        mounted = Path(self.buildah("mount", "asterisk"))
        owner = (mounted / "var/lib/siaga112").stat()
        self.buildah("umount", "asterisk")
        self.home.mkdir(mode=owner.st_mode & 0o777)
        os.chown(self.home, owner.st_uid, owner.st_gid)

    def command(self, name: str, words: Sequence[str] = ()) -> list[str]:
        """What starts a service: these words, or its own command, which is its image's unless compose.yaml has one."""
        service = self.services[name]
        config = json.loads(self.buildah("inspect", "--type", "image", service["image"]))["OCIv1"]["config"]
        options = [f"--volume={self.home}:{target}" for _, target in _pairs(service["volumes"])]
        options += [f"--volume={self.site}:{one['target']}:ro" for one in service.get("configs", ())]
        options += [f"--env={key}={value}" for key, value in service.get("environment", {}).items()]
        options += [f"--cap-drop={one}" for one in service["cap_drop"]]
        return self.buildah.command("run", *options, name, "--", *(words or service.get("command") or config["Cmd"]))

    def run(self, name: str, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run this, or its own command, in a service's container to the end."""
        return subprocess.run(
            self.command(name, words),
            env=self.buildah.environment,
            input=said,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def is_healthy(self, name: str) -> bool:
        """Whether the service's health check, run once, is content."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(name, *words).returncode == 0

    def start(self, name: str) -> Container:
        """Start a service."""
        output = self.buildah.folder / f"{name}.out"
        with output.open("ab") as stream:
            process = subprocess.Popen(
                self.command(name), env=self.buildah.environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
        return Container(process, output)


def _pairs(volumes: Sequence[str]) -> list[tuple[str, str]]:
    return [(source, target) for source, _, target in (volume.partition(":") for volume in volumes)]


@dataclass
class Container:
    """A service at work."""

    process: subprocess.Popen[bytes]
    output: Path

    def printed(self) -> str:
        """What it has said."""
        return self.output.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send its first process a signal, as an engine does; wait for the end."""
        if self.process.poll() is None:
            eventually(self._first).send_signal(number)
        self.process.wait(30)

    def _first(self) -> psutil.Process | None:
        """buildah, two of its helpers, then the service's own."""
        process = psutil.Process(self.process.pid)
        for _ in range(3):
            children = process.children()
            if not children:
                return None
            (process,) = children
        return process


def instructions(dockerfile: Path) -> list[str]:
    """A Dockerfile's instructions: comments and blank lines left out, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", dockerfile.read_text())
    return [line for line in text.splitlines() if line and not line.startswith("#")]
