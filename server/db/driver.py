"""Statements on the driver's own cursor: the engine's listeners hear of them, and they fail as SQLAlchemy's do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

Arguments: TypeAlias = dict[str, object]
"""What a statement's parameters stand for, by their names."""


def execute(connection: Connection, sql: str, arguments: Arguments | Sequence[object]) -> DBAPICursor:
    """Run a statement and return its cursor; whoever calls closes it."""
    cursor = connection.connection.cursor()
    for listener in connection.engine.dispatch.before_cursor_execute:
        listener(connection, cursor, sql, arguments, None, False)
    try:
        cursor.execute(sql, arguments)
    except connection.dialect.loaded_dbapi.Error as error:
        raise_from(error, connection, sql, cursor)
    return cursor


def raise_from(
    error: Exception, connection: Connection, sql: str, cursor: DBAPICursor | None = None
) -> NoReturn:
    """Raise the driver's error as SQLAlchemy's, and give up the connection if it broke; call it in an `except`.

    There is no public way to do both.
    """
    connection._handle_dbapi_exception(error, sql, None, cursor, None)
