"""What somebody typed into a search box, as what can be looked up. Nothing of it is ever taken for a statement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MOST_WORDS: Final = 8
_LONGEST_WORD: Final = 64
_SHORTEST_BEGINNING: Final = 3  # of a word that is typed in part
_WORD: Final = re.compile(r"[^\W_]+")

_TELEPHONE: Final = re.compile(r"[+0-9][0-9 ().+/-]{1,40}", re.ASCII)
_SHORTEST_END: Final = 4  # fewer digits are a whole number, such as 110
_SHORTEST_NATIONAL: Final = 8  # digits: from here on a zero in front is the trunk prefix, which E.164 has not

_TICKET: Final = re.compile(r"112-[0-9]{8}(-[0-9]{0,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for: any of these that is there.

    `words` is an expression of FTS5's own language; `ending` a caller's last digits, backwards; `ticket` the
    beginning of a ticket's number, its day at least.
    """

    words: str | None
    ending: str | None
    ticket: str | None

    @property
    def whole(self) -> bool:
        """Whether `ending` must be the whole of the number."""
        return self.ending is not None and len(self.ending) < _SHORTEST_END


def search_of(text: str) -> Search:
    """Take a text apart."""
    stripped = text.strip()
    ticket = stripped if _TICKET.fullmatch(stripped) else None
    return Search(_words(stripped), None if ticket else _ending(stripped), ticket)


def _words(text: str) -> str | None:
    # Each word is a quoted string of letters and digits: FTS5's operators cannot occur. All must be found.
    found = [word[:_LONGEST_WORD] for word in _WORD.findall(text)[:_MOST_WORDS]]
    return " ".join(f'"{word}"*' if len(word) >= _SHORTEST_BEGINNING else f'"{word}"' for word in found) or None


def _ending(text: str) -> str | None:
    digits = re.sub("[^0-9]", "", text)
    if not _TELEPHONE.fullmatch(text) or not digits:
        return None
    return (digits.lstrip("0") if len(digits) >= _SHORTEST_NATIONAL else digits)[::-1] or None
