"""SKPDs in the store: what a transaction changes of them, and the questions that a reader asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, false, select, true, update
from sqlalchemy.dialects import sqlite

from ticketing.errors import SkpdExists, SkpdUnknown
from ticketing.store.rows import skpd_of, skpd_values
from ticketing.store.statements import Statement
from ticketing.store.tables import skpds

if TYPE_CHECKING:
    from sqlite3 import Connection

    from ticketing.skpd import Skpd

_KEPT = skpds.c.removed.is_(false())
SKPD = select(skpds).where(skpds.c.code == bindparam("code"), _KEPT)
SKPDS = select(skpds).where(_KEPT).order_by(skpds.c.code)
SKPD_NAMES = select(skpds.c.code, skpds.c.name)

_SKPD = Statement(SKPD, gives=list(skpds.c))
_new = sqlite.insert(skpds)
# A code that was removed comes back with the row that old dispatches name; any other is taken.
_ADD = Statement(
    _new.on_conflict_do_update(
        index_elements=[skpds.c.code],
        set_={column.name: column for column in _new.excluded if column.name != "code"},
        where=skpds.c.removed.is_(true()),
    )
)
_CHANGE = Statement(
    update(skpds)
    .where(skpds.c.code == bindparam("of_code"), _KEPT)
    .values({column.name: bindparam(f"new_{column.name}") for column in skpds.c if column.name != "code"})
)
# Its officers can report no more, not even if the code comes back; its short number is free.
_REMOVE = Statement(
    update(skpds)
    .where(skpds.c.code == bindparam("of_code"), _KEPT)
    .values(removed=bindparam("yes"), pin_hash=bindparam("nothing"), short=bindparam("none"))
)


_SHORT_NUMBERS = Statement(select(skpds.c.short).where(skpds.c.short.is_not(None)), gives=[skpds.c.short])


class SkpdChanges:
    """The part of a Transaction (ticketing.ports) that is about SKPDs."""

    _connection: Connection

    def skpd(self, code: str) -> Skpd:
        """Give an SKPD; raise SkpdUnknown, also for one that was removed."""
        for row in _SKPD.rows(self._connection, {"code": code}):
            return skpd_of(row)
        raise SkpdUnknown(code)

    def short_numbers(self) -> frozenset[str]:
        """Give the short numbers that SKPDs have."""
        return frozenset(row["short"] for row in _SHORT_NUMBERS.rows(self._connection, {}))

    def add_skpd(self, skpd: Skpd) -> None:
        """Keep a new SKPD, or one whose code was removed; raise SkpdExists."""
        if not _ADD.run(self._connection, skpd_values(skpd)):
            raise SkpdExists(skpd.code)

    def change_skpd(self, skpd: Skpd) -> None:
        """Keep this SKPD in place of what was kept of it; raise SkpdUnknown."""
        values = skpd_values(skpd)
        code = values.pop("code")
        changed = {f"new_{name}": value for name, value in values.items()}
        if not _CHANGE.run(self._connection, {"of_code": code, **changed}):
            raise SkpdUnknown(code)

    def remove_skpd(self, code: str) -> None:
        """Mark an SKPD as removed; raise SkpdUnknown."""
        if not _REMOVE.run(self._connection, {"of_code": code, "yes": True, "nothing": None, "none": None}):
            raise SkpdUnknown(code)
