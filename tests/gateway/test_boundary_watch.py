"""What this site has of areas, and how the running line follows what is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.alarms import Alarms
from gateway.app import _areas
from gateway.places.areas.boundaries import Boundaries, Boundary, Polygon
from gateway.places.areas.geojson import BoundariesUnreadable
from gateway.places.areas.kept import keep_boundaries, kept_boundaries, read_boundaries, remove_boundaries, table_of
from gateway.places.areas.table import AreasUnreadable, AreaTable, kota_bima
from gateway.site.config import Settings
from gateway.site.home import Home
from gateway.watch.boundary_watch import BoundaryWatch
from tests.ticketing.evidence import MORNING
from tests.ticketing.room import SetClock

if TYPE_CHECKING:
    from pathlib import Path

PARUGA = "52.72.01.1001"
AROUND = Boundaries((Boundary(PARUGA, (Polygon(((118.0, -9.0), (119.0, -9.0), (119.0, -8.0), (118.0, -9.0))),)),))
TABLE = (
    "code,level,name,parent,lat,lon\n52.05,kabupaten,Dompu,52,-8.5,118.4\n52.05.01,kecamatan,Dompu,52.05,-8.5,118.4\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, tmp_path / "journals")


def watch_over(home: Home, table: AreaTable | None = None) -> BoundaryWatch:
    return BoundaryWatch(home, table or kota_bima(), Alarms(SetClock(MORNING)))


async def test_what_is_imported_and_removed_is_taken_over_by_the_running_line(home: Home) -> None:
    watch = watch_over(home)
    await watch.look()
    assert watch.areas_at(-8.9, 118.8) == ()
    keep_boundaries(home, AROUND)
    await watch.look()
    assert watch.areas_at(-8.9, 118.8) == (PARUGA,)
    keep_boundaries(home, Boundaries((Boundary("52.72", AROUND.of_areas[0].polygons),)))
    await watch.look()
    assert watch.areas_at(-8.9, 118.8) == ("52.72",)
    assert remove_boundaries(home)
    await watch.look()
    assert watch.areas_at(-8.9, 118.8) == ()
    assert not remove_boundaries(home)


async def test_boundaries_that_somebody_has_spoiled_give_an_alarm_and_no_hint(home: Home) -> None:
    watch = watch_over(home)
    keep_boundaries(home, AROUND)
    await watch.look()
    home.boundaries.write_text("{")
    await watch.look()
    (alarm,) = watch.alarms.standing()
    assert (alarm.name, alarm.grave) == ("boundaries", False)
    assert "import the boundaries again" in alarm.text
    assert watch.areas_at(-8.9, 118.8) == ()
    keep_boundaries(home, AROUND)
    await watch.look()
    assert watch.alarms.standing() == ()
    assert watch.areas_at(-8.9, 118.8) == (PARUGA,)


async def test_boundaries_of_another_table_give_no_hint(home: Home) -> None:
    keep_boundaries(home, AROUND)
    watch = watch_over(home, AreaTable())
    await watch.look()
    assert watch.areas_at(-8.9, 118.8) == ()
    assert watch.alarms.standing() == ()


def test_they_are_for_this_user_alone_and_replaced_in_one_step(home: Home) -> None:
    keep_boundaries(home, AROUND)
    before = home.boundaries.stat()
    keep_boundaries(home, AROUND)
    after = home.boundaries.stat()
    assert before.st_ino != after.st_ino
    assert after.st_mode & 0o777 == 0o600
    assert kept_boundaries(home) == AROUND
    assert [path.name for path in home.root.iterdir()] == ["boundaries.geojson"]


def test_what_cannot_be_written_or_read_is_said(home: Home) -> None:
    nowhere = Home(home.root / "nowhere", home.journals)
    with pytest.raises(BoundariesUnreadable, match="cannot write"):
        keep_boundaries(nowhere, AROUND)
    with pytest.raises(BoundariesUnreadable, match="cannot read"):
        read_boundaries(home.root / "no.geojson", kota_bima())
    home.boundaries.mkdir()
    with pytest.raises(BoundariesUnreadable, match="cannot remove"):
        remove_boundaries(home)
    with pytest.raises(BoundariesUnreadable, match="cannot read"):
        kept_boundaries(home)


def test_the_table_is_the_one_that_is_named_else_the_one_in_home_else_kota_bimas(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    assert table_of(settings) is kota_bima()
    settings.home.mkdir()
    Home.of(settings).areas.write_text(TABLE)
    assert set(table_of(settings).by_code) == {"52.05", "52.05.01"}
    named = tmp_path / "kota.csv"
    named.write_text(TABLE.replace("Dompu", "Huu"))
    assert table_of(Settings(home=settings.home, areas=named)).name("52.05") == "Huu"


def test_a_table_that_is_spoiled_while_the_line_runs_costs_names_and_no_ticket(tmp_path: Path) -> None:
    alarms = Alarms(SetClock(MORNING))
    assert _areas(Settings(home=tmp_path), alarms) is kota_bima()
    assert alarms.standing() == ()
    (tmp_path / "areas.csv").write_text("torn")
    assert _areas(Settings(home=tmp_path), alarms).name("52.72.01.1001") == "52.72.01.1001"
    (alarm,) = alarms.standing()
    assert alarm.name == "areas"
    assert "areas.csv, line 1" in alarm.text


def test_a_table_that_is_named_and_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AreasUnreadable, match=r"cannot read the table of areas .*kota\.csv: No such file"):
        table_of(Settings(home=tmp_path, areas=tmp_path / "kota.csv"))
