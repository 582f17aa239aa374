"""INSERT … ON CONFLICT, which SQLAlchemy spells once per database."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from server.db.base import Base

Insert: TypeAlias = postgresql.Insert | sqlite.Insert

InsertInto: TypeAlias = Callable[[type[Base] | Table], Insert]
"""Begins an INSERT into a table."""


def insert_for(connection: Connection) -> InsertInto:
    """The `insert` that knows `on_conflict_do_nothing` and `on_conflict_do_update` on this database."""
    return insert_of(connection.dialect.name)


def insert_of(dialect: str) -> InsertInto:
    """The same by the name of the database."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def broken_constraint(error: IntegrityError) -> str:
    """What names the broken rule: PostgreSQL tells the constraint, SQLite the columns ("products.slug")."""
    diagnosis = getattr(error.orig, "diag", None)
    return str((diagnosis and diagnosis.constraint_name) or error.orig)
