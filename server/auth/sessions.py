"""The rules of signing in: sessions, their refresh tokens, and how both end."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.auth import queries
from server.auth.errors import InvalidCredentials, ReauthenticationRequired, SessionNotFound
from server.auth.refresh import RefreshPolicy, hash_of, new_token
from server.db.base import AnyRow
from server.events.log import publish
from server.events.topics import SessionEnded
from server.user import service as users
from server.user.service import Credentials

MAX_OPEN_SESSIONS = 50
"""Per user; one more sign-in ends the session that was not used the longest."""
RECENT = timedelta(minutes=15)
"""So long after a sign-in its session may change how its account is signed in to."""
MAX_DEVICE, MAX_IP = 200, 64
"""As long as their columns."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from: the program that makes it, and the address."""

    user_agent: str
    ip: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client gets tokens for."""

    user_id: int
    role: str
    session_id: str
    refresh_token: str
    second_factor: bool = False
    """Whether the session was opened with a code as well as a password, or by a passkey."""


class PasswordReplaced(Exception):
    """An account has another hash than the one that was verified: of another password, or of the same anew."""

    def __init__(self, credentials: Credentials) -> None:
        """`credentials` are those that the account has now."""
        super().__init__()
        self.credentials = credentials


@dataclass(frozen=True, slots=True)
class Theft:
    """A refresh token came back after it was used up: its session is revoked."""

    user_id: int
    session_id: str


def open_session(
    tx: Connection,
    user_id: int,
    *,
    verified_hash: str,
    new_hash: str | None,
    origin: Origin,
    now: datetime,
    policy: RefreshPolicy,
    second_factor: bool = False,
) -> Grant:
    """Open a session for a user whose password matched `verified_hash`; store `new_hash` in its place if given.

    Raises InvalidCredentials when the account was closed since the password was verified, and PasswordReplaced
    when another hash was stored.
    """
    locked = users.lock_credentials_later(tx, user_id)
    open_sessions = queries.count_open_sessions(tx, user_id, now)
    user = locked()
    if user is None or not user.is_active:
        raise InvalidCredentials()
    if user.password_hash != verified_hash:
        raise PasswordReplaced(user)
    if new_hash is not None:
        users.replace_password_hash(tx, user_id, new_hash)
    return _open(tx, user, open_sessions(), origin, now=now, policy=policy, second_factor=second_factor)


def open_session_of(
    tx: Connection,
    user: Credentials,
    *,
    origin: Origin,
    now: datetime,
    policy: RefreshPolicy,
    second_factor: bool,
) -> Grant:
    """Open a session for a user who has proven to be it; their account is active, and held."""
    others = queries.count_open_sessions(tx, user.user_id, now)()
    return _open(tx, user, others, origin, now=now, policy=policy, second_factor=second_factor)


def _open(
    tx: Connection,
    user: Credentials,
    others: int,
    origin: Origin,
    *,
    now: datetime,
    policy: RefreshPolicy,
    second_factor: bool,
) -> Grant:
    """Open a session beside `others` that are open."""
    user_id = user.user_id
    if others >= MAX_OPEN_SESSIONS:
        _announce(tx, queries.revoke_sessions_beyond(tx, user_id, MAX_OPEN_SESSIONS - 1, now))
    session_id = secrets.token_hex(16)
    queries.insert_session(
        tx,
        {
            "id": session_id,
            "user_id": user_id,
            "device": origin.user_agent[:MAX_DEVICE],
            "ip": origin.ip[:MAX_IP],
            "signed_in_from": origin.ip[:MAX_IP] or None,
            "created_at": now,
            "last_used_at": now,
            "expires_at": now + policy.lifetime,
            "second_factor": second_factor,
        },
    )
    token = new_token()
    queries.insert_refresh_token(tx, hash_of(token), session_id, now)
    return Grant(user_id, user.role, session_id, token, second_factor)


def must_be_recent(connection: Connection, user_id: int, session_id: str, now: datetime) -> None:
    """Refuse what a session that was left open must not do. Raises ReauthenticationRequired."""
    opened_at = queries.opened_at(connection, user_id, session_id)
    if opened_at is None or now - opened_at > RECENT:
        raise ReauthenticationRequired()


def rotate(
    tx: Connection, token: str, *, ip: str, now: datetime, policy: RefreshPolicy
) -> Grant | Theft | None:
    """Exchange a refresh token for its successor.

    Returns None when it is unknown or its session has ended, and Theft when it was used up before. Neither is
    raised: the transaction must commit, because a theft revokes the session.
    """
    successor = policy.successor(token)
    session_id = queries.use_refresh_token(tx, hash_of(token), hash_of(successor), now)
    if session_id is None:
        return _repeat(tx, token, ip=ip, now=now, policy=policy)
    grant = _continue(tx, session_id, successor, ip=ip, now=now, policy=policy)
    if grant is not None:
        queries.insert_refresh_token(tx, hash_of(successor), session_id, now)
    return grant


def _repeat(
    tx: Connection, token: str, *, ip: str, now: datetime, policy: RefreshPolicy
) -> Grant | Theft | None:
    """Return what a used or unknown token gets: a lost reply is given again, anything later is theft."""
    used = queries.used_refresh_token(tx, hash_of(token))
    if used is None:
        return None
    if used.successor_hash is None:  # the session had ended before the token was first used
        return None
    if used.successor_used_at is None and now - used.used_at <= policy.grace:
        successor = policy.successor_before(token, used.successor_hash)
        return _continue(tx, used.session_id, successor, ip=ip, now=now, policy=policy)
    if not queries.revoke_session(tx, used.user_id, used.session_id, now):
        return None
    _announce(tx, [used.session_id])
    return Theft(used.user_id, used.session_id)


def _continue(
    tx: Connection, session_id: str, successor: str, *, ip: str, now: datetime, policy: RefreshPolicy
) -> Grant | None:
    session = queries.touch_session(tx, session_id, ip[:MAX_IP], now, now + policy.lifetime)
    role = users.active_role(tx, session.user_id) if session is not None else None
    if session is None or role is None:
        return None
    return Grant(session.user_id, role, session_id, successor, session.second_factor)


def list_sessions(
    connection: Connection, user_id: int, *, after: tuple[datetime, str] | None, limit: int, now: datetime
) -> Sequence[AnyRow]:
    """A user's open sessions, the last used first."""
    return queries.open_sessions(connection, user_id, now, after, limit)


def get_session(connection: Connection, user_id: int, session_id: str, now: datetime) -> AnyRow:
    """One of a user's open sessions. Raises SessionNotFound, also for another user's."""
    row = queries.open_session(connection, user_id, session_id, now)
    if row is None:
        raise SessionNotFound(session_id=session_id)
    return row


def revoke(tx: Connection, user_id: int, session_id: str, now: datetime) -> None:
    """End one of a user's sessions; one that has ended already stays so. Raises SessionNotFound."""
    if queries.revoke_session(tx, user_id, session_id, now):
        _announce(tx, [session_id])
    elif not queries.session_exists(tx, user_id, session_id):
        raise SessionNotFound(session_id=session_id)


def revoke_all(tx: Connection, user_id: int, now: datetime, *, but: str = "") -> None:
    """End every session of a user, or every one `but` the one of this id."""
    _announce(tx, queries.revoke_sessions(tx, user_id, now, but))


def _announce(tx: Connection, session_ids: Iterable[str]) -> None:
    events = [SessionEnded(session_id) for session_id in session_ids]
    if events:
        publish(tx, *events)
