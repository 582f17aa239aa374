"""Plain reads and transactions in turn on one connection: each as it should be, whatever came before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, select

from server.db.database import Database
from server.repeats.models import IdempotencyKey

NOW = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """With a single connection."""
    database = Database(database_url, pool_size=1)
    yield database
    database.close()


def _write(tx: Connection, request_id: str) -> None:
    key = {"user_id": 1, "method": "Checkout", "body_hash": "h", "reply": b"", "created_at": NOW}
    tx.execute(insert(IdempotencyKey).values(request_id=request_id, **key))


def _written(db: Database) -> list[str]:
    with db.read() as connection:
        ids = connection.execute(select(IdempotencyKey.request_id).order_by(IdempotencyKey.request_id))
        return list(ids.scalars())


def _is_in_transaction(connection: Connection) -> bool:
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return bool(driver.in_transaction)
    return bool(driver.info.transaction_status.name == "INTRANS")


def test_a_read_has_no_transaction_and_a_transaction_is_undone_after_it(db: Database) -> None:
    for _ in range(2):
        assert _written(db) == []
        with suppress(KeyError), db.transaction() as tx:
            _write(tx, "a")
            assert _is_in_transaction(tx)
            raise KeyError


def test_a_transaction_is_committed_and_a_read_after_it_has_none(db: Database) -> None:
    for number, expected in ((1, ["1"]), (2, ["1", "2"])):
        with db.transaction() as tx:
            _write(tx, str(number))
        assert _written(db) == expected
        with db.read() as connection:
            connection.execute(select(IdempotencyKey.request_id)).all()
            assert not _is_in_transaction(connection)


def test_a_read_that_fails_leaves_the_connection_usable(db: Database) -> None:
    with pytest.raises(Exception, match="no_such_table"), db.read() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")
    with db.transaction() as tx:
        _write(tx, "a")
    assert _written(db) == ["a"]
