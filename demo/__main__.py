"""`make demo`: the whole line with a simulated town around it, until Ctrl-C.

Citizens call at random on SIPp, four call takers answer, record and have SKPDs rung, whose telephones accept, are busy,
are not picked up or are a machine; a supervisor turns the tickets, now and then late; one call every 8 seconds at pace
1. Everything is invented, and nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
from collections import deque
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import aiohttp

from bench.sipp import SippFailed, citizens, phones
from demo.api import Client, Unreachable
from demo.line import DemoFailed, DemoLine, home_of, loopback
from demo.people import VISITOR, hire, open_screens, register_skpds
from demo.room import Room
from demo.telephones import telephones
from demo.town import FASTEST, SLOWEST, Town

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.sipp import Address
    from bench.softphone import Softphone
    from demo.town import PlannedCall

_MOST_CALLS = 40  # at once; a town that is faster than that has to wait
_LOOKS_EVERY_S = 0.2
_PHONES_KNOWN_WITHIN_S = 30.0
_FORGETS_EVERY_S = 60.0


def say(text: str) -> None:
    """Print one line; nobody may be there to read it."""
    with suppress(OSError, ValueError):
        print(text, flush=True)


async def log_in(sip: Address, logins: Sequence[tuple[str, str]], town: Town) -> ExitStack:
    """Have the takers' phones log in, as soon as Asterisk knows them, and give them; raise DemoFailed."""
    deadline = asyncio.get_running_loop().time() + _PHONES_KNOWN_WITHIN_S
    staffed = ExitStack()
    while True:
        try:
            # The line stops right after them: there is nothing to log out from.
            staffed.enter_context(phones(sip, logins, town.pickup(), logs_out=False))
        except SippFailed as unknown:
            if asyncio.get_running_loop().time() > deadline:
                raise DemoFailed(f"the takers' phones cannot log in: {unknown}") from unknown
            await asyncio.sleep(1)
        else:
            return staffed


async def renew(shift: ExitStack, sip: Address, logins: Sequence[tuple[str, str]], town: Town) -> None:
    """Keep the phones logged in, until cancelled; raise DemoFailed.

    A login is good for 120 s (pjsip_phones.conf), and a port that SIPp answers on cannot send another: new phones take
    the place of the old ones, which go when the conversations they had are over.
    """
    shifts = deque([shift])
    try:
        while True:
            await asyncio.sleep(town.login_s)
            shifts.append(await log_in(sip, logins, town))
            while len(shifts) > town.logins_in_use:
                shifts.popleft().close()
    finally:
        for one in shifts:
            one.close()


async def call(sip: Address, planned: PlannedCall, free: asyncio.Semaphore) -> None:
    """Have one call made; ended with the task if it has not ended by then."""
    try:
        with citizens(sip, planned.citizen) as sipp:
            while sipp.is_running:  # noqa: ASYNC110 - a process sets no event
                await asyncio.sleep(_LOOKS_EVERY_S)
            sipp.finish()
    except SippFailed as astray:
        # Somebody gave up in the very instant of the answer, say. The line has it on record either way.
        say(f"a call from {planned.number or 'no number'} went another way: {' '.join(str(astray).split())[:160]}")
    finally:
        free.release()


async def calls(sip: Address, town: Town, room: Room) -> None:
    """Have citizens call for ever."""
    free = asyncio.Semaphore(_MOST_CALLS)
    async with asyncio.TaskGroup() as group:
        while True:
            await asyncio.sleep(town.gap_s())
            await free.acquire()
            planned = town.call()
            room.expect(planned.number, planned.story)
            group.create_task(call(sip, planned, free))


async def forget(exchange: Softphone) -> None:
    """Keep nothing of the calls to SKPDs that are over, until cancelled: a demo may run for days."""
    while True:
        await asyncio.sleep(_FORGETS_EVERY_S)
        exchange.forget()


async def life(line: DemoLine, town: Town, exchange: Softphone) -> None:
    """Everything that happens around the line, until cancelled; raise DemoFailed, Unreachable."""
    sip, http = loopback(line.environment, "sip_bind"), loopback(line.environment, "http_bind")
    # While the line still starts: the phones are known to it then, and the town is alive as soon as it is ready.
    say("demo: hiring the desk …")
    desk = await hire(line)
    await line.ready.wait()
    with await log_in(sip, desk.phones, town) as shift:
        say(f"demo: sign in at   http://{http}/ as {VISITOR}, password {desk.visitor_password}")
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            screens, skpds = open_screens(line, group), register_skpds(line, town.line_rings_s, group)
            room = Room(Client(session, http), desk, screens, skpds, town, say)
            group.create_task(forget(exchange))
            group.create_task(room.work())
            group.create_task(renew(shift, sip, desk.phones, town))
            group.create_task(calls(sip, town, room))


async def demo(pace: float, seed: int) -> int:
    """Run the demo until SIGINT or SIGTERM; give the exit status. Raises DemoFailed before anything is started."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    for key in ("sip_bind", "http_bind"):
        loopback(os.environ, key)
    town = Town(pace, seed)
    say(f"demo: pace {pace:g}, seed {seed}")
    # The carrier is there before the line: it is asked at once whether it is.
    with home_of(os.environ) as home, telephones(town) as exchange:
        line = DemoLine.prepared(home, f'carrier_proxy = "{exchange.address}"\n{town.settings()}', say)
        running = asyncio.create_task(line.run(), name="line")
        living = asyncio.create_task(life(line, town, exchange), name="town")
        asked = asyncio.create_task(stopped.wait(), name="Ctrl-C")
        await asyncio.wait({running, living, asked}, return_when=asyncio.FIRST_COMPLETED)
        for task in (living, asked):
            task.cancel()
        (outcome, _) = await asyncio.gather(living, asked, return_exceptions=True)
        await line.stop()
        status = await running
    return _verdict(outcome, status, asked_to=stopped.is_set())


def _verdict(outcome: object, line_status: int, *, asked_to: bool) -> int:
    """The exit status: 0 when it was asked to stop; what went wrong is said."""
    if isinstance(outcome, Exception):
        for error in _leaves(outcome):
            if not isinstance(error, DemoFailed | Unreachable):
                raise error
            print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0 if asked_to else line_status or 1


def _leaves(error: Exception) -> list[Exception]:
    if isinstance(error, ExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--pace",
        type=float,
        default=1.0,
        help=f"how fast the town lives, {SLOWEST:g} to {FASTEST:g}; also: make demo PACE=5 (default: 1)",
    )
    parser.add_argument(
        "--seed", type=int, default=None, help="the same callers again; also: make demo SEED=7 (default: other ones)"
    )
    asked = parser.parse_args(words)
    if not SLOWEST <= asked.pace <= FASTEST:
        parser.error(f"--pace: {SLOWEST:g} to {FASTEST:g}")
    if asked.seed is None:
        asked.seed = secrets.randbelow(10_000)
    return asked


def main() -> None:
    """Run it."""
    asked = arguments()
    try:
        sys.exit(asyncio.run(demo(asked.pace, asked.seed)))
    except DemoFailed as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
