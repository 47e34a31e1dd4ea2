"""What the dialplan may ask during a call: one script a file, each `run(session, context) -> None`.

A script sets `GW_OK` to 1 last. It may fail, or be cut off at its deadline, at any point before: the call
goes on without it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ticketing.model import CallerIdStyle


@dataclass(frozen=True, slots=True)
class ScriptContext:
    """What a script knows besides the call."""

    style_of_trunk: Callable[[str], CallerIdStyle]  # how a trunk, by its name, writes numbers
