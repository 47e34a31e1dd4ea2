"""Asterisk dies, or its ledger loses an end: nobody talks for ever on our screens."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bench.sipp import Citizen, Pickup, citizens
from tests.telephony.line import Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with Line.started(tmp_path_factory.mktemp("line")) as line:
        line.add_takers(1)
        yield line


def over(line: Line, since: datetime) -> dict[str, Any]:
    """The one call since then, once it is known to be over."""
    (call,) = eventually(lambda: [one for one in line.calls(since) if one["ended_at"]], within_s=30)
    return call


def test_a_call_that_lived_when_asterisk_died_is_interrupted_by_the_instant_of_its_next_start(line: Line) -> None:
    since = now()
    with line.staffed("201"), citizens(line.sip, Citizen(talk_ms=60_000)):
        line.wait_for_talk(since)
        line.process("asterisk.conf").kill()
        died = now()
        call = over(line, since)
    assert call["outcome"] == "interrupted"
    assert abs(datetime.fromisoformat(call["ended_at"]) - died) < timedelta(seconds=10)
    assert call["talk_s"] > 0
    (ticket,) = line.tickets(since)
    assert (ticket["number"], ticket["status"]) == (call["ticket"], "open")
    eventually(line.is_ready, within_s=30)


def test_a_call_whose_end_the_ledger_lost_is_found_gone_by_its_channels(line: Line) -> None:
    since = now()
    cel = line.home / "journals/cel-custom/cel.json"
    supervisor, gateway = line.process("run"), line.process("-m gateway ")
    with line.staffed("201"), citizens(line.sip, Citizen(talk_ms=3000)) as caller:
        call = line.wait_for_talk(since)
        supervisor.send_signal(signal.SIGSTOP)
        gateway.kill()
        caller.finish()
        eventually(lambda: _has_ended(cel.read_text(), call["id"]))
        kept = [text for text in cel.read_text().splitlines(keepends=True) if not _has_ended(text, call["id"])]
        cel.write_text("".join(kept))
        supervisor.send_signal(signal.SIGCONT)
        assert over(line, since)["outcome"] == "interrupted"


def _has_ended(text: str, call: str) -> bool:
    return any(f'"uniqueid":"{call}"' in line and '"HANGUP"' in line for line in text.splitlines())


def test_a_caller_of_whom_the_ledger_lost_every_word_has_a_row_all_the_same(line: Line) -> None:
    # All that is left to tell of the arrival is the call's id, to the second.
    since = now() - timedelta(seconds=1)
    cel = line.home / "journals/cel-custom/cel.json"
    supervisor, gateway = line.process("run"), line.process("-m gateway ")
    before = cel.read_text()
    waiting = Pickup(picks_up=False)
    with line.staffed("201", pickup=waiting), citizens(line.sip, Citizen(patience_ms=60_000)):
        supervisor.send_signal(signal.SIGSTOP)
        gateway.kill()
        eventually(lambda: '"CALLER"' in cel.read_text()[len(before) :])
        cel.write_text(before)
        supervisor.send_signal(signal.SIGCONT)
        (call,) = eventually(lambda: line.calls(since), within_s=60)
    assert (call["outcome"], call["trunk"], call["caller"]["e164"]) == ("waiting", "carrier", "+628123456789")
    eventually(line.is_ready, within_s=30)


def test_an_asterisk_that_stands_still_is_killed_and_started_again(line: Line) -> None:
    stuck = line.process("asterisk.conf")
    stuck.send_signal(signal.SIGSTOP)
    eventually(lambda: not stuck.is_running(), within_s=60)
    eventually(line.is_ready, within_s=30)
    since = now()
    with line.staffed("201"), citizens(line.sip, Citizen()) as caller:
        caller.finish()
    assert line.ended_call(since)["outcome"] == "answered"
