"""The desk: what follows from a command, kept in one transaction and then told."""

from __future__ import annotations

from ticketing.desk.desk import TicketDesk

__all__ = ["TicketDesk"]
