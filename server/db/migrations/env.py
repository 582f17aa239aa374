"""Runs the migrations on one connection; alembic calls it."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import JSON

from server.db.base import UtcDateTime
from server.db.engine import connect
from server.db.schema import metadata


def render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types in plain terms, so that a migration never depends on later code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


engine = connect(context.config.attributes["url"], pool_size=1)
try:
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=metadata, render_as_batch=True, render_item=render
        )
        with context.begin_transaction():
            context.run_migrations()
finally:
    engine.dispose()
