"""`siaga112 return-call`, as it is typed where there is no line: what it refuses before anything rings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from gateway.cli.root import siaga112

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def typed(home: Path, *words: str, given: str = "") -> Result:
    return CliRunner().invoke(siaga112, words, env={"SIAGA112_HOME": str(home)}, input=given)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, role in (("siti", "call_taker"), ("admin", "admin")):
        done = typed(tmp_path, "user", "add", name, "--role", role, "--password-stdin", given="kata-sandi-panjang\n")
        assert done.exit_code == 0, done.output
    return tmp_path


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("start", "--phone", "201", "--by", "siti"), "give --call-back or --ticket"),
        (("start", "--call-back", "1", "--ticket", "1", "--phone", "201", "--by", "siti"), "give --call-back or"),
        (("start", "--call-back", "1", "--phone", "201", "--by", "nobody"), "no user nobody"),
        (("start", "--call-back", "1", "--phone", "201", "--by", "admin"), "does not call back"),
        (("withdraw", "1", "--by", "admin"), "does not call back"),
        (("withdraw", "0", "--by", "siti"), "0 is not in the range"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(home: Path, words: tuple[str, ...], complaint: str) -> None:
    done = typed(home, "return-call", *words)
    assert done.exit_code != 0
    assert complaint in done.output + str(done.exception)
