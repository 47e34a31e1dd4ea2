"""What supervisors make of a number's marks: kept as it is said, and no part of any call's timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketing.errors import JudgingRefused, NoNuisance
from ticketing.nuisance import Judged, Judgement, standing
from ticketing.permissions import Permission, may

if TYPE_CHECKING:
    from datetime import datetime

    from ticketing.commands import JudgeNumber
    from ticketing.nuisance import NuisanceRules
    from ticketing.ports import Transaction


def judge_number(tx: Transaction, command: JudgeNumber, now: datetime, rules: NuisanceRules) -> None:
    """Put a supervisor's word on record; raise JudgingRefused, or NoNuisance where there is nothing to confirm."""
    if not may(command.role, Permission.JUDGE_NUISANCE):
        raise JudgingRefused(command.role)
    number = command.number
    if command.judgement is Judgement.CONFIRMED:
        found = standing(number, tx.evidence_on(number, now - rules.memory), tx.judged(number), now, rules)
        if not found.beyond:
            raise NoNuisance(number)
    tx.keep_judged(Judged(number, now, command.judgement, command.by, command.note))
