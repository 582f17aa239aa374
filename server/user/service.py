"""The rules of the accounts: creating one, the profile, and what signing in needs to know."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.db.base import AnyRow
from server.db.ids import unused_id
from server.db.rows import changed_columns
from server.db.sealing import vault_of
from server.errors import Conflict, InvalidField, UserNotFound
from server.etags import check_etag, etag_of_content
from server.metadata import metadata_json
from server.text.tidy import tidied
from server.user import queries
from server.user.errors import EmailTaken, UsernameTaken
from server.user.lookup_key import lookup_key
from server.user.models import User
from server.user.sealed_phones import opened_account, phone_columns

MAX_PREFERENCES_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a customer registers with; `username` may be empty."""

    full_name: str
    email: str
    phone: str
    username: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """How an account signs in; without a hash it cannot."""

    user_id: int
    role: str
    password_hash: str | None
    is_active: bool
    is_verified: bool
    """Whether its e-mail address was confirmed."""


@dataclass(frozen=True, slots=True)
class Contact:
    """An account, and how it is written to."""

    credentials: Credentials
    email: str
    full_name: str


def register(
    tx: Connection,
    account: NewAccount,
    password_hash: str | None,
    now: datetime,
    *,
    is_verified: bool = False,
) -> AnyRow:
    """Create a customer's account and return it; without a password it is signed in to otherwise.

    `is_verified` is whether the e-mail address was shown to be its user's.

    Raises EmailTaken or UsernameTaken, and InvalidField for a blank name.
    """
    profile = tidied(
        {"full_name": account.full_name, "phone": account.phone, "email": account.email},
        required=["full_name"],
    )
    row = queries.insert_user(
        tx,
        profile
        | _new_phone(tx, str(profile["phone"]))
        | {
            "email_key": lookup_key(account.email),
            "username": account.username or None,
            "username_key": lookup_key(account.username) or None,
            "password_hash": password_hash,
            "email_verify_time": now if is_verified else None,
            "role": "CUSTOMER",
            "preferences": {},
            "created_at": now,
            "updated_at": now,
        },
    )
    if row is not None:
        return opened_account(tx, row)
    if queries.email_is_taken(tx, lookup_key(account.email)):
        raise EmailTaken()
    if account.username:
        raise UsernameTaken(username=account.username)
    raise Conflict()  # whoever had the e-mail address is gone again


def get_me(connection: Connection, user_id: int, *, lock: bool = False) -> AnyRow:
    """The caller's account; `lock` holds it. Raises UserNotFound when it was deleted meanwhile."""
    row = queries.account(connection, user_id, lock=lock)
    if row is None:
        raise UserNotFound(user_id=user_id)
    return opened_account(connection, row)


def hold(tx: Connection, user_id: int) -> None:
    """Hold the account until the transaction ends, so that what is counted by user cannot grow meanwhile.

    Raises UserNotFound.
    """
    if queries.lock_user(tx, user_id) is None:
        raise UserNotFound(user_id=user_id)


def update_me(
    tx: Connection, user_id: int, changes: Mapping[str, object], etag: str, now: datetime
) -> AnyRow:
    """Change `full_name`, `phone` or `preferences` of the caller's account, and return it.

    Raises InvalidField for a blank name or preferences that are too large, StaleEtag, and UserNotFound.
    """
    values = tidied(changes, required=["full_name"], prefix="user.")
    if "preferences" in values:
        _check_preferences(values["preferences"])
    current = get_me(tx, user_id, lock=True)
    check_etag(etag, etag_of(current), "account")
    changed = changed_columns(current, values)
    if not changed:
        return current
    if "phone" in changed:
        changed |= phone_columns(vault_of(tx), str(changed["phone"]), user_id)
    return opened_account(tx, queries.update_account(tx, user_id, changed | {"updated_at": now}))


def etag_of(account: AnyRow) -> str:
    """Return the etag of what an account's owner may change of it."""
    preferences = json.dumps(account.preferences, sort_keys=True)
    metadata = metadata_json(account.custom_metadata)
    return etag_of_content(account.version, account.full_name, account.phone, preferences, metadata)


def credentials(connection: Connection, *, email: str, username: str) -> Credentials | None:
    """Return how the account signs in that has this e-mail address or user name; None when there is none."""
    if email:
        row = queries.credentials_by_email(connection, lookup_key(email))
    else:
        row = queries.credentials_by_username(connection, lookup_key(username))
    return None if row is None else Credentials(*row)


def lock_credentials(tx: Connection, user_id: int) -> Credentials | None:
    """Return how an account signs in, and hold it until the transaction ends; None when there is none."""
    return lock_credentials_later(tx, user_id)()


def lock_credentials_later(tx: Connection, user_id: int) -> Callable[[], Credentials | None]:
    """The same; until somebody looks, it waits to share a round trip."""
    locked = queries.lock_user_later(tx, user_id)

    def look() -> Credentials | None:
        row = locked.first()
        return None if row is None else Credentials(*row)

    return look


def contact_of_email(connection: Connection, email: str) -> Contact | None:
    """Return the account that has this e-mail address; None when there is none."""
    return _contact(queries.contact_of_email(connection, lookup_key(email)))


def contact(connection: Connection, user_id: int) -> Contact | None:
    """Return how an account is written to; None when it is gone."""
    return _contact(queries.contact(connection, user_id))


def verify_email(tx: Connection, user_id: int, now: datetime) -> None:
    """Note that the account's e-mail address is its user's."""
    queries.update_account(tx, user_id, {"email_verify_time": now, "updated_at": now})


def replace_email(tx: Connection, user_id: int, email: str, now: datetime) -> None:
    """Give an account another e-mail address, which its user has shown to read. Raises EmailTaken."""
    if queries.email_is_taken_by_another(tx, lookup_key(email), user_id):
        raise EmailTaken()
    address = {"email": email, "email_key": lookup_key(email)}
    try:
        queries.update_account(tx, user_id, address | {"email_verify_time": now, "updated_at": now})
    except IntegrityError:  # somebody took it in between
        raise EmailTaken() from None


def replace_password_hash(tx: Connection, user_id: int, password_hash: str) -> None:
    """Store another hash of the same password."""
    queries.replace_password_hash(tx, user_id, password_hash)


def void_password(tx: Connection, user_id: int) -> None:
    """Have no password sign in to an account."""
    queries.replace_password_hash(tx, user_id, None)


def active_role(tx: Connection, user_id: int) -> str | None:
    """Return the role of an account that may sign in; None when it may not."""
    return queries.active_role(tx, user_id)


def an_admin_exists(connection: Connection) -> bool:
    """Return whether any account is an admin."""
    return queries.an_admin_exists(connection)


def is_admin(connection: Connection, email: str) -> bool:
    """Return whether the account of `email` is an admin who may sign in."""
    return queries.is_active_admin(connection, lookup_key(email))


def promote_to_admin(tx: Connection, email: str, password_hash: str, now: datetime) -> int | None:
    """Make the account of `email` an admin with this password, and return its id; None when there is none."""
    user_id = queries.user_id_of_email(tx, lookup_key(email))
    if user_id is not None:
        queries.update_account(tx, user_id, _admin(password_hash, now))
    return user_id


def create_admin(tx: Connection, email: str, password_hash: str, now: datetime) -> bool:
    """Create an admin's account; returns whether the e-mail address was free."""
    profile = {"email": email.strip(), "email_key": lookup_key(email), "full_name": "Administrator"}
    values = profile | _admin(password_hash, now) | {"preferences": {}, "created_at": now}
    return queries.insert_user(tx, values) is not None


def _admin(password_hash: str, now: datetime) -> dict[str, object]:
    account = {"password_hash": password_hash, "role": "ADMIN", "is_active": True}
    # Whoever sets the shop up names the address, and need not prove it.
    return account | {"email_verify_time": now, "updated_at": now}


def _contact(row: AnyRow | None) -> Contact | None:
    return None if row is None else Contact(Credentials(*row[:5]), row.email, row.full_name)


def _new_phone(tx: Connection, phone: str) -> dict[str, object]:
    """The columns of the phone number of a new account, to which it is sealed: with its id."""
    if not phone:
        return {}
    user_id = unused_id(tx, User)
    return {"id": user_id, **phone_columns(vault_of(tx), phone, user_id)}


def _check_preferences(preferences: Mapping[str, object]) -> None:
    size = len(json.dumps(preferences, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_PREFERENCES_BYTES:
        problem = f"must not exceed {MAX_PREFERENCES_BYTES} bytes as JSON; it has {size}"
        raise InvalidField(("user.preferences", problem))
