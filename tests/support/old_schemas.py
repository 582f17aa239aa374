"""Databases of shops of before, to be migrated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from server.db import migrate
from server.db.engine import connect


@contextmanager
def taken_back(url: str, revision: str, statements: Iterable[str]) -> Iterator[Engine]:
    """An engine on the database once it is back at a revision and the statements have filled it."""
    migrate.downgrade(url, revision)
    engine = connect(url)
    with engine.begin() as tx:
        for statement in statements:
            tx.exec_driver_sql(statement)
    yield engine
    engine.dispose()


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    """What a query finds."""
    with engine.begin() as tx:
        return [tuple(row) for row in tx.execute(text(query))]
