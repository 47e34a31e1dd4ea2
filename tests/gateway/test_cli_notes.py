"""The verbs about premise notes, as an operator types them, on a line's own database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.gateway.test_cli_people import Line

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = ("--number", "0812-3450-0001", "--kind", "hazard", "--by", "dewi")


def staffed(home: Path) -> Line:
    line = Line(home)
    for name, role in (("dewi", "supervisor"), ("siti", "call_taker")):
        assert line.add(name, role).returncode == 0
    return line


@pytest.fixture(scope="module")
def line_without_notes(tmp_path_factory: pytest.TempPathFactory) -> Line:
    return staffed(tmp_path_factory.mktemp("home"))


def test_a_note_is_written_listed_and_withdrawn(tmp_path: Path) -> None:
    line = staffed(tmp_path)
    assert line.siaga112("notes", "add", *ABOUT, typed="Anjing galak\n").stdout.startswith("note 1 written; it holds")
    house = ("--area", "52.72.01.1001", "--address", "Gang Mawar 12", "--kind", "access", "--text", "Kode\x1b[2J 4711")
    until = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    assert line.siaga112("notes", "add", *house, "--expires", until, "--by", "dewi").returncode == 0
    gate, dog = line.told("notes", "list")
    assert (gate["id"], gate["area_code"], gate["address"], gate["expires_on"]) == (
        "2",
        "52.72.01.1001",
        "Gang Mawar 12",
        until,
    )
    assert (dog["number"], dog["text"], dog["written_by"], dog["state"]) == (
        "+6281234500001",
        "Anjing galak",
        "dewi",
        "in_force",
    )
    table = line.siaga112("notes", "list").stdout
    assert "Anjing galak" in table
    assert "\x1b" not in table
    assert line.siaga112("notes", "withdraw", "1", "--reason", "pindah", "--by", "dewi").stdout == "note 1 withdrawn\n"
    (ended,) = line.told("notes", "list", "--state", "withdrawn")
    assert (ended["id"], ended["withdrawn_because"]) == ("1", "pindah")
    again = line.siaga112("notes", "withdraw", "1", "--by", "dewi")
    assert (again.returncode, again.stderr) == (1, "siaga112: premise note 1 is withdrawn: write a new one\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((*ABOUT[:4], "--by", "siti"), "does not keep premise notes"),
        ((*ABOUT[:4], "--by", "nobody"), "there is no user nobody"),
        (("--number", "112", *ABOUT[2:]), "is no telephone"),
        (("--area", "52.72.01", *ABOUT[2:]), "an area and an address"),
        ((*ABOUT, "--area", "52.72.01", "--address", "x"), "not both"),
        ((*ABOUT, "--expires", "2020-01-01"), "cannot hold until 2020-01-01"),
        ((*ABOUT, "--text", " "), "the text is empty"),
    ],
)
def test_what_is_no_note_is_one_clear_line(line_without_notes: Line, words: tuple[str, ...], why: str) -> None:
    done = line_without_notes.siaga112("notes", "add", *words, typed="Anjing galak\n")
    assert done.returncode != 0
    assert why in done.stderr
    assert done.stderr.count("\n") == 1
    assert line_without_notes.told("notes", "list") == []
