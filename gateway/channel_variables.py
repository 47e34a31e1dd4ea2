"""Names that the dialplan (asterisk-conf/) and the code share. Change one here and there together."""

from typing import Final

GW_OK: Final = "GW_OK"
"""`0` before the dialplan asks a script; a script that did all of its work sets `1`, last."""

ARRIVAL: Final = "SIAGA_ARRIVAL"
"""Who calls, as the trunk sent it: payload of `ARRIVED`. Set by the dialplan; a script's first argument."""

CALLER_E164: Final = "SIAGA_CALLER_E164"
"""The caller's number, `+628123456789`; not set when there is none. Set by the caller-ID script."""

CALLER_KIND: Final = "SIAGA_CALLER_KIND"
"""What sort of number: a `CallerKind` (`mobile`, `anonymous`, …). Set by the caller-ID script."""

SHOWN_NUMBER: Final = "CALLERID(num)"
"""Asterisk's own: the number that the taker's phone shows."""

ARRIVED: Final = "ARRIVED"
"""User event of the journal (CEL), by the dialplan, when a call reaches the line: `decode_arrival`."""

CALLER: Final = "CALLER"
"""User event of the journal, by the caller-ID script: `decode_caller`."""

OVERFLOW: Final = "OVERFLOW"
"""User event of the journal, by the dialplan, when no taker could be had; base64 of the QUEUESTATUS."""

UNRECORDED: Final = "UNRECORDED"
"""User event of the journal, by the dialplan, in place of the recording of a call; base64 of `UNRECORDED_UNTIL`."""

UNRECORDED_UNTIL: Final = "SIAGA_UNRECORDED_UNTIL"
"""Global. Until then (epoch seconds) calls are not recorded. Set by the gateway for a minute at a time: when it has
died, calls are recorded again."""

ROBOT: Final = "robot"
"""The dialplan context of what answers the line's own test calls, and its name among those who answer."""

ROBOT_INTERFACE: Final = "Local/s@robot/n"
"""The only member of the queue that test calls wait in."""
