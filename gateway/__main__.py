"""`python -m gateway PARENT`: the gateway process, as the supervisor with that process id starts it."""

from __future__ import annotations

import asyncio
import sys

from gateway import config, logs
from gateway.app import run_gateway
from gateway.orphans import die_with_parent


def main() -> None:
    """Run the gateway with the settings of the environment."""
    die_with_parent(int(sys.argv[1]))
    logs.configure()
    asyncio.run(run_gateway(config.load()))


if __name__ == "__main__":
    main()
