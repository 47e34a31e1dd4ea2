"""`siaga112 areas …`: what an operator who looks for an area, lays a table down or imports boundaries is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from gateway.cli.root import siaga112
from gateway.places.areas.kept import kept_boundaries
from gateway.site.home import Home
from ticketing.errors import Siaga112Error

if TYPE_CHECKING:
    from pathlib import Path

# Two squares, invented: around the label points of two kelurahan, and a third that is not where it should be.
SQUARES = {
    "52.72.01.1001": (118.71, -8.48),
    "52.72.01.1002": (118.725, -8.46),
    "52.72.03.1004": (118.70, -8.53),
}


def collection(**more: object) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[w, s], [w + 0.02, s], [w + 0.02, s + 0.02], [w, s + 0.02], [w, s]]],
            },
        }
        for code, (w, s) in SQUARES.items()
    ]
    return {"type": "FeatureCollection", "features": features, **more}


@dataclass(frozen=True)
class Site:
    """A HOME, and its command line."""

    home: Home

    def __call__(self, *words: str) -> str:
        env = {"SIAGA112_HOME": str(self.home.root), "COLUMNS": "200"}
        done = CliRunner().invoke(siaga112, ["areas", *words], env=env, standalone_mode=False)
        if isinstance(done.exception, Exception):
            raise done.exception
        return done.stdout

    def imports(self, record: object) -> str:
        file = self.home.root.parent / "batas.geojson"
        file.write_text(json.dumps(record))
        return self("import", str(file))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.delenv("SIAGA112_CONFIG", raising=False)
    root = tmp_path / "var"
    root.mkdir()
    (root / "siaga112.toml").touch()  # found before any site's own file in the checkout
    return Site(Home(root, root / "journals"))


def test_the_areas_are_listed_with_what_they_are_a_part_of(site: Site) -> None:
    rows = json.loads(site("list", "--json"))
    assert len(rows) == 47
    assert next(row for row in rows if row["name"] == "Kumbe")["parent_name"] == "Rasanae Timur"
    assert "Kumbe" in site("list")


def test_an_area_is_found_by_what_was_half_heard(site: Site) -> None:
    assert json.loads(site("search", "OI", "FO", "O", "--json"))[0]["name"] == "Oi Fo'o"
    assert "Jatibaru Timur" in site("search", "jaibaru", "timur").splitlines()[3]
    assert site("search", "xyzzy").strip() == "none"


def test_another_citys_table_is_listed_and_what_is_wrong_in_it_is_said(site: Site) -> None:
    site.home.areas.write_text(
        "code,level,name,parent,lat,lon\n52.05,kabupaten,Dompu,52,-8.5,118.4\n52.05.01,kecamatan,Huu,52.05,-8.5,118.4\n"
    )
    assert [row["name"] for row in json.loads(site("list", "--json"))] == ["Dompu", "Huu"]
    site.home.areas.write_text("code;level;name;parent;lat;lon\n")
    with pytest.raises(Siaga112Error, match=r"areas\.csv, line 1: the columns are to be separated by commas"):
        site("list")


def test_boundaries_are_imported_and_what_of_them_looks_wrong_is_said(site: Site) -> None:
    told = site.imports(collection()).splitlines()
    assert told[0] == "boundaries of 3 of 47 areas; the running line goes by them in a moment"
    assert told[1].startswith("! without a boundary: Kota Bima, Rasanae Barat, Sarae, ")
    assert told[1].endswith(" and 39 more")
    assert told[2:] == ["! whose label point lies outside of their boundary: Kolo"]
    assert kept_boundaries(site.home).areas_at(-8.47, 118.72) == ("52.72.01.1001",)


def test_boundaries_that_are_refused_leave_those_there_were(site: Site) -> None:
    site.imports(collection())
    before = site.home.boundaries.read_bytes()
    with pytest.raises(Siaga112Error, match="EPSG:4326"):
        site.imports(collection(crs="EPSG:32750"))
    with pytest.raises(Siaga112Error, match=r"cannot read .*no\.geojson: No such file"):
        site("import", str(site.home.root / "no.geojson"))
    assert site.home.boundaries.read_bytes() == before


def test_boundaries_are_removed_again(site: Site) -> None:
    site.imports(collection())
    assert site("import", "--remove") == "boundaries removed\n"
    assert not site.home.boundaries.exists()
    assert site("import", "--remove") == "there were no boundaries\n"


def test_an_import_names_a_file_or_takes_away(site: Site, tmp_path: Path) -> None:
    for words in ((), ("x.geojson", "--remove")):
        with pytest.raises(Exception, match="give either FILE or --remove"):
            site("import", *words)
    with pytest.raises(Siaga112Error, match="there is no line in"):
        Site(Home(tmp_path / "nowhere", tmp_path)).imports(collection())
