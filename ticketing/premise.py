"""Premise notes: what whoever goes there has to know (a dangerous dog, a gate's code), kept by supervisors for a time.

A note belongs to a caller's number, or to an address in an area. It is kept as its versions, of which none is ever
changed or taken away: the last one is the note, all of them are its history.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ticketing.errors import ExpiryRefused, PremiseNoteWithdrawn, StalePremiseNote
from ticketing.model import well_formed
from ticketing.skpd import E164

if TYPE_CHECKING:
    from datetime import date, datetime

PREMISE_NOTE_ID: Final = "[1-9][0-9]{0,17}"
AREA_CODE: Final = r"[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?"
"""Kemendagri's code with its dots: province, kabupaten or kota, kecamatan, kelurahan."""

LONGEST_NOTE: Final = 1_000
LONGEST_ADDRESS: Final = 200
USUAL_TERM: Final = timedelta(days=365)
# A note that nobody looks at for two years is not to be relied upon: dogs die, and codes are changed.
LONGEST_TERM: Final = timedelta(days=731)


class PremiseKind(StrEnum):
    """What a note is about, in the order in which it is read out."""

    HAZARD = "hazard"
    MEDICAL = "medical"
    ACCESS = "access"  # gate codes: for nobody but those who go there
    OTHER = "other"


KINDS_IN_ORDER: Final = tuple(PremiseKind)


class PremiseState(StrEnum):
    """How a note stands on a day."""

    IN_FORCE = "in_force"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class PremiseAct(StrEnum):
    """What somebody did that made a version."""

    WRITTEN = "written"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Premises:
    """What a note is about: a caller's number (E.164), or an address in an area.

    Raises ValueError for both, for neither, and for what is no number, no area's code or no address.
    """

    number: str | None = None
    area: str | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.number is not None:
            if self.area is not None or self.address is not None:
                raise ValueError("a note is about a number, or about an address in an area: not both")
            if not re.fullmatch(E164, self.number, re.ASCII):
                raise ValueError(f"{self.number[:40]!r} is no number in E.164")
            return
        if self.area is None or self.address is None:
            raise ValueError("a note is about a number, or about an area and an address in it")
        if not re.fullmatch(AREA_CODE, self.area, re.ASCII):
            raise ValueError(f"{self.area[:40]!r} is no area's code")
        object.__setattr__(self, "address", _written("address", self.address, LONGEST_ADDRESS))


@dataclass(frozen=True, slots=True)
class PremiseNote:
    """One version of a note. `expires_on` is the last day of the city on which it holds.

    Raises ValueError for a text that is empty or longer than LONGEST_NOTE, and a reason longer than that.
    """

    premises: Premises
    kind: PremiseKind
    text: str
    expires_on: date
    written_at: datetime
    written_by: str
    changed_at: datetime  # when this version was made; of the first: when the note was written
    changed_by: str
    version: int = 1
    withdrawn: bool = False
    reason: str | None = None  # why it was withdrawn
    id: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _written("text", self.text, LONGEST_NOTE))
        if self.reason is not None:
            object.__setattr__(self, "reason", _written("reason", self.reason, LONGEST_NOTE))

    @property
    def act(self) -> PremiseAct:
        """What made this version."""
        if self.withdrawn:
            return PremiseAct.WITHDRAWN
        return PremiseAct.WRITTEN if self.version == 1 else PremiseAct.CHANGED

    def state(self, day: date) -> PremiseState:
        """How it stands on this day of the city."""
        if self.withdrawn:
            return PremiseState.WITHDRAWN
        return PremiseState.EXPIRED if self.expires_on < day else PremiseState.IN_FORCE


@dataclass(frozen=True, slots=True)
class PremiseChanges:
    """What is to be changed of a note; None: as it is. An `address` only where there is one."""

    kind: PremiseKind | None = None
    text: str | None = None
    address: str | None = None
    expires_on: date | None = None


def changed(note: PremiseNote, changes: PremiseChanges, *, by: str, at: datetime, day: date) -> PremiseNote:
    """The next version; the same one where nothing is new.

    Raises PremiseNoteWithdrawn, ExpiryRefused; ValueError for what is no note, and for an address beside a number.
    """
    if note.withdrawn:
        raise PremiseNoteWithdrawn(note.id)
    if changes.expires_on is not None and changes.expires_on != note.expires_on:
        in_term(changes.expires_on, day)
    after = replace(
        note,
        premises=replace(note.premises, address=changes.address) if changes.address is not None else note.premises,
        kind=changes.kind or note.kind,
        text=note.text if changes.text is None else changes.text,
        expires_on=changes.expires_on or note.expires_on,
    )
    if after == note:
        return note
    return replace(after, changed_at=at, changed_by=by, version=note.version + 1)


def withdrawn(note: PremiseNote, reason: str | None, *, by: str, at: datetime) -> PremiseNote:
    """The version that ends it; raise PremiseNoteWithdrawn for one that is ended."""
    if note.withdrawn:
        raise PremiseNoteWithdrawn(note.id)
    return replace(note, withdrawn=True, reason=reason, changed_at=at, changed_by=by, version=note.version + 1)


def seen(note: PremiseNote, version: int | None) -> PremiseNote:
    """The note, when this is the version that was looked at (None: whichever); raise StalePremiseNote."""
    if version is not None and version != note.version:
        raise StalePremiseNote(note.id, version, note.version)
    return note


def in_term(expires_on: date, day: date) -> date:
    """The day, when a note may be given it on `day`: not past, not beyond LONGEST_TERM; raise ExpiryRefused."""
    if not day <= expires_on <= day + LONGEST_TERM:
        raise ExpiryRefused(expires_on, day, day + LONGEST_TERM)
    return expires_on


def containing(area: str) -> tuple[str, ...]:
    """The codes of an area and of all that contain it, from the widest on: `52`, `52.72`, `52.72.01`."""
    parts = area.split(".")
    return tuple(".".join(parts[: count + 1]) for count in range(len(parts)))


def _written(what: str, text: str, longest: int) -> str:
    kept = well_formed(text).strip()
    if not kept:
        raise ValueError(f"the {what} is empty")
    if len(kept) > longest:
        raise ValueError(f"the {what} is longer than {longest} characters")
    return kept
