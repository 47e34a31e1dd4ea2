"""Pranks cost their number a place in line, and a number has one place in it: never an answer, never a ticket."""

from __future__ import annotations

import json
import re
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from bench.sipp import HIDDEN, Citizen, citizens
from bench.softphone import Softphone
from tests.telephony.line import SITE, Line, eventually, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.softphone import Talk

PRANKSTER, MANY, ORDINARY = "081234500001", "081234500002", "081234500003"
BEHIND, CONFIRMED = 8_640_000, 30_000  # hundredths of a second


@dataclass
class Room:
    """A line whose callers are told to stay after five seconds, and its supervisor."""

    line: Line
    token: str

    def api(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        asked = urllib.request.Request(
            f"http://{self.line.http}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def pranks(self, count: int, citizen: Citizen) -> None:
        """So many calls of a citizen are answered, and their tickets closed as pranks."""
        since = now()
        for _ in range(count):
            with citizens(self.line.sip, citizen) as caller:
                caller.finish()
        tickets = eventually(lambda: found if len(found := self.line.tickets(since)) == count else None)
        for ticket in tickets:
            path, version = f"/tickets/{ticket['number']}", ticket["version"]
            self.api("PATCH", path, {"version": version, "call_type": "prank"})
            self.api("POST", f"{path}/status", {"status": "closed"})

    def verb(self, *words: str) -> None:
        done = self.line.siaga112("nuisance", *words, "--by", "dewi")
        assert done.returncode == 0, done.stderr

    def penalties(self) -> dict[str, list[int]]:
        """What the script knows."""
        file = self.line.home / "nuisance.json"
        return dict(json.loads(file.read_text())["numbers"]) if file.exists() else {}

    def waiting(self) -> list[int]:
        """The priorities of those who wait, in the order in which they will be served."""
        told = self.line.asterisk("queue show 112").partition("Callers:")[2]
        return [int(found) for found in re.findall(r"prio: (-?\d+)", told)]

    def all_wait(self, count: int) -> list[int]:
        return eventually(lambda: found if len(found := self.waiting()) == count else None)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    line = Line.prepared(tmp_path_factory.mktemp("line"))
    (line.home / "siaga112.toml").write_text(f"{SITE}notice_after_s = 5\n")
    line.start()
    try:
        line.add_takers(2)
        added = line.siaga112(
            "user", "add", "dewi", "--role", "supervisor", "--password-stdin", typed="kata-sandi-dewi\n"
        )
        assert added.returncode == 0, added.stderr
        yield Room(line, line.siaga112("token", "create", "--user", "dewi").stdout.strip())
    finally:
        line.stop()


@contextmanager
def town() -> Iterator[Softphone]:
    """Citizens' telephones, all put down with the block."""
    with Softphone(host="127.0.0.2") as phones:
        yield phones


def calls(room: Room, phones: Softphone, shown: str) -> Talk:
    """Somebody calls; goes on once the call waits or talks."""
    before = len(room.line.calls())
    talk = phones.dial(room.line.sip, "112", shown=shown)
    eventually(lambda: len(room.line.calls()) == before + 1)
    return talk


def is_up(talk: Talk) -> bool:
    eventually(lambda: talk.up)
    return True


def quiet(room: Room) -> None:
    eventually(lambda: room.line.asterisk("core show channels count").startswith("0 active channels"))


def test_a_pranked_number_waits_behind_who_came_later_within_the_bound_and_is_answered(room: Room) -> None:
    with room.line.staffed("201"):
        room.pranks(5, Citizen.numbered(PRANKSTER, talk_ms=200))
        eventually(lambda: room.penalties().get("+6281234500001", [0])[0] == 6000)
        assert room.line.told("nuisance", "list")[0]["beyond"]
        room.verb("confirm", PRANKSTER)
        eventually(lambda: room.penalties()["+6281234500001"][1] == CONFIRMED)
        with town() as phones:
            first = calls(room, phones, ORDINARY)
            assert is_up(first)
            prankster, later = calls(room, phones, PRANKSTER), calls(room, phones, "081234500004")
            ahead, behind = room.all_wait(2)
            assert 0 < ahead - behind < CONFIRMED
            phones.hang_up(first)
            assert is_up(later)
            assert not prankster.up or prankster.answered_at is None
            # Told to stay, and still in the place that the marks have left.
            assert room.all_wait(1) == [behind]
            phones.hang_up(later)
            eventually(lambda: room.waiting() == [])
            assert len(eventually(lambda: room.line.told("calls"))) > 0
        quiet(room)
    (call,) = [one for one in room.line.calls()[-3:] if one["caller"]["e164"] == "+6281234500001"]
    assert (call["outcome"], bool(call["ticket"])) == ("answered", True)


def test_who_is_forgiven_waits_like_anybody_at_once(room: Room) -> None:
    room.verb("forgive", PRANKSTER, "--note", "his house did burn")
    eventually(lambda: "+6281234500001" not in room.penalties())
    with room.line.staffed("201"), town() as phones:
        first = calls(room, phones, ORDINARY)
        assert is_up(first)
        calls(room, phones, PRANKSTER)
        calls(room, phones, "081234500004")
        ahead, behind = room.all_wait(2)
        assert 0 < ahead - behind < 3000
    quiet(room)


def test_hidden_numbers_are_never_marked_and_never_taken_for_one(room: Room) -> None:
    with room.line.staffed("201"):
        known = room.penalties()
        room.pranks(5, Citizen(from_header=HIDDEN, talk_ms=200))
        assert room.penalties() == known
        with town() as phones, ExitStack() as stack:
            assert is_up(calls(room, phones, ORDINARY))
            for _ in range(2):
                stack.enter_context(citizens(room.line.sip, Citizen(from_header=HIDDEN, patience_ms=20_000)))
            ahead, behind = room.all_wait(2)
            assert 0 <= ahead - behind < 3000
    quiet(room)


def test_a_number_has_one_taker_while_others_wait_and_as_many_as_are_free_when_nobody_does(room: Room) -> None:
    with room.line.staffed("201", "202"), town() as phones:
        once, ordinary = calls(room, phones, MANY), calls(room, phones, ORDINARY)
        assert is_up(once)
        assert is_up(ordinary)
        again, later = calls(room, phones, MANY), calls(room, phones, "081234500004")
        ahead, behind = room.all_wait(2)
        assert ahead - behind > BEHIND // 2
        phones.hang_up(ordinary)
        assert is_up(later)
        assert room.all_wait(1) == [behind]
        # Nobody else waits: a taker who is free is not kept from anybody.
        phones.hang_up(later)
        assert is_up(again)
        assert once.up
    quiet(room)


def test_when_a_numbers_first_call_is_over_the_next_one_has_the_place_that_it_came_for(room: Room) -> None:
    with room.line.staffed("201", "202"), town() as phones:
        once, ordinary = calls(room, phones, MANY), calls(room, phones, ORDINARY)
        assert is_up(once)
        assert is_up(ordinary)
        again, third = calls(room, phones, MANY), calls(room, phones, MANY)
        later, last = calls(room, phones, "081234500004"), calls(room, phones, "081234500005")
        before = room.all_wait(4)
        assert before[1] - before[2] > BEHIND // 2
        phones.hang_up(once)
        phones.hang_up(ordinary)
        # Both takers are free: for the two who came first. Before, the second of these two was behind everybody.
        assert is_up(later)
        assert is_up(again)
        assert room.all_wait(2) == [before[1], before[3]]
        assert not last.up
        assert not third.up
    quiet(room)


def test_without_the_gateway_the_next_one_has_it_when_told_to_stay(room: Room) -> None:
    with room.line.staffed("201"), town() as phones:
        once = calls(room, phones, MANY)
        assert is_up(once)
        calls(room, phones, MANY)
        other = calls(room, phones, "081234500004")
        ahead, behind = room.all_wait(2)
        room.line.crash()
        try:
            phones.hang_up(once)
            assert is_up(other)
            eventually(lambda: room.waiting() == [behind + BEHIND])
            assert ahead < behind + BEHIND
        finally:
            room.line.start()
    quiet(room)
