"""Tables of comma-separated values, as spreadsheets write them and operators hand them in. Pure."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ticketing.errors import Siaga112Error


def read_rows(
    content: bytes,
    source: str,
    *,
    largest: int,
    head: Callable[[Sequence[str]], None],
    take: Callable[[dict[str, str]], None],
    refuses: type[Siaga112Error],
) -> None:
    """Have `head` judge the columns' names, and `take` take each row: its values by column, without blanks around.

    Both raise ValueError for what is wrong; `refuses` is raised with `source`, the line, and that reason.
    """
    if len(content) > largest:
        raise refuses(f"{source}: more than {largest} bytes")
    try:
        # Spreadsheets write a byte order mark in front.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuses(f"{source}: it is not UTF-8") from error
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(next(rows, []))
        head(columns)
        for row in rows:
            if row:
                take(_by_column(columns, row))
    except (csv.Error, ValueError) as error:
        raise refuses(f"{source}, line {max(rows.line_num, 1)}: {error}") from error


def _columns(names: Sequence[str]) -> list[str]:
    columns = [name.strip() for name in names]
    if len(columns) == 1 and ";" in columns[0]:
        raise ValueError("the columns are to be separated by commas, not by semicolons")
    return columns


def _by_column(columns: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    if len(row) != len(columns):
        raise ValueError(f"{len(row)} values for {len(columns)} columns")
    return {name: text.strip() for name, text in zip(columns, row, strict=True)}
