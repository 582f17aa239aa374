"""How PostgreSQL plans while a transaction makes tables grow; SQLite needs none of this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ARRAY, Connection, Text, bindparam, text

_ALONG_INDEXES: Final = "SELECT set_config('enable_seqscan', 'off', true)"
_WITH_STATISTICS: Final = text(
    "SELECT DISTINCT tablename FROM pg_stats "
    "WHERE schemaname = ANY (current_schemas(false)) AND tablename = ANY (:tables)"
).bindparams(bindparam("tables", type_=ARRAY(Text)))


def plan_along_indexes(tx: Connection, tables: Sequence[str]) -> None:
    """Have a transaction look rows of these tables up in indexes, by plans that outlive their growth.

    Of a table without statistics PostgreSQL guesses that some skus are all of it, and reads it whole. A new one
    has none until the autovacuum comes by, so they are made here. And a plan that was kept since a table was
    small, as that of a foreign key is, would read it whole for every row that is written, so what is kept goes
    first. Planning each statement anew instead would plan each check of a foreign key, too.
    """
    if tx.dialect.name != "postgresql":
        return
    analyzed = set(tx.execute(_WITH_STATISTICS, {"tables": list(tables)}).scalars())
    for table in tables:
        if table not in analyzed:
            # Not waiting for whoever makes them already.
            tx.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {table}")
    tx.exec_driver_sql(_ALONG_INDEXES)
    tx.exec_driver_sql("DISCARD PLANS")
