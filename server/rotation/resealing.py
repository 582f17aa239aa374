"""Seals rows anew, some at a time: whoever else writes waits for a few of them at most, and can be broken off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from server.crypto.vault import Unreadable, Vault
from server.db.base import AnyRow
from server.db.sealing import vault_of
from server.rotation.columns import SealedColumns

CHUNK: Final = 200
"""Rows in a transaction: they are locked for some ten milliseconds."""

PrimaryKey = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of some rows: how many were sealed anew, which cannot be opened, and the last of them."""

    sealed: int
    unreadable: Sequence[PrimaryKey]
    last: PrimaryKey | None
    """None when there were no more."""


def stale_count(connection: Connection, columns: SealedColumns) -> int:
    """How many rows are not sealed with the key for what is new."""
    stale = columns.rows.where(columns.is_stale(vault_of(connection))).subquery()
    return connection.execute(select(func.count()).select_from(stale)).scalar_one()


def reseal(tx: Connection, columns: SealedColumns, after: PrimaryKey | None) -> Resealed:
    """Seal the next rows anew that need it. Those that somebody else holds are left out, for another time."""
    vault = vault_of(tx)
    rows = _next(tx, columns, vault, after)
    values, unreadable = [], []
    for row in rows:
        key = _key_of(columns, row)
        try:
            sealed = columns.seal(vault, row)
        except Unreadable:
            unreadable.append(key)
            continue
        values.append({f"key_{i}": part for i, part in enumerate(key)} | dict(sealed))
    if values:
        _write(tx, columns, values)
    last = _key_of(columns, rows[-1]) if rows else None
    return Resealed(len(values), unreadable, last)


def unreadable(connection: Connection, columns: SealedColumns) -> Iterator[PrimaryKey]:
    """The rows of which something cannot be opened, in chunks of one read each."""
    vault, after = vault_of(connection), None
    while rows := _walk(connection, columns, after):
        for row in rows:
            try:
                columns.seal(vault, row)
            except Unreadable:
                yield _key_of(columns, row)
        after = _key_of(columns, rows[-1])


def _walk(connection: Connection, columns: SealedColumns, after: PrimaryKey | None) -> Sequence[AnyRow]:
    key = tuple(columns.table.primary_key)
    statement = columns.rows.order_by(*key).limit(CHUNK)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    return connection.execute(statement).all()


def _next(tx: Connection, columns: SealedColumns, vault: Vault, after: PrimaryKey | None) -> Sequence[AnyRow]:
    key = tuple(columns.table.primary_key)
    statement = columns.rows.where(columns.is_stale(vault)).order_by(*key).limit(CHUNK)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    # Never waiting for a row, it cannot be part of a deadlock, whatever the order in which others lock.
    locked = statement.with_for_update(of=columns.mapped, key_share=True, skip_locked=True)
    return tx.execute(locked).all()


def _write(tx: Connection, columns: SealedColumns, values: Sequence[dict[str, Any]]) -> None:
    key = tuple(columns.table.primary_key)
    names = [name for name in values[0] if not name.startswith("key_")]
    statement = update(columns.table).values({name: bindparam(f"new_{name}") for name in names})
    statement = statement.where(*(column == bindparam(f"key_{i}") for i, column in enumerate(key)))
    tx.execute(
        statement,
        [{(name if name.startswith("key_") else f"new_{name}"): one[name] for name in one} for one in values],
    )


def _key_of(columns: SealedColumns, row: AnyRow) -> PrimaryKey:
    return tuple(getattr(row, column.name) for column in columns.table.primary_key)
