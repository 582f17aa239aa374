"""Runs the migrations on one connection; alembic calls it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import event
from sqlalchemy.types import JSON

from server.db.base import UtcDateTime
from server.db.engine import connect
from server.db.migrate import mark
from server.db.schema import metadata

MIGRATING = 0x53414E5345540001
"""The advisory lock of who migrates; SQLite lets one write at a time anyway."""


def render(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types in plain terms, so that a migration never depends on later code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def release_foreign_keys(connection: sqlite3.Connection, _record: object) -> None:
    """Let migrations make tables anew: while SQLite enforces its keys, dropping the old empties its children.

    Nothing cascades meanwhile. It has no effect inside a transaction, so it is done before the first.
    """
    connection.execute("PRAGMA foreign_keys=OFF")


def check_foreign_keys(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[object], run_args: Mapping[str, object]
) -> None:
    """Undo a migration of SQLite that leaves rows without their parents, by refusing before it is committed."""
    if ctx.connection is None or ctx.connection.dialect.name != "sqlite":
        return
    orphans = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(3)
    if orphans:
        shown = ", ".join(f"{table} {row} lacks its row in {parent}" for table, row, parent, _ in orphans)
        raise RuntimeError(f"rows without their parents, which `sanset verify` lists: {shown}")


engine = connect(context.config.attributes["url"], pool_size=1)
if engine.dialect.name == "sqlite":
    event.listen(engine, "connect", release_foreign_keys)
try:
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            render_item=render,
            on_version_apply=check_foreign_keys,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":  # of several replicas that start, one migrates
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
            context.run_migrations()
            mark(connection)
        if connection.in_transaction():  # SQLite, whose migrations are committed one by one
            connection.commit()
finally:
    engine.dispose()
