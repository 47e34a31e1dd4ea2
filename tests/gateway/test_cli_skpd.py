"""The verbs about SKPDs, as an operator types them, on a line's own database."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from gateway.access.passwords import matches
from gateway.cli.root import siaga112
from ticketing.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from ticketing.skpd import Skpd

DAMKAR = (
    *("add", "damkar", "--name", "Pemadam Kebakaran"),
    *("--line", "0374 42113,ring=30,hours=Mon-Fri 07:30-16:00", "--line", "0812-3450-0113", "--line", "113"),
    *("--category", "kebakaran", "--category", "evakuasi-hewan"),
)
DAMKAR_JSON = {
    "code": "damkar",
    "name": "Pemadam Kebakaran",
    "lines": [
        {
            "number": "+6237442113",
            "ring_s": 30,
            "hours": {"days": ["mon", "tue", "wed", "thu", "fri"], "begins": "07:30", "ends": "16:00"},
        },
        {"number": "+6281234500113", "ring_s": 25, "hours": None},
        {"number": "113", "ring_s": 25, "hours": None},
    ],
    "categories": ["kebakaran", "evakuasi-hewan"],
    "confirm": True,
    "has_pin": False,
    "short": "11",
}


class Registry:
    """The SKPDs of a line of its own, by its command line."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def skpd(self, *words: str, typed: str = "") -> Result:
        others = {name: None for name in os.environ if name.startswith("SIAGA112_")}
        environment = {**others, "SIAGA112_HOME": str(self.home)}
        return CliRunner().invoke(siaga112, ["skpd", *words], env=environment, input=typed)

    def done(self, *words: str, typed: str = "") -> str:
        result = self.skpd(*words, typed=typed)
        assert result.exit_code == 0, result.stderr or result.exception
        return result.stdout

    def refused(self, *words: str, typed: str = "") -> str:
        result = self.skpd(*words, typed=typed)
        assert result.exit_code in {1, 2}
        assert result.stdout == ""
        return result.stderr or str(result.exception)

    def told(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.done(*words, "--json"))

    def kept(self, code: str) -> Skpd | None:
        async def look() -> Skpd | None:
            store = await open_store(f"sqlite+aiosqlite:///{self.home / 'siaga112.sqlite3'}")
            try:
                return await store.skpd(code)
            finally:
                await store.close()

        return asyncio.run(look())


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def test_an_skpd_is_registered_with_its_lines_in_order(registry: Registry) -> None:
    assert "+6237442113, +6281234500113, 113" in registry.done(*DAMKAR)
    registry.done("add", "bpbd", "--name", "BPBD", "--line", "117", "--no-confirm")
    bpbd, damkar = registry.told("list")
    assert damkar == DAMKAR_JSON == registry.told("show", "damkar")
    assert (bpbd["code"], bpbd["confirm"], bpbd["categories"]) == ("bpbd", False, [])


def test_a_person_sees_what_was_typed(registry: Registry) -> None:
    assert registry.done("list").strip() == "none"
    registry.done(*DAMKAR)
    listed = registry.done("list")
    assert all(word in listed for word in ("damkar", "+6237442113", "+6281234500113", "kebakaran"))
    shown = registry.done("show", "damkar").splitlines()
    assert shown == [
        "name        Pemadam Kebakaran",
        "short       11",
        "line        +6237442113,ring=30,hours=Mon-Fri 07:30-16:00",
        "line        +6281234500113,ring=25",
        "line        113,ring=25",
        "category    kebakaran",
        "category    evakuasi-hewan",
        "confirm     yes",
        "pin         no",
    ]


def test_what_is_given_replaces_what_was_and_the_rest_stays(registry: Registry) -> None:
    registry.done(*DAMKAR)
    registry.done("change", "damkar", "--name", "Damkar", "--no-confirm")
    assert registry.told("show", "damkar") == {**DAMKAR_JSON, "name": "Damkar", "confirm": False}
    registry.done("change", "damkar", "--line", "113", "--category", "kebakaran")
    changed = registry.told("show", "damkar")
    assert [line["number"] for line in changed["lines"]] == ["113"]
    assert (changed["categories"], changed["confirm"]) == (["kebakaran"], False)
    registry.done("change", "damkar", "--no-category", "--confirm")
    assert registry.told("show", "damkar") == {**changed, "categories": [], "confirm": True}


def test_a_removed_skpd_is_gone_until_it_is_added_again(registry: Registry) -> None:
    registry.done(*DAMKAR)
    registry.done("remove", "damkar")
    assert registry.told("list") == []
    assert "there is no SKPD damkar" in registry.refused("show", "damkar")
    assert "there is no SKPD damkar" in registry.refused("remove", "damkar")
    registry.done("add", "damkar", "--name", "Damkar", "--line", "113")
    assert registry.told("show", "damkar")["name"] == "Damkar"


def test_a_pin_is_kept_as_a_hash_alone_and_survives_a_change(registry: Registry) -> None:
    registry.done(*DAMKAR)
    told = registry.done("pin", "damkar", "--pin-stdin", typed="90210377\n")
    registry.done("change", "damkar", "--name", "Damkar")
    kept = registry.kept("damkar")
    assert kept is not None
    assert matches("90210377", kept.pin_hash)
    assert not matches("90210378", kept.pin_hash)
    shown = told + registry.done("show", "damkar") + json.dumps(registry.told("list"))
    assert not any(secret in shown for secret in ("90210377", "argon2"))
    assert b"90210377" not in b"".join(file.read_bytes() for file in registry.home.glob("*.sqlite3*"))
    assert registry.told("show", "damkar")["has_pin"] is True
    registry.done("pin", "damkar", "--none")
    assert registry.told("show", "damkar")["has_pin"] is False


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (("add", "Damkar", "--name", "x", "--line", "110"), "", "is no SKPD's code"),
        (("add", "damkar", "--line", "110"), "", "Missing option '--name'"),
        (("add", "damkar", "--name", "x"), "", "Missing option '--line'"),
        (("add", "damkar", "--name", " ", "--line", "110"), "", "1 to 80 letters"),
        (("add", "damkar", "--name", "a\r\nb", "--line", "110"), "", "1 to 80 letters"),
        (("add", "damkar", "--name", "x", "--line", "112"), "", "no telephone of this country"),
        (("add", "damkar", "--name", "x", "--line", "110\r\nX: y"), "", "is no telephone number"),
        (("add", "damkar", "--name", "x", "--line", "110", "--line", "110"), "", "110 is given twice"),
        (("add", "damkar", "--name", "x", "--line", "110", "--category", "a b"), "", "is no category"),
        (("add", "taken", "--name", "x", "--line", "110"), "", "there is an SKPD taken already"),
        (("change", "taken"), "", "nothing to change"),
        (("change", "taken", "--line", "911"), "", "no telephone of this country"),
        (("change", "taken", "--name", ""), "", "1 to 80 letters"),
        (("change", "taken", "--category", "a", "--no-category"), "", "either --category or --no-category"),
        (("change", "nobody", "--name", "x"), "", "there is no SKPD nobody"),
        (("pin", "taken"), "", "either --pin-stdin or --none"),
        (("pin", "taken", "--pin-stdin", "--none"), "1234\n", "either --pin-stdin or --none"),
        (("pin", "taken", "--pin-stdin"), "12ab\n", "a PIN has 4 to 8 digits"),
        (("pin", "nobody", "--pin-stdin"), "1234\n", "there is no SKPD nobody"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    registry: Registry, words: tuple[str, ...], typed: str, why: str
) -> None:
    registry.done("add", "taken", "--name", "Sudah ada", "--line", "119")
    before = registry.told("list")
    assert why in registry.refused(*words, typed=typed)
    assert registry.told("list") == before
