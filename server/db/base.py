"""The base of every table: naming of constraints, ids, and UTC times that read the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, Row, Select, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.selectable import ExecutableReturnsRows
from sqlalchemy.types import TypeDecorator

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit id; SQLite numbers rows by itself only when the type is INTEGER."""


AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of a query whose columns are read by name."""

Values: TypeAlias = dict[str, Any]
"""What is written to columns, by their names."""

Statement: TypeAlias = ExecutableReturnsRows
"""A query or a write, as the database takes it."""

AnySelect: TypeAlias = Select[*tuple[Any, ...]]
"""A query that returns such rows."""

SEALED: Final = {"sealed": True}
"""Marks a column of values that the vault seals: server/rotation/columns.py seals them anew with another key."""

SealedToken = String(256).with_variant(String(128), "sqlite")
"""A token of up to 128 characters, as the vault seals it. SQLite bounds no text: its columns stay as made."""

Json = JSON().with_variant(JSONB(), "postgresql")
"""A JSON value."""

OptionalJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON value, or NULL for None."""


def _zoned(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise ValueError("a time needs a zone")
    return value


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite stores it without a zone, so the zone is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone; hand SQLite one in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs a zone")
        return (
            value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)
        )

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a time of SQLite's its zone."""
        return value if value is None else value.replace(tzinfo=UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], datetime | None] | None:
        """Look only whether there is a zone, for PostgreSQL: the driver writes times of any."""
        return _zoned if dialect.name == "postgresql" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[..., datetime | None] | None:
        """Nothing for PostgreSQL: its sessions are in UTC, and the driver says so with each time."""
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)


class Base(DeclarativeBase):
    """What every mapped class derives from."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
