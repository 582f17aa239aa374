"""Tracking when the step is written by another worker on the same database, and the link between them is bad."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sanset.v1 import order_pb2 as pb
from sqlalchemy import Connection, text
from support.running_shop import RunningShop, test_settings
from support.watcher import Watcher

from server.audit.log import THE_SHOP
from server.clock import utc_now
from server.db.database import Database
from server.order import service
from server.order.service import NextStep

BY_HAND = (pb.Order.PROCESSING, pb.Order.SHIPPED, pb.Order.DELIVERED)


class Pair:
    """Two workers on one database: the buyers are on the near one, the staff on the far one."""

    def __init__(self, url: str, home: Path, closing: ExitStack) -> None:
        self.near, self.far = (self._open(url, home / name, closing) for name in ("near", "far"))
        self.db = Database(url, pool_size=2)
        closing.callback(self.db.close)

    def _open(self, url: str, home: Path, closing: ExitStack) -> RunningShop:
        shop = RunningShop(test_settings(url, home))
        closing.callback(shop.stop)
        return shop

    def watched(self) -> tuple[int, Watcher]:
        """A new order and its watcher on the near worker, history seen."""
        buyer = self.near.customer()
        order = self.near.order(buyer)
        return order.id, Watcher(self.near.orders, buyer, order.id).until_step(2)

    def end_connections(self, name: str) -> int:
        """Have PostgreSQL end the connections of the workers with this application name."""
        with self.db.read() as connection:
            ended: int = connection.execute(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    " AND datname = current_database() AND application_name = :name"
                ),
                {"name": name},
            ).scalar_one()
            return ended


@pytest.fixture
def pair(database_url: str, tmp_path: Path) -> Iterator[Pair]:
    """Two workers on a database of each kind."""
    with ExitStack() as closing:
        yield Pair(database_url, tmp_path, closing)


@pytest.fixture
def postgres_pair(postgres_url: str, tmp_path: Path) -> Iterator[Pair]:
    """Two workers on PostgreSQL."""
    with ExitStack() as closing:
        yield Pair(postgres_url, tmp_path, closing)


def take_step(tx: Connection, order_id: int, status: str) -> None:
    """Write a step in a transaction that the test holds open."""
    service.advance(tx, order_id, NextStep(status=status), actor=THE_SHOP, now=utc_now())


def test_a_step_written_by_another_worker_is_seen_live(pair: Pair) -> None:
    order_id, watcher = pair.watched()
    for sequence, status in enumerate(BY_HAND, start=3):
        pair.far.move(order_id, status)
        watcher.until_step(sequence)
    assert watcher.until_end().steps == [1, 2, 3, 4, 5]
    assert watcher.kinds() == ["event"] * 5 + ["end"]


def test_steps_written_by_both_workers_in_turn_stay_in_order(pair: Pair) -> None:
    watched = [pair.watched() for _ in range(5)]
    for status, shop in zip(BY_HAND, (pair.near, pair.far, pair.near), strict=True):
        for order_id, _ in watched:
            shop.move(order_id, status)
    assert [watcher.until_end().steps for _, watcher in watched] == [[1, 2, 3, 4, 5]] * 5


def test_a_slow_transaction_with_an_older_event_is_not_skipped(postgres_pair: Pair) -> None:
    """Ids are drawn before their transactions commit: who reads on from the highest id skips the slow one's."""
    slow, slow_watcher = postgres_pair.watched()
    quick, quick_watcher = postgres_pair.watched()
    with postgres_pair.db.transaction() as tx:
        take_step(tx, slow, "PROCESSING")  # draws the lower event id
        postgres_pair.far.move(quick, pb.Order.PROCESSING)  # draws the higher one, and commits first
        time.sleep(0.5)  # for longer than a follower would take
    slow_watcher.until_step(3)
    quick_watcher.until_step(3)
    assert (slow_watcher.steps, quick_watcher.steps) == ([1, 2, 3], [1, 2, 3])


def test_an_event_that_an_older_transaction_writes_late_is_not_skipped(postgres_pair: Pair) -> None:
    """The other way round: the older transaction draws the higher event id, and its place is before the lower."""
    slow, slow_watcher = postgres_pair.watched()
    quick, quick_watcher = postgres_pair.watched()
    with postgres_pair.db.transaction() as tx:
        tx.execute(text("SELECT pg_current_xact_id()"))
        postgres_pair.far.move(quick, pb.Order.PROCESSING)
        time.sleep(0.5)  # for longer than a follower would take
        take_step(tx, slow, "PROCESSING")
    slow_watcher.until_step(3)
    quick_watcher.until_step(3)
    assert (slow_watcher.steps, quick_watcher.steps) == ([1, 2, 3], [1, 2, 3])


def test_an_older_transaction_that_is_undone_holds_nothing_back(postgres_pair: Pair) -> None:
    undone, undone_watcher = postgres_pair.watched()
    quick, quick_watcher = postgres_pair.watched()
    with postgres_pair.db.engine.connect() as connection, connection.begin() as undoing:
        take_step(connection, undone, "PROCESSING")
        postgres_pair.far.move(quick, pb.Order.PROCESSING)
        undoing.rollback()
    quick_watcher.until_step(3)
    postgres_pair.far.move(undone, pb.Order.PROCESSING, message="the second try")
    undone_watcher.until_step(3)
    assert undone_watcher.messages[-1].event.message == "the second try"


def test_steps_arrive_by_polling_when_the_notifications_are_cut(postgres_pair: Pair) -> None:
    order_id, watcher = postgres_pair.watched()
    for sequence, status in enumerate(BY_HAND, start=3):
        postgres_pair.end_connections("sanset-events")
        postgres_pair.far.move(order_id, status)
        watcher.until_step(sequence)
    assert watcher.until_end().steps == [1, 2, 3, 4, 5]


def test_a_database_that_drops_every_connection_loses_no_step(postgres_pair: Pair) -> None:
    order_id, watcher = postgres_pair.watched()
    for sequence, status in enumerate(BY_HAND, start=3):
        assert postgres_pair.end_connections("sanset-events") <= 4
        assert postgres_pair.end_connections("sanset") >= 2
        postgres_pair.far.move(order_id, status)
        watcher.until_step(sequence)
    assert watcher.until_end().steps == [1, 2, 3, 4, 5]
