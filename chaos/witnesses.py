"""The truth of a run: what SIPp noted at both ends of each call, and what Asterisk wrote into its ledger.

Read here by a reader of its own. Nothing of the gateway's is asked, so that a mistake there cannot hide itself.
"""

from __future__ import annotations

import base64
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# Both forms of a caller's number, as sent and as normalised, without what they differ in.
_NUMBER: Final = re.compile(r"(?:\+62|\b0)(812\d{4,})")
_NOTED: Final = re.compile(
    r"^(?P<step>[a-z_]+);(?P<number>[^;\n]*)(?:;tag=[^;\n]*)?;[^;\n]*\t(?P<at>\d+\.\d+)$", re.MULTILINE
)
_CONNECT: Final = re.compile(r"(\d{10})\|([a-z0-9]+-\d+\.\d+)\|112\|PJSIP/\d+\|CONNECT\|\d+\|([a-z0-9]+-\d+\.\d+)\|")
_STAMP: Final = re.compile(r"(\d{10})\.(\d{6})")
_ENTRY: Final = re.compile(r"\d{10}\|([a-z0-9]+-\d{10}\.\d+|NONE|REALTIME|MANAGER)(\|[^|]*){2}\|[A-Z]+(\|[^|]*)*")
_BEGINS: Final = re.compile(r"\d{10}\|[a-z0-9]+-")
_LONG: Final = 64 * 1024  # of what has no end, so much at a time is stepped over
_RECORD: Final = '{"eventtype":'


def key_of(number: str) -> str | None:
    """What identifies a citizen of the crowd, from any form of the number; None for anybody else."""
    found = _NUMBER.search(number)
    return found[1] if found else None


# ---- SIPp ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """A call as SIPp saw it; instants in epoch seconds."""

    number: str
    steps: dict[str, float] = field(default_factory=dict)  # of the citizen; the first of each
    taken: float | None = None  # when a taker's phone had the acknowledgement of its answer

    @property
    def invited(self) -> float:
        """The INVITE."""
        return self.steps["invites"]

    @property
    def answered(self) -> float | None:
        """The 200 at the citizen."""
        return self.steps.get("answered")

    @property
    def given_to_a_taker(self) -> bool:
        """Whether both ends say that they talked."""
        return self.answered is not None and self.taken is not None

    @property
    def ended(self) -> float | None:
        """When it was over, or given up; None for one that went astray."""
        return next((self.steps[step] for step in ("over", "cut", "refused") if step in self.steps), None)

    @property
    def wanted_to_go(self) -> float | None:
        """When the citizen hung up."""
        return next((self.steps[step] for step in ("hangs_up", "gives_up") if step in self.steps), None)


def seen(citizens: Iterable[Path], phones: Iterable[Path]) -> dict[str, Seen]:
    """Every call that was made, by the citizen's key."""
    calls: dict[str, Seen] = {}
    for step, key, at in _noted(citizens):
        calls.setdefault(key, Seen(key)).steps.setdefault(step, at)
    for _, key, at in _noted(phones):
        if key in calls and calls[key].taken is None:
            calls[key].taken = at
    return {key: call for key, call in calls.items() if "invites" in call.steps}


def _noted(files: Iterable[Path]) -> Iterator[tuple[str, str, float]]:
    for file in files:
        if file.exists():
            for noted in _NOTED.finditer(file.read_text(errors="replace")):
                if key := key_of(noted["number"]):
                    yield noted["step"], key, float(noted["at"])


# ---- Asterisk --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Written:
    """A call as Asterisk wrote it down; instants in microseconds of the epoch."""

    call: str
    key: str | None = None  # the citizen's
    connects: list[tuple[int, str]] = field(default_factory=list)  # epoch seconds, taker's channel
    answers: dict[str, int] = field(default_factory=dict)  # channel → its ANSWER
    joined: dict[str, int] = field(default_factory=dict)  # channel → its BRIDGE_ENTER
    ended: int | None = None

    @property
    def takers(self) -> set[str]:
        """The takers' channels that the caller was given to: said by queue_log, or by both entering a bridge."""
        bridged = {channel for channel in self.joined if channel != self.call} if self.call in self.joined else set()
        return {channel for _, channel in self.connects} | bridged

    @property
    def answered(self) -> int | None:
        """The first such taker's ANSWER, to the microsecond; None where CEL has lost it."""
        return min((self.answers[channel] for channel in self.takers if channel in self.answers), default=None)

    @property
    def answered_second(self) -> int | None:
        """The second in which queue_log saw it answered."""
        return min((at for at, _ in self.connects), default=None)


@dataclass(slots=True)
class WrittenLeg:
    """One attempt at one line of an SKPD; `at`: dialled, answered, accepted, ended, the first of each."""

    at: dict[str, int] = field(default_factory=dict)
    hung_up: int | None = None  # Q.850, of a line that was picked up
    cause: int | None = None  # Q.850, of one that was not
    sip: int | None = None


@dataclass(slots=True)
class WrittenDispatch:
    """A dispatch as the dialplan wrote it down; `at`: joined, left, over, the first of each."""

    at: dict[str, int] = field(default_factory=dict)
    legs: dict[tuple[int, str], WrittenLeg] = field(default_factory=dict)  # by line's place and trunk


@dataclass(slots=True)
class Ledger:
    """All of it, rotated files included."""

    calls: dict[str, Written] = field(default_factory=dict)
    dispatches: dict[str, WrittenDispatch] = field(default_factory=dict)  # by their ids
    unreadable_pieces: int = 0  # at most: of lines with something else than records in them

    def of(self) -> dict[str, list[Written]]:
        """Citizen's key → the calls with that number."""
        by_key: dict[str, list[Written]] = defaultdict(list)
        for call in self.calls.values():
            if call.key:
                by_key[call.key].append(call)
        return by_key


def written(journals: Path) -> Ledger:
    """Read the whole ledger."""
    ledger = Ledger()
    for file in sorted((journals / "cel-custom").glob("cel.json*")):
        for line in _lines(file):
            records = list(_records(line))
            if len(records) != 1 or json.dumps(records[0], separators=(",", ":")) != line:
                ledger.unreadable_pieces += _pieces_at_most(line, _RECORD)
            for record in records:
                _take(ledger, record)
    for file in sorted(journals.glob("queue_log*")):
        for line in _lines(file):
            if not _ENTRY.fullmatch(line) or len(_BEGINS.findall(line)) > 1:
                ledger.unreadable_pieces += _pieces_at_most(line, "|112|")
            for at, call, channel in _CONNECT.findall(line):
                ledger.calls.setdefault(call, Written(call)).connects.append((int(at), channel))
    return ledger


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_bytes().decode("utf-8", "replace").split("\n") if line]


def _pieces_at_most(line: str, mark: str) -> int:
    """Into how many unreadable pieces a reader may take such a line apart."""
    return 1 + line.count(mark) + len(line.encode()) // _LONG


def _records(line: str) -> Iterator[dict[str, Any]]:
    """The whole records in a line: one, or what a torn one left room for."""
    decoder, at = json.JSONDecoder(), line.find(_RECORD)
    while at >= 0:
        try:
            record, end = decoder.raw_decode(line, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield record
        at = line.find(_RECORD, end)


def _take(ledger: Ledger, record: dict[str, Any]) -> None:
    stamp = _STAMP.fullmatch(str(record.get("eventtime")))
    if stamp is None:
        ledger.unreadable_pieces += 1
        return
    call, channel, at = str(record.get("linkedid")), str(record.get("uniqueid")), int(stamp[1] + stamp[2])
    known = ledger.calls.setdefault(call, Written(call))
    match record.get("eventenum"):
        case "USER_DEFINED" if record.get("userdeftype") == "ARRIVED":
            known.key = _arrived(str(record.get("eventextra")))
        case "USER_DEFINED" if record.get("userdeftype") == "DISPATCH":
            _step(ledger, _words(str(record.get("eventextra"))), at)
        case "ANSWER":
            known.answers.setdefault(channel, at)
        case "BRIDGE_ENTER":
            known.joined.setdefault(channel, at)
        case "HANGUP" if channel == call:
            known.ended = at


def _arrived(extra: str) -> str | None:
    """The citizen's key from the From header (extensions.conf: v1.trunk.number.name.From…, base64)."""
    parts = _words(extra)
    return key_of(base64.b64decode(parts[4]).decode(errors="replace")) if len(parts) > 4 else None


def _words(extra: str) -> list[str]:
    return str(json.loads(extra).get("extra")).split(".")


def _step(ledger: Ledger, words: list[str], at: int) -> None:
    """Take a step of a dispatch: v1, its id, the step; of a leg's, its line and trunk, and what ended it."""
    _, dispatch, step, *more = words
    known = ledger.dispatches.setdefault(dispatch, WrittenDispatch())
    if not more:
        known.at[step] = min(at, known.at.get(step, at))
        return
    leg = known.legs.setdefault((int(more[0]), more[1]), WrittenLeg())
    if step == "ended":
        leg.hung_up = int(more[2] or 0) or None
    elif step == "tried":
        step, leg.cause, leg.sip = "ended", int(more[4] or 0) or None, int(more[5] or 0) or None
    leg.at[step] = min(at, leg.at.get(step, at))
