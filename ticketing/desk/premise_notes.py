"""Premise notes: written, changed and withdrawn; the tickets that they concern are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ticketing.commands import ChangePremiseNote
from ticketing.desk.telling import tell
from ticketing.events import PremiseNoteTouched
from ticketing.premise import USUAL_TERM, PremiseNote, changed, in_term, seen, withdrawn

if TYPE_CHECKING:
    from datetime import date, datetime

    from ticketing.commands import AddPremiseNote, WithdrawPremiseNote
    from ticketing.ports import Transaction
    from ticketing.timeline import Entry

# A note of a whole kecamatan in a flood: the latest tickets are those on somebody's screen.
_MOST_TOLD: Final = 50


def write_premise_note(
    tx: Transaction, command: AddPremiseNote, now: datetime, day: date
) -> tuple[PremiseNote, tuple[Entry, ...]]:
    """Keep a new note on this day of the city; raise ExpiryRefused. Gives it, and what is told of it."""
    expires_on = in_term(command.expires_on or day + USUAL_TERM, day)
    note = PremiseNote(command.premises, command.kind, command.text, expires_on, now, command.by, now, command.by)
    return _kept(tx, note, now)


def change_premise_note(
    tx: Transaction, command: ChangePremiseNote | WithdrawPremiseNote, now: datetime, day: date
) -> tuple[Entry, ...]:
    """Make the next version of a note on this day of the city; raises the command's refusals."""
    before = seen(tx.premise_note(command.premise_note), command.version)
    if isinstance(command, ChangePremiseNote):
        after = changed(before, command.changes, by=command.by, at=now, day=day)
    else:
        after = withdrawn(before, command.reason, by=command.by, at=now)
    return _kept(tx, after, now)[1] if after != before else ()


def _kept(tx: Transaction, note: PremiseNote, now: datetime) -> tuple[PremiseNote, tuple[Entry, ...]]:
    """Keep this version, and tell the tickets on which people work at its premises."""
    kept = tx.keep_premise_note(note)
    touched = PremiseNoteTouched(now, str(kept.id), kept.kind, kept.act, kept.changed_by)
    concerned = tx.calls_in_hand_at(kept.premises, _MOST_TOLD)
    return kept, tuple(entry for call_id in concerned for entry in tell(tx, call_id, (touched,), now))
