"""SQL of the addresses: one function per question."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import (
    BigInteger,
    Connection,
    ScalarSelect,
    SQLColumnExpression,
    and_,
    bindparam,
    delete,
    func,
    insert,
    not_,
    select,
    update,
)

from server.db.base import AnyRow, AnySelect
from server.db.ids import next_id
from server.db.prepared import Prepared
from server.user.models import Address

_COLUMNS = (
    Address.id,
    Address.label,
    Address.line1,
    Address.line2,
    Address.city,
    Address.state,
    Address.postal_code,
    Address.country,
    Address.lat,
    Address.lng,
    Address.is_default,
    Address.custom_metadata,
    Address.sealed,
    Address.created_at,
    Address.version,
)

_NAMES = tuple(column.key for column in _COLUMNS)
_PREFIXED = tuple(f"address_{name}" for name in _NAMES)
_JOINED = namedtuple("Row", _NAMES)._make  # type: ignore[attr-defined]

_OF_USER = select(*_COLUMNS).where(Address.user_id == bindparam("user_id"))
_ADDRESS = Prepared(_OF_USER.where(Address.id == bindparam("address_id")))
_DEFAULT_ADDRESS = Prepared(_OF_USER.where(Address.is_default))


def addresses(
    connection: Connection, user_id: int, after: tuple[bool, int] | None, limit: int
) -> Sequence[AnyRow]:
    """A user's addresses, the default first, then the newest, beginning `after` one (whether default, id)."""
    statement = (
        select(*_COLUMNS)
        .where(Address.user_id == user_id)
        .order_by(Address.is_default.desc(), Address.id.desc())
        .limit(limit)
    )
    if after is not None:
        after_default, after_id = after
        others = and_(not_(Address.is_default), Address.id < after_id)
        statement = statement.where(not_(Address.is_default) if after_default else others)
    return connection.execute(statement).all()


def address(connection: Connection, user_id: int, address_id: int) -> AnyRow | None:
    """One of a user's addresses."""
    row: AnyRow | None = _ADDRESS.first(connection, address_id=address_id, user_id=user_id)
    return row


def default_address(connection: Connection, user_id: int) -> AnyRow | None:
    """A user's default address."""
    row: AnyRow | None = _DEFAULT_ADDRESS.first(connection, user_id=user_id)
    return row


def joined(statement: AnySelect, user_id: SQLColumnExpression[int | None], *, default: bool) -> AnySelect:
    """`statement` with the user's default address, or the one that `meant_address` names: see `joined_address`."""
    is_meant = Address.is_default if default else Address.id == bindparam("meant_address", type_=BigInteger)
    columns = (column.label(name) for column, name in zip(_COLUMNS, _PREFIXED, strict=True))
    return statement.add_columns(*columns).outerjoin(Address, and_(Address.user_id == user_id, is_meant))


def joined_address(row: AnyRow) -> AnyRow | None:
    """The address in a row of a `joined` statement."""
    if row.address_id is None:
        return None
    return cast(AnyRow, _JOINED(getattr(row, name) for name in _PREFIXED))


def default_country_of(user_id: SQLColumnExpression[int | None]) -> ScalarSelect[str]:
    """The country of the default address of a user, as a column for the statements of others."""
    return select(Address.country).where(Address.user_id == user_id, Address.is_default).scalar_subquery()


def count_addresses(tx: Connection, user_id: int) -> tuple[int, int]:
    """Return how many addresses a user has, and an unused id for another one."""
    new_id = next_id(Address, tx.dialect.name)
    count, address_id = tx.execute(select(func.count(), new_id).where(Address.user_id == user_id)).one()
    return count, address_id


def insert_address(tx: Connection, user_id: int, values: Mapping[str, object]) -> AnyRow:
    """Store a new address and return it."""
    return tx.execute(insert(Address).values(user_id=user_id, **values).returning(*_COLUMNS)).one()


def update_address(tx: Connection, user_id: int, address_id: int, values: Mapping[str, object]) -> AnyRow:
    """Change one of a user's addresses, which must exist, count its version up, and return it."""
    statement = (
        update(Address)
        .where(Address.id == address_id, Address.user_id == user_id)
        .values(**values, version=Address.version + 1)
        .returning(*_COLUMNS)
    )
    return tx.execute(statement).one()


def clear_default(tx: Connection, user_id: int) -> None:
    """Leave a user without a default address."""
    default = update(Address).where(Address.user_id == user_id, Address.is_default)
    tx.execute(default.values(is_default=False, version=Address.version + 1))


def make_newest_default(tx: Connection, user_id: int) -> None:
    """Make a user's newest address the default; does nothing when there is none."""
    newest = select(func.max(Address.id)).where(Address.user_id == user_id).scalar_subquery()
    tx.execute(
        update(Address).where(Address.id == newest).values(is_default=True, version=Address.version + 1)
    )


def delete_address(tx: Connection, user_id: int, address_id: int) -> bool | None:
    """Delete one of a user's addresses; whether it was the default, or None when there is none."""
    statement = (
        delete(Address)
        .where(Address.id == address_id, Address.user_id == user_id)
        .returning(Address.is_default)
    )
    return tx.scalar(statement)
