"""An evening at the line, made up: who called, who answered, what became of it. All names and numbers are invented."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from gateway.access.passwords import hashed
from ticketing.commands import (
    AddSkpd,
    AddTaker,
    AddUser,
    NoteBreaches,
    RecordCalls,
    RequestDispatch,
    Triage,
    TriageTicket,
    TurnStatus,
    UpdateDispatch,
)
from ticketing.dispatch import DispatchLeg, DispatchState, Trace, Tried
from ticketing.model import (
    AnswerLeg,
    Call,
    Caller,
    CallerKind,
    CallId,
    CallType,
    Instant,
    Precision,
    PresentedIdentity,
    Role,
    Taker,
    TicketStatus,
)
from ticketing.people import User
from ticketing.skpd import Line, Skpd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.site.home import Home
    from tests.ticketing.room import SetClock
    from ticketing.commands import Command
    from ticketing.desk import TicketDesk

NOW = datetime(2026, 11, 23, 11, 42, 30, tzinfo=UTC)
"""19:42:30 in Bima: what the screens show is as of then."""

PASSWORD = "kota-tepian-air"
HOSTILE = "<img src=x onerror=alert(1)>"
PEOPLE = (
    ("sari", Role.SUPERVISOR, None),
    ("rahmawati", Role.CALL_TAKER, None),
    ("admin", Role.ADMIN, None),
    ("damkar", Role.SKPD, "damkar"),
)
TAKERS = (
    ("201", "Rahmawati", True),
    ("202", "Ahmad Junaidin", True),
    ("203", "Siti Nurhayati", True),
    ("204", "M. Syafruddin", True),
    ("205", "Nurul Fitriani", False),
)
SKPDS = (
    Skpd("bpbd", "BPBD", (Line("117"),), ("banjir", "gempa", "longsor")),
    Skpd("damkar", "Pemadam Kebakaran", (Line("+6237442113"), Line("+628113900113")), ("kebakaran", "evakuasi-hewan")),
    Skpd("polres", "Polres Bima Kota", (Line("110"), Line("+6237443110")), ("kriminal", "kecelakaan")),
    Skpd("psc", "PSC 119 · ambulans", (Line("119"),), ("medis", "kecelakaan")),
    Skpd("pln", "PLN ULP Bima", ()),
)
RINGING, FREE, REACHABLE = frozenset({"203"}), frozenset({"202"}), frozenset({"201", "202", "203"})


def mobile(digits: str, name: str = "") -> Caller:
    return Caller(f"0{digits}", f"+62{digits}", CallerKind.MOBILE, PresentedIdentity(number=f"0{digits}", name=name))


HIDDEN = Caller("", None, CallerKind.ANONYMOUS, PresentedIdentity(privacy="id"))


NOTHING = Triage()


@dataclass(frozen=True)
class Story:
    """A call: how long before NOW it came, and what followed (seconds)."""

    ago: float
    caller: Caller
    wait: float = 6
    taker: str | None = None  # None: nobody answered
    talk: float | None = None  # None: not over yet
    triage: Triage = NOTHING
    on_progress: float | None = None  # after the answer
    closed: float | None = None
    by: str = "sari"
    overflowed: bool = False


FIRE = Triage(
    reporter_name="Ibu Marlina",
    category="kebakaran",
    severity=4,
    verbatim="depan masjid yang warna hijau, gang sebelah kiri, pas di belakang pasar lama",
    area_code="52.72.01.1001",
    landmark="Pasar Raya Bima",
    description="Api dari dapur, rumah panggung, merambat ke rumah sebelah. Dua orang tua masih di dalam.",
)
CRASH = Triage(category="kecelakaan", severity=3, verbatim="tikungan Niu, dua motor, satu tidak sadar")
FLOOD = Triage(category="banjir", severity=3, verbatim="air sudah selutut di Melayu", landmark="Jembatan Padolo")
SICK = Triage(
    category="medis", severity=4, verbatim="sesak napas, rumah cat biru dekat SD Inpres", reporter_name="Fajar"
)
TREE = Triage(category="pohon-tumbang", severity=2, verbatim="jalan Gajah Mada, pohon besar menutup jalan")
NOISE = Triage(call_type=CallType.GHOST)
PRANK = Triage(call_type=CallType.PRANK)
ASKS = Triage(call_type=CallType.INFORMATION, verbatim="tanya nomor PDAM", category="air")

STORIES = (
    # What is under way.
    Story(21, mobile("81239004417"), wait=0, taker=None),
    Story(48, HIDDEN, wait=0, taker=None),
    Story(75, mobile("85337120064", HOSTILE), wait=8, taker="201", triage=Triage(verbatim=HOSTILE)),
    Story(130, mobile("82145567012"), wait=5, taker="203", talk=88, triage=FIRE),
    Story(6 * 60 + 40, mobile("81917730021"), wait=4, taker="202", talk=140, triage=CRASH, on_progress=130),
    Story(12 * 60, HIDDEN, wait=12, taker="203", talk=95, triage=FLOOD, on_progress=260),
    Story(24 * 60, mobile("85239881170"), wait=7, taker="202", talk=180, triage=SICK, on_progress=110),
    Story(5 * 60, mobile("87765210098"), wait=9, taker="202", talk=60, triage=TREE),
    Story(9 * 60, mobile("81353009921"), wait=3, taker="203", talk=44, triage=ASKS),
    # What is over.
    Story(14 * 60, mobile("81239004417"), wait=2, taker="203", talk=6, triage=NOISE, closed=9, by="rahmawati"),
    Story(31 * 60, mobile("85255501234"), wait=41),
    Story(40 * 60, mobile("85337001122"), wait=4, taker="202", talk=11, triage=PRANK, closed=15, by="rahmawati"),
    Story(55 * 60, mobile("82340077812"), wait=6, taker="202", talk=205, triage=SICK, on_progress=100, closed=1090),
    Story(70 * 60, mobile("81803300456"), wait=18, taker="201", talk=160, triage=CRASH, on_progress=170, closed=1420),
    Story(80 * 60, HIDDEN, wait=182, overflowed=True),
)


async def people(desk: TicketDesk, clock: SetClock) -> None:
    """Those who may sign in."""
    clock.time = NOW - timedelta(hours=2)
    password = hashed(PASSWORD)
    for name, role, skpd in PEOPLE:
        await desk.handle(AddUser(User(name, role, skpd, password, clock.now())))
    clock.time = NOW


async def play(desk: TicketDesk, clock: SetClock, home: Home) -> None:
    """Let the evening happen in its order, up to NOW."""
    for skpd in SKPDS:
        await desk.handle(AddSkpd(skpd))
    for extension, name, signed_in in TAKERS:
        await desk.handle(AddTaker(Taker(extension, name, "secret", signed_in)))
    told = [_Told(story, serial) for serial, story in enumerate(sorted(STORIES, key=lambda one: -one.ago), 1)]
    fire = next(one.call_id for one in told if one.story.triage is FIRE)
    steps = sorted((*chain.from_iterable(one.steps() for one in told), *sent_to(fire)), key=lambda step: step[0])
    numbers: dict[CallId, str] = {}
    for at, call_id, make in steps:
        clock.time = at
        for entry in await desk.handle(make(numbers.get(call_id, ""))):
            if entry.ticket_number:
                numbers[call_id] = entry.ticket_number
    for one in told:
        if one.story.talk is not None:
            write_sound(home.recording(one.call_id))
    clock.time = NOW
    await desk.handle(NoteBreaches())


async def many_more(desk: TicketDesk, count: int) -> None:
    """Calls of the day before, which nobody answered: enough for a second page."""
    for serial in range(count):
        story = Story(24 * 3600 + serial * 97, mobile(f"8125550{serial:04d}"), wait=20 + serial)
        one = _Told(story, 10_000 + serial)
        await desk.handle(RecordCalls((one.arrival.learn(one.end),)))


Step = tuple[datetime, CallId, "Callable[[str], Command]"]


@dataclass(frozen=True)
class _Told:
    """A story as commands, each at its time; a command is made with the number of the call's ticket."""

    story: Story
    serial: int

    @property
    def arrived(self) -> datetime:
        return NOW - timedelta(seconds=self.story.ago)

    @property
    def answered(self) -> datetime:
        return self.arrived + timedelta(seconds=self.story.wait)

    @property
    def call_id(self) -> CallId:
        return CallId(f"bima1-{int(self.arrived.timestamp())}.{self.serial}")

    @property
    def arrival(self) -> Call:
        return Call(self.call_id, _instant(self.arrived), "carrier", self.story.caller, identified=True)

    @property
    def answer(self) -> Call:
        leg = AnswerLeg(f"{self.call_id}-leg", self.story.taker or "", answered=_instant(self.answered), connected=True)
        return Call(self.call_id, legs=(leg,))

    @property
    def over_at(self) -> datetime | None:
        if self.story.talk is not None:
            return self.answered + timedelta(seconds=self.story.talk)
        return self.answered if self.story.taker is None and self.story.wait else None

    @property
    def end(self) -> Call:
        assert self.over_at
        ended = _instant(self.over_at)
        legs = (AnswerLeg(f"{self.call_id}-leg", self.story.taker, ended=ended),) if self.story.taker else ()
        return Call(
            self.call_id,
            legs=legs,
            ended=ended,
            hangup_cause=16,
            overflowed_at=self.answered if self.story.overflowed else None,
        )

    def steps(self) -> Iterator[Step]:
        yield self._calls(self.arrived, self.arrival)
        if self.over_at:
            yield self._calls(self.over_at, self.end)
        if self.story.taker is None:
            return
        yield self._calls(self.answered, self.answer)
        yield self._people(5, lambda number: TriageTicket(number, 1, "rahmawati", self.story.triage))
        role = Role.CALL_TAKER if self.story.by == "rahmawati" else Role.SUPERVISOR
        if self.story.on_progress is not None:
            status = TicketStatus.ON_PROGRESS
            yield self._people(self.story.on_progress, lambda number: TurnStatus(number, status, self.story.by, role))
        if self.story.closed is not None:
            done = TicketStatus.CLOSED
            yield self._people(self.story.closed, lambda number: TurnStatus(number, done, self.story.by, role))

    def _calls(self, at: datetime, piece: Call) -> Step:
        return at, self.call_id, lambda _: RecordCalls((piece,))

    def _people(self, after_s: float, make: Callable[[str], Command]) -> Step:
        return self.answered + timedelta(seconds=after_s), self.call_id, make


def sent_to(fire: CallId) -> Iterator[Step]:
    """An ambulance (dispatch 1) is on its way to the fire, and nobody accepts at the police (dispatch 2)."""

    def asked(seconds: float, skpd: str) -> Step:
        at = ago(seconds).at
        return at, fire, lambda number: RequestDispatch(number, skpd, "rahmawati", at)

    def told(seconds: float, dispatch: int, *legs: DispatchLeg, **more: Instant) -> Step:
        return ago(seconds).at, fire, lambda _: RecordCalls(dispatches=((dispatch, Trace(legs, **more)),))

    rung = DispatchLeg(1, "telkom", dialled=ago(85), ringing=ago(84), answered=ago(79), accepted=ago(70))
    engaged = DispatchLeg(1, "telkom", dialled=ago(60), ended=ago(59), tried=Tried("BUSY", cause=17, sip=486))
    silence = Tried("NOANSWER", rang=True)
    yield asked(85, "psc")
    yield told(69, 1, rung, joined=ago(69))
    yield asked(60, "polres")
    yield told(59, 2, engaged)
    yield told(41, 1, DispatchLeg(1, "telkom", ended=ago(41)), left=ago(41), over=ago(41))
    yield told(34, 2, DispatchLeg(2, "telkom", ago(59), ago(58), ended=ago(34), tried=silence), over=ago(34))
    note = "satu ambulans, tiba 6 menit lagi"
    yield ago(30).at, fire, lambda number: UpdateDispatch(number, 1, DispatchState.EN_ROUTE, "rahmawati", note=note)


def ago(seconds: float) -> Instant:
    """The instant this long before NOW."""
    return _instant(NOW - timedelta(seconds=seconds))


def _instant(at: datetime) -> Instant:
    return Instant(at, Precision.LEDGER)


def write_sound(file: Path, seconds: float = 1.0) -> None:
    """A recording: silence, of Asterisk's kind (8 kHz, 16 bit)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\x00\x00" * int(8000 * seconds))


# ---- what happens while a test looks -------------------------------------------------------------------------------


def arrives(serial: int = 900) -> Call:
    """A call that comes now."""
    call_id = CallId(f"bima1-{int(NOW.timestamp())}.{serial}")
    return Call(call_id, Instant(NOW, Precision.LEDGER), "carrier", mobile("81298765432"), identified=True)


def answered(call: Call, taker: str = "202") -> Call:
    """The same call, answered three seconds later."""
    leg = AnswerLeg("leg", taker, connected=True, answered=Instant(NOW + timedelta(seconds=3), Precision.LEDGER))
    return Call(call.id, legs=(leg,))
