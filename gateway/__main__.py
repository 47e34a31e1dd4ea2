"""`python -m gateway PARENT`: the gateway process, as the supervisor with that process id starts it."""

from __future__ import annotations

import gc

# Of what is brought in at the start nothing is ever garbage, and looking for it takes a tenth of the time
# (gateway.app puts it on again).
gc.disable()

import asyncio  # noqa: E402
import sys  # noqa: E402

from gateway.app import run_gateway  # noqa: E402
from gateway.process import logs  # noqa: E402
from gateway.process.orphans import die_with_parent  # noqa: E402
from gateway.site import config  # noqa: E402


def main() -> None:
    """Run the gateway with the settings of the environment."""
    die_with_parent(int(sys.argv[1]))
    logs.configure()
    asyncio.run(run_gateway(config.load()))


if __name__ == "__main__":
    main()
