"""`make bench`, small: it measures what it says, on a line of its own."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.telephony.line import CHECKOUT

FIGURE = r"\d+\.\d"


def test_the_bench_measures_calls_and_screens_beside_the_floor() -> None:
    small = [
        "--calls",
        "12",
        "--per-second",
        "4",
        "--takers",
        "4",
        "--screens",
        "3",
        "--screens-s",
        "1",
        "--parts",
        "calls",
        "screens",
        "--soak",
        "20",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *small], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "NOT CLEAN" not in done.stdout
    assert "clean: 12 answers, 12 tickets" in done.stdout
    for row in ("answer → committed, floor", "answer → committed, gateway", "answer → live feed", "caller-ID script"):
        assert re.search(rf"{row}[^\n]* {FIGURE} / +{FIGURE}\n", done.stdout), done.stdout
    assert re.search(r"clean: \d\d+ changes, \d+ tellings, 0 missing", done.stdout)
    assert re.search(rf"gateway + {FIGURE}\d cores", done.stdout)
