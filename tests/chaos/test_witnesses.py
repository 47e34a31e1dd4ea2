"""The truth is read from what SIPp and Asterisk wrote, torn lines included, and by nobody else's reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chaos.witnesses import WrittenDispatch, WrittenLeg, key_of, seen, written
from tests.gateway.transcripts import DATA

if TYPE_CHECKING:
    from pathlib import Path

CITIZEN = """\
invites;08120011;2026-11-27\t23:28:11.966091\t1795822091.966091
reached;08120011;2026-11-27\t23:28:11.968902\t1795822091.968902
answered;08120011;2026-11-27\t23:28:12.393707\t1795822092.393707
hangs_up;08120011;2026-11-27\t23:28:13.301580\t1795822093.301580
over;08120011;2026-11-27\t23:28:13.307096\t1795822093.307096
invites;08120012;2026-11-27\t23:28:12.465693\t1795822092.465693
"""
PHONE = 'talks; "+628120011" <sip:+628120011@127.0.0.1>;tag=590c-7c40;2026-11-27\t23:28:12.393852\t1795822092.393852\n'


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    """A ledger in which one call was answered, and another abandoned."""
    (tmp_path / "cel-custom").mkdir()
    for mouth, file in (("cel", "cel-custom/cel.json"), ("queue_log", "queue_log")):
        told = b"".join((DATA / f"{story}.{mouth}").read_bytes() for story in ("answered", "abandoned"))
        # The crowd's number in place of the capture's, as the From header has it in base64.
        (tmp_path / file).write_bytes(told.replace(b"ICIwODEyMzQ1Njc4OSIg", b"ICIwODEyMDAxMTExMSIg"))
    return tmp_path


def test_a_number_is_the_same_as_sent_and_as_normalised() -> None:
    assert key_of('"08120011" <sip:08120011@127.0.0.2>') == key_of("+628120011") == "8120011"
    assert key_of("anonymous") is None


def test_both_ends_of_a_call_are_joined_by_the_number(tmp_path: Path) -> None:
    (tmp_path / "crowd.log").write_text(CITIZEN)
    (tmp_path / "phones.log").write_text(PHONE)
    calls = seen([tmp_path / "crowd.log"], [tmp_path / "phones.log", tmp_path / "none.log"])
    assert calls["8120011"].given_to_a_taker
    assert calls["8120011"].ended == 1795822093.307096
    assert not calls["8120012"].given_to_a_taker
    assert calls["8120012"].ended is None


def test_the_answer_is_that_of_the_channel_of_the_taker(journals: Path) -> None:
    ledger = written(journals)
    call = ledger.calls["bima1-1795469752.0"]
    assert call.answered == 1795469752339441
    assert call.answered_second == 1795469752
    assert not ledger.calls["bima1-1795469756.4"].takers
    assert ledger.unreadable_pieces == 0


def test_a_call_whose_queue_log_is_lost_was_answered_by_its_bridge(journals: Path) -> None:
    (journals / "queue_log").unlink()
    assert written(journals).calls["bima1-1795469752.0"].answered == 1795469752339441


@pytest.mark.parametrize("torn", ['{"eventtype":"ANS', "\x00\x07 nonsense ", "[" * 70_000])
def test_a_record_behind_a_torn_one_counts(journals: Path, torn: str) -> None:
    whole = written(journals).calls
    cel = journals / "cel-custom/cel.json"
    cel.write_text(torn + cel.read_text())
    cel.rename(cel.with_name("cel.json.1"))
    ledger = written(journals)
    assert ledger.calls == whole
    assert ledger.unreadable_pieces >= 1


def test_a_connect_behind_a_torn_one_counts(journals: Path) -> None:
    queue_log = journals / "queue_log"
    queue_log.write_text("1795469752|bima1-17" + queue_log.read_text().split("\n", 1)[1])
    ledger = written(journals)
    assert ledger.calls["bima1-1795469752.0"].answered_second == 1795469752
    assert ledger.unreadable_pieces >= 1


def test_the_steps_of_a_dispatch_are_read_by_leg_with_the_first_instant_of_each(tmp_path: Path) -> None:
    (tmp_path / "cel-custom").mkdir()
    steps = (
        "dialled.1.carrier",
        "tried.1.carrier.BUSY.0.17.486",
        "dialled.2.carrier",
        "answered.2.carrier",
        "accepted.2.carrier",
        "joined",
        "left",
        "ended.2.carrier.16",
        "tried.2.carrier.ANSWER.1.0.",
        "over",
    )
    records = (
        {
            "eventtype": "DISPATCH",
            "eventenum": "USER_DEFINED",
            "userdeftype": "DISPATCH",
            "eventtime": f"1795822000.{number:06}",
            "uniqueid": "bima1-skpd-7.2",
            "linkedid": "bima1-skpd-7.1",
            "eventextra": json.dumps({"extra": f"v1.7.{step}"}),
        }
        for number, step in enumerate(steps)
    )
    lines = (json.dumps(record, separators=(",", ":")) for record in records)
    (tmp_path / "cel-custom/cel.json").write_text("".join(f"{line}\n" for line in lines))
    ledger = written(tmp_path)
    at = 1795822000000000
    busy = WrittenLeg({"dialled": at, "ended": at + 1}, cause=17, sip=486)
    accepted = WrittenLeg({"dialled": at + 2, "answered": at + 3, "accepted": at + 4, "ended": at + 7}, hung_up=16)
    legs = {(1, "carrier"): busy, (2, "carrier"): accepted}
    assert ledger.dispatches == {"7": WrittenDispatch({"joined": at + 5, "left": at + 6, "over": at + 9}, legs)}
    assert ledger.unreadable_pieces == 0
