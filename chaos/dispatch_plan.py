"""Which dispatches are played, and at which instant of each the gateway is killed: drawn from a seed alone. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

RING_S: Final = 5  # a line that nobody picks up: the shortest that an SKPD may have


class Answer(StrEnum):
    """What the telephone of a line does; the value is the outcome that its leg has to have on the ticket."""

    BUSY = "busy"
    SILENT = "no_answer"
    MACHINE = "not_confirmed"
    ACCEPTS = "accepted"


class Then(StrEnum):
    """What follows once the SKPD is in the conversation."""

    TALK = "they talk on"
    SKPD_LEAVES = "the SKPD leaves"
    HAND_OVER = "the taker hands over"
    PUT_BACK = "the taker hands over, then the SKPD leaves"


class Moment(StrEnum):
    """A part of a dispatch, in its order; the gateway dies within it."""

    ASKED = "before the answer"
    TRIED = "a line is tried"
    RINGS = "a line rings"
    ANNOUNCED = "the announcement"
    ACCEPTED = "the acceptance"
    JOINED = "after joining"
    HANDED_OVER = "the hand-over"
    LEFT = "the SKPD leaves"


@dataclass(frozen=True, slots=True)
class Story:
    """SKPDs, each with what its lines do in their order, and how it goes on."""

    name: str
    skpds: tuple[tuple[Answer, ...], ...]
    then: Then = Then.TALK

    @property
    def is_accepted(self) -> bool:
        """Whether every SKPD comes into the conversation."""
        return all(Answer.ACCEPTS in lines for lines in self.skpds)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The parts that it has."""
        has = {
            Moment.ANNOUNCED: self.is_accepted,
            Moment.ACCEPTED: self.is_accepted,
            Moment.JOINED: self.is_accepted,
            Moment.HANDED_OVER: self.then in {Then.HAND_OVER, Then.PUT_BACK},
            Moment.LEFT: self.then in {Then.SKPD_LEAVES, Then.PUT_BACK},
        }
        return tuple(moment for moment in Moment if has.get(moment, True))


_BUSY, _SILENT, _MACHINE, _ACCEPTS = Answer
STORIES: Final = (
    Story("busy, then accepted", ((_BUSY, _ACCEPTS, _BUSY),)),
    Story("no answer, then accepted", ((_SILENT, _ACCEPTS),)),
    Story("a machine, then accepted", ((_MACHINE, _ACCEPTS),)),
    Story("two SKPDs", ((_BUSY, _ACCEPTS), (_ACCEPTS, _BUSY))),
    Story("accepted, then handed over", ((_BUSY, _ACCEPTS),), Then.HAND_OVER),
    Story("handed over, then the SKPD leaves", ((_ACCEPTS, _BUSY),), Then.PUT_BACK),
    Story("accepted, then the SKPD leaves", ((_BUSY, _BUSY, _ACCEPTS),), Then.SKPD_LEAVES),
    Story("nobody accepts", ((_BUSY, _SILENT),)),
)


@dataclass(frozen=True, slots=True)
class Round:
    """One dispatch, or two at once, and the gateway's death `after_s` into a moment of the last one."""

    count: int  # from 1
    story: Story
    moment: Moment
    after_s: float
    rings_s: float  # until a line that is picked up is picked up
    thinks_s: float  # from there to the key, or to a machine's end
    talks_s: float

    def __str__(self) -> str:
        return f"{self.moment:<18} +{self.after_s:.3f} s  {self.story.name:<34}"

    @property
    def caller(self) -> str:
        """The caller's number, as the carrier shows it: nobody else's in this run."""
        return f"0812{self.count:07}"

    def skpd(self, index: int) -> str:
        """The code of an SKPD of this round: asked for in no other."""
        return f"skpd-{self.count}-{index + 1}"

    def lines(self, index: int) -> tuple[tuple[str, Answer], ...]:
        """Its lines in their order: numbers that no other dispatch may dial."""
        return tuple(
            (f"+62374{self.count:04}{index}{place}", answer) for place, answer in enumerate(self.story.skpds[index])
        )


def draw(seed: int, count: int) -> tuple[Round, ...]:
    """So many rounds: a death in each moment, and each story, once before any comes twice; then at random."""
    chance = random.Random(seed)
    moments = _shuffled(tuple(Moment), chance)
    told: list[Story] = []
    return tuple(_round(number, next(moments), told, chance) for number in range(1, count + 1))


def _shuffled(all_of_them: tuple[Moment, ...], chance: random.Random) -> Iterator[Moment]:
    first = list(all_of_them)
    chance.shuffle(first)
    yield from first
    while True:
        yield chance.choice(all_of_them)


def _round(count: int, moment: Moment, told: list[Story], chance: random.Random) -> Round:
    fitting = [story for story in STORIES if moment in story.moments]
    least = min(told.count(story) for story in fitting)
    story = chance.choice([one for one in fitting if told.count(one) == least])
    told.append(story)
    rings_s, thinks_s, talks_s = (chance.uniform(*span) for span in ((0.3, 2.0), (1.0, 4.0), (1.0, 2.5)))
    lasts = _LASTS_S.get(moment) or _lasts(moment, story, rings_s, thinks_s, talks_s)
    return Round(
        count,
        story,
        moment,
        round(chance.uniform(0, lasts), 3),
        round(rings_s, 2),
        round(thinks_s, 2),
        round(talks_s, 2),
    )


# How long the moments last whose length is the line's own: from the request, from the first INVITE, from the key, …
_LASTS_S: Final = {
    Moment.ASKED: 0.06,
    Moment.TRIED: 0.15,
    Moment.ACCEPTED: 0.6,
    Moment.HANDED_OVER: 0.2,
    Moment.LEFT: 0.5,
}


def _lasts(moment: Moment, story: Story, rings_s: float, thinks_s: float, talks_s: float) -> float:
    if moment is Moment.RINGS:
        ringing = next(answer for answer in story.skpds[-1] if answer is not Answer.BUSY)
        return RING_S if ringing is Answer.SILENT else rings_s
    return thinks_s if moment is Moment.ANNOUNCED else talks_s
