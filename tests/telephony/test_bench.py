"""`make bench`, small: it measures what it says, on a line of its own."""

from __future__ import annotations

import itertools
import math
import re
import subprocess
import sys
import wave
from array import array
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bench.choir import HELD, Choir, Onset, Part
from bench.dispatch_figures import Load, Seen, a_minute, told_errors, told_latencies, told_minutes
from bench.dispatches import CITIZEN, OFFICER, TAKER, skpds
from bench.flood import Waits
from bench.flood import told as told_flood
from bench.rtp import LINEAR
from bench.voice import share_of, tone
from bench.waiting import Served
from tests.telephony.line import CHECKOUT, eventually, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

FIGURE = r"\d+\.\d"
PACKET = 160  # bytes of A-law: 20 ms
SILENCE = b"\xd5" * PACKET


def bench(*small: str) -> str:
    command = [sys.executable, "-m", "bench", *small]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_bench_measures_calls_and_screens_beside_the_floor() -> None:
    said = bench(
        *("--calls", "12", "--per-second", "4", "--takers", "4", "--screens", "3", "--screens-s", "1"),
        *("--parts", "calls", "screens", "--soak", "20"),
    )
    assert "NOT CLEAN" not in said
    assert "clean: 12 answers, 12 tickets" in said
    for row in ("answer → committed, floor", "answer → committed, gateway", "answer → live feed", "caller-ID script"):
        assert re.search(rf"{row}[^\n]* {FIGURE} / +{FIGURE}\n", said), said
    assert re.search(r"clean: \d\d+ changes, \d+ tellings, 0 missing", said)
    assert re.search(rf"gateway + {FIGURE}\d cores", said)


def test_the_bench_measures_dispatches_and_callers_who_are_asked_each_beside_a_floor() -> None:
    said = bench(
        *(
            "--parts",
            "dispatch",
            "waiting",
            "--waiting",
            "5",
            "--takers",
            "4",
            "--dispatches",
            "3",
            "--dispatches-per-second",
            "4",
        ),
        *("--parallel", "2", "--parallel-s", "2"),
    )
    assert "NOT CLEAN" not in said, said
    assert "clean: 3 dispatches, 3 with two-way audio" in said, said
    assert "clean: 2 dispatches, 2 with two-way audio" in said, said
    for row in ("request → first ring, floor", "request → first ring, gateway", "accepted → two-way audio"):
        assert len(re.findall(rf"{row} +{FIGURE} / +{FIGURE}", said)) == 2, said
    for row in (r"nobody presses a key \(floor\)", "everybody presses keys"):
        assert re.search(rf"{row} +{FIGURE} / +{FIGURE} +\d+ of \d$", said, re.MULTILINE), said
    assert re.search(rf"CPU ms a dispatch, until it is heard: gateway +{FIGURE}\n", said), said
    asterisk = re.search(r"\n  Asterisk +(\d+) +(\d+) ", said)
    assert asterisk, said
    assert int(asterisk[1]) > 0
    assert int(asterisk[2]) > 0


def test_the_bench_measures_a_flood_beside_ordinary_callers() -> None:
    said = bench(
        *("--parts", "flood", "--takers", "3", "--flood-takers", "3", "--flood-s", "4"),
        *("--flood", "120", "--ordinary", "60"),
    )
    assert "8 calls of the flood: every one has its row" in said, said
    for row in ("ordinary, alone", "ordinary, beside", "the flood"):
        assert re.search(rf"{row} + {FIGURE} + {FIGURE} + {FIGURE}   \d", said), said


# ---- what was seen, and what is told of it ---------------------------------------------------------------------------


WELL = Seen(10.0, 201, rung_at=10.1, accepted_at=12.0, officer_hears_at=12.05, citizen_hears_at=12.08, recorded=True)


def test_dispatches_are_played_in_rounds_of_as_many_calls_as_there_may_be_at_a_time() -> None:
    assert Load(120, 10, 50, 20).rounds == [50, 50, 20]
    assert Load(50, 10, 50, 20).rounds == [50]
    assert Load(3, 10, 50, 20).rounds == [3]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Seen(1.0, 0), "no answer from the API"),
        (Seen(1.0, 409), "answered 409"),
        (Seen(1.0, 201), "did not ring"),
        (Seen(1.0, 201, rung_at=1.1), "not accepted"),
        (Seen(1.0, 201, rung_at=1.1, accepted_at=2.0, officer_hears_at=2.1), "the citizen does not hear the SKPD"),
        (Seen(1.0, 201, rung_at=1.1, accepted_at=2.0, citizen_hears_at=2.1), "the SKPD does not hear the citizen"),
        (Seen(1.0, 201, 1.1, 2.0, 2.1, 2.1, recorded=True, cut=True), "cut off"),
        (Seen(1.0, 201, 1.1, 2.0, 2.1, 2.1), "not on the ticket"),
    ],
)
def test_one_thing_that_went_wrong_is_not_clean_and_is_named(seen: Seen, words: str) -> None:
    verdict, *rest = told_errors([WELL, seen], 0).splitlines()
    assert verdict.startswith("NOT CLEAN: 2 dispatches")
    assert rest == [f"  1 times: {words}"]


def test_a_call_that_nobody_answered_is_not_clean_either() -> None:
    assert told_errors([WELL], 0) == "clean: 1 dispatches, 1 with two-way audio"
    assert told_errors([WELL], 2).startswith("NOT CLEAN: 1 dispatches, 1 with two-way audio\n  2 times: call not answ")


def test_latencies_stand_beside_the_floor_and_the_bound() -> None:
    slow = Seen(20.0, 201, 20.02, 21.0, 21.1, 21.5, recorded=True)
    table = told_latencies([WELL, slow, Seen(30.0, 409)], [0.01, 0.05], [0.001])
    assert re.search(r"first ring, floor +30\.0 / +50\.0$", table, re.MULTILINE)
    assert re.search(r"first ring, gateway +60\.0 / +100\.0 +within 300; 2\.0 times the floor$", table, re.MULTILINE)
    assert re.search(r"own lateness +1\.0 / +1\.0$", table, re.MULTILINE)
    # Two-way is when the later of both hears the other.
    assert re.search(r"two-way audio +290\.0 / +500\.0 +NOT within 300$", table, re.MULTILINE)


def test_cpu_is_told_for_a_minute_of_one_conversation() -> None:
    talked = a_minute({"Asterisk": 2.0}, conversations=50, lasted_s=12)  # ten minutes of conversation
    assert talked == {"Asterisk": pytest.approx(0.2)}
    assert math.isnan(a_minute({"Asterisk": 2.0}, conversations=0, lasted_s=12)["Asterisk"])
    assert re.search(r"Asterisk +200 +500 +2\.5$", told_minutes(talked, {"Asterisk": 0.5}))


def waits(*seconds: float) -> Waits:
    return Waits(tuple(sorted(seconds)), Counter(answered=len(seconds)))


def test_a_flood_is_told_by_how_much_longer_everybody_else_waits() -> None:
    alone, slow = waits(*[0.2] * 18, 1.0, 2.0), waits(*[0.5] * 18, 6.1, 20.0)
    said = told_flood(alone, slow, waits(1.0, 20.0), 2)
    assert "ordinary p95 +5.1 s with the flood: NOT within 5 s" in said
    assert "2 calls of the flood: every one has its row" in said
    assert "within 5 s\n  3 calls of the flood: NOT CLEAN: 1 rows missing" in told_flood(alone, alone, waits(1, 2), 3)
    assert math.isnan(waits().percentile(0.95))


def test_each_skpd_has_a_line_of_its_own() -> None:
    numbers = [line.number for skpd in skpds(50) for line in skpd.lines]
    assert len(set(numbers)) == 50


# ---- since when is somebody heard ------------------------------------------------------------------------------------


def packets(audio: bytes) -> list[bytes]:
    return [audio[at : at + PACKET] for at in range(0, len(audio) - PACKET + 1, PACKET)]


def onset_of(hz: int, audio: Sequence[bytes]) -> float | None:
    onset = Onset(hz)
    for place, packet in enumerate(audio):
        onset.take(float(place), packet)
    return onset.at


def test_a_tone_begins_with_the_first_packet_that_holds_it() -> None:
    assert onset_of(OFFICER, [SILENCE] * 7 + packets(tone(OFFICER))) == 7.0


def test_one_packet_alone_is_no_tone() -> None:
    (one, *_) = packets(tone(OFFICER))
    assert onset_of(OFFICER, [SILENCE, one, SILENCE, one, SILENCE]) is None


def test_the_others_tones_are_not_taken_for_it() -> None:
    assert onset_of(OFFICER, packets(tone(CITIZEN)) + packets(tone(TAKER))) is None


def test_it_is_heard_beside_another_as_loud() -> None:
    nearest = {value: byte for byte, value in enumerate(LINEAR)}
    pairs = zip(tone(OFFICER), tone(TAKER), strict=True)
    sums = [LINEAR[one] + LINEAR[other] for one, other in pairs]
    both = bytes(nearest[min(nearest, key=lambda value: abs(value - wanted))] for wanted in sums)
    assert onset_of(OFFICER, packets(both)) == 0.0


@pytest.mark.parametrize("hz", [CITIZEN, OFFICER])
def test_what_the_officer_is_told_is_not_taken_for_a_voice(hz: int) -> None:
    for phrase in ("dispatch-hello", "dispatch-ticket", "dispatch-press-1"):
        with wave.open(str(spoken() / f"{phrase}.wav")) as file:
            samples = array("h", file.readframes(file.getnframes()))
        held = [share_of(hz, samples[at : at + PACKET]) >= HELD for at in range(0, len(samples), PACKET)]
        assert not any(one and other for one, other in itertools.pairwise(held)), phrase


def test_two_voices_of_a_choir_hear_each_other_once_the_key_was_let_go() -> None:
    with Choir() as choir:
        citizen = Part("127.0.0.1", CITIZEN, choir=choir, listens_for=OFFICER)
        officer = Part("127.0.0.1", OFFICER, choir=choir, listens_for=CITIZEN, once_let_go=True)
        citizen.target, officer.target = officer.address, citizen.address
        eventually(lambda: citizen.heard_at)
        assert officer.packets
        assert not officer.heard_at
        officer.press("1")
        heard_at = eventually(lambda: officer.heard_at)
        assert officer.let_go_at
        assert heard_at >= officer.let_go_at
        for part in (citizen, officer):
            part.stop()
            part.stop()


def test_who_is_rung_for_while_as_many_wait_who_came_earlier_is_out_of_turn() -> None:
    served = Served(rung={0})
    served.ring(1, 1)
    served.ring(3, 2)  # one came earlier, and there is a phone for each
    served.ring(2, 1)
    assert served.out_of_turn == 0
    served.ring(6, 2)
    assert served.out_of_turn == 1
