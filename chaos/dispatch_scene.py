"""The people of one round: a citizen, a taker and the officers of SKPDs, and the death of the gateway among them.

Each is a telephone that sends a tone, so that what the others are sent says who is with whom.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psutil

from bench.softphone import Plan
from chaos.dispatch_plan import RING_S, Answer, Moment, Then
from chaos.dispatch_verdict import COMMITTED
from chaos.witnesses import Seen, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.softphone import Softphone, Talk
    from chaos.dispatch_lane import Lane
    from chaos.dispatch_plan import Round
    from chaos.dispatch_verdict import Played

CITIZEN_HZ, TAKER_HZ, MACHINE_HZ = 400, 700, 1900
OFFICERS_HZ: Final = (1000, 1300)
SOON_S: Final = 15.0  # whatever the telephone itself does
READY_WITHIN_S: Final = 60.0
_ASKS_EVERY_S: Final = 0.1
_AT_ONCE_S: Final = 4.0  # a line is rung when the request was carried out, or it never will be


class Unseen(Exception):
    """What had to happen did not; the message says what."""


class Stopped(Exception):
    """Nobody wants the rest."""


def telephones(plan: Round) -> Iterator[tuple[str, Plan]]:
    """Every number of a round's SKPDs, and what is done there when it rings."""
    for index, hz in zip(range(len(plan.story.skpds)), OFFICERS_HZ, strict=False):
        for number, answer in plan.lines(index):
            match answer:
                case Answer.BUSY:
                    yield number, Plan(refuses="486 Busy Here")
                case Answer.SILENT:
                    yield number, Plan(picks_up=False)
                case Answer.MACHINE:
                    yield number, Plan(hz=MACHINE_HZ, rings_s=plan.rings_s, stays_s=plan.thinks_s)
                case Answer.ACCEPTS:
                    yield number, Plan(hz=hz, rings_s=plan.rings_s, presses="1", thinks_s=plan.thinks_s)


class _Death:
    """Of the gateway that is alive now, so long after a moment has come."""

    def __init__(self, plan: Round, victim: psutil.Process) -> None:
        self._moment, self._victim = plan.moment, victim
        self._timer = threading.Timer(plan.after_s, self._strike)
        self.has_come, self._struck = False, False

    def _strike(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self._victim.kill()
            self._struck = True

    def reach(self, moment: Moment) -> None:
        """Say that a moment begins."""
        if moment is self._moment and not self.has_come:
            self.has_come = True
            self._timer.start()

    def wait(self) -> None:
        """Until it is dead; raise Unseen when it was before, or when its moment has not come."""
        if not self.has_come:
            raise Unseen(f"the moment for the gateway to die, {self._moment}")
        self._timer.join()
        if not self._struck:
            raise Unseen("the gateway alive until it was killed")


class Scene:
    """The people of a round. Whoever is `together` hears each other, and hangs up only at its end."""

    def __init__(self, lane: Lane, plan: Round, played: Played, takers: Softphone, citizens: Softphone) -> None:
        self.lane, self.plan, self.played = lane, plan, played
        self.takers, self.citizens = takers, citizens
        self.taken: float | None = None  # monotonic seconds
        self._together: list[Talk] = []

    def play(self) -> None:
        """All of it; raise Unseen, Stopped."""
        lane, story = self.lane, self.plan.story
        citizen = self.citizens.dial(lane.line.sip, "112", shown=self.plan.caller, hz=CITIZEN_HZ)
        self._together.append(citizen)
        taker = lane.wait("a taker answers", self._taker)
        self.taken = taker.answered_at
        self._together.append(taker)
        lane.wait("the caller is answered", lambda: citizen.up)
        ticket = lane.wait("the ticket is open", self._ticket, every_s=_ASKS_EVERY_S)
        death = _Death(self.plan, lane.line.process("-m gateway "))
        last = len(story.skpds) - 1
        for index in range(last + 1):
            if index == last:
                death.reach(Moment.ASKED)
            path = f"/tickets/{ticket}/dispatches"
            self.played.answers[index], _ = lane.api("POST", path, {"skpd": self.plan.skpd(index)})
        # The one that the death is about first: its moments pass as they come.
        for index in (last, *range(last)):
            self._follow(index, death if index == last else None)
        self._go_on(ticket, death)

    def _follow(self, index: int, death: _Death | None) -> None:
        """See one SKPD's lines do what they do, until somebody has accepted, or nobody does."""
        lines = self.plan.lines(index)
        if self.played.answers[index] != COMMITTED and not self._is_rung(lines[0][0]):
            return
        for number, answer in lines:
            talk = self.lane.wait(f"{number} is rung", lambda: self._rung(number), RING_S + SOON_S)  # noqa: B023
            self._see_line(talk, answer, death.reach if death else lambda _: None)
            if answer is Answer.ACCEPTS:
                self._together.append(talk)
                return

    def _see_line(self, talk: Talk, answer: Answer, reach: Callable[[Moment], None]) -> None:
        wait = self.lane.wait
        reach(Moment.TRIED)
        if answer is Answer.BUSY:
            return
        reach(Moment.RINGS)
        if answer is Answer.SILENT:
            wait(f"{talk.number} stops ringing", lambda: talk.ended, RING_S + SOON_S)
            return
        wait(f"{talk.number} is picked up", lambda: talk.answered_at)
        reach(Moment.ANNOUNCED)
        if answer is Answer.MACHINE:
            wait(f"the machine at {talk.number} ends", lambda: talk.ended)
            return
        wait(f"1 is pressed at {talk.number}", lambda: not talk.keys)
        reach(Moment.ACCEPTED)

    def _is_rung(self, number: str) -> bool:
        """Whether a request whose answer was lost was carried out: at once, or never. It is not asked for again."""
        with suppress(Unseen):
            return bool(self.lane.wait("", lambda: self._rung(number), _AT_ONCE_S))
        return False

    def _go_on(self, ticket: str, death: _Death) -> None:
        self._hear_each_other()
        death.reach(Moment.JOINED)
        self._talk()
        match self.plan.story.then if len(self._together) > 2 else Then.TALK:
            case Then.SKPD_LEAVES:
                self._skpd_leaves(death)
            case Then.HAND_OVER:
                self._hand_over(ticket, death)
            case Then.PUT_BACK:
                self._hand_over(ticket, death)
                self._skpd_leaves(death)
                again = self.lane.wait("the caller is put back, and taken again", self._taker, 2 * SOON_S)
                self._together.append(again)
                self.played.put_back = True
        self._hear_each_other()
        death.wait()
        self._talk()
        self._hear_each_other()

    def _skpd_leaves(self, death: _Death) -> None:
        officer = self._together.pop()
        self.lane.carrier.hang_up(officer)
        death.reach(Moment.LEFT)

    def _hand_over(self, ticket: str, death: _Death) -> None:
        def bridged() -> bool:
            status, kept = self.lane.api("GET", f"/tickets/{ticket}")
            return status == 200 and all(one["bridged_at"] for one in kept["dispatches"])

        self.lane.wait("the ticket says that the SKPD is with the caller", bridged, READY_WITHIN_S, _ASKS_EVERY_S)
        _, taker, *_ = self._together
        death.reach(Moment.HANDED_OVER)
        status, _ = self.lane.api("POST", f"/tickets/{ticket}/hand-over")
        self._together = [talk for talk in self._together if talk is not taker]
        try:
            self.lane.wait("the taker's phone is put down", lambda: taker.ended, SOON_S if status == 200 else 1.0)
        except Unseen:
            if status is not None:
                raise
            self.takers.hang_up(taker)  # nobody did it for them

    def _talk(self) -> None:
        if self.lane.stop.wait(self.plan.talks_s):
            raise Stopped

    def _hear_each_other(self) -> None:
        def apart() -> list[tuple[int, int]]:
            pairs = [(one, other) for one in self._together for other in self._together if one is not other]
            return [(one.plan.hz, other.plan.hz) for one, other in pairs if not one.voice.hears(other.plan.hz)]

        try:
            self.lane.wait("all hear each other", lambda: not apart(), every_s=_ASKS_EVERY_S)
        except Unseen as late:
            raise Unseen(f"{late}: who does not hear whom: {apart()} Hz") from late

    # ---- what the telephones say ------------------------------------------------------------------------------------

    def _taker(self) -> Talk | None:
        """The taker who talks with this caller and was not known yet."""
        key = key_of(self.plan.caller)
        mine = (talk for talk in self.takers.talks if key_of(talk.theirs) == key)
        return next((talk for talk in mine if talk.up and all(talk is not one for one in self._together)), None)

    def _rung(self, number: str) -> Talk | None:
        return next((talk for talk in self.lane.carrier.talks if talk.number == number), None)

    def lines(self) -> list[Talk]:
        """Every call that the SKPDs of this round had."""
        numbers = {number for index in range(len(self.plan.story.skpds)) for number, _ in self.plan.lines(index)}
        return [talk for talk in self.lane.carrier.talks if talk.number in numbers]

    def _ticket(self) -> str | None:
        status, page = self.lane.api("GET", "/tickets?limit=20")
        found = page["items"] if status == 200 else ()
        key = key_of(self.plan.caller)
        return next((str(one["number"]) for one in found if key_of(one["caller"]["raw"]) == key), None)

    def all_hang_up(self) -> None:
        """The end of it. Whoever was together until now and is no more was dropped."""
        for talk in self._together:
            if talk.ended and not talk.put_down:
                self.played.unseen.append(f"the party of {talk.plan.hz} Hz was dropped")
        parties = ((self.citizens, self.citizens.talks), (self.takers, self.takers.talks))
        for telephone, talks in (*parties, (self.lane.carrier, self.lines())):
            for talk in talks:
                if not talk.incoming or talk.up:
                    telephone.hang_up(talk)


def _epoch(at: float | None) -> float | None:
    return None if at is None else at + time.time() - time.monotonic()


def seen(key: str, citizen: Talk, taken: float | None) -> Seen:
    """A citizen's call for the verdict: as SIPp would have noted it."""
    steps: dict[str, float | None] = {"invites": citizen.asked_at, "answered": citizen.answered_at}
    steps["reached"] = citizen.asked_at if citizen.status else None
    if citizen.put_down:
        steps |= {"hangs_up": citizen.ended_at, "over": citizen.ended_at}
    else:
        steps["cut"] = citizen.ended_at
    return Seen(key, {step: at for step, on in steps.items() if (at := _epoch(on)) is not None}, _epoch(taken))


def noted(plan: Round, talk: Talk) -> str:
    """A line of the telephones' record: round, number, instants in epoch seconds, who ended it."""
    instants = (f"{at:.3f}" if (at := _epoch(on)) else "-" for on in (talk.asked_at, talk.answered_at, talk.ended_at))
    called = talk.number or talk.ours
    return ";".join((str(plan.count), called, plan.caller, talk.call_id, *instants, "we" if talk.put_down else "they"))
