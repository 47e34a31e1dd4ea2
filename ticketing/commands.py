"""What people and telephones ask of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ticketing.model import Call, JournalPosition, Taker


@dataclass(frozen=True, slots=True)
class RecordCalls:
    """Keep what became known of some calls, and how far the journals were read to know it.

    Knowledge may be partial, repeated and in any order; a call may be given in several pieces. A call that
    has not reached the line is not kept (`Call.reached_the_line`): the giver holds on to it, and to the
    journal position before it.
    """

    calls: tuple[Call, ...] = ()
    positions: tuple[JournalPosition, ...] = ()


@dataclass(frozen=True, slots=True)
class AddTaker:
    """Give the line a new call taker; refused with TakerExists when the extension is taken."""

    taker: Taker


@dataclass(frozen=True, slots=True)
class SignTaker:
    """Sign a call taker in or out; refused with UnknownTaker. Signing in twice is signing in."""

    extension: str
    signed_in: bool


Command = RecordCalls | AddTaker | SignTaker
