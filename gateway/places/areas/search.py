"""Finding an area by what somebody typed, or half heard. Pure.

Names are compared without case, blanks, apostrophes and other marks (Penanae and PenanaE, Oi Fo'o and OI FO O), under
every spelling that the table has of them (Ule and Ole); one typing error is forgiven: a letter too many, too few or
another one, or two in each other's place.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.places.areas.table import Area, AreaTable

MOST_FOUND: Final = 10
# Of fewer letters too much begins, once one of them may be wrong.
_SHORTEST_WITH_ERROR: Final = 4
_SHORTEST_INSIDE: Final = 3
# What people put before a name, and tables do not.
_KINDS: Final = frozenset({"kel", "kelurahan", "desa", "kec", "kecamatan"})
_WORD: Final = re.compile(r"[^\W_]+")


class Closeness(StrEnum):
    """How near a name is to what was typed, the nearest first: the order of results."""

    EXACT = "exact"
    BEGINS = "begins"  # the name begins so
    NEAR = "near"  # but for one typing error it is the name
    WORD = "word"  # another word of the name begins so
    BEGINS_NEAR = "begins_near"  # but for one typing error the name begins so
    INSIDE = "inside"  # it stands somewhere in the name
    PARENT = "parent"  # what the area is a part of is called so


_ORDER: Final = {closeness: place for place, closeness in enumerate(Closeness)}


@dataclass(frozen=True, slots=True)
class Found:
    """An area, and how near its name is to what was typed. As near as each other: the text does not tell them apart."""

    area: Area
    closeness: Closeness


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A spelling of a name, squeezed: whole, from each later word on, and with what the area is a part of behind."""

    whole: str
    later_words: tuple[str, ...]
    with_parent: str


@dataclass(frozen=True, slots=True)
class _Entry:
    area: Area
    spelled: tuple[_Spelled, ...]
    parents: tuple[str, ...]


def search(table: AreaTable, text: str, limit: int = MOST_FOUND) -> tuple[Found, ...]:
    """The areas that `text` may mean, the nearest first; none for a text without a letter.

    Names equally near: the shorter first, then by the alphabet. `text` may say the kecamatan behind the name.
    """
    typed = _typed(text)
    if not typed:
        return ()
    near = ((closeness, entry.area) for entry in _index(table) if (closeness := _closeness(typed, entry)))
    best = sorted(near, key=lambda one: (_ORDER[one[0]], len(one[1].name), one[1].name, one[1].code))
    return tuple(Found(area, closeness) for closeness, area in best[:limit])


def squeezed(text: str) -> str:
    """Letters and digits alone, in one case and without accents: `oifoo` for Oi Fo'o."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _typed(text: str) -> str:
    words = _WORD.findall(text)
    kind, rest = (words[0].casefold(), words[1:]) if words else ("", [])
    return squeezed("".join(rest) if kind in _KINDS and rest else text)


@lru_cache(maxsize=4)
def _index(table: AreaTable) -> tuple[_Entry, ...]:
    return tuple(_entry(table, area) for area in table.by_code.values())


def _entry(table: AreaTable, area: Area) -> _Entry:
    parent = table.parent(area)
    parents = tuple(map(squeezed, (parent.name, *parent.also))) if parent else ()
    return _Entry(area, tuple(_spelled(name, "".join(parents[:1])) for name in (area.name, *area.also)), parents)


def _spelled(name: str, parent: str) -> _Spelled:
    words = [squeezed(word) for word in name.split()]
    later = tuple("".join(words[place:]) for place in range(1, len(words)))
    return _Spelled(squeezed(name), later, squeezed(name) + parent)


def _closeness(typed: str, entry: _Entry) -> Closeness | None:
    of_names = (closeness for one in entry.spelled if (closeness := _to_name(typed, one)))
    best = min(of_names, key=_ORDER.__getitem__, default=None)
    if best is None and any(_is_or_begins(typed, parent) for parent in entry.parents):
        return Closeness.PARENT
    return best


def _is_or_begins(typed: str, name: str) -> bool:
    return name.startswith(typed) or one_error_apart(typed, name)


def _to_name(typed: str, name: _Spelled) -> Closeness | None:  # noqa: PLR0911 - one way out for each closeness
    if typed in {name.whole, name.with_parent}:
        return Closeness.EXACT
    if name.with_parent.startswith(typed):
        return Closeness.BEGINS
    if one_error_apart(typed, name.whole) or one_error_apart(typed, name.with_parent):
        return Closeness.NEAR
    if any(later.startswith(typed) for later in name.later_words):
        return Closeness.WORD
    if len(typed) >= _SHORTEST_WITH_ERROR and begins_one_error_apart(typed, name.with_parent):
        return Closeness.BEGINS_NEAR
    if len(typed) >= _SHORTEST_INSIDE and typed in name.whole:
        return Closeness.INSIDE
    return None


def one_error_apart(typed: str, name: str) -> bool:
    """Whether one typing error makes `typed` of `name`, and not none (optimal string alignment distance 1)."""
    if abs(len(typed) - len(name)) > 1:
        return False
    rest, other = _from_first_difference(typed, name)
    if not rest or not other:
        return len(rest) + len(other) == 1
    swapped = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]


def begins_one_error_apart(typed: str, name: str) -> bool:
    """Whether at most one typing error makes `typed` of how `name` begins."""
    rest, other = _from_first_difference(typed, name)
    if len(rest) <= 1:
        # All but the last letter is as it should be.
        return True
    swapped = rest[:2] == other[1::-1] and other[2:].startswith(rest[2:])
    return swapped or other[1:].startswith((rest, rest[1:])) or other.startswith(rest[1:])


def _from_first_difference(one: str, other: str) -> tuple[str, str]:
    """What is left of both behind the letters with which both begin."""
    both = zip(one, other, strict=False)
    same = next((place for place, (here, there) in enumerate(both) if here != there), min(len(one), len(other)))
    return one[same:], other[same:]
