"""Prepared statements: the same rows, types and refusals as SQLAlchemy's own execution, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from server.db.database import Database
from server.db.prepared import Prepared
from server.events.models import IdempotencyKey
from server.recommend.registry.models import TrainedModel

NOW = datetime(2026, 5, 4, 3, 2, 1, 987_654, tzinfo=UTC)

INSERT = Prepared(insert(TrainedModel).returning(TrainedModel.id))
READ = Prepared(
    select(TrainedModel.version, TrainedModel.metrics, TrainedModel.is_active, TrainedModel.created_at).where(
        TrainedModel.version == bindparam("wanted")
    )
)
KEEP = Prepared(insert(IdempotencyKey))
MODEL = {
    "model_type": "ALL",
    "metrics": {"recall": 0.5, "parts": ["als"]},
    "data_fingerprint": "",
    "parameters": {},
    "library_versions": {},
    "training_seconds": 1.5,
    "is_active": False,
    "created_at": NOW,
}


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=2)
    yield database
    database.close()


def key(request_id: str) -> dict[str, object]:
    return {
        "user_id": 1,
        "method": "Checkout",
        "request_id": request_id,
        "body_hash": "h",
        "reply": b"\0reply",
        "created_at": NOW,
        "leased_until": None,
    }


def kept(db: Database) -> list[str]:
    with db.read() as connection:
        return list(connection.scalars(select(IdempotencyKey.request_id).order_by(IdempotencyKey.request_id)))


def test_every_type_comes_back_as_it_went_in(db: Database) -> None:
    with db.transaction() as tx:
        assert INSERT.first(tx, version="one", **MODEL).id > 0
    with db.read() as connection:
        row = READ.first(connection, wanted="one")
        assert READ.first(connection, wanted="none") is None
    assert (row.version, row.metrics, bool(row.is_active), row.created_at) == (
        "one",
        MODEL["metrics"],
        False,
        NOW,
    )


def test_a_broken_constraint_is_sqlalchemys_error(db: Database) -> None:
    def insert_twice() -> None:
        with db.transaction() as tx:
            INSERT.first(tx, version="one", **MODEL)
            INSERT.first(tx, version="one", **MODEL)

    with pytest.raises(IntegrityError):
        insert_twice()
    with db.read() as connection:
        assert READ.first(connection, wanted="one") is None


def test_writes_left_for_later_go_with_the_next_statement_or_the_commit(db: Database) -> None:
    with db.transaction() as tx:
        KEEP.later(tx, **key("a"))
        KEEP.later(tx, **key("b"))
        INSERT.first(tx, version="two", **MODEL)
        KEEP.later(tx, **key("c"))
    assert kept(db) == ["a", "b", "c"]


def test_writes_left_for_later_are_forgotten_with_their_transaction(db: Database) -> None:
    def give_up() -> None:
        with db.transaction() as tx:
            KEEP.later(tx, **key("a"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        give_up()
    with db.transaction() as tx:
        INSERT.first(tx, version="three", **MODEL)
    assert kept(db) == []


def test_a_column_default_that_only_sqlalchemy_knows_is_refused_at_once(db: Database) -> None:
    with pytest.raises(ValueError, match="metrics"), db.transaction() as tx:
        INSERT_WITHOUT.first(tx, version="four", model_type="ALL", created_at=NOW)


INSERT_WITHOUT = Prepared(insert(TrainedModel).returning(TrainedModel.id))
