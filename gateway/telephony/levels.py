"""How loud a sound is, how long, and whether it is cut off: pure, from its samples of 16 bits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FULL_SCALE: Final = 32768
_FRAME_S: Final = 0.02  # a syllable lasts ten of them
# Below it, a frame is silence: a quiet room lies lower on a recording that is loud enough, speech never does.
AUDIBLE_DBFS: Final = -50.0
# What was too loud for its recorder stays at the end of the scale for some samples; a peak may just reach it.
_AT_THE_END: Final = 32766
_CUT_OFF_FOR: Final = 3


@dataclass(frozen=True, slots=True)
class Level:
    """What was measured; levels in dB below full scale, None of utter silence."""

    seconds: float
    heard_s: float  # without the silence in it
    peak_dbfs: float | None
    rms_dbfs: float | None  # of what is heard
    clipped: bool


def measured(samples: Sequence[int], rate: int) -> Level:
    """Measure the samples of one channel, so many a second."""
    values = list(samples)  # an array would make its numbers anew at each look
    peak = max(max(values, default=0), -min(values, default=0))
    size = max(1, round(rate * _FRAME_S))
    heard = [power for power in _powers(values, size) if power >= _power(AUDIBLE_DBFS)]
    return Level(
        seconds=len(samples) / rate,
        heard_s=len(heard) * _FRAME_S,
        peak_dbfs=20 * math.log10(peak / FULL_SCALE) if peak else None,
        rms_dbfs=10 * math.log10(sum(heard) / len(heard)) if heard else None,
        clipped=peak >= _AT_THE_END and _is_cut_off(values),
    )


def _powers(samples: list[int], size: int) -> Iterator[float]:
    """Mean square of each whole frame; of full scale, 1."""
    for start in range(0, len(samples) - size + 1, size):
        yield math.hypot(*samples[start : start + size]) ** 2 / (size * FULL_SCALE**2)


def _power(dbfs: float) -> float:
    return float(10 ** (dbfs / 10))


def _is_cut_off(samples: list[int]) -> bool:
    run = 0
    for sample in samples:
        run = run + 1 if abs(sample) >= _AT_THE_END else 0
        if run >= _CUT_OFF_FOR:
            return True
    return False
