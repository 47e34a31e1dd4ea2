"""Statements that SQLAlchemy writes once and the driver runs: the way of every call.

On statements as short as these, SQLAlchemy's execution costs several times what SQLite's does. Its knowledge
of dialects and types is kept, through its compiler and the types' own processors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from sqlite3 import Connection

    from sqlalchemy import ClauseElement, Column
    from sqlalchemy.types import TypeEngine

K = TypeVar("K")
Processor = Callable[[Any], Any]

_DIALECT: Final = sqlite.dialect()


class Statement:
    """A statement in the driver's SQL. Parameters and rows are by name, each column's type applied.

    `takes` names an insert's columns (None: all of the table, or what the statement says); `gives` are the
    columns it returns, in order.
    """

    def __init__(
        self,
        clause: ClauseElement,
        *,
        takes: Iterable[str] | None = None,
        gives: Sequence[Column[Any]] = (),
    ) -> None:
        compiled = clause.compile(dialect=_DIALECT, column_keys=None if takes is None else list(takes))
        assert isinstance(compiled, SQLCompiler)
        self._sql = compiled.string
        self._takes = compiled.positiontup or []
        self._gives = [column.name for column in gives]
        self._binds = _needed(
            (index, _impl(compiled.binds[name].type).bind_processor(_DIALECT)) for index, name in enumerate(self._takes)
        )
        self._results = _needed((column.name, _impl(column.type).result_processor(_DIALECT, None)) for column in gives)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it once; give the number of rows it changed."""
        cursor = connection.cursor()
        cursor.execute(self._sql, self._bound(values))
        changed = cursor.rowcount
        cursor.close()
        return changed

    def run_for_each(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each of these."""
        cursor = connection.cursor()
        cursor.executemany(self._sql, [self._bound(values) for values in rows])
        cursor.close()

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run it once; give its rows."""
        cursor = connection.cursor()
        cursor.execute(self._sql, self._bound(values))
        found = [self._shaped(row) for row in cursor.fetchall()]
        cursor.close()
        return found

    def _bound(self, values: Mapping[str, Any]) -> list[Any]:
        bound = [values[name] for name in self._takes]
        for index, process in self._binds:
            bound[index] = process(bound[index])
        return bound

    def _shaped(self, row: Sequence[Any]) -> dict[str, Any]:
        shaped = dict(zip(self._gives, row, strict=True))
        for name, process in self._results:
            shaped[name] = process(shaped[name])
        return shaped


def _impl(of: TypeEngine[Any]) -> TypeEngine[Any]:
    return of.dialect_impl(_DIALECT)


def _needed(processors: Iterable[tuple[K, Processor | None]]) -> list[tuple[K, Processor]]:
    return [(key, processor) for key, processor in processors if processor]
