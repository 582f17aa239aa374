"""Workers are killed at random moments of checkouts: every buyer ends with exactly the orders it was told of.

`SANSET_FAULT_ROUNDS` says how often to kill (`make faults` sets it high).
"""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import grpc
from crowd import Crowd
from sanset.v1 import order_pb2, order_service_pb2, order_service_pb2_grpc, payment_pb2
from shopper import DECLINED, Shopper
from sqlalchemy import Engine, select
from support.running_shop import Account, test_settings
from support.watcher import Watcher
from worker_process import WorkerProcess

from server.db.engine import connect
from server.order.models import Order
from server.settings import Settings
from server.verify import verify

KILLS = int(os.environ.get("SANSET_FAULT_ROUNDS", "2"))
SHOPPERS = 6
BY_HAND = (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED, order_pb2.Order.DELIVERED)


def fragile(url: str, home: Path) -> Settings:
    """Settings with payments slow enough to be killed in, and given up soon enough to be taken over."""
    return test_settings(
        url, home, demo_payment_delay_seconds=0.03, payment_timeout_seconds=0.5, db_pool_size=4
    )


def kill_at_random(workers: list[WorkerProcess], kills: int, chance: random.Random) -> None:
    """Kill one of the workers at a random moment, so many times, and start it again each time."""
    for _ in range(kills):
        time.sleep(chance.uniform(0.0, 0.5))
        victim = chance.choice(workers)
        victim.kill()
        victim.start()
        victim.until_ready()


def orders_by_request(engine: Engine) -> dict[tuple[int, str], list[tuple[int, str]]]:
    """Id and status of the orders that each request id made."""
    found: dict[tuple[int, str], list[tuple[int, str]]] = {}
    with engine.connect() as connection:
        for row in connection.execute(select(Order.user_id, Order.request_id, Order.id, Order.status)):
            found.setdefault((row.user_id, row.request_id), []).append((row.id, row.status))
    return found


def check(engine: Engine, shoppers: list[Shopper]) -> Counter[str]:
    """Compare what the buyers were told with what the database holds; return what there was."""
    orders = orders_by_request(engine)
    told: Counter[str] = Counter()
    for shopper in shoppers:
        for request_id, answer in shopper.answers.items():
            [(order_id, status)] = orders.pop((shopper.account.user_id, request_id))
            if isinstance(answer, str):
                assert (answer, status) == (DECLINED, "CANCELLED")
            else:
                reply = order_service_pb2.CheckoutResponse.FromString(answer)
                assert (reply.order_id, "CONFIRMED") == (order_id, status)
            told[status] += 1
    assert orders == {}, "orders that nobody was told of"
    assert verify(engine) == []
    return told


def test_workers_killed_during_checkouts_lose_and_double_nothing(database_url: str, tmp_path: Path) -> None:
    settings = fragile(database_url, tmp_path)
    engine = connect(database_url)
    crowd = Crowd(engine, settings)
    products = crowd.products(8, stock=1_000_000)
    buyers = crowd.buyers([{}] * SHOPPERS)
    with ExitStack() as closing:
        closing.callback(engine.dispose)
        workers = [WorkerProcess(settings, tmp_path / str(place)) for place in range(2)]
        for worker in workers:
            closing.callback(worker.stop)
            worker.until_ready()
        enough = threading.Event()
        shoppers = [Shopper(buyer, workers, products, enough, seed) for seed, buyer in enumerate(buyers)]
        started = time.monotonic()
        for shopper in shoppers:
            shopper.start()
        kill_at_random(workers, KILLS, random.Random())
        enough.set()
        for shopper in shoppers:
            shopper.finish()
        told = check(engine, shoppers)
        assert told["CONFIRMED"] >= KILLS
        repeats = sum(shopper.repeats for shopper in shoppers)
        print(
            f"\n{engine.dialect.name}: {KILLS} kills, {told.total()} checkouts ({told['CANCELLED']} declined), "
            f"{repeats} repeats, 0 violations, {time.monotonic() - started:.0f} s"
        )


def check_out(stub: order_service_pb2_grpc.OrderServiceStub, buyer: Account) -> int:
    """Order what is in the buyer's cart."""
    request = order_service_pb2.CheckoutRequest(
        request_id=str(uuid.uuid4()), payment_method=payment_pb2.Payment.CARD
    )
    return stub.Checkout(request, metadata=buyer.metadata, timeout=30).order_id


def test_a_watcher_misses_no_step_when_the_writer_is_killed(postgres_url: str, tmp_path: Path) -> None:
    """Three server processes: one is watched, one writes until it is killed, and one carries on in its place."""
    settings = fragile(postgres_url, tmp_path)
    engine = connect(postgres_url)
    crowd = Crowd(engine, settings)
    [product_id] = crowd.products(1, stock=1000)
    buyers, admin = crowd.buyers([{product_id: 1}] * 10), crowd.admin()
    with ExitStack() as closing:
        closing.callback(engine.dispose)

        def serve(name: str) -> tuple[WorkerProcess, order_service_pb2_grpc.OrderServiceStub]:
            worker = WorkerProcess(settings, tmp_path / name).until_ready()
            return worker, order_service_pb2_grpc.OrderServiceStub(closing.enter_context(worker.channel()))

        watched, near = serve("watched")
        closing.callback(watched.stop)
        orders = [check_out(near, buyer) for buyer in buyers]
        watchers = [Watcher(near, buyer, order) for buyer, order in zip(buyers, orders, strict=True)]
        writer, stub = serve("writer")
        steps = [(order, status) for status in BY_HAND for order in orders]
        fatal = random.randrange(5, 25)
        killing = threading.Timer(random.uniform(0, 0.01), writer.kill)
        for place, (order, status) in enumerate(steps):
            if place == fatal:
                killing.start()
            step = order_service_pb2.UpdateOrderStatusRequest(order_id=order, status=status)
            try:
                stub.UpdateOrderStatus(step, metadata=admin.metadata, timeout=30)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
                killing.join()
                successor, stub = serve("successor")
                closing.callback(successor.stop)
                stub.UpdateOrderStatus(step, metadata=admin.metadata, timeout=30)
        for watcher in watchers:
            assert watcher.until_end().steps == [1, 2, 3, 4, 5]
            assert watcher.kinds() == ["event"] * 5 + ["end"]
        assert verify(engine) == []
