"""Cursors: the place after which the next page begins, as text that nobody has to understand."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from ticketing.errors import BadCursor

_LONGEST: Final = 200
_LARGEST: Final = 2**63 - 1  # a database's integer
_WRITTEN: Final = re.compile(r"(?P<kind>[a-z]):(?P<at>[0-9]{1,19})(?::(?P<name>[a-z0-9.-]{1,64}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in its list: microseconds since 1970, or a text key; then the row's name, if one is needed."""

    at: int
    name: str | None = None


def written(kind: str, place: Place) -> str:
    """Write a cursor for the list of this kind (one letter)."""
    parts = [kind, str(place.at), *([place.name] if place.name else [])]
    return urlsafe_b64encode(":".join(parts).encode()).decode().rstrip("=")


def read(kind: str, cursor: str, *, named: bool) -> Place:
    """Read back a cursor of this kind; raise BadCursor for anything else."""
    match = _WRITTEN.fullmatch(_decoded(cursor))
    if match is None or match["kind"] != kind or (match["name"] is None) is named or int(match["at"]) > _LARGEST:
        raise BadCursor
    return Place(int(match["at"]), match["name"])


def _decoded(cursor: str) -> str:
    if len(cursor) > _LONGEST:
        raise BadCursor
    try:
        return urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError as error:
        raise BadCursor from error
