"""What the line says: files of sentences by name, and which of them say a ticket's number, category and area."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ticketing.errors import Siaga112Error
from ticketing.model import TICKET_NUMBER

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from ticketing.dispatch import DispatchState

LONGEST_FILE: Final = 65536  # bytes
LONGEST_SENTENCE: Final = 600  # characters

_DIGIT, _CATEGORY, _AREA = "digit-", "category-", "area-"
MOST_KEYS: Final = 8  # 9 and 0 mean something else to a caller who is asked
NO_CATEGORY: Final = f"{_CATEGORY}none"
NO_AREA: Final = f"{_AREA}none"


class PhraseUnreadable(Siaga112Error):
    """A sentence cannot be read, spoken or stored; the message says where and why."""


def sentences(content: bytes, source: str) -> dict[str, str]:
    """The sentences of a file's content by their names; raises PhraseUnreadable with `source` and the wrong line."""
    if len(content) > LONGEST_FILE:
        raise PhraseUnreadable(f"{source}: more than {LONGEST_FILE} bytes")
    found: dict[str, str] = {}
    for number, line in enumerate(content.split(b"\n"), start=1):
        where = f"{source}, line {number}"
        try:
            phrase = parse(line)
        except ValueError as wrong:
            raise PhraseUnreadable(f"{where}: {wrong}") from wrong
        if phrase is None:
            continue
        name, sentence = phrase
        if name in found:
            raise PhraseUnreadable(f"{where}: there is a phrase {name} above")
        found[name] = sentence
    return found


def parse(line: bytes) -> tuple[str, str] | None:
    """Name and sentence of one line, None of an empty one or a comment; raises ValueError."""
    text = line.decode().strip()
    if not text or text.startswith("#"):
        return None
    name, equals, sentence = (part.strip() for part in text.partition("="))
    if not equals:
        raise ValueError("it is not NAME = SENTENCE")
    if not is_name(name):
        raise ValueError(f"a name is 1 to 40 of a-z, 0-9 and -, not {name[:40]!r}")
    if len(sentence) > LONGEST_SENTENCE:
        raise ValueError(f"the sentence has more than {LONGEST_SENTENCE} characters")
    if not sentence.isprintable() or not any(letter.isalnum() for letter in sentence):
        raise ValueError("the sentence has nothing to say, or unprintable characters")
    return name, sentence


def is_name(text: str) -> bool:
    """Whether a phrase may be called so; it is a file's name too."""
    return re.fullmatch(r"[a-z0-9-]{1,40}", text) is not None


def phrase_for_category(code: str | None, known: Container[str]) -> str:
    """The phrase among the `known` ones that says a category; `category-none` where there is none."""
    name = f"{_CATEGORY}{code}"
    return name if code is not None and name in known else NO_CATEGORY


def phrase_for_area(code: str | None, known: Container[str]) -> str:
    """The phrase among the `known` ones that says an area, by its code with dots; `area-none` where there is none."""
    if code is None:
        return NO_AREA
    name = f"{_AREA}{code.replace('.', '-')}"
    return name if name in known else NO_AREA


def askable(districts: Iterable[tuple[str, str]], known: Container[str]) -> tuple[tuple[str, str], ...]:
    """Those parts of a city, given by name and code, that a caller can be asked for by one key each: code and phrase.

    In their order, as many as there are keys; those that no phrase says are left out.
    """
    said = ((code, phrase_for_area(code, known)) for _, code in sorted(districts))
    return tuple(one for one in said if one[1] != NO_AREA)[:MOST_KEYS]


def spoken_digits(number: str) -> tuple[str, ...]:
    """The phrases that say a ticket's number digit by digit: of `112-20261123-0001`, 202611230001.

    The 112 is left out: who hears it knows which line calls. Raises ValueError for what is no ticket's number.
    """
    if not re.fullmatch(TICKET_NUMBER, number):
        raise ValueError(f"{number[:40]!r} is no ticket's number")
    return tuple(f"{_DIGIT}{digit}" for digit in number.removeprefix("112-") if digit != "-")


def phrase_for_state(state: DispatchState) -> str:
    """The phrase that says how a dispatch stands."""
    return f"state-{state.replace('_', '-')}"


def is_digit(name: str) -> bool:
    """Whether the phrase is one of those that say a number, one after the other."""
    return name.startswith(_DIGIT)


def has_substitute(name: str) -> bool:
    """Whether the line can do without this phrase: `…-none` is played in its place."""
    return name.startswith((_CATEGORY, _AREA)) and name not in {NO_CATEGORY, NO_AREA}
