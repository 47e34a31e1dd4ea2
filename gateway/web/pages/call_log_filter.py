"""The call log's form: from a query string to a filter of the store. Pure; what cannot be read asks for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ticketing.model import CallOutcome, parse_extension, well_formed
from ticketing.ports import CallFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

LONGEST_TEXT: Final = 100
_EARLIEST, _LATEST = date(1970, 1, 2), date(2999, 12, 30)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What the form holds: `since` and `until` are local days, both included."""

    outcome: str = ""
    taker: str = ""
    since: str = ""
    until: str = ""
    text: str = ""
    unreadable: bool = False

    @property
    def given(self) -> bool:
        """Whether anything is asked."""
        return any((self.outcome, self.taker, self.since, self.until, self.text))

    def link(self, cursor: str | None = None) -> str:
        """The log with this filter, from `cursor` on."""
        named = (
            ("outcome", self.outcome),
            ("taker", self.taker),
            ("from", self.since),
            ("to", self.until),
            ("q", self.text),
            ("cursor", cursor),
        )
        query = urlencode([(name, value) for name, value in named if value])
        return f"/calls?{query}" if query else "/calls"

    def asked(self, zone: ZoneInfo) -> CallFilter:
        """The same for the store."""
        return CallFilter(
            outcomes=frozenset({CallOutcome(self.outcome)}) if self.outcome else frozenset(),
            since=_midnight(date.fromisoformat(self.since), zone) if self.since else None,
            until=_midnight(date.fromisoformat(self.until) + timedelta(days=1), zone) if self.until else None,
            text=self.text or None,
            taker=self.taker or None,
        )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def read_filter(query: Mapping[str, str]) -> LogFilter:
    """Read the form; when a part of it makes no sense, none of it counts and `unreadable` says so."""
    try:
        return LogFilter(
            outcome=_checked(query, "outcome", lambda text: CallOutcome(text).value),
            taker=_checked(query, "taker", parse_extension),
            since=_checked(query, "from", _day),
            until=_checked(query, "to", _day),
            text=well_formed(query.get("q", "").strip()[:LONGEST_TEXT]),
        )
    except ValueError:
        return LogFilter(unreadable=True)


def _checked(query: Mapping[str, str], name: str, parse: Callable[[str], str]) -> str:
    text = query.get(name, "")
    return parse(text) if text else ""


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError("a year from 1970 to 2999")
    return day.isoformat()
