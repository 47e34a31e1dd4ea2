"""The script that officers report to, in the real server, asked as the dialplan asks."""

from __future__ import annotations

import re
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from gateway.agi.pin_door import PinDoor
from gateway.agi.server import MOST_OFFICERS, ROUTES, Route
from gateway.agi.skpd_snapshot import Department, OpenDispatch, Snapshot, SnapshotUnreadable
from gateway.facts.skpd_facts import DispatchSaid, PinTried, decode_pin, decode_update
from gateway.telephony.phrases import sentences
from gateway.telephony.render import SOURCE
from tests.gateway.agi_peer import CONTEXT, SERVICE, Peer, serving, wait_until
from tests.gateway.test_caller_id import arrival
from tests.ticketing.evidence import MORNING
from ticketing.dispatch import DispatchState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.agi.scripts import ScriptContext, Service
    from gateway.agi.session import AgiSession

LINE, MOBILE, RADIO = "+62374400001", "+6281140000002", "+62374400007"
PIN = "90210377"
# As cheap as argon2 gets: the door does not care.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FIRE = OpenDispatch(7, "112-20261123-0002", DispatchState.ACCEPTED)
CRASH = OpenDispatch(3, "112-20261123-0001", DispatchState.REQUESTED)
DAMKAR = Department("damkar", (LINE, MOBILE, RADIO), CHEAP.hash(PIN), (FIRE, CRASH))
BPBD = Department("bpbd", (RADIO,), CHEAP.hash("4711"), ())
NO_PIN = Department("pln", ("+62374400123",), None, (FIRE,))
TICKET_7 = [*(f"digit-{digit}" for digit in "202611230002")]


@dataclass
class Minutes:
    """Shows the monotonic time it is set to."""

    at: float = 0

    def __call__(self) -> float:
        return self.at


@dataclass
class Heard:
    """What Asterisk was asked for in one call: what was said, in order, and what went into the ledger."""

    said: list[str] = field(default_factory=list)
    written: list[DispatchSaid | PinTried] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    variables: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ended_well(self) -> bool:
        return self.variables[-1:] == [("GW_OK", "1")]

    @property
    def states(self) -> list[tuple[int, str]]:
        return [(one.dispatch, str(one.said.state)) for one in self.written if isinstance(one, DispatchSaid)]

    @property
    def pins(self) -> list[tuple[str, bool]]:
        return [(one.skpd, one.right) for one in self.written if isinstance(one, PinTried)]


class Officer:
    """Asterisk with an officer on the telephone: answers each question with the next keys, then hangs up."""

    def __init__(self, peer: Peer, *keys: str, speaks: bytes | None = None) -> None:
        self._peer, self._keys, self._speaks = peer, list(keys), speaks
        self.heard = Heard()

    def talk(self) -> Heard:
        while command := self._peer.command():
            self._peer.send(f"{self._answer(command)}\n")
        return self.heard

    def _answer(self, command: str) -> str:
        if match := re.fullmatch(r'EXEC Read "SIAGA_KEYS,([^",]+),\d,,1,8"', command):
            self.heard.said += [file.rpartition("/")[2] for file in match[1].split("&")]
            return "200 result=0" if self._keys else "200 result=-1"
        if command == 'GET VARIABLE "SIAGA_KEYS"':
            return f"200 result=1 ({self._keys.pop(0)})"
        if match := re.fullmatch(r'STREAM FILE "([^"]+)" "" 0', command):
            self.heard.said.append(match[1].rpartition("/")[2])
        elif match := re.fullmatch(r'EXEC CELGenUserEvent "(\w+),([^"]+)"', command):
            decode = decode_update if match[1] == "SKPD_UPDATE" else decode_pin
            self.heard.written.append(decode(match[2], MORNING))
        elif match := re.fullmatch(r'RECORD FILE "([^"]+)" wav "#" 120000 0  s=0', command):
            return self._recorded(match[1])
        elif match := re.fullmatch(r'SET VARIABLE "(\w+)" "([^"]*)"', command):
            self.heard.variables.append((match[1], match[2]))
            return "200 result=1"
        elif command == 'GET VARIABLE "SIAGA_UNRECORDED_UNTIL"':
            return "200 result=0"
        return "200 result=0"

    def _recorded(self, file: str) -> str:
        self.heard.recorded.append(file)
        if self._speaks is None:
            return "200 result=-1 (hangup) endpos=64000"
        Path(f"{file}.wav").write_bytes(self._speaks)
        return "200 result=35 (dtmf) endpos=64000"


@dataclass
class Desk:
    """A server whose script knows these SKPDs."""

    service: Service

    @contextmanager
    def serving(self) -> Iterator[tuple[str, int]]:
        def run(session: AgiSession, context: ScriptContext) -> None:
            ROUTES["skpd_update"].run(session, replace(context, service=self.service))

        with serving({**ROUTES, "skpd_update": replace(ROUTES["skpd_update"], run=run)}) as address:
            yield address

    def call(self, *keys: str, number: str = LINE, speaks: bytes | None = None) -> Heard:
        with self.serving() as address, Peer.asking(address, "skpd_update", arrival(number)) as asterisk:
            return Officer(asterisk, *keys, speaks=speaks).talk()


@pytest.fixture
def minutes() -> Minutes:
    return Minutes()


@pytest.fixture
def desk(tmp_path: Path, minutes: Minutes) -> Desk:
    known = Snapshot((DAMKAR, BPBD, NO_PIN))
    return Desk(
        replace(
            SERVICE,
            snapshot=lambda: known,
            note=lambda dispatch, stamp: tmp_path / f"{dispatch}-{stamp}.wav",
            door=PinDoor(minutes),
        )
    )


def test_an_officer_with_the_pin_hears_the_latest_dispatch_digit_by_digit_and_what_to_press(desk: Desk) -> None:
    heard = desk.call(PIN)
    assert heard.said == [
        *("update-hello", "update-pin"),
        *("update-dispatch", *TICKET_7, "state-accepted", "update-menu"),
    ]
    assert heard.pins == [("damkar", True)]


@pytest.mark.parametrize(
    ("key", "state", "phrase"),
    [
        ("1", "accepted", "state-accepted"),
        ("2", "en_route", "state-en-route"),
        ("3", "on_scene", "state-on-scene"),
    ],
)
def test_a_key_says_how_it_stands_and_the_officer_hears_that_it_does(
    desk: Desk, key: str, state: str, phrase: str
) -> None:
    heard = desk.call(PIN, key)
    assert heard.states == [(7, state)]
    after = heard.said[heard.said.index("update-saved") :]
    assert after == ["update-saved", "update-dispatch", *TICKET_7, phrase, "update-menu"]


def test_an_officer_who_hangs_up_is_no_fault_of_anybodys(desk: Desk) -> None:
    with capture_logs() as logged:
        desk.call(PIN, "2")
    assert [(one["outcome"], one["log_level"]) for one in logged if one["event"] == "agi_session"] == [
        ("hung_up", "info")
    ]


def test_the_longest_of_homes_can_be_said_whole(desk: Desk) -> None:
    # A control socket's path has 107 characters at most; this is longer than any HOME.
    heard = Desk(replace(desk.service, sounds=Path("/" + "h" * 200))).call(PIN, "2")
    assert heard.said.count("update-menu") == 2


def test_what_is_handled_is_heard_no_more(desk: Desk) -> None:
    heard = desk.call(PIN, "4", "4")
    assert heard.states == [(7, "handled"), (3, "handled")]
    assert heard.said[-3:] == ["update-saved", "update-none", "update-goodbye"]
    assert heard.ended_well


def test_nine_goes_to_the_next_and_round_and_zero_says_it_again(desk: Desk) -> None:
    assert desk.call(PIN, "9", "2").states == [(3, "en_route")]
    assert desk.call(PIN, "9", "9", "2").states == [(7, "en_route")]
    assert desk.call(PIN, "0", "2").states == [(7, "en_route")]


def test_another_key_is_told_to_be_none(desk: Desk) -> None:
    heard = desk.call(PIN, "7", "2")
    assert "update-wrong-key" in heard.said
    assert heard.states == [(7, "en_route")]


def test_an_officer_who_falls_silent_is_let_go(desk: Desk) -> None:
    heard = desk.call(PIN, "", "", "")
    assert (heard.said[-1], heard.said.count("update-menu"), heard.ended_well) == ("update-goodbye", 3, True)


def test_an_skpd_with_nothing_open_hears_that(desk: Desk) -> None:
    heard = desk.call("4711", number=RADIO)
    assert heard.said[-2:] == ["update-none", "update-goodbye"]
    assert heard.ended_well


def test_a_line_of_two_skpds_is_the_ones_whose_pin_it_is(desk: Desk) -> None:
    assert desk.call(PIN, number=RADIO).pins == [("damkar", True)]
    assert desk.call("4711", number=RADIO).pins == [("bpbd", True)]


@pytest.mark.parametrize("number", ["+62374499999", "anonymous", "", "113"])
def test_a_line_that_nobody_has_is_told_so_and_asked_for_nothing(desk: Desk, number: str) -> None:
    heard = desk.call(PIN, number=number)
    assert (heard.said, heard.written, heard.ended_well) == (["update-unknown-line"], [], True)


def test_an_skpd_without_a_pin_cannot_report(desk: Desk) -> None:
    assert desk.call(PIN, number="+62374400123").said == ["update-unavailable"]


# ---- PINs ------------------------------------------------------------------------------------------------------------


def test_three_wrong_pins_end_the_call_and_are_on_record(desk: Desk) -> None:
    heard = desk.call("1", "22222222", "0000")
    assert heard.said == [
        *("update-hello", "update-pin", "update-wrong-pin", "update-pin", "update-wrong-pin", "update-pin"),
        "update-locked",
    ]
    assert (heard.pins, heard.states, heard.ended_well) == ([("damkar", False)], [], True)


def test_the_third_pin_may_be_right(desk: Desk) -> None:
    assert desk.call("1", "2", PIN, "2").states == [(7, "en_route")]


def test_an_officer_who_types_nothing_is_let_go_and_nobody_is_alarmed(desk: Desk) -> None:
    heard = desk.call("", "", "")
    assert (heard.said[-1], heard.pins) == ("update-goodbye", [])


def test_a_line_that_guesses_is_refused_for_an_hour_and_others_are_not(desk: Desk, minutes: Minutes) -> None:
    # Hanging up before the third wrong PIN is no way around it.
    for tries in (["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"], ["9"]):
        desk.call(*tries)
    refused = desk.call(PIN)
    assert (refused.said, refused.pins) == (["update-locked"], [("damkar", False)])
    assert desk.call(PIN, number=MOBILE).pins == [("damkar", True)]
    minutes.at = 3601
    assert desk.call(PIN).pins == [("damkar", True)]


def test_a_right_pin_forgets_what_was_mistyped(desk: Desk) -> None:
    for _ in range(5):
        assert desk.call("1", "2", PIN).pins == [("damkar", True)]


def test_many_calls_at_once_are_no_way_around_the_bound(desk: Desk) -> None:
    door, judged = desk.service.door, []

    def guess(pin: int) -> None:
        judged.append(door.opens(LINE, str(pin), (DAMKAR,)))

    threads = [threading.Thread(target=guess, args=(pin,)) for pin in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (judged, door.is_shut(LINE)) == ([None] * 20, True)
    assert door.opens(LINE, PIN, (DAMKAR,)) is None


# ---- notes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["5", "*"])
def test_a_spoken_note_is_audio_and_names_it_in_the_ledger(desk: Desk, key: str, tmp_path: Path) -> None:
    heard = desk.call(PIN, key, speaks=b"x" * 20_000)
    (note,) = [one for one in heard.written if isinstance(one, DispatchSaid)]
    (audio,) = tmp_path.glob("7-*.wav")
    assert (note.dispatch, note.said.note, note.said.state) == (7, f"voice:{audio.stem[2:]}", None)
    assert "update-note-saved" in heard.said
    # The dialplan has nothing left to put on record.
    assert [value for name, value in heard.variables if name == "SIAGA_NOTE"][-1] == ""


def test_a_note_without_a_word_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    heard = desk.call(PIN, "5", speaks=b"x" * 2_000)
    assert ("update-note-empty" in heard.said, heard.states, [*tmp_path.glob("*.wav")]) == (True, [], [])


def test_an_officer_who_hangs_up_after_a_note_leaves_it_to_the_dialplan(desk: Desk) -> None:
    heard = desk.call(PIN, "5")
    (left,) = [value for name, value in heard.variables if name == "SIAGA_NOTE"]
    told = decode_update(left, MORNING)
    assert heard.recorded[0].endswith(f"/7-{(told.said.note or '').removeprefix('voice:')}")
    assert not heard.ended_well


# ---- what else may be ------------------------------------------------------------------------------------------------


def test_without_a_snapshot_the_dialplan_is_left_to_say_so(desk: Desk) -> None:
    def nothing() -> Snapshot:
        raise SnapshotUnreadable("cannot use skpds.json: FileNotFoundError")

    with capture_logs() as logged:
        heard = Desk(replace(desk.service, snapshot=nothing)).call(PIN)
    assert (heard.said, heard.ended_well) == ([], False)
    assert [one["error"] for one in logged if one["event"] == "agi_session"] == ["SnapshotUnreadable"]


def test_a_hang_up_ends_it_at_once_however_long_it_may_take(desk: Desk) -> None:
    with desk.serving() as address:
        asterisk = Peer.asking(address, "skpd_update", arrival(LINE))
        assert asterisk.command().startswith("EXEC Read")
        asterisk.reset()
        # `serving` waits until no session is left.


def test_officers_take_no_callers_place(desk: Desk) -> None:
    with ExitStack() as stack:
        address = stack.enter_context(desk.serving())
        officers = [Peer.asking(address, "skpd_update", arrival(LINE)) for _ in range(MOST_OFFICERS)]
        first, *others = officers
        for officer in others:
            stack.callback(officer.reset)
        for officer in officers:
            assert officer.command().startswith("EXEC Read")
        with capture_logs() as logged, Peer.asking(address, "skpd_update", arrival(LINE)) as one_more:
            assert one_more.ended()
            wait_until(lambda: any(one["event"] == "agi_session" for one in logged))
        assert [one["outcome"] for one in logged if one["event"] == "agi_session"] == ["full"]
        with Peer.asking(address, "caller_id", arrival("08123456789")) as caller:
            assert len(caller.commands()) == 2
        first.reset()

        def served() -> bool:
            with Peer.asking(address, "skpd_update", arrival(LINE)) as next_one:
                return next_one.command().startswith("EXEC Read")

        wait_until(served)


def test_every_phrase_of_the_script_is_one(desk: Desk) -> None:
    known = sentences((SOURCE / "sounds/phrases.id.txt").read_bytes(), "phrases.id.txt")
    wave = b"x" * 20_000
    calls = [
        desk.call(PIN, "1", "2", "3", "7", "5", "4", "9", "4", speaks=wave),
        desk.call(PIN, "5", speaks=b""),
        desk.call("1", "2", "3", number=MOBILE),
        desk.call(number="+62374499999"),
        desk.call(number="+62374400123"),
    ]
    assert {phrase for heard in calls for phrase in heard.said} <= set(known)


def test_the_scripts_deadline_is_minutes() -> None:
    route = ROUTES["skpd_update"]
    assert (route.deadline_s, route.most) == (600, MOST_OFFICERS)
    assert CONTEXT.service is SERVICE
    assert Route(route.run, 1).most > 10 * MOST_OFFICERS
