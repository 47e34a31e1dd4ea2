"""What a caller is asked, and answers by key or by voice: while waiting, and when unable to speak. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime


class Question(StrEnum):
    """What was asked. The first four while the caller waits; the others by a taker, of a caller who cannot speak."""

    INCIDENT = "incident"
    DISTRICT = "district"
    PLACE = "place"  # the address, spoken: the answer is where in the recording it was asked for
    SILENT = "silent"  # nobody asked: the caller said by key that they cannot speak
    DANGER = "danger"
    ATTACKER = "attacker"
    WEAPON = "weapon"
    HURT = "hurt"
    FIRE = "fire"
    HOME = "home"
    POLICE = "police"
    AMBULANCE = "ambulance"
    HIDE = "hide"


INCIDENTS: Final = ("medical", "fire", "crime", "accident", "disaster")
NO_KEY: Final = "none"
YES_NO: Final = ("yes", "no", NO_KEY)
WHILE_WAITING: Final = frozenset({Question.INCIDENT, Question.DISTRICT, Question.PLACE, Question.SILENT})
BY_A_TAKER: Final = tuple(one for one in Question if one not in WHILE_WAITING)

_ANSWERS: Final = {
    Question.INCIDENT: re.compile("|".join(INCIDENTS)),
    Question.DISTRICT: re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,4}"),  # an area's code
    Question.PLACE: re.compile(r"[0-9]{1,8}"),
    Question.SILENT: re.compile("yes"),
}
_YES_OR_NO: Final = re.compile("|".join(YES_NO))


@dataclass(frozen=True, slots=True, order=True)
class CallerAnswer:
    """What a caller answered, and when (UTC, by the telephone). Raises ValueError for what is no answer to it.

    `answer` is one of INCIDENTS, an area's code, milliseconds since the recording began to hear the caller, or one of
    YES_NO.
    """

    at: datetime
    question: Question
    answer: str

    def __post_init__(self) -> None:
        if not _ANSWERS.get(self.question, _YES_OR_NO).fullmatch(self.answer):
            raise ValueError(f"{self.answer[:40]!r} is no answer to {self.question}")


def newest(said: tuple[CallerAnswer, ...], question: Question) -> CallerAnswer | None:
    """Give the last answer to a question: a caller may correct one."""
    return max((one for one in said if one.question is question), default=None)


def joined(some: tuple[CallerAnswer, ...], more: tuple[CallerAnswer, ...]) -> tuple[CallerAnswer, ...]:
    """Give all of these answers, each once, by their time."""
    if not some or not more:
        return some or more
    return tuple(sorted({*some, *more}))
