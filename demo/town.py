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
from demo.stories import EMERGENCIES, GHOST, PRANK, QUESTIONS, REPORTERS, TEST, Story
from ticketing.model import CallType

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
