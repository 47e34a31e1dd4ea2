"""The timeline in plain words: an entry as one sentence. Pure; an entry of a kind unknown here keeps its name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.facts.skpd_facts import spoken_stamp
from gateway.web.door.city import limit
from gateway.web.pages.said_views import answer_in_words, question_in_words
from gateway.web.pages.texts import TEXTS
from gateway.web.pages.views import When, causes, grouped, lasted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.web.pages.views import Words
    from ticketing.timeline import Entry, Json

# A correction of the telephone's own clock: part of the record, of little use to its reader.
_MINOR: Final = frozenset({"arrival_time_settled", "answer_time_settled", "end_settled"})
_WITH_CAUSES: Final = frozenset({"dispatch_line_ended", "return_call_tried"})
_GRAVE: Final = frozenset({"sla_breached", "call_overflowed", "call_interrupted", "dispatch_failed"})

_FIELDS: Final = {
    "reporter_name": "ticket.reporter",
    "call_type": "ticket.call_type",
    "category": "ticket.category",
    "severity": "ticket.severity",
    "description": "ticket.description",
    "verbatim": "ticket.verbatim",
    "area_code": "ticket.area",
    "landmark": "ticket.landmark",
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry for its reader; `after` is the time since the answer, None before it."""

    type: str
    when: When
    after: str | None
    text: str
    by: str | None
    details: tuple[str, ...]
    minor: bool
    grave: bool


def timeline_lines(
    entries: Sequence[Entry], answered_at: datetime, words: Words, skpds: Mapping[str, str] = MappingProxyType({})
) -> tuple[Line, ...]:
    """The timeline, in its order; `skpds` are the names of SKPDs by their codes."""
    whose, told = _dispatched(entries), _notes_told(entries)

    def about(entry: Entry) -> dict[str, str]:
        spoken = told.get(_note_of(entry))
        return {"skpd": _skpd(entry, whose, skpds), "spoken": words.when(spoken).time if spoken else "—"}

    return tuple(_line(entry, answered_at, words, about(entry)) for entry in entries)


def _dispatched(entries: Iterable[Entry]) -> dict[str, str]:
    """Whose each dispatch is: what tells of a line says only which dispatch it belongs to."""
    pairs = ((entry.body.get("dispatch"), entry.body.get("skpd")) for entry in entries)
    return {dispatch: skpd for dispatch, skpd in pairs if isinstance(dispatch, str) and isinstance(skpd, str)}


def _notes_told(entries: Iterable[Entry]) -> dict[tuple[str, str], datetime]:
    """When each note on a dispatch was told: who plays one is on record with its name alone."""
    return {_note_of(entry): entry.at for entry in entries if entry.type == "dispatch_updated"}


def _note_of(entry: Entry) -> tuple[str, str]:
    return str(entry.body.get("dispatch")), str(entry.body.get("note"))


def _skpd(entry: Entry, whose: Mapping[str, str], names: Mapping[str, str]) -> str:
    code = str(entry.body.get("skpd") or whose.get(str(entry.body.get("dispatch"))) or "—")
    return names.get(code, code)


def _line(entry: Entry, answered_at: datetime, words: Words, about: Mapping[str, str]) -> Line:
    by = entry.body.get("by")
    return Line(
        type=entry.type,
        when=words.when(entry.at),
        after=f"+{lasted(entry.at - answered_at)}" if entry.at >= answered_at else None,
        text=_sentence(entry, answered_at, words, about),
        by=by if isinstance(by, str) else None,
        details=tuple(_details(entry, words)),
        minor=entry.type in _MINOR,
        grave=entry.type in _GRAVE,
    )


def _sentence(entry: Entry, answered_at: datetime, words: Words, about: Mapping[str, str]) -> str:
    key = f"timeline.{entry.type}{_played(entry)}"
    if key not in TEXTS:
        return words.t("timeline.other", type=entry.type)
    # As it was promised then, whatever the city promises now.
    promise = limit(entry.at - answered_at)
    clock = _word("sla", entry.body.get("clock"), words, minutes=promise)
    return words.t(key, **_values(entry.body, words), clock=clock, **about)


def _played(entry: Entry) -> str:
    """Which of the sentences about somebody who listened."""
    if _plays_note(entry):
        return "_note"
    return "_return" if entry.type == "recording_played" and "return_call" in entry.body else ""


def _plays_note(entry: Entry) -> bool:
    return entry.type == "recording_played" and "note" in entry.body


def _values(body: Mapping[str, Json], words: Words) -> dict[str, object]:
    """Give what sentences may name; a value that is missing is a dash, never an error on somebody's screen."""
    return {
        "trunk": body.get("trunk") or "—",
        "was": _clock_time(body.get("was"), words),
        "party": body.get("party") or "—",
        "number": body.get("number") or "—",
        "phone": body.get("phone") or "—",
        "returned": _word("returned", body.get("outcome"), words),
        "caller": _caller(body.get("caller"), words),
        "outcome": _word("outcome", body.get("outcome"), words),
        "from": _word("status", body.get("from") or body.get("from_"), words),
        "to": _word("status", body.get("to"), words),
        "tried": _word("tried", body.get("outcome"), words),
        "settled": _word("settled", body.get("how"), words),
        "place": _place(body.get("source"), words),
        "line": grouped(str(body.get("line") or "—")),
        "reached": _word("leg", body.get("outcome"), words),
        "state": _word("dispatch", body.get("state"), words),
        "premise_kind": _word("premise_kind", body.get("kind"), words),
        "premise_act": _word("premise_act", body.get("act"), words),
        "question": question_in_words(body.get("question"), words),
        "answer": answer_in_words(body.get("question"), body.get("answer"), words),
    }


def _word(family: str, value: Json, words: Words, **values: object) -> str:
    key = f"{family}.{value}"
    return words.t(key, **values) if key in TEXTS else str(value or "—")


def _clock_time(value: Json, words: Words) -> str:
    if not isinstance(value, str):
        return "—"
    try:
        local = datetime.fromisoformat(value).astimezone(words.city.zone)
    except ValueError:
        return value
    return f"{local:%H:%M:%S}"


def _caller(value: Json, words: Words) -> str:
    if not isinstance(value, dict):
        return "—"
    kind = _word("kind", value.get("kind"), words)
    return f"{value.get('e164') or value.get('raw') or words.t('caller.no_number')} ({kind})"


def _place(value: Json, words: Words) -> str:
    if not isinstance(value, dict):
        return "—"
    what = _word("place", value.get("shape") or value.get("kind"), words)
    if (why := value.get("refusal")) and f"place.refusal.{why}" in TEXTS:
        return f"{what} — {words.t(f'place.refusal.{why}')}"
    return f"{what} {value['reference']}" if value.get("reference") else what


def _details(entry: Entry, words: Words) -> Iterable[str]:
    reason = entry.body.get("reason")
    if isinstance(reason, str) and reason:
        yield words.t("timeline.status_turned_reason", reason=reason)
    note = entry.body.get("note")
    if isinstance(note, str) and spoken_stamp(note):
        if not _plays_note(entry):
            yield words.t("timeline.spoken_note")
    elif isinstance(note, str) and note:
        yield words.t("timeline.note", note=note)
    if entry.type in _WITH_CAUSES and (codes := causes(entry.body.get("cause"), entry.body.get("sip"))):
        yield codes
    changes = entry.body.get("changes")
    if isinstance(changes, dict):
        yield from (_change(name, change, words) for name, change in changes.items())


def _change(name: str, change: Json, words: Words) -> str:
    field = name.removeprefix("location.")
    label = words.t(_FIELDS[field]) if field in _FIELDS else field
    before, after = change if isinstance(change, list) and len(change) == 2 else (None, change)  # noqa: PLR2004
    told = _value(field, after, words)
    if before in {None, ""}:
        return words.t("timeline.recorded", field=label, after=told)
    return words.t("timeline.change", field=label, before=_value(field, before, words), after=told)


def _value(field: str, value: Json, words: Words) -> str:
    if value in {None, ""}:
        return words.t("ticket.empty_value")
    match field:
        case "call_type" | "severity":
            return _word(field, value, words)
        case "category":
            return words.t.category(str(value)) or str(value)
        case "area_code":
            return words.city.areas.name(str(value)) or str(value)
    return str(value)
