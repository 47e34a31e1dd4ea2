"""Where a process spends its time: py-spy's samples of who holds the interpreter, gathered by package."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FRAME = re.compile(r"^(?P<function>.+) \((?P<file>[^:()]+)(?::\d+)?\)$")
_PER_SECOND = 200


@contextmanager
def sampled(pid: int, file: Path, seconds: float) -> Iterator[None]:
    """Sample this process while the block runs, for `seconds` at most; `file` has the stacks afterwards."""
    argv = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid), "--rate", str(_PER_SECOND)]
    argv += ["--gil", "--format", "raw", "--output", str(file), "--duration", str(int(seconds)), "--nolineno"]
    spy = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        _, complaint = spy.communicate(timeout=seconds + 30)
        if spy.returncode:
            print(f"no profile: {complaint.strip()[-300:]}", file=sys.stderr)


def shares(file: Path) -> tuple[Counter[str], Counter[str], int]:
    """Samples by package (of the innermost frame), by function (anywhere in the stack), and in all."""
    packages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    total = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        total += int(count)
        packages[_package(frames[-1])] += int(count)
        for frame in {frame for frame in frames if _package(frame) in {"gateway", "ticketing"}}:
            functions[frame] += int(count)
    return packages, functions, total


def _package(frame: str) -> str:
    match = _FRAME.match(frame)
    path = Path(match["file"]) if match else Path(frame)
    parts = path.parts
    for name in ("gateway", "ticketing"):
        if name in parts or path.name.startswith(f"{name}/"):
            return name
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    return path.parts[0] if len(parts) > 1 else path.stem


def told(file: Path) -> str:
    """The shares as a table."""
    packages, functions, total = shares(file)
    lines = [f"\nwhere the gateway's time goes ({total} samples at {_PER_SECOND}/s)", "  at work itself"]
    lines += [f"    {name:<40}{count / total:6.1%}" for name, count in packages.most_common(12)]
    lines += ["  of ours, with all that it calls"]
    lines += [f"    {name[:60]:<60}{count / total:6.1%}" for name, count in functions.most_common(14)]
    return "\n".join(lines)
