"""The demo as somebody at a terminal has it: its process, and the console that it opens."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from bench.sipp import free_address
from tests.telephony.line import CHECKOUT, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SIGN_IN = re.compile(r"sign in at\s+(\S+)/ as (\S+), password (\S+)")


def environment(**more: str) -> dict[str, str]:
    """Ports of its own, and nothing of this shell's."""
    sip, http_bind, ami, agi = (free_address() for _ in range(4))
    rtp = 20000 + sip.port % 300 * 100
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SIAGA112_")},
        "SIAGA112_SIP_BIND": str(sip),
        "SIAGA112_HTTP_BIND": str(http_bind),
        "SIAGA112_AMI_BIND": str(ami),
        "SIAGA112_AGI_BIND": str(agi),
        "SIAGA112_RTP_PORTS": f"{rtp}-{rtp + 999}",
        **more,
    }


@dataclass
class Playing:
    """A running demo."""

    process: subprocess.Popen[str]
    printed: list[str] = field(default_factory=list)

    def _read(self) -> None:
        assert self.process.stdout
        self.printed.extend(self.process.stdout)

    @classmethod
    @contextmanager
    def started(cls, *words: str, **more: str) -> Iterator[Playing]:
        """A demo with these arguments; stopped with the block."""
        process = subprocess.Popen(
            [sys.executable, "-m", "demo", *words],
            cwd=CHECKOUT,
            env=environment(**more),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        one = cls(process)
        reader = threading.Thread(target=one._read, daemon=True)
        reader.start()
        try:
            yield one
        finally:
            one.stop()
            reader.join(10)
            assert process.stdout
            process.stdout.close()

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; give its exit status."""
        self.process.send_signal(how)
        return self.process.wait(30)

    def said(self, words: str) -> str | None:
        """The last line that has these words."""
        return next((text for text in reversed(self.printed) if words in text), None)

    def sign_in(self, within_s: float = 120) -> tuple[str, str, str]:
        """Wait until it says how to sign in: address, name, password."""

        def look() -> re.Match[str] | None:
            assert self.process.poll() is None, "".join(self.printed)
            return _SIGN_IN.search(self.said("sign in at") or "")

        address, name, password = eventually(look, within_s=within_s).groups()
        return address, name, password

    def processes(self) -> Sequence[psutil.Process]:
        """Everything that it has started, and itself."""
        itself = psutil.Process(self.process.pid)
        return [itself, *itself.children(recursive=True)]

    def phones(self) -> Sequence[psutil.Process]:
        """The SIPp processes that are the takers' phones: those that answer whatever comes in between (-aa)."""
        return [one for one in self.processes() if "-aa" in words_of(one)]

    def visitor(self) -> Visitor:
        """Somebody who signs in at the console with what was printed."""
        return Visitor(*self.sign_in())


class Visitor:
    """Reads the API with the cookie of a session."""

    def __init__(self, address: str, name: str, password: str) -> None:
        self._api = f"{address}/api/v1"
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        body = json.dumps({"name": name, "password": password}).encode()
        request = urllib.request.Request(  # noqa: S310 - http, our own
            f"{self._api}/session", body, {"Content-Type": "application/json"}
        )
        self._opener.open(request, timeout=10).close()

    def list(self, what: str, query: str = "?limit=200") -> list[dict[str, Any]]:
        """The newest page of tickets or calls; without a query, all of what has no pages."""
        with self._opener.open(f"{self._api}/{what}{query}", timeout=10) as answer:
            return list(json.load(answer)["items"])


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; none when it has just ended."""
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def alive(processes: Sequence[psutil.Process]) -> list[str]:
    """Those that still run (one that has ended, and that nobody has asked about, has no words), for a failure."""
    return [str(one) for one in processes if one.is_running() and words_of(one)]
