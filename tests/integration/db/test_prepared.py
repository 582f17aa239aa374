"""Prepared statements: the same rows, types and refusals as SQLAlchemy's own execution, on both databases."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import Connection, Table, bindparam, delete, insert, make_url, select, text, update
from sqlalchemy.exc import IntegrityError
from support.running_shop import counted_round_trips

from server.db import round_trip
from server.db.base import UtcDateTime
from server.db.bulk import write_rows
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.patience import PatientConnection
from server.db.pool import Pool
from server.db.prepared import Prepared
from server.recommend.registry.models import TrainedModel
from server.repeats.models import IdempotencyKey

NOW = datetime(2026, 5, 4, 3, 2, 1, 987_654, tzinfo=UTC)

INSERT = Prepared(insert(TrainedModel).returning(TrainedModel.id))
READ = Prepared(
    select(TrainedModel.version, TrainedModel.metrics, TrainedModel.is_active, TrainedModel.created_at).where(
        TrainedModel.version == bindparam("wanted")
    )
)
KEEP = Prepared(insert(IdempotencyKey))
IDS = select(IdempotencyKey.request_id).order_by(IdempotencyKey.request_id)
KEPT = Prepared(IDS)
RENAME = Prepared(
    update(TrainedModel).where(TrainedModel.version == bindparam("before")).values(version=bindparam("after"))
)
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
        return list(connection.scalars(IDS))


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """What `counted_round_trips` collects."""
    monkeypatch.setattr(threading.current_thread(), "name", "use-case")
    with counted_round_trips() as trips:
        yield trips


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


def _copied(tx: Connection) -> list[str]:
    table = IdempotencyKey.__table__
    assert isinstance(table, Table)
    try:
        write_rows(tx, table, list(key("")), [tuple(key("a").values())])
    except IntegrityError:
        return ["a"]
    return []


@pytest.mark.parametrize(
    "read",
    [
        lambda tx: list(tx.scalars(IDS)),
        lambda tx: [row.request_id for row in KEPT.all(tx)],
        lambda tx: ["a"] * tx.execute(update(IdempotencyKey).values(body_hash="other")).rowcount,
        lambda tx: list(tx.exec_driver_sql("SELECT request_id FROM idempotency_keys").scalars()),
        _copied,
    ],
    ids=["select", "prepared", "update", "text", "copy"],
)
def test_every_statement_sees_what_was_left_for_later(
    db: Database, read: Callable[[Connection], list[str]]
) -> None:
    seen = []

    def leave_and_read() -> None:
        with db.transaction() as tx:
            KEEP.later(tx, **key("a"))
            seen.extend(read(tx))
            if read is _copied:
                raise RuntimeError  # PostgreSQL's transaction has failed with the COPY

    with suppress(RuntimeError):
        leave_and_read()
    assert seen == ["a"]


def test_writes_left_for_later_run_in_their_order(db: Database) -> None:
    with db.transaction() as tx:
        INSERT.first(tx, version="one", **MODEL)
        RENAME.later(tx, before="one", after="two")
        RENAME.later(tx, before="two", after="three")
        INSERT.first(tx, version="one", **MODEL)
        RENAME.later(tx, before="three", after="four")
        INSERT.first(tx, version="three", **MODEL)
    with db.read() as connection:
        versions = connection.scalars(select(TrainedModel.version).order_by(TrainedModel.id))
        assert list(versions) == ["four", "one", "three"]


def test_a_savepoint_keeps_what_was_left_before_it_and_forgets_the_rest(db: Database) -> None:
    with db.transaction() as tx:
        KEEP.later(tx, **key("a"))
        savepoint = tx.begin_nested()
        KEEP.later(tx, **key("b"))
        savepoint.rollback()
        KEEP.later(tx, **key("c"))
    assert kept(db) == ["a", "c"]


def test_a_commit_of_the_engines_own_runs_what_was_left_for_later(db: Database) -> None:
    with db.engine.begin() as connection:
        KEEP.later(connection, **key("a"))
    with db.read() as connection:
        KEEP.later(connection, **key("b"))  # no commit will come
    assert kept(db) == ["a", "b"]


@pytest.mark.parametrize(
    "follow",
    [
        lambda tx: None,
        lambda tx: tx.scalars(IDS).all(),
        KEPT.all,
        lambda tx: INSERT.first(tx, version="one", **MODEL),
        lambda tx: KEEP.later(tx, **key("c")),
    ],
    ids=["commit", "select", "prepared", "insert", "later"],
)
def test_a_write_that_fails_later_is_sqlalchemys_error_and_undoes_its_transaction(
    db: Database, follow: Callable[[Connection], object]
) -> None:
    with db.transaction() as tx:
        KEEP.run(tx, **key("a"))
    reached = []

    def fail() -> None:
        with db.transaction() as tx:
            KEEP.run(tx, **key("b"))
            KEEP.later(tx, **key("a"))
            follow(tx)
            INSERT.first(tx, version="two", **MODEL)
            reached.append("the next statement but one")

    with pytest.raises(IntegrityError) as caught:
        fail()
    assert "INSERT INTO idempotency_keys" in str(caught.value.statement)
    assert not reached
    assert kept(db) == ["a"]
    with db.transaction() as tx:
        assert READ.first(tx, wanted="one") is None
        KEEP.later(tx, **key("d"))
    assert kept(db) == ["a", "d"]


def test_what_is_left_for_later_shares_a_round_trip_in_its_order(
    db: Database, round_trips: list[list[str]]
) -> None:
    with db.transaction() as tx:
        KEEP.later(tx, **key("a"))
        RENAME.later(tx, before="none", after="nobody")
        INSERT.first(tx, version="one", **MODEL)
        RENAME.later(tx, before="one", after="two")
        renamed = RENAME.later(tx, before="two", after="three")
        assert renamed.rowcount() == 1
        KEEP.later(tx, **key("b"))
        found = KEPT.later(tx)
    assert [row.request_id for row in found.all()] == ["a", "b"]
    assert kept(db) == ["a", "b"]
    assert round_trips == (
        [["INSERT", "UPDATE", "INSERT"], ["UPDATE", "UPDATE"], ["INSERT", "SELECT", "COMMIT"]]
        if db.is_postgresql
        else []
    )


def test_what_was_undone_has_no_outcome(db: Database) -> None:
    if not db.is_postgresql:
        return  # it ran at once
    with db.transaction() as tx:
        savepoint = tx.begin_nested()
        found = KEPT.later(tx)
        savepoint.rollback()
        with pytest.raises(RuntimeError):
            found.all()


def test_a_connection_keeps_so_many_statements_prepared(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_trip, "MAX_PREPARED", 2)
    with db.transaction() as tx:
        KEEP.run(tx, **key("a"))
        for _ in range(3):
            INSERT.first(tx, version="one", **MODEL)
            RENAME.run(tx, before="one", after="two")
            RENAME.run(tx, before="two", after="three")
            assert [row.request_id for row in KEPT.all(tx)] == ["a"]
            tx.execute(delete(TrainedModel))
        if db.is_postgresql:
            names = tx.scalars(
                text("SELECT name FROM pg_prepared_statements WHERE name LIKE 'sanset%'")
            ).all()
            assert len(names) == 2


def test_statements_are_prepared_anew_where_psycopg_had_all_of_them_forgotten(db: Database) -> None:
    with db.transaction() as tx:
        KEEP.run(tx, **key("a"))
        assert len(KEPT.all(tx)) == 1
        for _ in range(5):  # psycopg prepares what it runs so often, and after a savepoint forgets it
            tx.scalars(IDS).all()
        tx.begin_nested().rollback()
        tx.scalars(IDS).all()
        assert len(KEPT.all(tx)) == 1


@pytest.mark.parametrize("already", [True, False], ids=["within", "before"])
def test_a_transaction_whose_connection_the_server_had_ended_runs_again(
    postgres_url: str, *, already: bool
) -> None:
    """Its first statement too may go with the commit: the server says that nothing of it was done."""
    db = Database(postgres_url, pool_size=2)
    tries: list[int] = []

    def keep() -> None:
        with db.transaction() as tx:
            if already:
                KEEP.run(tx, **key("b"))
            tries.append(tx.connection.driver_connection.info.backend_pid)  # type: ignore[union-attr]
            if len(tries) == 1:
                end(postgres_url, tries[0])
            KEEP.later(tx, **key("a"))

    pool = Pool(threads=1, max_queued=1)
    asyncio.run(pool.run(Deadline(20), keep))
    pool.close()
    assert len(tries) == 2
    assert kept(db) == (["a", "b"] if already else ["a"])
    db.close()


def test_what_cannot_be_written_with_the_commit_leaves_nothing_to_the_next_transaction(db: Database) -> None:
    def fail() -> None:
        with db.transaction() as tx:
            KEEP.run(tx, **key("a"))
            KEEP.later(tx, **key("half a pair: \ud800"))

    with pytest.raises(UnicodeEncodeError):
        fail()
    with db.transaction() as tx:
        KEEP.later(tx, **key("b"))
    assert kept(db) == ["b"]


def test_what_failed_with_its_commit_is_said_also_where_the_connection_breaks_after_it(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = Database(postgres_url, pool_size=2)
    with db.transaction() as tx:
        KEEP.run(tx, **key("a"))
    roll_back = PatientConnection.rollback

    def broken(self: PatientConnection) -> None:
        end(postgres_url, self.info.backend_pid)
        roll_back(self)

    def fail() -> None:
        with db.transaction() as tx:
            KEEP.run(tx, **key("b"))
            KEEP.later(tx, **key("a"))

    monkeypatch.setattr(PatientConnection, "rollback", broken)
    with pytest.raises(IntegrityError):
        fail()
    monkeypatch.undo()
    assert kept(db) == ["a"]
    db.close()


def end(url: str, pid: int) -> None:
    """Have the server end a process, and wait until it has."""
    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 60000)", (pid,))


def test_a_parameter_that_stands_in_two_places_is_converted_once(db: Database) -> None:
    with db.transaction() as tx:
        INSERT.first(tx, version="one", **MODEL)
        assert BETWEEN.first(tx, at=NOW).version == "one"


BETWEEN = Prepared(
    select(TrainedModel.version).where(
        TrainedModel.created_at >= bindparam("at", type_=UtcDateTime),
        TrainedModel.created_at <= bindparam("at", type_=UtcDateTime),
    )
)


def test_a_column_default_that_only_sqlalchemy_knows_is_refused_at_once(db: Database) -> None:
    with pytest.raises(ValueError, match="metrics"), db.transaction() as tx:
        INSERT_WITHOUT.first(tx, version="four", model_type="ALL", created_at=NOW)


INSERT_WITHOUT = Prepared(insert(TrainedModel).returning(TrainedModel.id))
