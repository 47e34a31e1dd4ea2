"""What a run prints at its end."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chaos.plan import Kind
    from chaos.verdict import Ordeal, Verdict


def report(verdict: Verdict, ordeals: Sequence[Ordeal]) -> Iterator[str]:
    """The table by kind, what is counted apart, and every violation; line by line."""
    if ordeals:
        yield from _kinds(verdict, ordeals)
    yield f"{verdict.calls} calls, {verdict.answered} answered; set-up in calm {verdict.setup_p50_s:.2f} s (p50)"
    for what, count in sorted(verdict.apart.items()):
        yield f"  apart: {count} {what}"
    for violation in verdict.violations:
        yield f"  VIOLATION  {violation}"
    yield f"{len(verdict.violations)} violations"


def _kinds(verdict: Verdict, ordeals: Sequence[Ordeal]) -> Iterator[str]:
    by_kind: dict[Kind, list[Ordeal]] = defaultdict(list)
    for one in ordeals:
        by_kind[one.fault.kind].append(one)
    yield "                        faults   ready again, s    calls   set-up s, longest"
    for kind, them in by_kind.items():
        setups = verdict.setups.get(kind, [])
        ready, setup = max(one.recovered - one.released for one in them), max(setups, default=float("nan"))
        yield f"  {kind:<22}{len(them):6}{ready:17.1f}{len(setups):9}{setup:20.1f}"
    yield ""
