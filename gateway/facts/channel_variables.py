"""Names that the dialplan (asterisk-conf/) and the code share: variables, user events of the journal, contexts.

Change one here and there together.
"""

from typing import Final

GW_OK: Final = "GW_OK"
"""`0` before the dialplan asks a script; a script that did all of its work sets `1`, last."""

CALLER_E164: Final = "SIAGA_CALLER_E164"
"""The caller's number, `+628123456789`; not set when there is none. Set by the caller-ID script."""

CALLER_KIND: Final = "SIAGA_CALLER_KIND"
"""What sort of number: a `CallerKind` (`mobile`, `anonymous`, …). Set by the caller-ID script."""

PENALTY: Final = "SIAGA_PENALTY"
"""How far prank and ghost marks put the caller back in line, in hundredths of a second; not set when they do not. Set
by the caller-ID script; the dialplan takes digits alone, and bounds it."""

QUEUE_PRIO: Final = "QUEUE_PRIO"
"""Asterisk's own: with which priority the caller joins the queue. Set by the dialplan; by the gateway when the call
that had the number's place in line is over."""

PLACE: Final = "SIAGA_PLACE"
"""The priority that the arrival earned, less the penalty. Set by the dialplan."""

PLACE_GROUP: Final = "GROUP(place)"
"""Asterisk's own: the number (digits) whose place in line this call has; empty for its further calls, which wait behind
everybody else. Set by the dialplan, or the gateway."""

SHOWN_NUMBER: Final = "CALLERID(num)"
"""Asterisk's own: the number that the taker's phone shows."""

ARRIVED: Final = "ARRIVED"
"""User event of the journal (CEL), by the dialplan, when a call reaches the line: `decode_arrival`."""

CALLER: Final = "CALLER"
"""User event of the journal, by the caller-ID script: `decode_caller`."""

LOCATED: Final = "LOCATED"
"""User event of the journal, by the dialplan, when the network tells of the caller's place: `decode_located`."""

OVERFLOW: Final = "OVERFLOW"
"""User event of the journal, by the dialplan, when no taker could be had; base64 of the QUEUESTATUS."""

ASKED: Final = "ASKED"
"""User event of the journal, by the dialplan, when a caller answers a question by key, or is asked to speak:
`decode_answer`."""

QUESTION: Final = "SIAGA_QUESTION"
"""Which question is put to a caller who cannot speak: a `ticketing.asked.Question`. Set by the gateway."""

UNRECORDED: Final = "UNRECORDED"
"""User event of the journal, by the dialplan, in place of the recording of a call; base64 of `UNRECORDED_UNTIL`."""

UNRECORDED_UNTIL: Final = "SIAGA_UNRECORDED_UNTIL"
"""Global. Until then (epoch seconds) calls are not recorded. Set by the gateway for a minute at a time: when it has
died, calls are recorded again."""

DISPATCH: Final = "DISPATCH"
"""User event of the journal, by the dialplan, at each step of a dispatch: `decode_dispatch`."""

DISPATCH_ID: Final = "SIAGA_DISPATCH"
"""Which dispatch a channel belongs to, by the store's id. Set by the gateway, inherited by the lines that are rung."""

DISPATCH_LINES: Final = "SIAGA_LINES"
"""The lines of a dispatch, in order, as NUMBER:SECONDS joined by `&`. Set by the gateway."""

DISPATCH_MODE: Final = "SIAGA_MODE"
"""`consult` when the taker wants a word with the SKPD before the caller is joined, else `bridge`. Set by the gateway,
or by the dialplan for a taker who dials."""

DISPATCH_CALLER: Final = "SIAGA_CALLER"
"""Name of the caller's channel; empty when the caller has hung up before the SKPD was called. Set by the gateway."""

DISPATCH_CALL: Final = "SIAGA_CALL"
"""Unique id of the caller's channel, which the name is held against. Set by the gateway."""

DISPATCH_CONFIRM: Final = "SIAGA_CONFIRM"
"""`1` when the officer has to press 1, `0` when whoever picks up has accepted. Set by the gateway."""

DISPATCH_SAY: Final = "SIAGA_SAY"
"""What the officer hears: names of phrases joined by `&`. Set by the gateway."""

DISPATCH_CALL_BACK: Final = "SIAGA_CALL_BACK"
"""The caller's number in E.164, to be called back by key; empty when there is none. Set by the gateway."""

DISPATCH_LEG: Final = "SIAGA_LEG"
"""The line and the trunk that are being tried: LINE.TRUNK. Set by the dialplan; the doorbell tells it (DialState)."""

RETURN_CALL: Final = "RETURN_CALL"
"""User event of the journal, by the dialplan, at each step of a return call: `decode_return_call`."""

RETURN_CALL_ID: Final = "SIAGA_RETURN"
"""Which return call the taker's channel is, by the store's id. Set by the gateway."""

RETURN_NUMBER: Final = "SIAGA_RETURN_NUMBER"
"""Whom it calls: the caller's number in E.164. Set by the gateway."""

RETURN_OF: Final = "SIAGA_RETURN_OF"
"""The call that is returned, by its id: its audio and the return call's lie side by side. Set by the gateway."""

SKPD_UPDATE: Final = "SKPD_UPDATE"
"""User event of the journal, by the script of the service number: what an officer said (`decode_update`)."""

SKPD_PIN: Final = "SKPD_PIN"
"""User event of the journal, by the same script: a PIN was right, or wrong once too often (`decode_pin`)."""

KEYS: Final = "SIAGA_KEYS"
"""What an officer pressed last. Set by Read(), for the script of the service number."""

NOTE: Final = "SIAGA_NOTE"
"""Payload of `SKPD_UPDATE` for the note that is being spoken; empty when none is. Set by the script: for an officer who
hangs up at the end of a note, the dialplan puts it on record."""

ROBOT: Final = "robot"
"""The dialplan context of what answers the line's own test calls, and its name among those who answer."""

ROBOT_INTERFACE: Final = "Local/s@robot/n"
"""The only member of the queue that test calls wait in."""
