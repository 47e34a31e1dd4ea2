"""`python -m gateway.ledger_worker PARENT`: reads pickled lines of journals, writes what they say.

Its other end is gateway.ledger_ahead. A module of its own: what is pickled here must not be of `__main__`.
"""

from __future__ import annotations

import pickle
import sys
from contextlib import suppress

from gateway.ledger_ahead import understand
from gateway.orphans import die_with_parent


def main() -> None:
    """Answer until nobody asks any more."""
    die_with_parent(int(sys.argv[1]))
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, BrokenPipeError):
        while True:
            lines = pickle.load(asked)  # noqa: S301 - from our parent
            pickle.dump(understand(lines), answers)
            answers.flush()


if __name__ == "__main__":
    main()
