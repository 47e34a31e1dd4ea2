"""What is put into journals on purpose: garbage costs no record, a backlog is as good as calls that were made."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from chaos.backlog import backlog
from chaos.garbage import garbage
from chaos.plan import GARBAGE, JOURNALS
from chaos.witnesses import written
from tests.gateway.transcripts import DATA

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("journal", JOURNALS)
@pytest.mark.parametrize("form", GARBAGE)
def test_garbage_costs_neither_what_stands_before_it_nor_what_comes_behind_it(
    tmp_path: Path, form: str, journal: str
) -> None:
    (tmp_path / "cel-custom").mkdir()
    files = {"queue_log": tmp_path / "queue_log", "cel.json": tmp_path / "cel-custom/cel.json"}
    for name, file in files.items():
        file.write_bytes((DATA / f"answered.{name.removesuffix('.json')}").read_bytes())
    clean = written(tmp_path)
    before = files[journal].read_bytes()
    spoiled = garbage(form, journal, random.Random(1))
    assert spoiled == garbage(form, journal, random.Random(1))
    files[journal].write_bytes(before + spoiled + before)
    ledger = written(tmp_path)
    assert ledger.calls.keys() == clean.calls.keys()
    for call in clean.calls:
        assert ledger.calls[call].answered == clean.calls[call].answered
        assert set(ledger.calls[call].connects) == set(clean.calls[call].connects)
    assert ledger.unreadable_pieces > 0 == clean.unreadable_pieces


def test_a_backlog_is_of_calls_that_differ(tmp_path: Path) -> None:
    begins = 1_795_000_000
    long = backlog(2000, begins)
    (tmp_path / "cel-custom").mkdir()
    (tmp_path / "cel-custom/cel.json").write_text("\n".join([*long.cel, ""]))
    (tmp_path / "queue_log").write_text("\n".join([*long.queue_log, ""]))
    assert 2000 <= len(long.cel) + len(long.queue_log) < 2100
    ledger = written(tmp_path)
    assert ledger.unreadable_pieces == 0
    assert len(ledger.calls) == long.calls > 100
    answered = [call.answered for call in ledger.calls.values() if call.takers and call.answered]
    assert len(answered) == long.answered
    assert min(answered) // 1_000_000 >= begins
