"""Takers, users, sessions, tokens: kept as they are asked for, and no part of any call's timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketing.commands import (
    AddTaker,
    AddToken,
    AddUser,
    DisableUser,
    EndSession,
    EndSessionsOf,
    RevokeToken,
    SetPassword,
    SignTaker,
    StartSession,
)

if TYPE_CHECKING:
    from ticketing.commands import PeopleCommand
    from ticketing.ports import Transaction


def keep_people(tx: Transaction, command: PeopleCommand) -> None:
    """Carry out a command about people; raises its refusals."""
    match command:
        case AddTaker(taker):
            tx.add_taker(taker)
        case SignTaker(extension, signed_in):
            tx.sign_taker(extension, signed_in=signed_in)
        case AddUser(user):
            tx.add_user(user)
        case SetPassword(name, password_hash):
            tx.set_password(name, password_hash)
            tx.end_sessions_of(name)
        case DisableUser(name):
            tx.disable_user(name)
            tx.end_sessions_of(name)
            tx.revoke_tokens_of(name)
        case _:
            _keep_proof(tx, command)


def _keep_proof(tx: Transaction, command: StartSession | EndSession | EndSessionsOf | AddToken | RevokeToken) -> None:
    match command:
        case StartSession(session):
            tx.forget_expired_sessions(session.started_at)
            tx.start_session(session)
        case EndSession(digest):
            tx.end_session(digest)
        case EndSessionsOf(name):
            tx.end_sessions_of(name)
        case AddToken(token):
            tx.add_token(token)
        case RevokeToken(digest):
            tx.revoke_token(digest)
