"""Where an instance keeps its state: the folders below HOME, and the secrets made on the first run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ticketing.errors import Siaga112Error
from ticketing.model import created

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.site.config import Settings
    from ticketing.model import CallId

# sun_path of a Unix socket holds 108 bytes, the closing NUL included (unix(7)).
_LONGEST_SOCKET_PATH = 107


class HomeUnusable(Siaga112Error):
    """HOME cannot hold an instance; the message says why."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one instance."""

    root: Path
    journals: Path

    @classmethod
    def of(cls, settings: Settings) -> Home:
        """The folders that these settings name; nothing is made yet."""
        return cls(settings.home, settings.journals_dir)

    def must_be_there(self) -> None:
        """Raise HomeUnusable where no line has been started yet."""
        if not self.root.is_dir():
            raise HomeUnusable(f"there is no line in {self.root}: its first start makes it")

    @property
    def etc(self) -> Path:
        """The rendered configuration."""
        return self.root / "asterisk" / "etc"

    @property
    def phones(self) -> Path:
        """The takers' phones, as they were last written for Asterisk."""
        return self.etc / "pjsip_phones.conf"

    @property
    def skpd_numbers(self) -> Path:
        """What takers dial for SKPDs, as it was last written for Asterisk."""
        return self.etc / "extensions_skpd.conf"

    @property
    def state(self) -> Path:
        """Asterisk's own memory: who is signed in."""
        return self.root / "asterisk" / "state"

    @property
    def spool(self) -> Path:
        """Asterisk's spool."""
        return self.root / "asterisk" / "spool"

    @property
    def sounds(self) -> Path:
        """Speech made from the phrases."""
        return self.root / "asterisk" / "sounds"

    @property
    def log(self) -> Path:
        """Logs of every process."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """Control socket and lock."""
        return self.root / "run"

    @property
    def phones_read(self) -> Path:
        """Which content of `phones` Asterisk has read: its SHA-256 in hexadecimal."""
        return self.run / "phones-read"

    @property
    def skpd_numbers_read(self) -> Path:
        """Which content of `skpd_numbers` Asterisk has read: its SHA-256 in hexadecimal."""
        return self.run / "skpd-numbers-read"

    @property
    def control_socket(self) -> Path:
        """Asterisk's control socket."""
        return self.run / "asterisk.ctl"

    @property
    def recordings(self) -> Path:
        """Audio of every call, by day."""
        return self.root / "recordings"

    @property
    def notes(self) -> Path:
        """What officers of SKPDs have spoken on dispatches."""
        return self.recordings / "notes"

    @property
    def skpds(self) -> Path:
        """What the script of the service number knows of SKPDs (gateway/agi/skpd_snapshot.py)."""
        return self.root / "skpds.json"

    @property
    def areas(self) -> Path:
        """The city's own table of its areas, where it has one and no setting names another (gateway/places/areas)."""
        return self.root / "areas.csv"

    @property
    def boundaries(self) -> Path:
        """The boundaries of the city's areas, once they were imported (gateway/places/areas)."""
        return self.root / "boundaries.geojson"

    @property
    def nuisance(self) -> Path:
        """What the caller-ID script knows of marked numbers (gateway/agi/nuisance_snapshot.py)."""
        return self.root / "nuisance.json"

    @property
    def queue_log(self) -> Path:
        """The ledger's half written by app_queue."""
        return self.journals / "queue_log"

    @property
    def cel(self) -> Path:
        """The ledger's half written by cel_custom."""
        return self.journals / "cel-custom" / "cel.json"

    @property
    def unreadable(self) -> Path:
        """Copies of the ledger's pieces that nobody could read."""
        return self.log / "unreadable.jsonl"

    @property
    def cells(self) -> Path:
        """The carriers' antennas, once they were imported (gateway/places/cells)."""
        return self.root / "cells.csv"

    def recording(self, call: CallId) -> Path:
        """Where the dialplan has this call recorded (extensions.conf, [line112])."""
        return self.recordings / f"{created(call).at:%Y/%m/%d}" / f"{call}.wav"

    def return_recording(self, call: CallId, return_call: int) -> Path:
        """Where the dialplan has a return call of this call recorded ([return-call]): beside the call itself."""
        return self.recordings / f"{created(call).at:%Y/%m/%d}" / f"{call}-back-{return_call}.wav"

    def note(self, dispatch: int, stamp: str) -> Path:
        """Where a spoken note on a dispatch is (gateway/facts/skpd_facts.py)."""
        return self.notes / f"{dispatch}-{stamp}.wav"

    def make(self) -> None:
        """Make every folder, readable by this user alone; raise HomeUnusable."""
        if len(os.fsencode(self.control_socket)) > _LONGEST_SOCKET_PATH:
            raise HomeUnusable(f"SIAGA112_HOME is too long a path for a control socket: {self.root}")
        folders = [
            self.root,
            self.etc.parent,  # `parents` below makes folders that others may look into
            self.etc,
            self.state,
            self.state / "agi-bin",
            self.spool,
            self.sounds,
            self.log,
            self.run,
            self.recordings,
            self.notes,
            self.journals,
            # Without this folder every CEL record is lost in silence.
            self.cel.parent,
        ]
        try:
            for folder in folders:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeUnusable(f"cannot make {error.filename}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the parts of one instance show each other. Generated, never shipped."""

    ami: str = field(repr=False)
    test_call: str = field(repr=False)  # by which the line calls itself

    @property
    def mirror(self) -> str:
        """What mirrored SIP messages are marked with (hep.conf). Whoever reads it there cannot log in with it."""
        return hashlib.sha256(f"mirror {self.ami}".encode()).hexdigest()[:40]


def generated_secret() -> str:
    """160 bits, in letters that mean nothing to any configuration file."""
    return secrets.token_hex(20)


def load_secrets(home: Home) -> Secrets:
    """Read HOME's secrets, or make them (0600) on the first run; raise HomeUnusable."""
    file = home.root / "secrets.json"
    try:
        kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"ami": generated_secret()}
        if "ami" in kept and "test_call" not in kept:
            # The first run, or the first one of a version that places test calls.
            kept = {**kept, "test_call": generated_secret()}
            sound = _sound(Secrets(**kept))
            write_private(file, json.dumps(asdict(sound)))
        return _sound(Secrets(**kept))
    except (OSError, ValueError, TypeError) as error:
        raise HomeUnusable(f"cannot read or make {file}: {error}") from error


def _sound(kept: Secrets) -> Secrets:
    # They go into Asterisk's configuration as they are.
    for secret in (kept.ami, kept.test_call):
        if not re.fullmatch("[0-9A-Za-z]{20,200}", secret):
            raise ValueError("a secret is not 20 to 200 letters and digits")
    return kept


def write_private(file: Path, text: str) -> None:
    """Give `file` this content in one step, for this user alone, safe from a power failure; raise OSError."""
    partial = file.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)
