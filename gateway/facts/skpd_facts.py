"""What SKPDs' officers say to the line's service number → records of the ledger → facts. Pure.

The script (gateway/agi/scripts/skpd_update.py) writes what it is told into the ledger itself, as CEL user events: it is
kept with the telephone's instant whether the gateway lives or not. A payload has nothing that anybody outside may
choose: our own words, ids and codes from the store, the number of a line that the store has, the time; joined by dots.

    SKPD_UPDATE  v1.<dispatch>.<state>.<line>
                 v1.<dispatch>.note.<line>.<stamp>      a spoken note: HOME/recordings/notes/<dispatch>-<stamp>.wav
    SKPD_PIN     v1.<skpd>.<right|locked>.<line>        the PIN was right, or wrong once too often

`line` is the line's number in E.164 without its `+`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ticketing.dispatch import DISPATCH_ID, SAID_BY_SKPD, DispatchState, Said
from ticketing.skpd import E164, SKPD_CODE

if TYPE_CHECKING:
    from datetime import datetime

_VERSION: Final = "v1"
_LINE: Final = E164.removeprefix(r"\+")
NOTE_STAMP: Final = "[0-9]{8}T[0-9]{12}Z"
_STATES: Final = "|".join(sorted(SAID_BY_SKPD))
_UPDATE: Final = re.compile(
    rf"{_VERSION}\.(?P<dispatch>{DISPATCH_ID})\.(?:(?P<state>{_STATES})\.(?P<line>{_LINE})"
    rf"|note\.(?P<note_line>{_LINE})\.(?P<stamp>{NOTE_STAMP}))"
)
_PIN: Final = re.compile(rf"{_VERSION}\.(?P<skpd>{SKPD_CODE})\.(?P<how>right|locked)\.(?P<line>{_LINE})")
_NOTE: Final = re.compile(rf"voice:(?P<stamp>{NOTE_STAMP})")


@dataclass(frozen=True, slots=True)
class DispatchSaid:
    """What an officer says of a dispatch."""

    dispatch: int
    said: Said


@dataclass(frozen=True, slots=True)
class PinTried:
    """Somebody on a line of an SKPD's had the right PIN, or a wrong one once too often."""

    skpd: str
    line: str
    at: datetime
    right: bool


def encode_update(dispatch: int, state: DispatchState, line: str) -> str:
    """Make an SKPD_UPDATE payload of a state that was said from this line."""
    return f"{_VERSION}.{dispatch}.{state}.{line.removeprefix('+')}"


def encode_note(dispatch: int, stamp: str, line: str) -> str:
    """Make an SKPD_UPDATE payload of a note that was spoken on this line."""
    return f"{_VERSION}.{dispatch}.note.{line.removeprefix('+')}.{stamp}"


def encode_pin(skpd: str, line: str, *, right: bool) -> str:
    """Make an SKPD_PIN payload."""
    return f"{_VERSION}.{skpd}.{'right' if right else 'locked'}.{line.removeprefix('+')}"


def decode_update(payload: str, at: datetime) -> DispatchSaid:
    """Take an SKPD_UPDATE payload; raise ValueError for what is none."""
    match = _UPDATE.fullmatch(payload)
    if match is None:
        raise ValueError(f"nothing that an officer says: {payload[:80]!r}")
    by = f"tel:+{match['line'] or match['note_line']}"
    if match["stamp"]:
        return DispatchSaid(int(match["dispatch"]), Said(at, by, None, voice_note(match["stamp"])))
    return DispatchSaid(int(match["dispatch"]), Said(at, by, DispatchState(match["state"])))


def decode_pin(payload: str, at: datetime) -> PinTried:
    """Take an SKPD_PIN payload; raise ValueError for what is none."""
    match = _PIN.fullmatch(payload)
    if match is None:
        raise ValueError(f"no word of a PIN: {payload[:80]!r}")
    return PinTried(match["skpd"], f"+{match['line']}", at, match["how"] == "right")


def note_stamp(at: datetime) -> str:
    """Give the stamp of a note that begins at this instant (UTC): it tells it from the dispatch's others."""
    return f"{at:%Y%m%dT%H%M%S%f}Z"


def voice_note(stamp: str) -> str:
    """Give the note of an update by which a spoken one is found."""
    return f"voice:{stamp}"


def spoken_stamp(note: str | None) -> str | None:
    """Give the stamp of the spoken note that an update's note names; None when it is written text, or nothing."""
    match = _NOTE.fullmatch(note or "")
    return match["stamp"] if match else None
