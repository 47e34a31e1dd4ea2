"""Boundaries that are imported beside a running line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.telephony.line import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.telephony.line import Line

SQUARE = [[118.70, -8.50], [118.72, -8.50], [118.72, -8.47], [118.70, -8.47], [118.70, -8.50]]


def test_the_running_line_takes_over_imported_boundaries_and_gives_them_up_within_five_seconds(
    line112: Line, tmp_path: Path
) -> None:
    file = tmp_path / "batas.geojson"
    geometry = {"type": "Polygon", "coordinates": [SQUARE]}
    paruga = {"type": "Feature", "properties": {"code": "52.72.01.1001"}, "geometry": geometry}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [paruga]}))
    before = len(read_by(line112))
    assert "boundaries of 1 of 47 areas" in line112.siaga112("areas", "import", str(file)).stdout
    assert eventually(lambda: read_by(line112)[before:], within_s=5) == [1]
    assert line112.siaga112("areas", "import", "--remove").returncode == 0
    assert eventually(lambda: read_by(line112)[before + 1 :], within_s=5) == [0]
    assert line112.is_ready()


def read_by(line: Line) -> list[int]:
    """Of how many areas the gateway has had boundaries, in turn."""
    lines = (line.home / "log/gateway.log").read_text().splitlines()
    told = [json.loads(text) for text in lines if '"boundaries_read"' in text]
    return [one["areas"] for one in told]
