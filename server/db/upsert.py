"""INSERT … ON CONFLICT, which SQLAlchemy spells once per database.

The statements of hot paths are built once and executed with parameters: to build one, and to find its compiled form,
costs several times what the database needs to run it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

S = TypeVar("S")


def built_once(build: Callable[[Any], S]) -> Callable[[Connection], S]:
    """The statement that `build` makes from a database's own `insert`, made once for each database."""

    @cache
    def for_dialect(name: str) -> S:
        return build(postgresql.insert if name == "postgresql" else sqlite.insert)

    return lambda connection: for_dialect(connection.dialect.name)


def insert_for(connection: Connection) -> Any:
    """The `insert` that knows `on_conflict_do_nothing` and `on_conflict_do_update` on this database."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def broken_constraint(error: IntegrityError) -> str:
    """What names the broken rule: PostgreSQL tells the constraint, SQLite the columns ("products.slug")."""
    diagnosis = getattr(error.orig, "diag", None)
    return str((diagnosis and diagnosis.constraint_name) or error.orig)
