"""The recording of a call, packet by packet: whoever speaks says the number of each, and the file has to have it."""

from __future__ import annotations

import time
import wave
from array import array
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bench.sipp import free_address, register
from bench.softphone import Plan, Softphone
from bench.voice import numbers_in
from tests.telephony.line import Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.softphone import Talk
    from bench.voice import Voice

PACKET_S, RATE = 0.02, 8000
MAY_MISS_S = 0.1


@dataclass
class Conversation:
    phone: Softphone
    desk: Softphone
    citizen: Talk
    taker: Talk


@dataclass
class Told:
    """What a call was, and what its recording holds: the numbers of packets, and how long it is."""

    call: dict[str, Any]
    numbers: list[int]
    lasts_s: float

    @property
    def talked_s(self) -> float:
        return self.instant("ended_at") - self.instant("answered_at")

    def misses_s(self, voice: Voice) -> float:
        """How much of what somebody said is not in it."""
        return (len(voice.sent) - len(self.numbers)) * PACKET_S

    def instant(self, name: str) -> float:
        return datetime.fromisoformat(self.call[name]).timestamp()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with Line.started(tmp_path_factory.mktemp("line")) as one:
        one.add_takers(1)
        yield one


@contextmanager
def conversation(line: Line, *, speaks: str) -> Iterator[Conversation]:
    """A citizen and the taker, of whom one speaks in numbers, and the other sends silence."""
    address = free_address()
    register(line.sip, address, [("201", line.logins["201"])], expires_s=600)
    with Softphone(Plan(counts=speaks == "taker"), address) as desk, Softphone(host="127.0.0.2") as phone:
        eventually(lambda: line.health()["free"] == 1)
        citizen = phone.dial(line.sip, "112", counts=speaks == "citizen")
        taker = eventually(lambda: next((talk for talk in desk.talks if talk.up), None))
        eventually(lambda: citizen.up)
        yield Conversation(phone, desk, citizen, taker)
        eventually(lambda: citizen.ended and taker.ended)
    register(line.sip, address, [("201", line.logins["201"])], expires_s=0)


def told(line: Line, since: datetime) -> Told:
    """The call since then, once it is over, and its recording, once it is whole."""
    call = line.ended_call(since)
    file = next((line.home / "recordings").rglob(f"{call['id']}.wav"))
    # No channel, no recorder: MixMonitor writes the file's header last.
    eventually(lambda: line.asterisk("core show channels count").startswith("0 active channels"))
    frames = eventually(lambda: _frames(file.read_bytes()[:44]))
    with wave.open(str(file)) as sound:
        assert sound.getnframes() == frames
        samples = array("h", sound.readframes(frames))
    numbers = [number for number in numbers_in(samples) if number is not None]
    return Told(call, numbers, len(samples) / RATE)


def _frames(header: bytes) -> int:
    return int.from_bytes(header[40:44], "little") // 2


def sends(voice: Voice, packets: int) -> None:
    """Wait until so many more have been sent."""
    goal = len(voice.sent) + packets
    eventually(lambda: len(voice.sent) >= goal)


@pytest.mark.parametrize("hangs_up", ["citizen", "taker"])
@pytest.mark.parametrize("speaks", ["citizen", "taker"])
@pytest.mark.parametrize("packets", [20, 55, 253])
def test_the_recording_holds_whoever_speaks_from_the_answer_to_the_end(
    line: Line, speaks: str, hangs_up: str, packets: int
) -> None:
    since = now()
    with conversation(line, speaks=speaks) as talk:
        voice = (talk.citizen if speaks == "citizen" else talk.taker).voice
        sends(voice, packets)
        if hangs_up == "citizen":
            talk.phone.hang_up(talk.citizen)
        else:
            talk.desk.hang_up(talk.taker)
    recorded = told(line, since)
    assert recorded.numbers == sorted(set(recorded.numbers))
    assert voice.sent[recorded.numbers[0]] - recorded.instant("answered_at") <= MAY_MISS_S
    assert recorded.misses_s(voice) <= MAY_MISS_S
    assert recorded.talked_s - recorded.lasts_s <= MAY_MISS_S


def longest_pause_s(voice: Voice) -> float:
    return max(after - before for before, after in pairwise(voice.sent)) - PACKET_S


@pytest.mark.parametrize("pausing", [("citizen",), ("taker",), ("citizen", "taker")], ids="+".join)
def test_a_second_in_which_a_phone_sends_nothing_is_a_second_of_the_recording(
    line: Line, pausing: tuple[str, ...]
) -> None:
    since = now()
    with conversation(line, speaks="citizen") as talk:
        citizen, taker = talk.citizen.voice, talk.taker.voice
        voices = [citizen if who == "citizen" else taker for who in pausing]
        sends(citizen, 50)
        for voice in voices:
            voice.pauses = True
        eventually(lambda: all(time.time() - voice.sent[-1] >= 1 for voice in voices))
        for voice in voices:
            voice.pauses = False
        sends(citizen, 50)
        talk.phone.hang_up(talk.citizen)
    recorded = told(line, since)
    # MixMonitor has no clock; bridge_softmix, which sends to each whether others send or not, is its clock.
    assert longest_pause_s(citizen) > 0.9 or "citizen" not in pausing
    assert recorded.talked_s - recorded.lasts_s == pytest.approx(0, abs=MAY_MISS_S)
    assert recorded.misses_s(citizen) <= MAY_MISS_S
