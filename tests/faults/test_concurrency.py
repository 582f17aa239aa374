"""Many calls at the same moment: nothing is oversold, nothing happens twice, and no deadlock reaches a client.

Every call of a storm must be answered within the deadline that a call without one gets: one that is not counts as
DEADLINE_EXCEEDED, which no storm expects.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest
from crowd import Crowd, outcomes
from sanset.v1 import cart_pb2, inventory_pb2, payment_pb2
from sanset.v1 import order_service_pb2 as pb
from sqlalchemy import Engine, event, func, select, text
from support.running_shop import Account, RunningShop, refusal, test_settings
from support.variant_storm import VariantStorm

from server.order.models import Order
from server.settings import Settings
from server.verify import verify

SECONDS = float(Settings.model_fields["default_deadline_seconds"].default)


class Storm:
    """Two workers on one database, and the deadlocks that the database had to break."""

    def __init__(self, url: str, home: Path, closing: ExitStack) -> None:
        self.shops = [self._open(url, home / name, closing) for name in ("first", "second")]
        self.crowd = Crowd(self.engine, self.shops[0].settings)
        self.deadlocks: list[BaseException] = []
        for shop in self.shops:
            event.listen(shop.app.db.engine, "handle_error", self._note)

    def _open(self, url: str, home: Path, closing: ExitStack) -> RunningShop:
        settings = test_settings(
            url, home, payment_timeout_seconds=SECONDS
        )  # a storm is about stock and locks
        shop = RunningShop(settings)
        closing.callback(shop.stop)
        return shop

    def _note(self, context: Any) -> None:
        if isinstance(context.original_exception, psycopg.errors.DeadlockDetected):
            self.deadlocks.append(context.original_exception)

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.shops[0].app.db.engine

    def checkouts(self, buyers: list[Account], **fields: Any) -> list[Any]:
        """Start a checkout for each buyer at once, on both workers in turn."""
        calls = []
        for place, buyer in enumerate(buyers):
            values: dict[str, Any] = {
                "payment_method": payment_pb2.Payment.CARD,
                "request_id": str(uuid.uuid4()),
            } | fields
            stub = self.shops[place % 2].orders
            request = pb.CheckoutRequest(**values)
            calls.append(stub.Checkout.future(request, metadata=buyer.metadata, timeout=SECONDS))
        return calls

    def available(self, product_id: int) -> int:
        """The units of a product that can be ordered."""
        request = inventory_pb2.GetInventoryRequest(product_id=product_id)
        return self.shops[0].inventory.GetInventory(request).total_available

    def begin(self) -> None:
        """Count from here."""
        self.deadlocks.clear()
        self._earlier = self._orders()

    @property
    def placed(self) -> int:
        """How many orders were placed in this storm."""
        return self._orders() - self._earlier

    def _orders(self) -> int:
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(Order)).scalar_one()


@pytest.fixture(scope="module")
def workers(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    """Two workers on a database, for all storms of this module."""
    with ExitStack() as closing:
        yield Storm(module_database_url, tmp_path_factory.mktemp("storm"), closing)


@pytest.fixture
def storm(workers: Storm) -> Iterator[Storm]:
    """The workers; afterwards every invariant must hold, and the database must have broken no deadlock."""
    workers.begin()
    yield workers
    assert verify(workers.engine) == []
    assert workers.deadlocks == []


def test_two_hundred_buyers_of_ten_units_buy_ten(storm: Storm) -> None:
    [product_id] = storm.crowd.products(1, stock=10)
    buyers = storm.crowd.buyers([{product_id: 1}] * 200)
    assert outcomes(storm.checkouts(buyers)) == {"OK": 10, "OUT_OF_STOCK": 190}
    assert (storm.available(product_id), storm.placed) == (0, 10)


def test_carts_of_three_lines_in_any_order_sell_what_there_is(storm: Storm) -> None:
    scarce, *plenty = storm.crowd.products(5, stock=500)
    scarce = storm.crowd.products(1, stock=10)[0]
    carts = []
    for seed in range(200):
        lines = [scarce, *random.Random(seed).sample(plenty, 2)]
        random.Random(seed).shuffle(lines)
        carts.append(dict.fromkeys(lines, 1))
    buyers = storm.crowd.buyers(carts)
    assert outcomes(storm.checkouts(buyers)) == {"OK": 10, "OUT_OF_STOCK": 190}
    assert storm.available(scarce) == 0
    assert sum(500 - storm.available(product_id) for product_id in plenty) == 20


def test_two_hundred_buyers_of_three_variants_at_two_locations_get_what_there_is(storm: Storm) -> None:
    variants = VariantStorm.of(storm.shops, variants=3, units=10)
    carts = variants.carts(200)
    variants.rage(carts, threads=48, counts=20)
    variants.check()
    assert variants.outcomes["MOVED"] > 0
    for variant_id, left in variants.left().items():
        assert left <= variants.added[variant_id], "who wanted one found none, so the rest came later"


def test_declined_payments_among_the_rest_give_their_units_back(storm: Storm) -> None:
    first, second = storm.crowd.products(2, stock=20)
    carts = [{first: 1, second: 1}, {second: 1, first: 1}] * 15
    buyers = storm.crowd.buyers(carts)
    declined = storm.checkouts(buyers[:15], payment_token="tok_decline")
    paid = storm.checkouts(buyers[15:])
    refused = outcomes(declined)
    assert set(refused) <= {"PAYMENT_DECLINED", "OUT_OF_STOCK"}
    sold = outcomes(paid)["OK"]
    assert (storm.available(first), storm.available(second)) == (20 - sold, 20 - sold)


def test_fifty_checkouts_with_one_request_id_make_one_order(storm: Storm) -> None:
    [product_id] = storm.crowd.products(1, stock=500)
    [buyer] = storm.crowd.buyers([{product_id: 2}])
    request_id = str(uuid.uuid4())
    calls = storm.checkouts([buyer] * 50, request_id=request_id)
    replies = {call.result(timeout=SECONDS).SerializeToString(deterministic=True) for call in calls}
    assert len(replies) == 1
    assert (storm.placed, storm.available(product_id)) == (1, 498)
    assert outcomes(storm.checkouts([buyer] * 10, request_id=request_id)) == {"OK": 10}
    other = storm.checkouts([buyer] * 10, request_id=request_id, payment_token="another")
    assert outcomes(other) == {"IDEMPOTENCY_MISMATCH": 10}
    with pytest.raises(grpc.RpcError) as caught:
        other[0].result()
    assert refusal(caught.value).code == grpc.StatusCode.ABORTED
    assert storm.placed == 1


def test_one_cart_and_many_request_ids_make_one_order(storm: Storm) -> None:
    [product_id] = storm.crowd.products(1, stock=500)
    [buyer] = storm.crowd.buyers([{product_id: 3}])
    assert outcomes(storm.checkouts([buyer] * 20)) == {"OK": 1, "CART_EMPTY": 19}
    assert (storm.placed, storm.available(product_id)) == (1, 497)


def test_changes_of_one_cart_at_once_all_count(storm: Storm) -> None:
    product_ids = storm.crowd.products(3, stock=500)
    [buyer] = storm.crowd.buyers([{}])
    calls = [
        storm.shops[place % 2].cart.AddItem.future(
            cart_pb2.AddItemRequest(product_id=product_ids[place % 3], quantity=2),
            metadata=buyer.metadata,
            timeout=SECONDS,
        )
        for place in range(30)
    ]
    assert outcomes(calls) == {"OK": 30}
    cart = storm.shops[0].cart.GetCart(cart_pb2.GetCartRequest(), metadata=buyer.metadata)
    assert {item.product_id: item.quantity for item in cart.items} == dict.fromkeys(product_ids, 20)


def test_of_two_changes_that_read_the_same_cart_one_wins(storm: Storm) -> None:
    [product_id] = storm.crowd.products(1, stock=500)
    [buyer] = storm.crowd.buyers([{product_id: 1}])
    cart = storm.shops[0].cart.GetCart(cart_pb2.GetCartRequest(), metadata=buyer.metadata)
    calls = [
        storm.shops[place % 2].cart.UpdateItem.future(
            cart_pb2.UpdateItemRequest(item_id=cart.items[0].id, quantity=quantity, etag=cart.etag),
            metadata=buyer.metadata,
            timeout=SECONDS,
        )
        for place, quantity in enumerate(range(2, 12))
    ]
    assert outcomes(calls) == {"OK": 1, "STALE_ETAG": 9}


def test_units_added_while_the_cart_is_ordered_are_in_the_order_or_in_the_cart(storm: Storm) -> None:
    [product_id] = storm.crowd.products(1, stock=5000)
    buyers = storm.crowd.buyers([{product_id: 1}] * 10)
    adding = [
        storm.shops[place % 2].cart.AddItem.future(
            cart_pb2.AddItemRequest(product_id=product_id), metadata=buyer.metadata, timeout=SECONDS
        )
        for place, buyer in enumerate(buyers * 5)
    ]
    ordering = storm.checkouts(buyers)
    assert outcomes(adding) == {"OK": 50}
    assert outcomes(ordering) == {"OK": 10}
    in_carts = sum(
        storm.shops[0].cart.GetCart(cart_pb2.GetCartRequest(), metadata=buyer.metadata).item_count
        for buyer in buyers
    )
    assert in_carts + (5000 - storm.available(product_id)) == 60


@pytest.fixture
def postgres_shop_of_its_own(postgres_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """A worker on PostgreSQL whose payments take a moment."""
    shop = RunningShop(test_settings(postgres_url, tmp_path, demo_payment_delay_seconds=0.3))
    yield shop
    shop.stop()


def test_a_release_locks_the_cart_before_the_stock_as_a_checkout_does(
    postgres_shop_of_its_own: RunningShop,
) -> None:
    """Locked the other way round, a checkout and a declined one of the same buyer would wait in a circle."""
    shop = postgres_shop_of_its_own
    buyer, product = shop.customer(), shop.product()
    shop.add(buyer, product.id)
    answers: list[str] = []

    def decline() -> None:
        try:
            shop.checkout(buyer, payment_token="tok_decline")
        except grpc.RpcError as error:
            answers.append(refusal(error).reason)

    declining = threading.Thread(target=decline)
    declining.start()
    engine = shop.app.db.engine
    _wait(lambda: len(shop.orders.ListOrders(pb.ListOrdersRequest(), metadata=buyer.metadata).items) == 1)
    with engine.begin() as checkout:
        checkout.execute(
            text("UPDATE carts SET version = version WHERE user_id = :user"), {"user": buyer.user_id}
        )
        _wait(lambda: _someone_waits_for_a_lock(engine))
        checkout.execute(text("SET LOCAL lock_timeout = '10s'"))
        checkout.execute(
            text("SELECT * FROM inventory_levels WHERE product_id = :product FOR UPDATE"),
            {"product": product.id},
        )
    declining.join(SECONDS)
    assert answers == ["PAYMENT_DECLINED"]


def _someone_waits_for_a_lock(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
