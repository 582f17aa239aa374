"""The rules of the accounts: registering, the profile, and the first admin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from server.auth import queries
from server.auth.errors import EmailTaken, UsernameTaken
from server.auth.sessions import revoke_all
from server.auth.text import lookup_key, tidied
from server.errors import Conflict, InvalidField, UserNotFound

MAX_PREFERENCES_BYTES = 8 * 1024
_FIRST_ADMIN_LOCK = 1_396_790_867
"""Any number that no other advisory lock of the database uses."""


def register(
    tx: Connection,
    *,
    full_name: str,
    email: str,
    phone: str,
    username: str,
    password_hash: str,
    now: datetime,
) -> Row[Any]:
    """Create a customer's account and return it. `username` may be empty.

    Raises EmailTaken or UsernameTaken, and InvalidField for a blank name.
    """
    profile = tidied({"full_name": full_name, "phone": phone, "email": email}, required=["full_name"])
    row = queries.insert_user(
        tx,
        profile
        | {
            "email_key": lookup_key(email),
            "username": username or None,
            "username_key": lookup_key(username) or None,
            "password_hash": password_hash,
            "role": "CUSTOMER",
            "preferences": {},
            "created_at": now,
            "updated_at": now,
        },
    )
    if row is not None:
        return row
    if queries.email_is_taken(tx, lookup_key(email)):
        raise EmailTaken()
    if username:
        raise UsernameTaken(username=username)
    raise Conflict()  # whoever had the e-mail address is gone again


def get_me(connection: Connection, user_id: int) -> Row[Any]:
    """The caller's account. Raises UserNotFound when it was deleted since the token was issued."""
    row = queries.account(connection, user_id)
    if row is None:
        raise UserNotFound(user_id=user_id)
    return row


def hold(tx: Connection, user_id: int) -> None:
    """Hold the account until the transaction ends, so that what is counted by user cannot grow meanwhile.

    Raises UserNotFound.
    """
    if queries.lock_user(tx, user_id) is None:
        raise UserNotFound(user_id=user_id)


def update_me(tx: Connection, user_id: int, changes: Mapping[str, Any], now: datetime) -> Row[Any]:
    """Change `full_name`, `phone` or `preferences` of the caller's account, and return it.

    Raises InvalidField for a blank name or preferences that are too large, and UserNotFound.
    """
    if not changes:
        return get_me(tx, user_id)
    values = tidied(changes, required=["full_name"], prefix="user.")
    if "preferences" in values:
        _check_preferences(values["preferences"])
    row = queries.update_account(tx, user_id, values | {"updated_at": now})
    if row is None:
        raise UserNotFound(user_id=user_id)
    return row


def first_admin_is_missing(connection: Connection) -> bool:
    """Whether the shop has no admin: then hash a password and call `ensure_first_admin`."""
    return not queries.an_admin_exists(connection)


def is_admin(connection: Connection, email: str) -> bool:
    """Whether the account of `email` is an admin who may sign in."""
    return queries.is_active_admin(connection, lookup_key(email))


def ensure_first_admin(tx: Connection, email: str, password_hash: str, now: datetime) -> bool:
    """Make `email` an admin with this password unless the shop has one; whether it was made now.

    Any number of processes may do so at once. An account that registered with the address before is taken
    over: it gets the password, and its sessions end.
    """
    if tx.dialect.name == "postgresql":  # SQLite runs one writing transaction at a time anyway
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_ADMIN_LOCK})
    if queries.an_admin_exists(tx):
        return False
    admin = {"password_hash": password_hash, "role": "ADMIN", "is_active": True, "updated_at": now}
    user_id = queries.user_id_of_email(tx, lookup_key(email))
    if user_id is not None:
        queries.update_account(tx, user_id, admin)
        revoke_all(tx, user_id, now)
        return True
    profile = {"email": email.strip(), "email_key": lookup_key(email), "full_name": "Administrator"}
    return queries.insert_user(tx, profile | admin | {"preferences": {}, "created_at": now}) is not None


def _check_preferences(preferences: Mapping[str, Any]) -> None:
    size = len(json.dumps(preferences, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_PREFERENCES_BYTES:
        problem = f"must not exceed {MAX_PREFERENCES_BYTES} bytes as JSON; it has {size}"
        raise InvalidField(("user.preferences", problem))
