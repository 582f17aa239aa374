"""What going back to an earlier schema would lose."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import ColumnClause, Connection, String, cast, column, func, inspect, select, table

from server.db import migrate
from server.db.engine import connect
from server.db.reading import reading
from server.errors import CommandError

_BOOKKEEPING = frozenset({"alembic_version", "schema_serves", "consumers", "jobs", "product_listings"})
"""Tables that a later upgrade fills by itself."""

_EMPTY = ("", "0", "0.0", "false", "{}", "[]", "null")
"""As text: values that say nothing, as a column has them that nobody used."""


class WouldLoseData(CommandError):
    """Going back would lose something; the text says what, and how to do it all the same."""


def refuse_losses(url: str, revision: str) -> None:
    """Raise WouldLoseData when what is in the database has no place in the schema of `revision`."""
    lost = losses(url, revision)
    if lost:
        raise WouldLoseData(
            f"going back to {revision} would lose {', '.join(lost)}; make a backup, and say --lose-data to do it"
        )


def losses(url: str, revision: str) -> list[str]:
    """What would be lost, in words: tables with rows, columns with values, and what migrations say themselves."""
    remaining = _columns_at(revision)
    engine = connect(url, pool_size=1)
    try:
        with reading(engine).connect() as connection:
            lost = list(_lost(connection, remaining))
            for script in migrate.undone(url, revision):
                losing = getattr(script.module, "losses", None)
                lost += losing(connection) if losing is not None else []
    finally:
        engine.dispose()
    return lost


def _columns_at(revision: str) -> dict[str, set[str]]:
    """The columns of each table at a revision, as a new database has them."""
    if revision == "base":
        return {}
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'schema.db'}"
        migrate.upgrade(url, revision)
        engine = connect(url, pool_size=1)
        try:
            with reading(engine).connect() as connection:
                return _columns(connection)
        finally:
            engine.dispose()


def _columns(connection: Connection) -> dict[str, set[str]]:
    inspector = inspect(connection)
    return {
        name: {each["name"] for each in inspector.get_columns(name)}
        for name in inspector.get_table_names()
        if name not in _BOOKKEEPING
    }


def _lost(connection: Connection, remaining: dict[str, set[str]]) -> Iterator[str]:
    for name, columns in sorted(_columns(connection).items()):
        if name not in remaining:
            rows = connection.scalar(select(func.count()).select_from(table(name))) or 0
            if rows:
                yield f"{rows} rows of {name}"
            continue
        for each in sorted(columns - remaining[name]):
            value: ColumnClause[object] = column(each)
            filled = (
                select(func.count())
                .select_from(table(name))
                .where(value.is_not(None), cast(value, String).not_in(_EMPTY))
            )
            rows = connection.scalar(filled) or 0
            if rows:
                yield f"{name}.{each} of {rows} rows"
