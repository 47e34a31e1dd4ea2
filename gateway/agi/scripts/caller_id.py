"""Who calls: what the trunk sent, made into a number that can be called back.

The dialplan asks with `AGI(agi://…/caller_id,${SIAGA_ARRIVAL})`: all that is needed comes with the question.
The answer takes two commands, since each one costs a round trip while the caller waits. With it goes what prank calls
from this number cost it: a place further back in line, which the dialplan bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.facts.channel_variables import CALLER, CALLER_E164, CALLER_KIND, GW_OK, PENALTY, SHOWN_NUMBER
from gateway.facts.ledger_payloads import decode_arrival, encode_caller
from gateway.facts.phone_numbers import identify

if TYPE_CHECKING:
    from gateway.agi.scripts import ScriptContext
    from gateway.agi.session import AgiSession
    from ticketing.model import Caller


def run(session: AgiSession, context: ScriptContext) -> None:
    """Put the caller into the journal, then on the channel.

    Raises ValueError when the dialplan's payload is of another version, AGIError when Asterisk refuses or the
    call has ended.
    """
    trunk, presented = decode_arrival(session.env.get("agi_arg_1", ""))
    caller = identify(presented, context.style_of_trunk(trunk))
    session.appexec("CELGenUserEvent", f"{CALLER},{encode_caller(caller)}")
    session.appexec("MSet", _assignments(caller, _penalty(caller, context)))


def _penalty(caller: Caller, context: ScriptContext) -> int:
    # Behind what cannot be called back is somebody else each time.
    return context.penalty(caller.e164) if caller.callable and caller.e164 else 0


def _assignments(caller: Caller, penalty: int) -> str:
    """MSet's argument (pbx_variables.c sets them in this order). No value holds a comma, quote or bracket."""
    number = [f"{CALLER_E164}={caller.e164}", f"{SHOWN_NUMBER}={caller.e164}"] if caller.e164 else []
    put_back = [f"{PENALTY}={penalty}"] if penalty else []
    return ",".join([*number, f"{CALLER_KIND}={caller.kind.value}", *put_back, f"{GW_OK}=1"])
