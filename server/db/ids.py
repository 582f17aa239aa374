"""Ids of rows before they are there, so that what belongs to a row can be written together with it."""

from __future__ import annotations

from sqlalchemy import Connection, ScalarSelect, func, literal_column, select

from server.db.base import Base


def next_id(target: type[Base], dialect: str) -> ScalarSelect[int]:
    """An unused id of `target`, as a column of a query, for a row that the transaction will insert.

    On SQLite the transaction holds the only write lock, so counting on from the largest id is safe.
    """
    if dialect == "postgresql":
        return select(
            literal_column(f"nextval('{target.__tablename__}_id_seq')").label("id")
        ).scalar_subquery()
    return select(func.coalesce(func.max(target.__table__.c.id), 0) + 1).scalar_subquery()


def unused_id(tx: Connection, target: type[Base]) -> int:
    """An unused id of `target`, for a row that the transaction will insert."""
    return tx.execute(select(next_id(target, tx.dialect.name))).scalar_one()
