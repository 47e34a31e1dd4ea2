"""Adding to the timeline of a call that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketing.errors import CallUnknown
from ticketing.timeline import chained

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ticketing.events import Event
    from ticketing.model import CallId
    from ticketing.ports import Transaction
    from ticketing.timeline import Entry


def tell(tx: Transaction, call_id: CallId, news: Sequence[Event], now: datetime) -> tuple[Entry, ...]:
    """Continue the call's chain with these events; raise CallUnknown."""
    if not news:
        return ()
    kept = tx.calls([call_id]).get(call_id)
    if kept is None:
        raise CallUnknown(call_id)
    entries = chained(call_id, news, kept.head, recorded_at=now, ticket_number=kept.ticket)
    tx.keep_head(call_id, entries[-1].head)
    return tx.append(entries)
