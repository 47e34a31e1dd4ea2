"""An officer of an SKPD reports by telephone: hears what is open, says by key how it stands, or speaks a note.

The dialplan asks with `AGI(agi://…/skpd_update,${SIAGA_ARRIVAL})`. Who calls is who the trunk says, and has to be an
SKPD's line; then the SKPD's PIN is asked for. All that is known comes from the gateway's snapshot, and what is said
goes into the ledger (gateway/facts/skpd_facts.py): it works as long as Asterisk and this process do.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from asterisk.agi import AGIAppError, AGIHangup

from gateway.agi.pin_door import TRIES_A_CALL
from gateway.facts.channel_variables import GW_OK, KEYS, NOTE, SKPD_PIN, SKPD_UPDATE, UNRECORDED_UNTIL
from gateway.facts.ledger_payloads import decode_arrival
from gateway.facts.phone_numbers import identify
from gateway.facts.skpd_facts import encode_note, encode_pin, encode_update, note_stamp
from gateway.telephony.phrases import phrase_for_state, spoken_digits
from ticketing.dispatch import OPEN_STATES, DispatchState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gateway.agi.scripts import ScriptContext, Service
    from gateway.agi.session import AgiSession
    from gateway.agi.skpd_snapshot import Department, OpenDispatch

_STATES: Final[Mapping[str, DispatchState]] = {
    "1": DispatchState.ACCEPTED,
    "2": DispatchState.EN_ROUTE,
    "3": DispatchState.ON_SCENE,
    "4": DispatchState.HANDLED,
}
_NOTE_KEYS, _NEXT, _REPEAT = frozenset("5*"), "9", "0"
_LONGEST_PIN: Final = 8 + 1  # with room for the # at its end
_WAIT_S: Final = 8
_MOST_SILENCES: Final = 3
_LONGEST_NOTE_MS: Final = 120_000
# A header, and half a second of the 8,000 samples of 16 bits: less is a key pressed by mistake.
_SHORTEST_NOTE: Final = 44 + 8_000


def run(session: AgiSession, context: ScriptContext) -> None:
    """Serve one officer.

    Raises ValueError when the dialplan's payload is of another version, SnapshotUnreadable when nothing is known of
    SKPDs, AGIError when Asterisk refuses or the officer has hung up.
    """
    trunk, presented = decode_arrival(session.env.get("agi_arg_1", ""))
    line = identify(presented, context.style_of_trunk(trunk)).e164 or ""
    officer = _Officer(session, context.service, line)
    departments = context.service.snapshot().of_line(line)
    if not departments:
        officer.say("update-unknown-line")
    elif not any(one.pin_hash for one in departments):
        officer.say("update-unavailable")
    elif department := officer.shows_pin(departments):
        officer.reports(department)
    session.set_variable(GW_OK, 1)


@dataclass(frozen=True, slots=True)
class _Officer:
    """Whoever calls, from this line."""

    session: AgiSession
    service: Service
    line: str

    def say(self, *phrases: str) -> None:
        """Say these to the end."""
        for phrase in phrases:
            self.session.stream_file(self._sound(phrase))

    def ask(self, *phrases: str, most: int) -> str:
        """Say these until a key is pressed; give up to `most` keys, `#` ends them; "" for none within the wait.

        By Read() as the dialplan does it: GET DATA takes one file, and between two commands keys are lost.
        """
        files = "&".join(str(self.service.sounds / phrase) for phrase in phrases)
        try:
            # Not by `appexec`, which cuts what is long. HOME has neither quotes nor commas in it (config.py).
            self.session.execute("EXEC", "Read", f'"{KEYS},{files},{most},,1,{_WAIT_S}"')
        except AGIHangup:
            raise
        except AGIAppError as error:
            raise AGIHangup("the officer hung up while being asked") from error
        return self.session.get_variable(KEYS)

    def _sound(self, phrase: str) -> str:
        # pyst2 quotes no file's name, and HOME may have a blank in it.
        return f'"{self.service.sounds / phrase}"'

    def shows_pin(self, departments: Sequence[Department]) -> Department | None:
        """Ask for the PIN; give whose it is, None when it was wrong once too often: then that is on record."""
        door, typed = self.service.door, False
        for turn in range(TRIES_A_CALL):
            if door.is_shut(self.line):
                break
            pin = self.ask("update-wrong-pin" if turn else "update-hello", "update-pin", most=_LONGEST_PIN)
            typed = typed or bool(pin)
            if pin and (found := door.opens(self.line, pin, departments)):
                self._write(SKPD_PIN, encode_pin(found.code, self.line, right=True))
                return found
        if not typed and not door.is_shut(self.line):
            self.say("update-goodbye")
            return None
        for department in departments:
            self._write(SKPD_PIN, encode_pin(department.code, self.line, right=False))
        self.say("update-locked")
        return None

    def reports(self, department: Department) -> None:
        """Go through what is open until the officer hangs up, or falls silent."""
        left, silences = deque(department.dispatches), 0
        answer: tuple[str, ...] = () if left else ("update-none",)
        while left and silences < _MOST_SILENCES:
            key = self.ask(*answer, *_told(left[0]), "update-menu", most=1)
            silences = 0 if key else silences + 1
            answer = self._does(key, left)
        self.say(*answer, "update-goodbye")

    def _does(self, key: str, left: deque[OpenDispatch]) -> tuple[str, ...]:
        """Do what a key asks for about the first of these; give what is to be said of it."""
        if key in _STATES:
            return self._updates(left, _STATES[key])
        if key in _NOTE_KEYS:
            return (self._speaks(left[0]),)
        if key == _NEXT:
            left.rotate(-1)
        return () if key in {"", _NEXT, _REPEAT} else ("update-wrong-key",)

    def _updates(self, left: deque[OpenDispatch], state: DispatchState) -> tuple[str, ...]:
        if not self._written(encode_update(left[0].id, state, self.line)):
            return ("update-failed",)
        if state in OPEN_STATES:
            left[0] = replace(left[0], state=state)
            return ("update-saved",)
        left.popleft()
        return ("update-saved",) if left else ("update-saved", "update-none")

    def _speaks(self, dispatch: OpenDispatch) -> str:
        """Record a note; give the phrase that says what became of it."""
        began = self.service.clock.now()
        until = self.session.get_variable(UNRECORDED_UNTIL)
        if until.isdecimal() and int(until) > began.timestamp():
            return "update-failed"  # their disk is full
        self.say("update-note")
        stamp = note_stamp(began)
        payload, file = encode_note(dispatch.id, stamp, self.line), self.service.note(dispatch.id, stamp)
        # From here on an officer who hangs up has the dialplan put the note on record: most will.
        self.session.set_variable(NOTE, payload)
        self._tone()
        self.session.record_file(str(file.with_suffix("")), "wav", "#", _LONGEST_NOTE_MS, 0, "")
        is_note = _size(file) >= _SHORTEST_NOTE
        written = is_note and self._written(payload)
        self.session.set_variable(NOTE, "")
        if not is_note:
            file.unlink(missing_ok=True)
            return "update-note-empty"
        return "update-note-saved" if written else "update-failed"

    def _tone(self) -> None:
        # Asterisk's own beep is a file that not every one of them has.
        self.session.appexec("Playtones", "1000/300,0/5000")
        self.session.appexec("Wait", "0.35")
        self.session.appexec("StopPlaytones")

    def _written(self, payload: str) -> bool:
        try:
            self._write(SKPD_UPDATE, payload)
        except AGIHangup:
            raise
        except AGIAppError:
            return False
        return True

    def _write(self, event: str, payload: str) -> None:
        self.session.appexec("CELGenUserEvent", f"{event},{payload}")


def _told(dispatch: OpenDispatch) -> tuple[str, ...]:
    return ("update-dispatch", *spoken_digits(dispatch.ticket), phrase_for_state(dispatch.state))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
