"""A shell's usual limit is not the line's."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIMITED = """
import resource, sys
from gateway.process.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(raise_limit(), resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "told"),
    [
        (256, 4096, "4096 (4096, 4096)"),
        (4096, 4096, "4096 (4096, 4096)"),
    ],
)
def test_as_many_files_may_be_open_as_the_machine_allows(soft: int, hard: int, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(soft), str(hard)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == told
