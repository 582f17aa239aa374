"""The rules of the roles: the built-in ones stay, and nobody gives or takes what they do not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.audit.log import Actor, write
from server.db.rows import changed_columns
from server.errors import InvalidField, TooMany
from server.etags import check_etag
from server.events.log import publish
from server.events.topics import RoleChanged
from server.identity import Identity, Permission, Role
from server.roles import queries
from server.roles.errors import BeyondOwnPermissions, RoleBuiltIn, RoleInUse, RoleNotFound, RoleTaken
from server.roles.queries import StoredRole
from server.text.tidy import tidied

MAX_ROLES: Final = 200
"""Every worker keeps all of them in memory."""


def get(connection: Connection, role_id: int) -> StoredRole:
    """A role. Raises RoleNotFound."""
    role = queries.role(connection, role_id)
    if role is None:
        raise RoleNotFound(role_id=role_id)
    return role


def hold_named(tx: Connection, name: str, field: str) -> Role:
    """The role of a name, which stays as it is until the transaction ends.

    Raises InvalidField, of the `field` that has the name, which says the names that there are.
    """
    stored = queries.named(tx, name)
    if stored is None:
        raise _unknown(field, queries.names(tx))
    return stored.role


def check_exists(connection: Connection, name: str, field: str) -> None:
    """Raise InvalidField as `hold_named` does."""
    names = queries.names(connection)
    if name not in names:
        raise _unknown(field, names)


def _unknown(field: str, names: Iterable[str]) -> InvalidField:
    return InvalidField((field, f"must be one of {', '.join(names)}"))


def must_hold(caller: Identity, permissions: Iterable[Permission]) -> None:
    """Raise BeyondOwnPermissions unless the caller has these permissions too, and for everybody's things.

    Else who may set roles could become, or dismiss, whom they please.
    """
    missing = sorted(each for each in permissions if not caller.may_for_all(each))
    if missing:
        raise BeyondOwnPermissions(role=caller.role, permissions=", ".join(missing))


def must_hold_role(caller: Identity, role: Role) -> None:
    """Raise BeyondOwnPermissions unless the caller has all that a role has: as admin what there will ever be."""
    must_hold(caller, role.permissions)
    if role.name == Role.ADMIN.name != caller.role.name:
        raise BeyondOwnPermissions(role=caller.role, permissions=role)


def create(
    tx: Connection, caller: Identity, values: Mapping[str, Any], actor: Actor, now: datetime
) -> StoredRole:
    """Create a role. Raises InvalidField, BeyondOwnPermissions, RoleTaken and TooMany."""
    row = tidied(values, prefix="role.")
    must_hold(caller, map(Permission, row["permissions"]))
    queries.hold_admins(tx)  # so that two calls do not each see the 99th
    if queries.count(tx) >= MAX_ROLES:
        raise TooMany(limit=MAX_ROLES, resources="roles")
    try:
        role_id = queries.insert_role(tx, row | {"created_at": now, "updated_at": now})
    except IntegrityError:
        raise RoleTaken(role=row["name"]) from None
    created = get(tx, role_id)
    _note(tx, "CreateRole", created, actor, now)
    return created


def change(
    tx: Connection,
    caller: Identity,
    role_id: int,
    changes: Mapping[str, Any],
    etag: str,
    *,
    actor: Actor,
    now: datetime,
) -> StoredRole:
    """Change the description and the permissions of a role.

    Raises RoleNotFound, RoleBuiltIn, StaleEtag, InvalidField and BeyondOwnPermissions.
    """
    current = _lock(tx, caller, role_id, etag)
    changed = changed_columns(current, tidied(changes, prefix="role."))
    if not changed:
        return current
    must_hold(caller, map(Permission, changed.get("permissions", ())))
    queries.update_role(tx, role_id, {**changed, "updated_at": now})
    after = get(tx, role_id)
    _note(tx, "UpdateRole", after, actor, now)
    return after


def remove(tx: Connection, caller: Identity, role_id: int, etag: str, actor: Actor, now: datetime) -> None:
    """Delete a role. Raises RoleNotFound, RoleBuiltIn, StaleEtag, BeyondOwnPermissions and RoleInUse."""
    current = _lock(tx, caller, role_id, etag)
    # Nobody is given it meanwhile: its row is locked, to which their accounts refer.
    if queries.is_used(tx, current.name):
        raise RoleInUse(role=current.name)
    queries.delete_role(tx, role_id)
    write(tx, actor, "DeleteRole", f"role/{role_id}", now, name=current.name)
    publish(tx, RoleChanged(current.name, role_id, current.version + 1, ()))


def _lock(tx: Connection, caller: Identity, role_id: int, etag: str) -> StoredRole:
    current = queries.role(tx, role_id, lock=True)
    if current is None:
        raise RoleNotFound(role_id=role_id)
    if current.is_built_in:
        raise RoleBuiltIn(role=current.name)
    check_etag(etag, current.etag, "role")
    must_hold(caller, current.role.permissions)
    return current


def _note(tx: Connection, action: str, role: StoredRole, actor: Actor, now: datetime) -> None:
    facts = {"name": role.name, "permissions": list(role.permissions)}
    write(tx, actor, action, f"role/{role.id}", now, **facts)
    publish(tx, RoleChanged(role.name, role.id, role.version, tuple(role.permissions)))
