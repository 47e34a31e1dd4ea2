"""What callers who wait hear: phrases in a row, and how long each question stands. Pure.

A row is a class of music (musiconhold.conf). Behind its last phrase the caller hears the soft sign that the line lives.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ENDS: Final[Mapping[str, str]] = {
    "notice": "waiting",
    "consult-hold": "consult",
    "ask-what": "ask-what",
    "ask-star": "ask-district",
    "ask-place": "ask-place",
}
"""Phrases that are made a second time with that sign behind them, and the folder below HOME/sounds/moh of each."""

BY_KEY: Final = frozenset({"ask-what", "ask-star"})
"""What questions that are answered by a key end with."""

LEAST_S: Final = 40
LEAST_PLACE_S: Final = 20
ANSWERING_S: Final = 15
"""What a caller has for a key, or for saying an address, once everything was said."""


def rows(districts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The phrases of each class, by its name; `districts` are the phrases that say them, in the order of their keys."""
    what = ("ask-what",)
    keys = (phrase for key, said in enumerate(districts, 1) for phrase in (f"press-{key}", said))
    district = ("ask-district", *keys, "ask-star")
    notice = ("notice",)
    return {
        "ask-first": (*notice, *what),
        "ask-what": what,
        "ask-district": district,
        "ask-place": ("ask-place",),
        "wrong-what": ("ask-wrong", *what),
        "wrong-district": ("ask-wrong", *district),
        "silent-what": ("ask-silent", *what),
        "silent-district": ("ask-silent", *district),
        "silent-none": ("ask-silent", *notice),
        **{f"place-{place}": ("place-is", f"digit-{place}", *notice) for place in range(1, 10)},
        "place-many": ("place-many", *notice),
    }


def files(row: Sequence[str]) -> list[str]:
    """What Asterisk plays for a row: files below HOME/sounds, without their ending."""
    return [*row[:-1], f"moh/{ENDS[row[-1]]}/waiting"]


def stands_s(questions: Iterable[Sequence[str]], lasts: Callable[[str], float], least: int) -> int:
    """How long questions stand from their beginning, whole seconds: until the longest was said, and answered.

    `lasts` gives the seconds of a phrase's sound. Never less than `least`.
    """
    longest = max(math.fsum(map(lasts, row)) for row in questions)
    return max(least, math.ceil(longest) + ANSWERING_S)
