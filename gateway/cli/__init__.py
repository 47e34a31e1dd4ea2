"""The command line, a file for what its verbs are about."""

from gateway.cli.root import main

__all__ = ["main"]
