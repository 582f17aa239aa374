"""The first admin: every shop needs one, whom nobody else could make."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from server.auth import throttle
from server.auth.recovery.queries import void
from server.auth.second_factor.queries import remove
from server.auth.sessions import revoke_all
from server.user import service as users

_FIRST_ADMIN_LOCK = 1_396_790_867
"""Any number that no other advisory lock of the database uses."""


def first_admin_is_missing(connection: Connection) -> bool:
    """Return whether the shop has no admin: then hash a password and call `ensure_first_admin`."""
    return not users.an_admin_exists(connection)


def is_admin(connection: Connection, email: str) -> bool:
    """Return whether the account of `email` is an admin who may sign in."""
    return users.is_admin(connection, email)


def ensure_first_admin(tx: Connection, email: str, password_hash: str, now: datetime) -> bool:
    """Make `email` an admin with this password unless the shop has one; whether it was made now.

    Any number of processes may do so at once. An account that registered with the address before is taken
    over: it gets the password, and whoever had it before keeps no session, link or second factor of it.
    """
    if tx.dialect.name == "postgresql":  # SQLite runs one writing transaction at a time anyway
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_ADMIN_LOCK})
    if users.an_admin_exists(tx):
        return False
    user_id = users.promote_to_admin(tx, email, password_hash, now)
    if user_id is None:
        return users.create_admin(tx, email, password_hash, now)
    revoke_all(tx, user_id, now)
    void(tx, user_id, now)
    remove(tx, user_id)
    throttle.unlock(tx, user_id)
    return True
