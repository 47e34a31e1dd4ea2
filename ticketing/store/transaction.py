"""One change of the store, in the desk's words."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    Text,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    literal_column,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import sqlite

from ticketing.callbacks import Debt, settled_by_calling_again
from ticketing.errors import (
    CallBackUnknown,
    TakerExists,
    TicketUnknown,
    UnknownTaker,
    UnknownToken,
    UnknownUser,
    UserExists,
)
from ticketing.model import CALLABLE_KINDS
from ticketing.store.dispatches import DispatchChanges
from ticketing.store.nuisance import NuisanceChanges
from ticketing.store.premise_notes import PremiseNoteChanges
from ticketing.store.return_calls import ReturnCallChanges
from ticketing.store.rows import (
    backwards,
    call_back_of,
    call_back_values,
    call_of,
    call_values,
    entry_values,
    position_values,
    ticket_of,
    ticket_values,
)
from ticketing.store.skpds import SkpdChanges
from ticketing.store.statements import Statement
from ticketing.store.tables import (
    call_backs,
    calls,
    journal_positions,
    sessions,
    takers,
    ticket_numbers,
    tickets,
    timeline,
    tokens,
    users,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime
    from sqlite3 import Connection

    from sqlalchemy import Table

    from ticketing.callbacks import CallBack, Settlement
    from ticketing.model import CallId, JournalPosition, Taker, Ticket
    from ticketing.people import Session, Token, User
    from ticketing.ports import KeptCall
    from ticketing.timeline import ChainHead, Entry


def _upsert(table: Table) -> sqlite.Insert:
    """Insert, or replace what is there of the same key. PostgreSQL's dialect has the same method."""
    statement = sqlite.insert(table)
    key = {column.name for column in table.primary_key}
    values = {column.name: column for column in statement.excluded if column.name not in key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)


_CALL = Statement(select(calls).where(calls.c.id == bindparam("call_id")), gives=list(calls.c))
_KEEP_CALL = Statement(_upsert(calls))
_KEEP_HEAD = Statement(
    update(calls)
    .where(calls.c.id == bindparam("of_call"))
    .values(entries=bindparam("position"), head=bindparam("hash"))
)

_first_serials = sqlite.insert(ticket_numbers)
_TAKE_SERIALS = Statement(
    _first_serials.on_conflict_do_update(
        index_elements=[ticket_numbers.c.day],
        set_={"last": ticket_numbers.c.last + _first_serials.excluded.last},
    ).returning(ticket_numbers.c.last),
    gives=[ticket_numbers.c.last],
)
_OPEN_TICKET = Statement(insert(tickets))
_SETTLE_ANSWER = Statement(
    update(tickets)
    .where(tickets.c.number == bindparam("of_ticket"))
    .values(
        answered_at=bindparam("at"),
        taker=bindparam("by"),
        watch_at=bindparam("look"),
        version=tickets.c.version + literal_column("1"),
    )
)
_TICKET = Statement(select(tickets).where(tickets.c.number == bindparam("of_ticket")), gives=list(tickets.c))
_KEEP_TICKET = Statement(
    update(tickets)
    .where(tickets.c.number == bindparam("of_ticket"))
    .values({name: bindparam(f"new_{name}") for name in tickets.c.keys() if name != "number"})  # noqa: SIM118 - no dict
)
_TO_WATCH = Statement(
    select(tickets)
    .where(tickets.c.watch_at < bindparam("now"))
    .order_by(tickets.c.watch_at)
    .limit(bindparam("at_most"))
    .offset(literal_column("0")),
    gives=list(tickets.c),
)

_CALL_BACK = Statement(select(call_backs).where(call_backs.c.id == bindparam("of_id")), gives=list(call_backs.c))
_OPEN_CALL_BACK = Statement(
    select(call_backs).where(
        call_backs.c.number == bindparam("of_number"),
        call_backs.c.number.is_not(None),
        call_backs.c.settled_at.is_(None),
    ),
    gives=list(call_backs.c),
)
_SETTLED_CALL_BACKS = Statement(
    select(call_backs)
    .where(call_backs.c.number == bindparam("of_number"), call_backs.c.settled_at >= bindparam("at_or_after"))
    .order_by(call_backs.c.settled_at, call_backs.c.id),
    gives=list(call_backs.c),
)
_KEEP_CALL_BACK = Statement(_upsert(call_backs).returning(call_backs.c.id), gives=[call_backs.c.id])
_OWE = Statement(update(calls).where(calls.c.id == bindparam("of_call")).values(call_back=bindparam("part_of")))
_oldest = select(func.min(calls.c.arrived_at)).where(calls.c.call_back == bindparam("of_id")).scalar_subquery()
_FORGET_WITHOUT_CALLS = Statement(
    delete(call_backs).where(
        call_backs.c.id == bindparam("of_id"), ~exists().where(calls.c.call_back == bindparam("of_id"))
    )
)
_FOLLOW_CALLS = Statement(update(call_backs).where(call_backs.c.id == bindparam("of_id")).values(since=_oldest))
_DEBTS = Statement(
    select(calls.c.arrived_at, calls.c.id)
    .where(calls.c.call_back == bindparam("of_id"))
    .order_by(calls.c.arrived_at, calls.c.id),
    gives=[calls.c.arrived_at, calls.c.id],
)
_ANSWERED_AFTER = Statement(
    select(calls.c.id, calls.c.answered_at)
    .where(
        calls.c.caller_reversed == bindparam("backwards"),
        tuple_(calls.c.arrived_at, calls.c.id)
        > tuple_(bindparam("arrived", type_=calls.c.arrived_at.type), bindparam("of_call")),
        calls.c.answered_at.is_not(None),
        calls.c.caller_e164 == bindparam("of_number"),
        calls.c.caller_kind.in_([literal_column(f"'{kind}'") for kind in sorted(CALLABLE_KINDS)]),
    )
    .order_by(calls.c.arrived_at, calls.c.id)
    .limit(literal_column("1"))
    .offset(literal_column("0")),
    gives=[calls.c.id, calls.c.answered_at],
)

# The body is JSON already: written once, for its hash.
_APPEND = Statement(
    insert(timeline).values(
        {
            column.name: bindparam(column.name, type_=Text() if column is timeline.c.body else column.type)
            for column in timeline.c
        }
    )
)
# What AUTOINCREMENT gave last (sqlite.org/autoinc.html), also when that row is gone; PostgreSQL has a sequence to ask.
_LAST_SEQ = Statement(
    select(literal_column("seq", BigInteger)).select_from(text("sqlite_sequence")).where(text("name = 'timeline'")),
    gives=[Column("seq", BigInteger)],
)

_KEEP_POSITION = Statement(_upsert(journal_positions))
_ADD_TAKER = Statement(sqlite.insert(takers).on_conflict_do_nothing())
_SIGN_TAKER = Statement(
    update(takers).where(takers.c.extension == bindparam("of_taker")).values(signed_in=bindparam("signed"))
)

_ADD_USER = Statement(sqlite.insert(users).on_conflict_do_nothing())
_SET_PASSWORD = Statement(
    update(users).where(users.c.name == bindparam("of_user")).values(password_hash=bindparam("new_hash"))
)
_DISABLE_USER = Statement(update(users).where(users.c.name == bindparam("of_user")).values(disabled=bindparam("yes")))


def _insert_for_user(table: Table) -> Statement:
    """Insert a row of somebody who may still come in; no row otherwise."""
    values = [bindparam(column.name, type_=column.type) for column in table.c]
    of_user = select(*values).where(users.c.name == bindparam("user"), users.c.disabled.is_(false()))
    return Statement(insert(table).from_select(table.c.keys(), of_user))


_START_SESSION = _insert_for_user(sessions)
_END_SESSION = Statement(delete(sessions).where(sessions.c.digest == bindparam("of_digest")))
_END_SESSIONS_OF = Statement(delete(sessions).where(sessions.c.user == bindparam("of_user")))
_FORGET_EXPIRED = Statement(delete(sessions).where(sessions.c.expires_at <= bindparam("at")))
_ADD_TOKEN = _insert_for_user(tokens)
_REVOKE_TOKEN = Statement(delete(tokens).where(tokens.c.digest == bindparam("of_digest")))
_REVOKE_TOKENS_OF = Statement(delete(tokens).where(tokens.c.user == bindparam("of_user")))


class SqlTransaction(SkpdChanges, DispatchChanges, NuisanceChanges, ReturnCallChanges, PremiseNoteChanges):
    """A Transaction (ticketing.ports) upon an open connection. Whoever opened it commits or rolls back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def calls(self, ids: Collection[CallId]) -> dict[CallId, KeptCall]:
        """Give those of these calls that are kept."""
        found = (row for one in ids for row in _CALL.rows(self._connection, {"call_id": one}))
        return {kept.call.id: kept for kept in map(call_of, found)}

    def keep_calls(self, calls: Sequence[KeptCall]) -> None:
        """Keep these calls in place of what was kept of them."""
        _KEEP_CALL.run_for_each(self._connection, map(call_values, calls))

    def keep_head(self, call_id: CallId, head: ChainHead) -> None:
        """Keep where a kept call's timeline ends now."""
        _KEEP_HEAD.run(self._connection, {"of_call": call_id, "position": head.position, "hash": head.hash})

    def take_serials(self, day: date, count: int) -> int:
        """Take the next `count` ticket serials of a local day; give the first of them."""
        (row,) = _TAKE_SERIALS.rows(self._connection, {"day": day, "last": count})
        last: int = row["last"]
        return last - count + 1

    def open_tickets(self, tickets: Sequence[Ticket]) -> None:
        """Keep new tickets; their calls are kept before."""
        _OPEN_TICKET.run_for_each(self._connection, map(ticket_values, tickets))

    def settle_answer(
        self, number: str, answered_at: datetime, taker: str | None, *, watch_at: datetime | None = None
    ) -> None:
        """Correct who answered a ticket's call, and when; the ticket's version grows by one."""
        settled = {"of_ticket": number, "at": answered_at, "by": taker, "look": watch_at}
        _SETTLE_ANSWER.run(self._connection, settled)

    def ticket(self, number: str) -> Ticket:
        """Give a ticket; raise TicketUnknown."""
        for row in _TICKET.rows(self._connection, {"of_ticket": number}):
            return ticket_of(row)
        raise TicketUnknown(number)

    def keep_ticket(self, ticket: Ticket) -> None:
        """Keep this ticket in place of what was kept of it."""
        values = ticket_values(ticket)
        number = values.pop("number")
        _KEEP_TICKET.run(
            self._connection, {"of_ticket": number, **{f"new_{name}": value for name, value in values.items()}}
        )

    def tickets_to_watch(self, now: datetime, limit: int) -> tuple[Ticket, ...]:
        """Give up to `limit` tickets whose `watch_at` has passed, the most overdue first."""
        return tuple(map(ticket_of, _TO_WATCH.rows(self._connection, {"now": now, "at_most": limit})))

    def call_back(self, call_back: int) -> CallBack:
        """Give a call-back; raise CallBackUnknown."""
        for row in _CALL_BACK.rows(self._connection, {"of_id": call_back}):
            return call_back_of(row)
        raise CallBackUnknown(call_back)

    def open_call_back(self, number: str) -> CallBack | None:
        """Give what is owed to this number, None when nothing is."""
        return next(map(call_back_of, _OPEN_CALL_BACK.rows(self._connection, {"of_number": number})), None)

    def settled_call_backs(self, number: str, since: datetime) -> tuple[CallBack, ...]:
        """Give the number's call-backs that were settled at or after `since`, the earliest settled first."""
        asked = {"of_number": number, "at_or_after": since}
        return tuple(map(call_back_of, _SETTLED_CALL_BACKS.rows(self._connection, asked)))

    def keep_call_back(self, call_back: CallBack) -> CallBack:
        """Keep a new call-back (id 0), or this in place of what was kept of it; give it back with its id."""
        (row,) = _KEEP_CALL_BACK.rows(self._connection, call_back_values(call_back))
        return replace(call_back, id=row["id"])

    def owe(self, call_id: CallId, call_back: int | None) -> None:
        """Have a kept call be part of this call-back."""
        _OWE.run(self._connection, {"of_call": call_id, "part_of": call_back})

    def follow_calls(self, call_back: int) -> None:
        """Have a call-back's `since` follow its calls; forget it when it has none any more."""
        _FORGET_WITHOUT_CALLS.run(self._connection, {"of_id": call_back})
        _FOLLOW_CALLS.run(self._connection, {"of_id": call_back})

    def debts(self, call_back: int) -> tuple[Debt, ...]:
        """Give the calls that are part of a call-back, in their order."""
        found = _DEBTS.rows(self._connection, {"of_id": call_back})
        return tuple(Debt(row["arrived_at"], row["id"]) for row in found)

    def answered_after(self, number: str, debt: Debt) -> Settlement | None:
        """Give what settles this debt of the number: its first call after that one that is answered."""
        asked = {
            "backwards": backwards(number),
            "of_number": number,
            "arrived": debt.arrived_at,
            "of_call": debt.call_id,
        }
        for row in _ANSWERED_AFTER.rows(self._connection, asked):
            return settled_by_calling_again(row["id"], row["answered_at"])
        return None

    def append(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Add entries to the timeline; give them back with their `seq`."""
        if not entries:
            return ()
        # Nobody else appends before this is committed (Writer: IMMEDIATE), and one statement costs what each would.
        last = next((row["seq"] for row in _LAST_SEQ.rows(self._connection, {})), 0)
        kept = tuple(entry.numbered(seq) for seq, entry in enumerate(entries, last + 1))
        _APPEND.run_for_each(self._connection, ({**entry_values(entry), "seq": entry.seq} for entry in kept))
        return kept

    def keep_positions(self, positions: Sequence[JournalPosition]) -> None:
        """Keep how far these journals were read."""
        _KEEP_POSITION.run_for_each(self._connection, map(position_values, positions))

    def add_taker(self, taker: Taker) -> None:
        """Keep a new call taker; raise TakerExists."""
        if not _ADD_TAKER.run(self._connection, asdict(taker)):
            raise TakerExists(taker.extension)

    def sign_taker(self, extension: str, *, signed_in: bool) -> None:
        """Sign a call taker in or out; raise UnknownTaker."""
        if not _SIGN_TAKER.run(self._connection, {"of_taker": extension, "signed": signed_in}):
            raise UnknownTaker(extension)

    def add_user(self, user: User) -> None:
        """Keep a new user; raise UserExists."""
        if not _ADD_USER.run(self._connection, asdict(user)):
            raise UserExists(user.name)

    def set_password(self, name: str, password_hash: str) -> None:
        """Give a user another password; raise UnknownUser."""
        if not _SET_PASSWORD.run(self._connection, {"of_user": name, "new_hash": password_hash}):
            raise UnknownUser(name)

    def disable_user(self, name: str) -> None:
        """Mark a user as disabled; raise UnknownUser."""
        if not _DISABLE_USER.run(self._connection, {"of_user": name, "yes": True}):
            raise UnknownUser(name)

    def start_session(self, session: Session) -> None:
        """Keep a session; raise UnknownUser, also for a disabled user."""
        if not _START_SESSION.run(self._connection, asdict(session)):
            raise UnknownUser(session.user)

    def end_session(self, digest: str) -> None:
        """Forget a session, if there is one."""
        _END_SESSION.run(self._connection, {"of_digest": digest})

    def end_sessions_of(self, user: str) -> None:
        """Forget a user's sessions."""
        _END_SESSIONS_OF.run(self._connection, {"of_user": user})

    def forget_expired_sessions(self, at: datetime) -> None:
        """Forget the sessions that had expired at this instant."""
        _FORGET_EXPIRED.run(self._connection, {"at": at})

    def add_token(self, token: Token) -> None:
        """Keep a token; raise UnknownUser, also for a disabled user."""
        if not _ADD_TOKEN.run(self._connection, asdict(token)):
            raise UnknownUser(token.user)

    def revoke_token(self, digest: str) -> None:
        """Forget a token; raise UnknownToken."""
        if not _REVOKE_TOKEN.run(self._connection, {"of_digest": digest}):
            raise UnknownToken

    def revoke_tokens_of(self, user: str) -> None:
        """Forget a user's tokens."""
        _REVOKE_TOKENS_OF.run(self._connection, {"of_user": user})
