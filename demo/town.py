"""Who calls when, how long, and what about: dice alone, so that a seed gives the same town again.

Base pace (1): one call every 8 s on average, at random (Poisson), on four takers of whom two or three talk at any time.
At PACE 5 the whole town lives five times as fast: calls, conversations, patience, people at their screens and the two
clocks. What the telephone itself counts in whole seconds (a phone rings for three at least, the queue looks again once
a second) does not follow, so that more callers give up in a fast town.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from typing import Final

from bench.sipp import HIDDEN, Citizen, Pickup
from bench.softphone import Plan
from demo.stories import EMERGENCIES, GHOST, PRANK, QUESTIONS, REPORTERS, TEST, Story
from ticketing.dispatch import DispatchState
from ticketing.model import CallType
from ticketing.skpd import RING_S

SLOWEST, FASTEST = 0.1, 20.0
BETWEEN_CALLS_S: Final = 8.0

# Of a hundred calls: most are no emergency. Published by the cities: Sidoarjo 2023, 81 % pranks; Jakarta 2024, 23 % of
# 637,292 calls valid; Kediri April to October 2025, 496 of 86,161.
MIX: Final = {
    CallType.GHOST: 45,
    CallType.PRANK: 26,
    CallType.INFORMATION: 8,
    CallType.TEST: 1,
    CallType.EMERGENCY: 20,
}
_TALKS_S: Final = {
    CallType.GHOST: (2, 7),
    CallType.PRANK: (4, 15),
    CallType.INFORMATION: (12, 35),
    CallType.TEST: (3, 6),
    CallType.EMERGENCY: (18, 60),
}
# A phone rings so long (seconds) before it is picked up, one of these for each call; one time in ten it is not.
_RINGS_S: Final = (1.5, 2, 2, 2.5, 3, 3, 4, 5, 6)
_NEVER_MS: Final = 120_000  # longer than the queue rings one phone, whatever the pace
LONGEST_TALK_S: Final = 50.0  # then the taker says goodbye
_RINGS_UNTIL_NEXT_S: Final = 10.0
_LOGIN_S, _SHORTEST_LOGIN_S = 80.0, 5.0
_GRACE_S: Final = 5.0  # what the telephone itself takes, whatever the pace

# Of a hundred calls that reach a telephone of an SKPD.
TELEPHONES: Final = {"accepts": 58, "busy": 12, "nobody": 15, "machine": 15}
_LINE_RINGS_S: Final = 20.0
_SENDS, _THINKS_BETTER = 0.85, 0.08  # of all emergencies for which there is an SKPD; of all that were sent
_DECLINES: Final = 0.1  # of all dispatches that somebody accepted
_DECLINED_BECAUSE: Final = ("Semua unit sedang di lokasi lain.", "Sudah ditangani warga, tidak perlu datang.")

_GIVE_UP_AT_ONCE: Final = 0.12  # of all callers
_REPEAT_PRANKS: Final = 0.4  # of all pranks
_TURNED_IN_TIME, _CLOSED_IN_TIME = 0.8, 0.85  # of all emergencies

# Of a hundred callers.
_KINDS: Final = {
    "mobile_national": 36,
    "mobile_e164": 16,
    "mobile_bare": 8,
    "fixed_national": 6,
    "fixed_e164": 4,
    "foreign": 4,
    "short": 3,
    "anonymous": 15,
    "odd_name": 8,
}
_ODD_NAMES: Final = (
    "<img src=x onerror=alert(1)>",
    "Robert'); DROP TABLE tickets;--",
    "${SHELL(reboot)}",
    "=HYPERLINK(0)",
    "\u202egnp.exe",
    "Ibu \u2764 Bima",
)
_PRANKSTERS: Final = ("081200000013", "085200000666", "087700000404")
_TEST_DESK: Final = "0374000112"


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call to be made: who and how, and what it is about."""

    citizen: Citizen
    number: str  # as the carrier shows it; "" when it does not
    story: Story


@dataclass(frozen=True, slots=True)
class Handling:
    """How long people take over one ticket, in seconds: between steps, and (the supervisor's) from the answer."""

    note_s: float
    complete_s: float
    on_progress_s: float
    close_s: float


@dataclass(frozen=True, slots=True)
class Sending:
    """How a taker has an SKPD rung, in seconds: withdrawn so long afterwards, or not; asked again after a failure."""

    withdrawn_after_s: float | None
    again_after_s: float


@dataclass(frozen=True, slots=True)
class Report:
    """What an SKPD says of a dispatch, seconds after what it said before."""

    after_s: float
    state: DispatchState
    note: str | None = None


class Town:
    """The town at one pace."""

    def __init__(self, pace: float, seed: int) -> None:
        self._pace = pace
        self._seed = seed
        self._dice = random.Random(seed)  # noqa: S311 - a town is no secret

    def gap_s(self) -> float:
        """Seconds to the next call."""
        return self._dice.expovariate(self._pace / BETWEEN_CALLS_S)

    def call(self) -> PlannedCall:
        """Plan the next call."""
        dice = self._dice
        story = _story(dice)
        number, name = _caller(dice, story)
        patience_s = dice.uniform(1, 4) if dice.random() < _GIVE_UP_AT_ONCE else dice.uniform(25, 120)
        citizen = Citizen(
            from_header=_from_header(number, name),
            headers=() if number else ("Privacy: id",),
            patience_ms=self.ms(patience_s),
            talk_ms=self.ms(dice.uniform(*_TALKS_S[story.call_type])),
        )
        return PlannedCall(citizen, number, story)

    def handling(self, ticket: str) -> Handling:
        """How long people take over this ticket; now and then a supervisor is late."""
        dice = random.Random(f"{self._seed} {ticket}")  # noqa: S311 - whatever the order of tickets
        on_progress_s = dice.uniform(25, 150) if dice.random() < _TURNED_IN_TIME else dice.uniform(185, 300)
        close_s = dice.uniform(240, 900) if dice.random() < _CLOSED_IN_TIME else dice.uniform(1210, 1500)
        after = (dice.uniform(3, 8), dice.uniform(6, 20), on_progress_s, max(close_s, on_progress_s + 60))
        return Handling(*(seconds / self._pace for seconds in after))

    def sending(self, ticket: str, skpd: str) -> Sending | None:
        """How the taker of this ticket sends this SKPD; None: not at all."""
        dice = self._dice_for("sending", ticket, skpd)
        sends, thinks_better = dice.random() < _SENDS, dice.random() < _THINKS_BETTER
        withdrawn_s, again_s = dice.uniform(1, 3) / self._pace, dice.uniform(15, 45) / self._pace
        return Sending(withdrawn_s if thinks_better else None, again_s) if sends else None

    def reports(self, ticket: str, skpd: str) -> tuple[Report, ...]:
        """What this SKPD says once it has accepted: that it cannot come, or how it goes on to the end."""
        dice = self._dice_for("reports", ticket, skpd)
        if dice.random() < _DECLINES:
            because = dice.choice(_DECLINED_BECAUSE)
            return (Report(dice.uniform(20, 60) / self._pace, DispatchState.DECLINED, because),)
        steps = (
            (DispatchState.ASSIGNED, 20, 60),
            (DispatchState.EN_ROUTE, 15, 60),
            (DispatchState.ON_SCENE, 90, 300),
            (DispatchState.HANDLED, 120, 400),
        )
        return tuple(Report(dice.uniform(least, most) / self._pace, state) for state, least, most in steps)

    def telephone(self, number: str, times: int) -> Plan:
        """What becomes of the call by which this telephone of an SKPD is called for the `times`-th time."""
        dice = self._dice_for("telephone", number, str(times))
        match dice.choices(list(TELEPHONES), list(TELEPHONES.values()))[0]:
            case "accepts":
                # What is said to an officer does not get longer in a slow town: pressed within it.
                thinks_s = dice.uniform(1, 5) / max(1.0, self._pace)
                talks_s = dice.uniform(15, 45) / self._pace
                rings_s = dice.uniform(2, 9) / self._pace
                return Plan(rings_s=rings_s, presses="1", thinks_s=thinks_s, stays_s=thinks_s + talks_s)
            case "machine":
                return Plan(rings_s=4 / self._pace, stays_s=max(2.0, dice.uniform(8, 14) / self._pace))
            case "busy":
                return Plan(refuses="486 Busy Here")
        return Plan(picks_up=False)

    @property
    def line_rings_s(self) -> int:
        """Seconds for which a line of an SKPD is rung before the next one's turn."""
        return min(RING_S[-1], max(RING_S[0], round(_LINE_RINGS_S / self._pace)))

    def _dice_for(self, *what: str) -> random.Random:
        return random.Random(" ".join((str(self._seed), *what)))  # noqa: S311 - whatever the order of tickets

    def reporter(self, ticket: str) -> str:
        """Who says so."""
        return random.Random(ticket).choice(REPORTERS)  # noqa: S311

    def pickup(self) -> Pickup:
        """How the takers' phones behave."""
        rings = (*(self.ms(seconds) for seconds in _RINGS_S), _NEVER_MS)
        return Pickup(rings_one_of_ms=rings, talk_ms=self.ms(LONGEST_TALK_S), sends_audio=True)

    @property
    def login_s(self) -> float:
        """Seconds after which the phones log in anew: a login is good for 120 (pjsip_phones.conf)."""
        return min(_LOGIN_S, max(_SHORTEST_LOGIN_S, _LOGIN_S / self._pace))

    @property
    def logins_in_use(self) -> int:
        """How many logins' phones may still have a conversation, the newest included."""
        longest_s = (LONGEST_TALK_S + _RINGS_UNTIL_NEXT_S) / self._pace + _GRACE_S
        return 1 + math.ceil(longest_s / self.login_s)

    def settings(self) -> str:
        """The site's file: its clocks run at the town's pace, as far as settings allow."""
        on_progress_s, close_s = (max(10, round(seconds / self._pace)) for seconds in (180, 1200))
        ring_s = min(60, max(3, round(_RINGS_UNTIL_NEXT_S / self._pace)))
        return f"[queue]\nring_s = {ring_s}\n\n[sla]\non_progress_s = {on_progress_s}\nclose_s = {close_s}\n"

    def ms(self, seconds: float) -> int:
        """So many seconds of the town's, in milliseconds of ours."""
        return max(100, round(seconds * 1000 / self._pace))


def subscriber(number: str) -> str:
    """What is common to all the ways in which a number is written: its last seven digits; "" for none."""
    return re.sub(r"[^0-9]", "", number)[-7:]


def _story(dice: random.Random) -> Story:
    call_type = dice.choices(list(MIX), list(MIX.values()))[0]
    of_its_kind: dict[CallType, tuple[Story, ...]] = {
        CallType.EMERGENCY: EMERGENCIES,
        CallType.INFORMATION: QUESTIONS,
        CallType.PRANK: (PRANK,),
        CallType.GHOST: (GHOST,),
        CallType.TEST: (TEST,),
    }
    return dice.choice(of_its_kind[call_type])


def _caller(dice: random.Random, story: Story) -> tuple[str, str]:
    """Give a number and a name as the carrier shows them; no number for a caller who withholds it."""
    if story.call_type is CallType.TEST:
        return _TEST_DESK, "Uji Saluran"
    if story.call_type is CallType.PRANK and dice.random() < _REPEAT_PRANKS:
        number = dice.choice(_PRANKSTERS)
        return number, number
    kind = dice.choices(list(_KINDS), list(_KINDS.values()))[0]
    mobile = f"8{dice.choice(('12', '13', '21', '52', '53', '77', '19'))}{dice.randrange(10**8):08d}"
    fixed = f"374{dice.randrange(40_000, 50_000)}"
    numbers = {
        "mobile_national": f"0{mobile}",
        "mobile_e164": f"+62{mobile}",
        "mobile_bare": f"62{mobile}",
        "fixed_national": f"0{fixed}",
        "fixed_e164": f"+62{fixed}",
        "foreign": dice.choice(("+65", "+60", "+61")) + f"{dice.randrange(81_000_000, 99_000_000)}",
        "short": dice.choice(("110", "119", "123")),
        "anonymous": "",
        "odd_name": f"0{mobile}",
    }
    return numbers[kind], dice.choice(_ODD_NAMES) if kind == "odd_name" else numbers[kind]


def _from_header(number: str, name: str) -> str:
    return f'"{name}" <sip:{number}@[local_ip]:[local_port]>' if number else HIDDEN
