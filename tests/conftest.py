"""What holds for every test."""

from __future__ import annotations

import signal

# A shell that runs the tests in the background has SIGINT ignored, and programs inherit that: what the tests start
# would then not hear the Ctrl-C that they send. A handler here is the default there.
signal.signal(signal.SIGINT, signal.default_int_handler)
