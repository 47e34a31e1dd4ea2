"""How loud a sound is, from its samples; and what is wrong with a prompt that sounds like that."""

from __future__ import annotations

import math
import random

import pytest

from gateway.telephony.levels import Level, measured
from gateway.telephony.prompt_check import CLIPPED, flaws_of

RATE = 8000
FINE = Level(seconds=3.0, heard_s=2.2, peak_dbfs=-3.0, rms_dbfs=-18.0, clipped=False)


def tone(dbfs: float, seconds: float = 1.0) -> list[int]:
    """440 Hz that peaks at so much."""
    peak = 32767 * 10 ** (dbfs / 20)
    return [round(peak * math.sin(math.tau * 440 * at / RATE)) for at in range(round(seconds * RATE))]


def cut_off(samples: list[int]) -> list[int]:
    return [max(-32768, min(32767, sample)) for sample in samples]


@pytest.mark.parametrize("dbfs", [-1.0, -12.0, -40.0])
def test_a_tone_is_as_loud_as_it_is_and_its_power_three_db_below(dbfs: float) -> None:
    level = measured(tone(dbfs), RATE)
    assert level.peak_dbfs == pytest.approx(dbfs, abs=0.1)
    assert level.rms_dbfs == pytest.approx(dbfs - 3.01, abs=0.1)
    assert level.seconds == 1
    assert not level.clipped


def test_silence_around_speech_makes_it_longer_and_no_quieter() -> None:
    pause = [0] * RATE
    alone, amid = measured(tone(-12), RATE), measured([*pause, *tone(-12), *pause], RATE)
    assert amid.rms_dbfs == pytest.approx(alone.rms_dbfs)
    assert amid.seconds == 3
    assert amid.heard_s == pytest.approx(1)


def test_the_noise_of_a_quiet_room_is_silence() -> None:
    noise = random.Random(112)
    level = measured([noise.randint(-60, 60) for _ in range(RATE)], RATE)
    assert level.rms_dbfs is None
    assert level.heard_s == 0
    assert level.peak_dbfs is not None


@pytest.mark.parametrize("samples", [[], [0], [0] * RATE])
def test_nothing_at_all_has_no_level(samples: list[int]) -> None:
    level = measured(samples, RATE)
    assert (level.peak_dbfs, level.rms_dbfs, level.heard_s, level.clipped) == (None, None, 0, False)


@pytest.mark.parametrize("gain_db", [1.0, 6.0, 20.0])
def test_what_was_too_loud_for_its_recorder_is_clipped(gain_db: float) -> None:
    assert measured(cut_off(tone(gain_db)), RATE).clipped


def test_peaks_that_just_reach_the_end_of_the_scale_are_not_clipped() -> None:
    assert not measured(tone(0), RATE).clipped
    loudest = [sample if at % 8 else -32768 for at, sample in enumerate(tone(-6))]
    assert measured(loudest, RATE).peak_dbfs == 0
    assert not measured(loudest, RATE).clipped


def test_nothing_is_wrong_with_an_ordinary_prompt() -> None:
    assert flaws_of("nobody", FINE) == []


@pytest.mark.parametrize(
    ("name", "level", "flaws"),
    [
        ("nobody", measured(tone(-32), RATE), ["too quiet: -35 dBFS, it should be above -28"]),
        ("nobody", measured(cut_off(tone(6)), RATE), [CLIPPED]),
        ("nobody", measured([0] * RATE, RATE), ["nothing is heard in it"]),
        ("nobody", measured(tone(-6, 0.06), RATE), ["too short: 0.06 s are heard"]),
        ("nobody", measured(tone(-6, 61), RATE), ["too long: 61.0 s, it should be below 60"]),
        ("digit-7", measured(tone(-6, 1.8), RATE), ["too long: 1.8 s, it should be below 1.7"]),
        ("nobody", measured(tone(-6, 1.8), RATE), []),
    ],
)
def test_what_a_caller_would_not_hear_well_is_a_flaw(name: str, level: Level, flaws: list[str]) -> None:
    assert flaws_of(name, level) == flaws
