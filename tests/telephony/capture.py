"""Record what a real Asterisk says of a few stories: `python -m tests.telephony.capture` writes tests/gateway/data/.

For each story one file a mouth: `STORY.ami` (the doorbell, as it comes over the wire), `STORY.queue_log` and
`STORY.cel` (the ledger). The pure tests of call_facts and call_tracker read them.
"""

from __future__ import annotations

import json
import re
import socket
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.sipp import HIDDEN, Citizen, Pickup, citizens, dial
from tests.telephony.line import CHECKOUT, Line, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = CHECKOUT / "tests/gateway/data/transcripts"


@contextmanager
def doorbell(line: Line) -> Iterator[Callable[[], str]]:
    """A second listener on AMI, with the gateway's own event filter."""
    host, _, port = line.environment["SIAGA112_AMI_BIND"].rpartition(":")
    secret = json.loads((line.home / "secrets.json").read_text())["ami"]
    heard = bytearray()
    with socket.create_connection((host, int(port))) as peer:
        peer.sendall(f"Action: Login\r\nUsername: siaga112\r\nSecret: {secret}\r\n\r\n".encode())

        def listen() -> None:
            while data := peer.recv(65536):
                heard.extend(data)

        threading.Thread(target=listen, daemon=True).start()
        eventually(lambda: b"FullyBooted" in heard)
        heard.clear()
        yield heard.decode
        peer.shutdown(socket.SHUT_RDWR)


def answered(line: Line) -> None:
    """Answered by the only taker; the caller hangs up."""
    with line.staffed("201"), citizens(line.sip, Citizen()) as caller:
        caller.finish()


def hidden(line: Line) -> None:
    """A hidden caller; the taker hangs up."""
    hiding = Citizen(from_header=HIDDEN, headers=("Privacy: id",), talk_ms=9000)
    with line.staffed("201", pickup=Pickup(talk_ms=500)), citizens(line.sip, hiding) as caller:
        caller.finish()


def abandoned(line: Line) -> None:
    """The caller gives up while a phone rings."""
    with line.staffed("201", pickup=Pickup(picks_up=False)), citizens(line.sip, Citizen(patience_ms=1000)) as caller:
        caller.finish()


def second_taker(line: Line) -> None:
    """201 and 202 do not pick up, 203 does."""
    silent = Pickup(picks_up=False)
    with (
        line.staffed("201", "202", pickup=silent),
        line.staffed("203"),
        citizens(line.sip, Citizen()) as caller,
    ):
        caller.finish()


def overflow(line: Line) -> None:
    """Nobody at the desk."""
    with citizens(line.sip, Citizen(talk_ms=30_000)) as caller:
        caller.finish()


def sign_in_and_out(line: Line) -> None:
    """204 signs out and in again on the phone."""
    for feature in ("*12", "*11"):
        dial(line.sip, ("204", line.logins["204"]), feature)


STORIES = (answered, hidden, abandoned, second_taker, overflow, sign_in_and_out)


def main() -> None:
    """Play every story on a line of its own and write what was said of it."""
    DATA.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, Line.started(Path(home)) as line:
        line.add_takers(4)
        for story in STORIES:
            journals = {
                "queue_log": line.home / "journals/queue_log",
                "cel": line.home / "journals/cel-custom/cel.json",
            }
            sizes = {name: path.stat().st_size if path.exists() else 0 for name, path in journals.items()}
            with doorbell(line) as heard:
                story(line)
                said = {"ami": _events_only(heard())}
            for name, path in journals.items():
                said[name] = path.read_bytes()[sizes[name] :].decode()
            for name, text in said.items():
                (DATA / f"{story.__name__}.{name}").write_text(text, newline="")
            print(story.__name__, {name: len(text) for name, text in said.items()})


def _events_only(text: str) -> str:
    return "".join(re.findall(r"Event: .*?\r\n\r\n", text, re.DOTALL))


if __name__ == "__main__":
    main()
