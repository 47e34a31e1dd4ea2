"""How numbers stand by their marks now: asked of the store, judged by the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketing.nuisance import standing

if TYPE_CHECKING:
    from datetime import datetime

    from ticketing.nuisance import Evidence, Judged, NuisanceRules, Standing
    from ticketing.ports import Store


async def standing_of(store: Store, number: str, now: datetime, rules: NuisanceRules) -> Standing:
    """How this number (E.164) stands; one without marks stands well."""
    evidence = await store.nuisance_evidence(now - rules.memory, [number])
    judged = [one for one in await store.nuisance_judged() if one.number == number]
    return standing(number, evidence, judged, now, rules)


async def marked_numbers(store: Store, now: datetime, rules: NuisanceRules) -> list[Standing]:
    """Every number that has a mark that counts: first those that a supervisor should look at."""
    evidence: dict[str, list[Evidence]] = {}
    for one in await store.nuisance_evidence(now - rules.memory):
        evidence.setdefault(one.number, []).append(one)
    judged: dict[str, list[Judged]] = {}
    for said in await store.nuisance_judged():
        judged.setdefault(said.number, []).append(said)
    stands = [standing(number, of_it, judged.get(number, ()), now, rules) for number, of_it in evidence.items()]
    marked = [one for one in stands if one.marks]
    return sorted(marked, key=lambda one: (not needs_a_look(one), one.confirmed is None, -one.score, one.number))


def needs_a_look(stands: Standing) -> bool:
    """Whether a supervisor should look: beyond the threshold, and nobody has confirmed it."""
    return stands.beyond and stands.confirmed is None
