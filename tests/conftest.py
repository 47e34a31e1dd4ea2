"""What holds for every test."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# A shell that runs the tests in the background has SIGINT ignored, and programs inherit that: what the tests start
# would then not hear the Ctrl-C that they send. A handler here is the default there.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Stories in which telephones ring, which is waiting for the most part; the other tests compute.
_WAITING = ("chaos", "demo", "telephony")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that wait among those that compute: side by side they keep a small machine evenly busy."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    waiting = [file for file in files if file.split("/")[1] in _WAITING]
    computing = [file for file in files if file not in waiting]
    places = {file: at / len(kind) for kind in (waiting, computing) for at, file in enumerate(kind)}
    items[:] = [item for file in sorted(files, key=places.__getitem__) for item in files[file]]
