"""Has what the ledger says understood in a process beside the gateway, one piece ahead of the writer.

Only while there is much to catch up with. Parsing and joining are half of the work, the store is the other: in one
interpreter they wait for each other.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gateway.call_facts import CallArrived, CallerIdentified, CallLocated, Unreadable, is_of_call
from gateway.call_tracker import as_sent, piece_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gateway.call_facts import Fact
    from gateway.journal import Chunk
    from ticketing.model import Call, CallId, JournalPosition


class Lines(NamedTuple):
    """Lines of one journal, and how they are read."""

    records: Callable[[str], tuple[str, ...]]
    parse: Callable[[str], Fact | None]
    chunk: Chunk


class Refused(NamedTuple):
    """What said nothing we could use, and before which place it stood."""

    text: str
    before: JournalPosition
    reason: str


@dataclass(frozen=True, slots=True)
class Understood:
    """What lines say: calls as far as these lines tell of them, and the facts that are no call's, or need more."""

    calls: tuple[Call, ...] = ()
    facts: tuple[Fact, ...] = ()
    refused: tuple[Refused, ...] = ()


def read(lines: Iterable[Lines]) -> tuple[list[Fact], list[Refused]]:
    """Give the facts of these lines, and what is none."""
    refused: list[Refused] = []
    return [fact for one in lines for fact in _facts(one, refused)], refused


def _facts(lines: Lines, refused: list[Refused]) -> Iterator[Fact]:
    chunk = lines.chunk
    if chunk.skipped:
        refused.append(Refused(chunk.skipped, chunk.position, "bytes without the end of a line"))
    for line in chunk.lines:
        for record in lines.records(line):
            try:
                fact = lines.parse(record)
            except (Unreadable, RecursionError) as error:  # garbage may be nested deeper than json can follow
                refused.append(Refused(record, chunk.position, str(error)))
                continue
            if fact is not None:
                yield fact


def understand(lines: Iterable[Lines]) -> Understood:
    """Read them, and join what they say of calls, as far as that asks for nothing that the recorder alone knows."""
    told, refused = read(lines)
    identified = {fact.call for fact in told if isinstance(fact, CallerIdentified)}
    calls: dict[CallId, Call] = {}
    others: list[Fact] = []
    for fact in told:
        # A place may belong to a body that only the recorder has heard.
        asks = isinstance(fact, CallLocated) or (isinstance(fact, CallArrived) and fact.call not in identified)
        if asks or not is_of_call(fact):
            others.append(fact)
            continue
        piece = piece_of(fact, as_sent)
        known = calls.get(piece.id)
        calls[piece.id] = known.learn(piece) if known else piece
    return Understood(tuple(calls.values()), tuple(others), tuple(refused))


@dataclass(slots=True)
class Ahead:
    """The process, from its first question on; blocking, for a thread."""

    _process: subprocess.Popen[bytes] | None = field(default=None)

    def understand(self, lines: Sequence[Lines]) -> Understood:
        """Have it done there, and where that fails, here."""
        try:
            process = self._process = self._process or _start()
            assert process.stdin
            assert process.stdout
            pickle.dump(tuple(lines), process.stdin)
            process.stdin.flush()
            answer = pickle.load(process.stdout)  # noqa: S301 - from our own child
        except (OSError, EOFError, pickle.PickleError, AttributeError):
            # The process has died, or something cannot be sent: it was only to be faster.
            self.close()
            return understand(lines)
        assert isinstance(answer, Understood)
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            with suppress(OSError):  # what was not sent any more
                self._process.communicate()
            self._process = None


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gateway.ledger_worker", str(os.getpid())]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
