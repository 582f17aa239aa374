"""The rules of the service accounts: what they may do, from where, and two keys at a time."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.addresses import network_named
from server.audit.log import Actor, write
from server.db.base import AnyRow
from server.db.rows import changed_columns
from server.errors import FieldReason, InvalidField, TooMany
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.topics import ServiceAccountChanged
from server.identity import BUILT_IN, Identity
from server.roles import queries as role_queries
from server.roles import service as roles
from server.service_accounts import queries
from server.service_accounts.errors import ApiKeyNotFound, ServiceAccountNotFound, ServiceAccountTaken
from server.service_accounts.keys import hash_of, hint_of, new_key
from server.text.tidy import tidied

MAX_ACCOUNTS: Final = 200
"""Every worker keeps all of them in memory."""
MAX_KEYS: Final = 2
"""The one that is used, and the one that takes its place."""
_OF_USERS: Final = ("role", "is_active")


def get(connection: Connection, account_id: int) -> AnyRow:
    """A service account. Raises ServiceAccountNotFound."""
    row = queries.account(connection, account_id)
    if row is None:
        raise ServiceAccountNotFound(service_account_id=account_id)
    return row


def create(
    tx: Connection, caller: Identity, values: Mapping[str, Any], actor: Actor, now: datetime
) -> AnyRow:
    """Create a service account, without a key.

    Raises InvalidField, BeyondOwnPermissions, TooMany and ServiceAccountTaken.
    """
    row = _checked(tx, caller, values)
    role_queries.hold_admins(tx)  # so that two calls do not each see the last one that there may be
    if queries.count(tx) >= MAX_ACCOUNTS:
        raise TooMany(limit=MAX_ACCOUNTS, resources="service accounts")
    address = f"{secrets.token_hex(16)}@service-account.invalid"  # which nobody has: an account needs one
    user = {
        "email": address,
        "email_key": address,
        "full_name": row["name"],
        "role": row.pop("role"),
        "is_active": row.pop("is_active"),
        "preferences": {},
        "created_at": now,
        "updated_at": now,
    }
    try:
        account_id = queries.insert_account(tx, user, row)
    except IntegrityError:
        raise ServiceAccountTaken(name=row["name"]) from None
    return _changed(tx, account_id, "CreateServiceAccount", actor, now)


def change(
    tx: Connection,
    caller: Identity,
    account_id: int,
    changes: Mapping[str, Any],
    etag: str,
    *,
    actor: Actor,
    now: datetime,
) -> AnyRow:
    """Change a service account. Raises as `create` does, ServiceAccountNotFound and StaleEtag."""
    current = _lock(tx, caller, account_id)
    check_etag(etag, etag_of(current.version), "account")
    changed = changed_columns(current, _checked(tx, caller, changes))
    if not changed:
        return current
    of_user: dict[str, object] = {name: changed.pop(name) for name in _OF_USERS if name in changed}
    if "name" in changed:
        of_user["full_name"] = changed["name"]
    queries.update_user(tx, account_id, {**of_user, "updated_at": now})
    try:
        queries.update_account(tx, account_id, changed)
    except IntegrityError:
        raise ServiceAccountTaken(name=changed["name"]) from None
    return _changed(tx, account_id, "UpdateServiceAccount", actor, now)


def add_key(
    tx: Connection, caller: Identity, account_id: int, actor: Actor, now: datetime
) -> tuple[AnyRow, str]:
    """Give a service account another key, and return it with the key itself, which is kept nowhere.

    Raises ServiceAccountNotFound, BeyondOwnPermissions and TooMany.
    """
    _lock(tx, caller, account_id)
    if len(queries.keys_of(tx, [account_id])) >= MAX_KEYS:
        raise TooMany(limit=MAX_KEYS, resources="API keys of a service account")
    key = new_key()
    values = {"account_id": account_id, "key_hash": hash_of(key), "hint": hint_of(key), "created_at": now}
    key_id = queries.insert_key(tx, values)
    queries.update_account(tx, account_id, {})
    _changed(tx, account_id, "AddApiKey", actor, now, key_id=key_id)
    (row,) = (row for row in queries.keys_of(tx, [account_id]) if row.id == key_id)
    return row, key


def revoke_key(
    tx: Connection, caller: Identity, account_id: int, key_id: int, actor: Actor, now: datetime
) -> None:
    """Take a key from a service account.

    Raises ServiceAccountNotFound, BeyondOwnPermissions and ApiKeyNotFound.
    """
    _lock(tx, caller, account_id)
    if not queries.delete_key(tx, account_id, key_id):
        raise ApiKeyNotFound(api_key_id=key_id)
    queries.update_account(tx, account_id, {})
    _changed(tx, account_id, "RevokeApiKey", actor, now, key_id=key_id)


def announcement(row: AnyRow, keys: Mapping[str, int]) -> ServiceAccountChanged:
    """What every worker has to know of a service account: `keys` are the ids of its keys by their hashes."""
    return ServiceAccountChanged(
        row.id, row.version, row.role, row.is_active, tuple(row.networks), dict(keys)
    )


def _lock(tx: Connection, caller: Identity, account_id: int) -> AnyRow:
    """A service account that the caller may decide on, locked."""
    if not queries.lock(tx, account_id):
        raise ServiceAccountNotFound(service_account_id=account_id)
    current = get(tx, account_id)
    roles.must_hold_role(caller, roles.hold_named(tx, current.role, "role"))
    return current


def _changed(
    tx: Connection, account_id: int, action: str, actor: Actor, now: datetime, **details: object
) -> AnyRow:
    """A service account as it is now; note what was done, and tell every worker."""
    row = get(tx, account_id)
    facts = {"name": row.name, "role": row.role, "active": row.is_active, "networks": row.networks} | details
    write(tx, actor, action, f"service_account/{account_id}", now, **facts)
    keys = {key.key_hash: key.id for key in queries.keys_of(tx, [account_id])}
    publish(tx, announcement(row, keys))
    return row


def _checked(tx: Connection, caller: Identity, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that `values` change. Raises InvalidField and BeyondOwnPermissions."""
    tidy = tidied(values, required=["name"], prefix="service_account.")
    if "role" in tidy:
        name = tidy["role"] = tidy["role"].upper()
        if name in BUILT_IN:
            problem = "must be a role of the shop's own, which permits what the back end needs"
            raise InvalidField(("service_account.role", problem))
        roles.must_hold_role(caller, roles.hold_named(tx, name, "service_account.role"))
    if "networks" in tidy:
        tidy["networks"] = [_network(text, i) for i, text in enumerate(tidy["networks"])]
    return tidy


def _network(text: str, index: int) -> str:
    try:
        return str(network_named(text))
    except ValueError:
        problem = "must be an address or a network, such as 203.0.113.0/24"
        field = f"service_account.networks[{index}]"
        raise InvalidField((field, problem, FieldReason.INVALID_FORMAT)) from None
