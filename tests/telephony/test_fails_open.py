"""Our code is dead, or hangs: the caller is answered all the same."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.sipp import Citizen, citizens
from tests.telephony.line import eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

    from tests.telephony.line import Line


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """The process stands still while the block runs."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        if process.is_running():
            process.send_signal(signal.SIGCONT)


def test_with_the_agi_server_down_the_ticket_has_what_the_carrier_sent(line112: Line) -> None:
    since = now()
    # The supervisor is held, so that it cannot start the server again before the call.
    with line112.staffed("201"), stopped(line112.process("run")):
        line112.process("gateway.agi.server").kill()
        with citizens(line112.sip, Citizen()) as caller:
            caller.finish()
    call = line112.ended_call(since)
    assert call["outcome"] == "answered"
    assert line112.tickets(since)[0]["caller"]["raw"] == "08123456789"
    eventually(line112.is_ready)


def test_with_the_agi_server_frozen_the_caller_waits_two_seconds_and_not_for_ever(line112: Line) -> None:
    since = now()
    frozen = line112.process("gateway.agi.server")
    with line112.staffed("201"), stopped(frozen), citizens(line112.sip, Citizen()) as caller:
        caller.finish()
    call = line112.ended_call(since)
    assert call["outcome"] == "answered"
    # The figure of the dialplan's promise, not of our speed: 0.5 s between two questions, 1 s for the answer.
    assert call["wait_s"] < 2.5
    assert line112.tickets(since)[0]["caller"]["raw"] == "08123456789"
    eventually(line112.is_ready)


def test_a_call_answered_while_the_gateway_is_dead_has_its_ticket_afterwards(line112: Line) -> None:
    since = now()
    with line112.staffed("201"):
        with stopped(line112.process("run")):
            line112.process("-m gateway ").kill()
            with citizens(line112.sip, Citizen()) as caller:
                caller.finish()
            assert line112.tickets(since) == []
        (ticket,) = eventually(lambda: line112.tickets(since))
        call = line112.ended_call(since)
        assert (ticket["call_id"], ticket["taker"]) == (call["id"], "201")
        assert ticket["answered_at"] < ticket["opened_at"]
        eventually(line112.is_ready)


@contextmanager
def alone(line: Line) -> Iterator[None]:
    """Asterisk has nobody: AGI server dead, gateway frozen, database gone, and a supervisor that mends nothing."""
    database = line.home / "siaga112.sqlite3"
    with stopped(line.process("run")), stopped(line.process("-m gateway ")):
        line.process("gateway.agi.server").kill()
        database.rename(away := database.with_name("away.sqlite3"))
        try:
            yield
        finally:
            away.rename(database)


def test_with_all_of_our_own_gone_at_once_a_taker_answers_and_the_call_is_recorded(line112: Line) -> None:
    since = now()
    with line112.staffed("201"):
        with alone(line112), citizens(line112.sip, Citizen()) as caller:
            caller.finish()
        (ticket,) = eventually(lambda: line112.tickets(since))
    call = line112.ended_call(since)
    assert (call["outcome"], call["takers"], ticket["call_id"]) == ("answered", ["201"], call["id"])
    assert call["wait_s"] < 2.5
    assert call["recording"]
    eventually(line112.is_ready)


def test_asterisk_that_dies_is_started_again_with_the_same_takers_at_the_desk(line112: Line) -> None:
    died = line112.process("asterisk.conf")
    died.kill()
    eventually(lambda: not died.is_running() or died.pid != line112.process("asterisk.conf").pid)
    eventually(line112.is_ready, within_s=30)
    since = now()
    with line112.staffed("201"), citizens(line112.sip, Citizen()) as caller:
        caller.finish()
    assert line112.ended_call(since)["takers"] == ["201"]
