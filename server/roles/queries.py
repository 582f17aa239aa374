"""SQL of the roles: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from server.db.base import AnySelect
from server.db.prepared import Prepared
from server.db.rows import from_row
from server.etags import etag_of_content
from server.identity import BUILT_IN, Permission, Role
from server.roles.models import RoleRow
from server.user.models import User


@dataclass(frozen=True, slots=True)
class StoredRole:
    """A role as it is stored."""

    id: int
    name: str
    description: str
    permissions: Sequence[str]
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def is_built_in(self) -> bool:
        """Whether every shop has it."""
        return self.name in BUILT_IN

    @property
    def role(self) -> Role:
        """The role with what it may do."""
        return role_of(self.name, self.permissions)

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return etag_of_content(self.version, self.description, list(self.permissions))


def role_of(name: str, permissions: Sequence[str]) -> Role:
    """A role by what is stored of it. What a later release has stored that this one does not know is left out."""
    named = Permission.__members__
    return BUILT_IN.get(name) or Role(name, frozenset(named[each] for each in permissions if each in named))


_ROLES: Final = select(
    RoleRow.id,
    RoleRow.name,
    RoleRow.description,
    RoleRow.permissions,
    RoleRow.created_at,
    RoleRow.updated_at,
    RoleRow.version,
)


def all_roles(connection: Connection) -> list[StoredRole]:
    """Every role, by id."""
    return _read(connection, _ROLES.order_by(RoleRow.id))


def page(connection: Connection, after: int, limit: int) -> list[StoredRole]:
    """The roles by id, those after the id `after`."""
    return _read(connection, _ROLES.where(RoleRow.id > after).order_by(RoleRow.id).limit(limit))


def role(connection: Connection, role_id: int, *, lock: bool = False) -> StoredRole | None:
    """A role; `lock` lets nobody change or give it until the transaction ends."""
    statement = _ROLES.where(RoleRow.id == role_id)
    return _first(connection, statement.with_for_update() if lock else statement)


def named(connection: Connection, name: str) -> StoredRole | None:
    """The role of a name, which stays there, with what it may do, until the transaction ends."""
    return _first(connection, _ROLES.where(RoleRow.name == name).with_for_update(read=True))


def hold_admins(tx: Connection) -> None:
    """Let nobody else take an account from the admins until the transaction ends.

    All who do hold this row first, before they look how many admins there are.
    """
    tx.execute(select(RoleRow.id).where(RoleRow.name == Role.ADMIN.name).with_for_update(key_share=True))


def names(connection: Connection) -> Sequence[str]:
    """The names of all roles, sorted."""
    return connection.scalars(select(RoleRow.name).order_by(RoleRow.name)).all()


def count(connection: Connection) -> int:
    """How many roles there are."""
    return connection.execute(select(func.count()).select_from(RoleRow)).scalar_one()


def insert_role(tx: Connection, values: Mapping[str, object]) -> int:
    """Insert a role and return its id. Raises IntegrityError when its name is taken."""
    return tx.execute(insert(RoleRow).values(**values).returning(RoleRow.id)).scalar_one()


def update_role(tx: Connection, role_id: int, values: Mapping[str, object]) -> None:
    """Change a role, and count its version up."""
    tx.execute(update(RoleRow).where(RoleRow.id == role_id).values(**values, version=RoleRow.version + 1))


def delete_role(tx: Connection, role_id: int) -> None:
    """Delete a role that no account has."""
    tx.execute(delete(RoleRow).where(RoleRow.id == role_id))


def is_used(connection: Connection, name: str) -> bool:
    """Whether any account has the role."""
    return bool(connection.scalar(select(exists().where(User.role == name))))


_OF_ACCOUNT = Prepared(
    select(User.role, RoleRow.permissions)
    .join(RoleRow, RoleRow.name == User.role)
    .where(User.id == bindparam("user_id"), User.is_active)
)


def of_account(connection: Connection, user_id: int) -> Role | None:
    """The role of an account with what it may do now; None of one that may not sign in."""
    row = _OF_ACCOUNT.first(connection, user_id=user_id)
    return None if row is None else role_of(row.role, row.permissions)


def _first(connection: Connection, query: AnySelect) -> StoredRole | None:
    rows = _read(connection, query)
    return rows[0] if rows else None


def _read(connection: Connection, query: AnySelect) -> list[StoredRole]:
    return [from_row(StoredRole, row) for row in connection.execute(query)]
