"""What a caller answered by key or voice, and what can be asked of one who cannot speak. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.web.pages.texts import TEXTS
from ticketing.asked import BY_A_TAKER, Question, newest

if TYPE_CHECKING:
    from gateway.web.pages.views import When, Words
    from ticketing.asked import CallerAnswer
    from ticketing.model import Call

# For whoever speaks into the question. Where it ends nobody has written down: a city's own question may be a long one.
_BEFORE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, in words; `play` is where it is heard, None for a key."""

    when: When
    question: str
    answer: str
    play: str | None
    corrected: bool  # another answer to the same question came later


@dataclass(frozen=True, slots=True)
class SaidPanel:
    """What was said, in its order; and the questions that may be put now: code and words."""

    said: tuple[Said, ...]
    cannot_speak: bool
    questions: tuple[tuple[str, str], ...]


def said_panel(call: Call, words: Words, *, asks: bool, hears: bool) -> SaidPanel:
    """Arrange it; `asks`: this visitor may ask, `hears`: there is a recording that they may hear."""
    talking = call.answered is not None and call.over_at is None
    return SaidPanel(
        said=tuple(_said(one, call, words, hears=hears) for one in call.said),
        cannot_speak=newest(call.said, Question.SILENT) is not None,
        questions=tuple((one.value, words.t(f"question.{one}")) for one in BY_A_TAKER) if asks and talking else (),
    )


def _said(one: CallerAnswer, call: Call, words: Words, *, hears: bool) -> Said:
    spoken = one.question is Question.PLACE
    return Said(
        when=words.when(one.at),
        question=question_in_words(one.question, words),
        answer=answer_in_words(one.question, one.answer, words),
        play=_piece(call, one) if spoken and hears else None,
        corrected=newest(call.said, one.question) != one,
    )


def _piece(call: Call, one: CallerAnswer) -> str:
    """Where in the recording it begins (Media Fragments URI 1.0, temporal dimension)."""
    begins = max(int(one.answer) / 1000 - _BEFORE_S, 0.0)
    return f"/api/v1/calls/{call.id}/recording#t={begins:.1f}"


def question_in_words(question: object, words: Words) -> str:
    """Give a question in words; a value that is none as it is."""
    key = f"question.{question}"
    return words.t(key) if key in TEXTS else str(question or "—")


def answer_in_words(question: object, answer: object, words: Words) -> str:
    """Give an answer in words; a value that is none as it is."""
    if question == Question.DISTRICT:
        return words.city.areas.name(str(answer)) or "—"
    if question == Question.PLACE:
        seconds = int(answer) // 1000 if isinstance(answer, str) and answer.isdecimal() else 0
        return words.t("said.spoken", at=f"{seconds // 60}:{seconds % 60:02d}")
    key = f"said.{answer}"
    return words.t(key) if key in TEXTS else str(answer or "—")
