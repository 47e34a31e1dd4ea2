"""The carriers' antennas: a table is taken whole or refused with its line, and calls find theirs in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gateway.alarms import Alarms
from gateway.cli.root import siaga112
from gateway.places.cells.kept import keep_cells, kept_cells, usable_cells
from gateway.places.cells.table import LARGEST_TABLE, Cell, CellsUnreadable, encode, parse
from gateway.presentation import source_json
from gateway.process.clock import SystemClock
from gateway.site.home import Home
from gateway.watch.cell_watch import CellWatch
from tests.ticketing.evidence import MORNING
from ticketing.located import LocationSource, SourceKind

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "cell,lat,lon,radius_m,name\n"
RABA = "5101012ab01c3d4,-8.4606,118.7273,850,Raba timur\n"
RABA_CELL = Cell("5101012ab01c3d4", -8.4606, 118.7273, 850.0, "Raba timur")
OF_RABA = LocationSource(SourceKind.CELL, MORNING, method="3GPP-E-UTRAN-FDD", reference="5101012ab01c3d4")


def read(text: str) -> dict[str, Cell]:
    return dict(parse(text.encode(), "cells.csv").by_id)


def test_a_table_has_its_cells_by_their_ids_in_whatever_order_its_columns_are() -> None:
    table = {RABA_CELL.cell: RABA_CELL}
    assert read("\ufeff" + HEAD + RABA + "\n") == table
    assert read("name,radius_m,lon,lat,cell\nRaba timur,850,118.7273,-8.4606,5101012AB01C3D4\n") == table


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: the head"),
        (HEAD, "no cells"),
        ("cell;lat;lon;radius_m;name\n", "commas"),
        ("cell,lat,lon,name\n", "the head"),
        (HEAD + "a,b\n", "line 2: 2 values for 5 columns"),
        (HEAD + RABA.replace("5101012ab01c3d4", "=cmd()"), "no cell's id"),
        (HEAD + RABA.replace("-8.4606", "-98.4606"), "lat is degrees"),
        (HEAD + RABA.replace("118.7273", "nan"), "lon is degrees"),
        (HEAD + RABA.replace("-8.4606", "1_0"), "lat is degrees"),
        (HEAD + RABA.replace("850", "0"), "more than 0"),
        (HEAD + RABA.replace("850", "100001"), "radius_m is metres"),
        (HEAD + RABA.replace("timur", "\x1b[2J"), "can be shown"),
        (HEAD + RABA.replace("Raba timur", "x" * 61), "at most 60"),
        (HEAD + RABA + RABA, "line 3: 5101012ab01c3d4 is there already"),
        (HEAD + '"5101012ab01c3d4"x,1,2,3,4\n', "line 2"),
        (HEAD + "x" * 200_000, "line 2"),
    ],
)
def test_a_table_that_is_none_is_refused_with_the_line(text: str, why: str) -> None:
    with pytest.raises(CellsUnreadable, match=why):
        read(text)


def test_bytes_that_are_no_text_and_more_than_a_table_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CellsUnreadable, match="not UTF-8"):
        parse(b"\xff\xfe", "cells.csv")
    with pytest.raises(CellsUnreadable, match="more than"):
        parse(b"x" * (LARGEST_TABLE + 1), "cells.csv")
    monkeypatch.setattr("gateway.places.cells.table.MOST_CELLS", 1)
    with pytest.raises(CellsUnreadable, match="more than 1 cells"):
        read(HEAD + RABA + RABA.replace("5101", "5102"))


numbers = st.floats(-90, 90).map(lambda number: round(number, 6))


@given(st.lists(st.tuples(st.from_regex(r"[0-9a-f]{6,12}", fullmatch=True), numbers, numbers), min_size=1, max_size=5))
def test_a_table_that_is_written_is_read_as_the_same(rows: list[tuple[str, float, float]]) -> None:
    text = HEAD + "".join(
        f'{cell},{lat:f},{lon:f},12.5,"a, ""b"""\n' for cell, lat, lon in {row[0]: row for row in rows}.values()
    )
    table = parse(text.encode(), "cells.csv")
    assert parse(encode(table).encode(), "cells.csv").by_id == table.by_id


def test_a_call_shows_where_the_antenna_is_that_it_told_of(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path)
    assert kept_cells(home).of(OF_RABA) is None
    keep_cells(home, parse((HEAD + RABA).encode(), "cells.csv"))
    shown = source_json(OF_RABA, usable_cells(home))
    assert (shown["lat"], shown["lon"], shown["uncertainty_m"], shown["cell_name"]) == (
        -8.4606,
        118.7273,
        850.0,
        "Raba timur",
    )
    uri = LocationSource(SourceKind.REFERENCE, MORNING, reference=RABA_CELL.cell)
    assert source_json(uri, usable_cells(home))["cell_name"] is None


async def test_the_running_line_goes_by_what_was_imported_and_says_when_it_cannot(tmp_path: Path) -> None:
    home, alarms = Home(tmp_path, tmp_path), Alarms(SystemClock())
    watch = CellWatch(home, alarms)
    await watch.look()
    assert watch.of(OF_RABA) is None
    keep_cells(home, parse((HEAD + RABA).encode(), "cells.csv"))
    await watch.look()
    assert watch.of(OF_RABA) == RABA_CELL
    home.cells.write_text("spoiled")
    await watch.look()
    await watch.look()
    assert [alarm.name for alarm in alarms.standing()] == ["cells"]
    assert (watch.of(OF_RABA), usable_cells(home).by_id) == (None, {})
    home.cells.unlink()
    await watch.look()
    assert alarms.standing() == ()


def test_cells_are_imported_listed_and_removed_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "antennas.csv"
    file.write_text(HEAD + RABA)
    home = tmp_path / "home"

    def typed(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(siaga112, ["cells", *words], env={"SIAGA112_HOME": str(home)})
        return done.exit_code, done.output + str(done.exception or "")

    assert "there is no line in" in typed("import", str(file))[1]
    home.mkdir()
    assert typed("import", str(file)) == (0, "1 cells; the running line goes by them in a moment\n")
    assert '"name": "Raba timur"' in typed("list", "--json")[1]
    assert (home / "cells.csv").stat().st_mode & 0o777 == 0o600
    file.write_text("nonsense")
    assert "the head is to be" in typed("import", str(file))[1]
    assert "cannot read" in typed("import", str(tmp_path / "nothing.csv"))[1]
    assert typed("import")[0] == typed("import", str(file), "--remove")[0] == 2
    assert typed("import", "--remove") == (0, "cells removed\n")
    assert typed("import", "--remove") == (0, "there were no cells\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_cells_that_cannot_be_written_or_removed_say_so(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path)
    tmp_path.chmod(0o500)
    with pytest.raises(CellsUnreadable, match="cannot write"):
        keep_cells(home, parse((HEAD + RABA).encode(), "cells.csv"))
