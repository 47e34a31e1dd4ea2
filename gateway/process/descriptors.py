"""How many files and sockets our processes may have open: a waiting caller is some six of Asterisk's."""

from __future__ import annotations

import resource
from typing import Final

ENOUGH: Final = 65_536
"""As docker/compose.yaml gives: more than ten thousand callers."""


def raise_limit() -> int:
    """Have this process, and what it starts, open as many as the machine allows, up to ENOUGH; give how many.

    A shell's usual 1,024 are used up by some 150 callers who wait, and Asterisk then refuses calls, and cannot write
    what it has to say of them.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ENOUGH if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
