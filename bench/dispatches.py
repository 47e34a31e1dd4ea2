"""What a dispatch costs, and how soon it rings and is heard; beside a bare Originate on the same Asterisk.

Citizens call, takers answer, and an SKPD is rung for each of their tickets, through the API. Every telephone sends a
tone of its own, so that it is the other side's voice that is waited for, not any packet. The floor is what any gateway
must at least do: one Originate over AMI, straight to a telephone behind the trunk.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import aiohttp
import psutil

from bench.choir import Choir, Part
from bench.dispatch_figures import Load, Seen, a_minute, told_errors, told_latencies, told_minutes
from bench.meters import cpu_s
from bench.profile import sampled, told
from bench.sipp import Address, free_address, register
from bench.softphone import Plan, Softphone, Talk
from bench.voice import tone
from tests.telephony.line import eventually, now
from ticketing.skpd import Line as SkpdLine
from ticketing.skpd import Skpd

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from tests.telephony.line import Line

T = TypeVar("T")
C = TypeVar("C", bound="Collection[str]")

# Above where speech has its power: an announcement is not taken for a voice.
CITIZEN, TAKER, OFFICER = 1900, 2300, 2700  # Hz
_CALLS_PER_SECOND: Final = 10
_BARE: Final = "+6237490"  # telephones that only the floor calls
_SETTLES_WITHIN_S: Final = 20.0
_ANSWERS_WITHIN_S: Final = 15.0  # the API
_RECORDED_WITHIN_S: Final = 15.0
# Telephones and requests are one interpreter: at Python's 5 ms one would wait for the other, and be measured.
_SWITCH_S: Final = 0.0005


def skpds(count: int) -> list[Skpd]:
    """So many SKPDs, each with one line."""
    return [Skpd(_code(place), f"SKPD {place}", (SkpdLine(_number(place)),)) for place in range(count)]


def _code(place: int) -> str:
    return f"bench-{place}"


def _number(place: int) -> str:
    return f"+62374{400000 + place}"


# ---- the telephones --------------------------------------------------------------------------------------------------


@dataclass
class Town:
    """Everybody's telephones, on one choir."""

    line: Line
    choir: Choir
    citizens: Softphone
    takers: Softphone
    carrier: Softphone
    proxy: Address

    def call(self, first: int, count: int) -> list[Talk]:
        """Have citizens call, numbered on from `first`; give the calls that were answered."""
        talks = []
        for number in range(first, first + count):
            talks.append(self.citizens.dial(self.line.sip, "112", shown=f"0812{number:07}", hz=CITIZEN))
            time.sleep(1 / _CALLS_PER_SECOND)
        _wait(lambda: all(talk.up for talk in talks), _SETTLES_WITHIN_S)
        return [talk for talk in talks if talk.up]

    def officers(self, since: int, calls: Sequence[Talk]) -> dict[int, Talk]:
        """Place of the call → the officer who was rung for it, once all of them hear each other, or late."""

        def rung() -> dict[str, Talk]:
            return {talk.number: talk for talk in self.carrier.talks[since:]}

        def together() -> bool:
            found = rung()
            everybody = [*calls, *found.values()]
            return len(found) == len(calls) and all(_part(talk).heard_at is not None for talk in everybody)

        _wait(together, _SETTLES_WITHIN_S)
        found = rung()
        return {place: found[_number(place)] for place in range(len(calls)) if _number(place) in found}

    def hang_up(self) -> None:
        """Have everybody put the receiver down, and wait until Asterisk has no call any more."""
        for telephone in (self.citizens, self.takers, self.carrier):
            for talk in list(telephone.talks):
                telephone.hang_up(talk)
        eventually(lambda: self.line.asterisk("core show channels count").startswith("0 active channels"))


@contextmanager
def _logged_in(line: Line, desk: Address) -> Iterator[None]:
    register(line.sip, desk, line.logins.items())
    eventually(lambda: line.health().get("staffed") == len(line.logins))
    try:
        yield
    finally:
        register(line.sip, desk, line.logins.items(), expires_s=0)
        eventually(lambda: line.health().get("staffed") == 0)


@contextmanager
def town_around(line: Line) -> Iterator[Town]:
    """Citizens, every taker, and what is behind the carrier; logged in for 120 s at most (pjsip_phones.conf)."""
    host, _, port = line.environment["SIAGA112_CARRIER_PROXY"].rpartition(":")
    proxy, desk = Address(host, int(port)), free_address()
    for hz in (CITIZEN, TAKER, OFFICER):
        tone(hz)  # made now, which takes a while, not at the first ring
    officer = Plan(hz=OFFICER, presses="1")

    def behind_the_carrier(number: str) -> Plan:
        return Plan(refuses="486 Busy Here") if number.startswith(_BARE) else officer

    with ExitStack() as stack:
        choir = stack.enter_context(Choir())
        hears = {hz: partial(Part, choir=choir, listens_for=hz) for hz in (CITIZEN, OFFICER)}
        carrier = Softphone(behind_the_carrier, proxy, voice=partial(hears[CITIZEN], once_let_go=True))
        stack.enter_context(carrier)
        citizens = stack.enter_context(Softphone(host=host, voice=hears[OFFICER]))
        stack.enter_context(_logged_in(line, desk))
        takers = stack.enter_context(Softphone(Plan(hz=TAKER), desk, voice=hears[CITIZEN]))
        town = Town(line, choir, citizens, takers, carrier, proxy)
        try:
            yield town
        finally:
            town.hang_up()


# ---- one round -------------------------------------------------------------------------------------------------------


@dataclass
class Measured:
    """What one round gave."""

    seen: list[Seen]
    bare: list[float]  # the floor: request → ring, seconds
    late: list[float]  # how late the telephones were themselves meanwhile, seconds
    lost_calls: int  # that were not answered, or had no ticket
    dispatching: dict[str, float]  # CPU from the first request to the last two-way audio, seconds
    talked: dict[str, float]  # CPU a minute of a conversation without an SKPD, seconds
    bridged: dict[str, float]  # and with one


@dataclass
class Rounds:
    """Plays rounds on one line; callers are numbered on from round to round."""

    line: Line
    token: str
    processes: Mapping[str, psutil.Process]
    stacks: Path | None = None  # where the gateway's are sampled to, while it is asked at a rate
    called: int = 0

    def play(self, count: int, per_second: float, hold_s: float) -> Measured:
        """Have `count` calls, each of them dispatched, at this rate (0: all at once); everybody stays for `hold_s`."""
        since = now()
        with town_around(self.line) as town:
            calls = town.call(self.called, count)
            self.called += count
            tickets = tickets_of(self.line, since, len(calls))
            calls = [talk for talk in calls if _shown(talk) in tickets]
            talked = self._spent(len(calls), hold_s)
            bare = asyncio.run(ring_bare(town, len(calls), per_second))
            before, known, punctual = self._cpu(), len(town.carrier.talks), len(town.choir.late_s)
            wanted = [(tickets[_shown(talk)], _code(place)) for place, talk in enumerate(calls)]
            with self._sampling(len(calls), per_second):
                asked = asyncio.run(request(self.line.http, self.token, wanted, per_second))
                officers = town.officers(known, calls)
                late = town.choir.late_s[punctual:]
                dispatching = {name: seconds - before[name] for name, seconds in self._cpu().items()}
            bridged = self._spent(len(calls), hold_s)
            recorded = on_record(self.line, since, len(calls))
            seen = [
                _seen(at, status, calls[place], officers.get(place), recorded=wanted[place][0] in recorded)
                for place, (at, status) in enumerate(asked)
            ]
        return Measured(seen, bare, late, count - len(calls), dispatching, talked, bridged)

    def _sampling(self, count: int, per_second: float) -> AbstractContextManager[None]:
        if self.stacks is None or not per_second:
            return nullcontext()
        return sampled(self.processes["gateway"].pid, self.stacks, count / per_second + 2)

    def _cpu(self) -> dict[str, float]:
        return {name: cpu_s(process) for name, process in self.processes.items()}

    def _spent(self, conversations: int, lasts_s: float) -> dict[str, float]:
        before, began = self._cpu(), time.monotonic()
        time.sleep(lasts_s)
        spent = {name: seconds - before[name] for name, seconds in self._cpu().items()}
        return a_minute(spent, conversations, time.monotonic() - began)


def tickets_of(line: Line, since: datetime, count: int) -> dict[str, str]:
    """The caller's number as it was shown → the ticket, once there are so many, or late."""
    return _as_many(
        count, lambda: {one["caller"]["raw"]: str(one["number"]) for one in line.tickets(since)}, _RECORDED_WITHIN_S
    )


def on_record(line: Line, since: datetime, count: int) -> set[str]:
    """The tickets that tell of an SKPD which accepted and was joined, once there are so many, or late."""

    def look() -> set[str]:
        told = [(ticket["number"], one) for ticket in line.tickets(since) for one in ticket["dispatches"]]
        return {number for number, one in told if one["state"] == "accepted" and one["bridged_at"]}

    return _as_many(count, look, _RECORDED_WITHIN_S)


async def request(
    http: Address, token: str, wanted: Sequence[tuple[str, str]], per_second: float
) -> list[tuple[float, int]]:
    """Ask for a dispatch for each (ticket, SKPD); give when, in monotonic seconds, and the status (0: no answer)."""
    async with aiohttp.ClientSession(
        f"http://{http}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=aiohttp.ClientTimeout(total=_ANSWERS_WITHIN_S),
        connector=aiohttp.TCPConnector(limit=0),
    ) as session:

        async def one(ticket: str, skpd: str) -> tuple[float, int]:
            at = time.monotonic()
            try:
                async with session.post(f"/api/v1/tickets/{ticket}/dispatches", json={"skpd": skpd}) as answer:
                    await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                return at, 0
            return at, answer.status

        return await _paced([partial(one, *words) for words in wanted], per_second)


async def ring_bare(town: Town, count: int, per_second: float) -> list[float]:
    """The floor: have so many telephones rung by a bare Originate; give from request to ring, in seconds."""
    host, _, port = town.line.environment["SIAGA112_AMI_BIND"].rpartition(":")
    secret = json.loads((town.line.home / "secrets.json").read_text())["ami"]
    answers, questions = await asyncio.open_connection(host, int(port))
    questions.write(_action(Action="Login", Username="siaga112", Secret=secret, Events="off"))
    await asyncio.wait_for(answers.readuntil(b"Authentication accepted\r\n\r\n"), _ANSWERS_WITHIN_S)

    async def one(number: str) -> tuple[str, float]:
        channel, at = f"PJSIP/trunk-carrier/sip:{number}@{town.proxy}", time.monotonic()
        questions.write(_action(Action="Originate", Channel=channel, Application="Wait", Data="1", Async="true"))
        return number, at

    known = len(town.carrier.talks)
    asked = dict(await _paced([partial(one, f"{_BARE}{place:04}") for place in range(count)], per_second))
    await asyncio.to_thread(_wait, lambda: len(town.carrier.talks) >= known + count, _SETTLES_WITHIN_S)
    questions.close()
    return [talk.asked_at - asked[talk.number] for talk in town.carrier.talks[known:]]


def _action(**headers: str) -> bytes:
    return ("".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n").encode()


async def _paced(works: Sequence[Callable[[], Awaitable[T]]], per_second: float) -> list[T]:
    """Begin so many of them a second, all at once for 0, however long each takes."""
    began = time.monotonic()

    async def begun(place: int, work: Callable[[], Awaitable[T]]) -> T:
        if per_second:
            await asyncio.sleep(max(0.0, began + place / per_second - time.monotonic()))
        return await work()

    return await asyncio.gather(*(begun(place, work) for place, work in enumerate(works)))


def _seen(asked_at: float, status: int, citizen: Talk, officer: Talk | None, *, recorded: bool) -> Seen:
    if officer is None:
        return Seen(asked_at, status)
    return Seen(
        asked_at,
        status,
        rung_at=officer.asked_at,
        accepted_at=_part(officer).let_go_at,
        officer_hears_at=_part(officer).heard_at,
        citizen_hears_at=_part(citizen).heard_at,
        recorded=recorded,
        cut=not (officer.up and citizen.up),
    )


def _part(talk: Talk) -> Part:
    assert isinstance(talk.voice, Part)
    return talk.voice


def _shown(talk: Talk) -> str:
    return talk.ours.split('"')[1]


def _wait(look: Callable[[], bool], within_s: float) -> None:
    """Wait until it is so, or that time is over: what did not come is counted, not an error."""
    deadline = time.monotonic() + within_s
    while not look() and time.monotonic() < deadline:
        time.sleep(0.05)


def _as_many(count: int, look: Callable[[], C], within_s: float) -> C:
    """What is there once there are so many of it, or late."""
    found = look()
    deadline = time.monotonic() + within_s
    while len(found) < count and time.monotonic() < deadline:
        time.sleep(0.2)
        found = look()
    return found


# ---- the part of the bench -------------------------------------------------------------------------------------------


def measure(
    line: Line, token: str, processes: Mapping[str, psutil.Process], load: Load, *, profiled: bool = False
) -> None:
    """Print how soon dispatches ring and are heard, at a rate and all at once, and what a conversation costs."""
    stacks = line.home / "dispatch-stacks" if profiled else None
    rounds = Rounds(line, token, {**processes, "telephones": psutil.Process()}, stacks)
    switch_s = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        print(
            f"\n== {load.dispatches} dispatches at {load.per_second:g}/s, {load.parallel} calls at a time", flush=True
        )
        measured = []
        for place, count in enumerate(load.rounds, 1):
            print(f"  round {place} of {len(load.rounds)}: {count} calls …", flush=True)
            measured.append(rounds.play(count, load.per_second, 0))
        seen = [one for part in measured for one in part.seen]
        print(told_errors(seen, sum(part.lost_calls for part in measured)))
        bare = [at for part in measured for at in part.bare]
        late = [at for part in measured for at in part.late]
        print(told_latencies(seen, bare, late))
        for name in processes:
            spent = sum(part.dispatching[name] for part in measured) / max(len(seen), 1)
            print(f"  CPU ms a dispatch, until it is heard: {name:<12}{spent * 1000:7.1f}")
        if stacks and stacks.exists():
            print(told(stacks))
        print(
            f"\n== {load.parallel} dispatches at once, {load.hold_s:g} s of conversation before and after", flush=True
        )
        once = rounds.play(load.parallel, 0, load.hold_s)
        print(told_errors(once.seen, once.lost_calls))
        print(told_latencies(once.seen, once.bare, once.late))
        print(told_minutes(once.talked, once.bridged), flush=True)
    finally:
        sys.setswitchinterval(switch_s)
