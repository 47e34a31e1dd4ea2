"""`python -m gateway.ledger.worker PARENT`: is told of journals, reads them, and writes what they say, all pickled.

Its other end is gateway.ledger.ahead. A module of its own: what is pickled here must not be of `__main__`.
"""

from __future__ import annotations

import pickle
import sys
from contextlib import suppress

from gateway.ledger.ahead import read_for
from gateway.process.orphans import die_with_parent


def main() -> None:
    """Read to the journals' ends, never further ahead than a pipe holds."""
    die_with_parent(int(sys.argv[1]))
    asked = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our parent
    with suppress(BrokenPipeError):
        for piece in read_for(asked):
            pickle.dump(piece, sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
