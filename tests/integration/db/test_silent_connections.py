"""Connections to PostgreSQL that fall silent are dropped and replaced, and no statement outlives its call."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sanset.v1 import order_pb2, product_pb2
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from support.freezing_proxy import FreezingProxy, proxied
from support.running_shop import RunningShop, test_settings

from server.db import patience
from server.db.database import Database
from server.db.deadline import Deadline, working_for
from server.db.faults import refusal_of
from server.db.pool import Pool
from server.db.prepared import Prepared
from server.errors import CommitUnanswered, OutOfTime
from server.events import sources
from server.events.models import ConsumerPosition

SOON = 0.3
"""Seconds of silence that are suspicious in these tests."""


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SILENT_SECONDS", SOON)
    monkeypatch.setattr(sources, "SILENT_SECONDS", 2 * SOON)


@pytest.fixture
def behind_proxy(postgres_url: str) -> Iterator[tuple[Database, FreezingProxy]]:
    with proxied(postgres_url) as (url, proxy):
        db = Database(url, pool_size=4)
        yield db, proxy
        db.close()


def pid(db: Database) -> int:
    with db.read() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_frozen_connection_is_replaced_within_the_call(
    behind_proxy: tuple[Database, FreezingProxy],
) -> None:
    db, proxy = behind_proxy
    pool = Pool(threads=4, max_queued=10)

    async def many() -> set[int]:
        return set(await asyncio.gather(*(pool.run(Deadline(20), pid, db) for _ in range(8))))

    before = asyncio.run(many())
    assert proxy.freeze() >= len(before)
    after = asyncio.run(many())
    assert after
    assert not after & before
    pool.close()


def test_what_a_frozen_transaction_has_locked_is_free_for_the_next_try(
    behind_proxy: tuple[Database, FreezingProxy],
) -> None:
    db, proxy = behind_proxy
    with db.transaction() as tx:
        tx.execute(text("INSERT INTO consumers VALUES ('locked', 0, 1, 1)"))
    tries = []

    def rename() -> None:
        with db.transaction() as tx:
            tx.execute(text("UPDATE consumers SET event_id = 2 WHERE name = 'locked'"))
            tries.append(1)
            if len(tries) == 1:
                proxy.freeze()
            tx.execute(text("SELECT 1"))

    pool = Pool(threads=1, max_queued=10)
    asyncio.run(pool.run(Deadline(20), rename))
    assert len(tries) == 2
    pool.close()


def test_a_statement_that_the_server_works_on_is_waited_for(
    behind_proxy: tuple[Database, FreezingProxy],
) -> None:
    db, _ = behind_proxy
    with db.read() as connection, working_for(Deadline(20)):
        connection.execute(text(f"SELECT pg_sleep({4 * SOON})"))


def test_a_statement_ends_with_its_call_and_the_connection_goes_on(
    behind_proxy: tuple[Database, FreezingProxy],
) -> None:
    db, _ = behind_proxy
    before = pid(db)
    with working_for(Deadline(SOON)), pytest.raises(DBAPIError) as caught, db.read() as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    refusal = refusal_of(caught.value)
    assert refusal is not None
    assert refusal.code == "DEADLINE_EXCEEDED"
    assert pid(db) == before


def test_what_waits_for_a_row_is_not_committed_after_its_call(
    behind_proxy: tuple[Database, FreezingProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "GRACE_SECONDS", 60.0)
    db, _ = behind_proxy
    move = Prepared(update(ConsumerPosition).values(event_id=2))
    with db.transaction() as tx:
        tx.execute(text("INSERT INTO consumers VALUES ('locked', 0, 1, 1)"))
    with db.transaction() as other:
        move.run(other)
        with working_for(Deadline(SOON)), pytest.raises((DBAPIError, OutOfTime)) as caught:
            move_later(db, move)
    refusal = refusal_of(caught.value)
    assert refusal is not None
    assert refusal.code == "DEADLINE_EXCEEDED"


def move_later(db: Database, move: Prepared) -> None:
    """Change a row with the commit."""
    with db.transaction() as tx:
        move.later(tx)


def test_a_commit_that_is_not_answered_within_its_call_may_be_done(
    behind_proxy: tuple[Database, FreezingProxy],
) -> None:
    db, proxy = behind_proxy
    pid(db)
    with working_for(Deadline(SOON / 2)), pytest.raises(CommitUnanswered):
        insert_while_it_freezes(db, proxy)


def insert_while_it_freezes(db: Database, proxy: FreezingProxy) -> None:
    """Insert a row by a transaction whose commit is not heard."""
    with db.transaction() as tx:
        tx.execute(text("INSERT INTO consumers VALUES ('unanswered', 0, 1, 1)"))
        proxy.freeze()


def test_a_database_that_takes_no_new_connections_either_is_unavailable(
    behind_proxy: tuple[Database, FreezingProxy],
) -> None:
    db, proxy = behind_proxy
    pid(db)
    proxy.freeze()
    proxy.close()
    with working_for(Deadline(20)), pytest.raises(DBAPIError) as caught:
        pid(db)
    refusal = refusal_of(caught.value)
    assert refusal is not None
    assert refusal.code == "UNAVAILABLE"
    assert refusal.retry_after_seconds


def test_the_kernel_is_told_to_notice_a_peer_that_is_gone(
    behind_proxy: tuple[Database, FreezingProxy],
) -> None:
    db, _ = behind_proxy
    with db.read() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        with socket.socket(fileno=socket.dup(driver.fileno())) as end:
            assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 8000


def test_a_shop_whose_open_connections_freeze_is_back_by_itself(postgres_url: str, tmp_path: Path) -> None:
    with proxied(postgres_url) as (url, proxy):
        shop = RunningShop(test_settings(url, tmp_path))
        try:
            buyer = shop.customer()
            product = shop.product()
            assert proxy.freeze() >= 3
            shop.add(buyer, product.id)
            order = shop.checkout(buyer).order
            assert order.status == order_pb2.Order.CONFIRMED
            # The list of changes: what shoppers see may be in memory.
            changes = product_pb2.ListProductsRequest(
                page_size=5, sort=product_pb2.ListProductsRequest.UPDATED
            )
            listed = shop.catalog.ListProducts(changes, timeout=10)
            assert listed.ByteSize() > 0
            assert shop.app.core.follower.silent_seconds < 5
        finally:
            shop.stop()
