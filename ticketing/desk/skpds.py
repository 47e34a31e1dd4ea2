"""The registry of SKPDs: kept as it is asked for, and no part of any call's timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ticketing.commands import AddSkpd, ChangeSkpd, RemoveSkpd, SetSkpdPin
from ticketing.skpd import free_short_number

if TYPE_CHECKING:
    from ticketing.commands import SkpdCommand
    from ticketing.ports import Transaction


def keep_skpd(tx: Transaction, command: SkpdCommand) -> None:
    """Carry out a command about an SKPD; raises its refusals."""
    match command:
        case AddSkpd(skpd):
            tx.add_skpd(replace(skpd, short=free_short_number(tx.short_numbers())))
        case ChangeSkpd(skpd):
            # Whoever changes a line has not seen the PIN, and must not lose it.
            kept = tx.skpd(skpd.code)
            tx.change_skpd(replace(skpd, pin_hash=kept.pin_hash, short=kept.short))
        case RemoveSkpd(code):
            tx.remove_skpd(code)
        case SetSkpdPin(code, pin_hash):
            tx.change_skpd(replace(tx.skpd(code), pin_hash=pin_hash))
