"""Nobody in the room can take the caller: the backup numbers, one after the other, through the carrier."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bench.rtp import Ear, alaw_to_linear, loudness
from bench.sipp import Address, Citizen, Pickup, called_party, citizens, free_address
from tests.telephony.line import SITE, Line, eventually, now
from tests.telephony.test_fails_open import alone

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = "081100000001", "081100000002"


@pytest.fixture(scope="module")
def carrier() -> Address:
    """Where the line sends its outgoing calls."""
    return free_address("127.0.0.2")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, carrier: Address) -> Iterator[Line]:
    """A line with two backup numbers and one taker."""
    settings = {"SIAGA112_BACKUP_NUMBERS": f"{FIRST},{SECOND}", "SIAGA112_CARRIER_PROXY": str(carrier)}
    line = Line.prepared(home := tmp_path_factory.mktemp("line"), **settings)
    # SIPp's phones send no audio: here that is noticed after two seconds, not after twenty.
    (home / "siaga112.toml").write_text(f"{SITE}silent_phone_s = 2\n")
    line.start()
    try:
        line.add_takers(1)
        yield line
    finally:
        line.stop()


def test_a_backup_number_that_answers_has_a_ticket_of_its_own(line: Line, carrier: Address) -> None:
    since = now()
    with called_party(line.sip, carrier), citizens(line.sip, Citizen(talk_ms=1500)) as caller:
        caller.finish()
    call = line.ended_call(since)
    (ticket,) = line.tickets(since)
    assert (call["outcome"], call["takers"], ticket["taker"]) == ("answered", [], None)
    assert call["talk_s"] == pytest.approx(1.5, abs=0.5)


def test_a_busy_backup_number_is_followed_by_the_next(line: Line, carrier: Address) -> None:
    since = now()
    with (
        called_party(line.sip, carrier, Pickup(busy_for=FIRST)),
        citizens(line.sip, Citizen(talk_ms=3000)) as caller,
    ):
        caller.finish()
    assert line.ended_call(since)["outcome"] == "answered"
    assert len(line.tickets(since)) == 1


def test_a_caller_who_gives_up_while_a_backup_number_rings_has_no_ticket(line: Line, carrier: Address) -> None:
    since = now()
    with (
        called_party(line.sip, carrier, Pickup(picks_up=False)),
        citizens(line.sip, Citizen(patience_ms=4000)) as caller,
    ):
        waiting = eventually(lambda: line.calls(since))
        assert waiting[0]["outcome"] == "waiting"
        caller.finish()
    call = line.ended_call(since)
    assert (call["outcome"], call["answered_at"]) == ("overflow", None)
    assert line.tickets(since) == []


def test_a_taker_at_the_desk_goes_before_every_backup_number(line: Line, carrier: Address) -> None:
    since = now()
    with line.staffed("201"), called_party(line.sip, carrier), citizens(line.sip, Citizen()) as caller:
        caller.finish()
    assert line.ended_call(since)["takers"] == ["201"]


def test_a_caller_whose_takers_phone_dies_again_and_again_goes_to_the_backup_numbers_with_the_same_ticket(
    line: Line, carrier: Address
) -> None:
    since = now()
    with line.staffed("201"), called_party(line.sip, carrier), citizens(line.sip, Citizen(talk_ms=60_000)) as caller:
        (call,) = eventually(lambda: line.calls(since))
        # The first time, and three times more; then it is enough.
        eventually(lambda: _answers(line, call["id"]) == ["201"] * 4 + ["trunk-carrier"], within_s=40)
        caller.stop()
    (ticket,) = line.tickets(since)
    assert (ticket["call_id"], ticket["taker"]) == (call["id"], "201")


def _answers(line: Line, call: str) -> list[str]:
    """Who answered this call, in order, as Asterisk's record has it."""
    records = [json.loads(text) for text in (line.home / "journals/cel-custom/cel.json").read_text().splitlines()]
    return [
        one["channame"].removeprefix("PJSIP/").rpartition("-")[0]
        for one in records
        if one["eventenum"] == "ANSWER" and one["linkedid"] == call != one["uniqueid"]
    ]


def test_with_all_of_our_own_gone_at_once_a_backup_number_answers_all_the_same(line: Line, carrier: Address) -> None:
    since = now()
    with alone(line), called_party(line.sip, carrier), citizens(line.sip, Citizen()) as caller:
        caller.finish()
    (ticket,) = eventually(lambda: line.tickets(since))
    call = line.ended_call(since)
    assert (call["outcome"], call["takers"], ticket["call_id"]) == ("answered", [], call["id"])
    eventually(line.is_ready)


def test_with_all_of_our_own_gone_and_nobody_anywhere_the_caller_hears_so(line: Line, carrier: Address) -> None:
    since = now()
    with Ear() as ear:
        with (
            alone(line),
            called_party(line.sip, carrier, Pickup(refuses_with="486 Busy Here")),
            citizens(line.sip, Citizen(listens_at=ear.address, talk_ms=60_000)) as caller,
        ):
            caller.finish()
        assert ear.loud_s > 2
    assert eventually(lambda: line.ended_call(since))["outcome"] == "overflow"
    eventually(line.is_ready)


def test_a_citys_recording_is_heard_on_the_running_line_once_it_was_made(line: Line, carrier: Address) -> None:
    recording = line.home / "prompts/nobody.wav"
    subprocess.run(["sox", "-n", str(recording), "synth", "1", "sine", "700", "vol", "0.5"], check=True)
    made = line.siaga112("prompts", "make")
    assert made.stdout.startswith("prompts: making nobody\n"), made.stderr
    with Ear() as ear:
        with (
            called_party(line.sip, carrier, Pickup(refuses_with="486 Busy Here")),
            citizens(line.sip, Citizen(listens_at=ear.address, talk_ms=60_000)) as caller,
        ):
            caller.finish()
        assert ear.loud_s == pytest.approx(1, abs=0.1)
        assert _pitch(ear) == pytest.approx(700, abs=20)
    recording.unlink()
    assert line.siaga112("prompts", "make").returncode == 0
    assert line.siaga112("prompts", "check").stdout.endswith("all as it should be\n")


def _pitch(ear: Ear) -> float:
    """Hz of the tone that was heard, by how often it crosses zero."""
    heard = [packet for packet in ear.packets if loudness(packet) > 2000]
    samples = [alaw_to_linear(byte) for packet in heard for byte in packet]
    return sum((one < 0) != (other < 0) for one, other in pairwise(samples)) / 2 / (len(samples) / 8000)
