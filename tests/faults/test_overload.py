"""Overload: what would wait too long is refused within a second, and whoever stands beside it notices nothing."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from crowd import Crowd, outcomes
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sanset.v1 import cart_pb2, payment_pb2
from sanset.v1 import order_service_pb2 as pb
from sqlalchemy import create_engine, text
from support.running_shop import Account, RunningShop, refusal, test_settings

from server.db.deadline import Deadline

REFUSED = {"OVERLOADED", "CONFLICT"}


@pytest.fixture(scope="module")
def busy(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A worker that waits as briefly as in production, on each database."""
    home: Path = tmp_path_factory.mktemp("busy")
    shop = RunningShop(test_settings(module_database_url, home, max_wait_seconds=1))
    yield shop
    shop.stop()


def crowd_of(shop: RunningShop) -> Crowd:
    """The buyers of a shop."""
    return Crowd(shop.app.db.engine, shop.settings)


def check_out(shop: RunningShop, buyer: Account) -> Any:
    """Start a checkout."""
    request = pb.CheckoutRequest(request_id=str(uuid.uuid4()), payment_method=payment_pb2.Payment.CARD)
    return shop.orders.Checkout.future(request, metadata=buyer.metadata, timeout=60)


def look(shop: RunningShop, buyer: Account) -> Any:
    """Start a read that needs the database."""
    return shop.cart.GetCart.future(cart_pb2.GetCartRequest(), metadata=buyer.metadata, timeout=60)


def served(call: Any) -> bool:
    """Whether a call was served; one that was refused must have been told when to come back."""
    try:
        call.result(timeout=60)
    except grpc.RpcError as error:
        refused = refusal(error)
        assert refused.reason in REFUSED
        assert refused.retry_seconds is not None
        assert refused.retry_seconds <= 1
        retry_after = dict(error.trailing_metadata())["retry-after"]  # type: ignore[attr-defined]
        assert retry_after == "1"
        return False
    return True


def test_a_row_that_is_locked_costs_its_own_buyers_and_nobody_else(busy: RunningShop) -> None:
    crowd = crowd_of(busy)
    wanted, other = crowd.products(2, stock=1000)
    waiting = crowd.buyers([{wanted: 1}] * 30)
    bystanders = crowd.buyers([{other: 1}] * 10)
    engine = create_engine(busy.app.db.engine.url)
    with engine.connect() as connection:
        if busy.app.db.is_postgresql:
            lock = "SELECT 1 FROM inventory_levels WHERE product_id = :id FOR UPDATE"
            connection.execute(text(lock), {"id": wanted})
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # SQLite has one lock for all who write
        held_up = [check_out(busy, buyer) for buyer in waiting]
        if busy.app.db.is_postgresql:
            assert {served(check_out(busy, buyer)) for buyer in bystanders} == {True}
        assert {served(look(busy, buyer)) for buyer in bystanders} == {True}
        # While the row is still locked, and all the same answered:
        assert {served(call) for call in held_up} == {False}
        connection.rollback()
    engine.dispose()
    assert all(served(check_out(busy, buyer)) for buyer in waiting[:5])


def test_one_caller_with_many_calls_is_refused_for_them_and_nobody_else(busy: RunningShop) -> None:
    crowd = crowd_of(busy)
    flooding, *others = crowd.buyers([{}] * 11)
    flood = [look(busy, flooding) for _ in range(1600)]
    beside = outcomes([look(busy, other) for other in others])
    ended = outcomes(flood)
    assert beside == {"OK": 10}
    assert ended.keys() <= {"OK", "OVERLOADED"}
    assert ended["OK"] > 0


def test_twenty_times_as_many_calls_as_threads_are_served_or_refused_and_the_next_is_served(
    busy: RunningShop,
) -> None:
    gate, buyers = threading.Event(), crowd_of(busy).buyers([{}] * 160)

    async def fill() -> list[Any]:
        pool = busy.app.core.pool
        work = [asyncio.create_task(pool.run_vital(Deadline(60), gate.wait)) for _ in range(8)]
        await asyncio.sleep(0)
        return work

    work = busy.run(fill())
    calls = [look(busy, buyer) for buyer in buyers]
    health = health_pb2_grpc.HealthStub(busy.channel).Check(health_pb2.HealthCheckRequest(), timeout=60)
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    # Although no thread came free all the time:
    assert {served(call) for call in calls} == {False}
    gate.set()
    busy.run(_all(work))
    assert busy.app.core.pool.busy == 0
    assert {served(look(busy, buyer)) for buyer in buyers[:10]} == {True}


async def _all(work: list[Any]) -> None:
    for each in work:
        await each
