"""What going back to an earlier schema would lose."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import ColumnClause, Connection, String, cast, column, func, inspect, select, table, true
from sqlalchemy.engine.interfaces import ReflectedColumn

from server.db import migrate
from server.db.engine import connect
from server.db.properties import SEALING
from server.db.reading import reading
from server.errors import CommandError

_BOOKKEEPING = frozenset(
    {
        *("alembic_version", "schema_serves", "consumers", "jobs", "product_listings"),
        *("analytics_state", "order_facts", "sales_hours", "sales_days", "sales_cohorts"),
        *("product_sales", "customer_sales", "region_sales", "coupon_sales"),
    }
)
"""Tables that a later upgrade, or a job after it, fills by itself."""

_FILLED_AGAIN = {
    "shop_properties": column("name").not_in((SEALING, "first_key", "current_key")),
    "roles": column("name").not_in(("CUSTOMER", "VENDOR", "ADMIN")),
    "audit_chain": column("head_sequence") > 0,
}
"""Of other tables the rows that an upgrade, or the next start, does not write by itself."""

_EMPTY = ("", "0", "0.0", "false", "{}", "[]", "null")
"""As text: values that say nothing, as a column has them that nobody used. So does the column's own default."""

_CONSTANT = re.compile(r"\(*'?([^'()]*)'?\)*(?:::.*)?")
"""A default as databases show it: 1, '1', ('1') or 'ACTIVE'::character varying."""

Schema: TypeAlias = dict[str, dict[str, str]]
"""The columns of each table, with their defaults."""


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


def _default(inspected: ReflectedColumn) -> str:
    """The value, as text, that a column has in rows that name none; empty when there is no constant."""
    constant = _CONSTANT.fullmatch(inspected.get("default") or "")
    return constant[1] if constant else ""


def _columns_at(revision: str) -> Schema:
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


def _columns(connection: Connection) -> Schema:
    inspector = inspect(connection)
    return {
        name: {each["name"]: _default(each) for each in inspector.get_columns(name)}
        for name in inspector.get_table_names()
        if name not in _BOOKKEEPING
    }


def _lost(connection: Connection, remaining: Schema) -> Iterator[str]:
    for name, columns in sorted(_columns(connection).items()):
        if name not in remaining:
            counted = select(func.count()).select_from(table(name)).where(_FILLED_AGAIN.get(name, true()))
            rows = connection.scalar(counted) or 0
            if rows:
                yield f"{rows} rows of {name}"
            continue
        for each in sorted(columns.keys() - remaining[name].keys()):
            value: ColumnClause[object] = column(each)
            filled = (
                select(func.count())
                .select_from(table(name))
                .where(value.is_not(None), cast(value, String).not_in((*_EMPTY, columns[each])))
            )
            rows = connection.scalar(filled) or 0
            if rows:
                yield f"{name}.{each} of {rows} rows"
