"""The life of a product's stock: all sell, cancel, pay back, count, move and delete at once, at random.

`make test` plays one life; `make faults` (it sets SANSET_FAULT_ROUNDS) many on each database. Afterwards the books
of the stock are as the orders say: `verify` has nothing to tell of what these lives made.
"""

from __future__ import annotations

import os
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from sanset.v1 import inventory_pb2, order_pb2, product_pb2, refund_service_pb2, variant_pb2
from sanset.v1.cart_pb2 import AddItemRequest
from support.catalog_shop import add_variant, variants_of
from support.running_shop import Account, RunningShop, refusal, test_settings
from support.stock_places import MAIN, change_location, new_location

from server.clock import utc_now
from server.imports.products.command import OWNER
from server.imports.products.judging import Terms
from server.imports.products.rows import ProductRow
from server.imports.products.whole import write_whole
from server.verify import verify

LIVES = 40 if "SANSET_FAULT_ROUNDS" in os.environ else 1
STEPS = 120
THREADS = 4
BROKEN = {"INTERNAL", "UNKNOWN"}
Step = Callable[[random.Random], object]


@pytest.fixture(scope="module")
def shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A running worker, on each database in turn, that soon gives a gateway up."""
    running = RunningShop(
        test_settings(
            module_database_url,
            tmp_path_factory.mktemp("shop"),
            payment_timeout_seconds=0.3,
            max_unpaid_orders=1000,
        )
    )
    yield running
    running.stop()


class StockLife:
    """Two products with variants at two locations, and a few buyers."""

    def __init__(self, shop: RunningShop) -> None:
        self.shop = shop
        self.store = new_location(shop, priority=3).id
        self.products = [shop.product(stock=30, sku=uuid.uuid4().hex) for _ in range(2)]
        for product in self.products:
            for number in range(3):
                add_variant(shop, product.id, stock=20, size=f"Size {number}")
        self.buyers = [shop.customer() for _ in range(THREADS)]
        self.orders: list[int] = []
        self.outcomes: Counter[str] = Counter()

    def play(self, seed: int) -> None:
        """Take the steps of one thread; any may be refused, none may break."""
        chance, buyer = random.Random(seed), self.buyers[seed % THREADS]
        steps: dict[Step, int] = {
            lambda chance: self.buy(chance, buyer): 30,
            self.cancel: 10,
            self.refund: 10,
            self.transfer: 10,
            self.count: 6,
            self.import_stock: 4,
            self.replace_default: 5,
            self.delete_and_bring_back: 3,
            self.open_and_close: 3,
            self.sweep: 3,
        }
        for _ in range(STEPS // THREADS):
            (step,) = chance.choices(list(steps), list(steps.values()))
            try:
                step(chance)
                self.outcomes["OK"] += 1
            except grpc.RpcError as error:
                self.outcomes[refusal(error).reason] += 1

    def variant(self, chance: random.Random) -> tuple[int, int]:
        """A product and one of its variants."""
        product = chance.choice(self.products)
        return product.id, chance.choice(variants_of(self.shop, product.id)).id

    def buy(self, chance: random.Random, buyer: Account) -> None:
        for _ in range(chance.randint(1, 3)):
            product_id, variant_id = self.variant(chance)
            request = AddItemRequest(
                product_id=product_id, variant_id=variant_id, quantity=chance.randint(1, 3)
            )
            self.shop.cart.AddItem(request, metadata=buyer.metadata)
        token = chance.choice(["", "", "", "tok_decline", "tok_timeout"])
        self.orders.append(self.shop.checkout(buyer, payment_token=token, timeout=60).order.id)

    def cancel(self, chance: random.Random) -> None:
        if self.orders:
            request = refund_service_pb2.CancelOrderRequest(order_id=chance.choice(self.orders))
            self.shop.refunds.CancelOrder(request, metadata=self.shop.admin.metadata)

    def refund(self, chance: random.Random) -> None:
        if not self.orders:
            return
        order_id, items = chance.choice(self.orders), []
        if chance.random() < 0.7:
            (line, *_) = self.shop.sql(
                "SELECT variant_id FROM order_lines WHERE order_id = :id ORDER BY position", id=order_id
            )
            items = [order_pb2.LineQuantity(variant_id=line.variant_id, quantity=1)]
        request = refund_service_pb2.RefundOrderRequest(
            order_id=order_id, items=items, restock=chance.random() < 0.7, request_id=str(uuid.uuid4())
        )
        self.shop.refunds.RefundOrder(request, metadata=self.shop.admin.metadata)

    def transfer(self, chance: random.Random) -> None:
        product_id, variant_id = self.variant(chance)
        origin, target = chance.sample([MAIN, self.store], 2)
        request = inventory_pb2.TransferStockRequest(
            product_id=product_id,
            variant_id=variant_id,
            from_location_id=origin,
            to_location_id=target,
            quantity=chance.randint(1, 8),
        )
        self.shop.inventory.TransferStock(request, metadata=self.shop.admin.metadata)

    def count(self, chance: random.Random) -> None:
        product_id, variant_id = self.variant(chance)
        request = inventory_pb2.SetInventoryRequest(
            product_id=product_id,
            variant_id=variant_id,
            location_id=chance.choice([0, self.store]),
            quantity=chance.randint(0, 30),
        )
        self.shop.inventory.SetInventory(request, metadata=self.shop.admin.metadata)

    def import_stock(self, chance: random.Random) -> None:
        rows = [
            ProductRow(line=line, sku=product.sku, variant_sku="", values={}, stock=chance.randint(0, 30))
            for line, product in enumerate(self.products, 2)
        ]
        terms = Terms(caller=OWNER, currency="USD")
        write_whole(self.shop.app.db, rows, terms, utc_now(), hold=lambda _: True, record=lambda *_: None)

    def replace_default(self, chance: random.Random) -> None:
        product = chance.choice(self.products)
        variants = variants_of(self.shop, product.id)
        gone = next(one for one in variants if one.is_default)
        add_variant(self.shop, product.id, stock=chance.randint(0, 9), size=uuid.uuid4().hex[:8])
        request = variant_pb2.DeleteVariantRequest(product_id=product.id, variant_id=gone.id)
        self.shop.catalog.DeleteVariant(request, metadata=self.shop.admin.metadata)

    def delete_and_bring_back(self, chance: random.Random) -> None:
        product_id, admin = chance.choice(self.products).id, self.shop.admin.metadata
        self.shop.catalog.DeleteProduct(
            product_pb2.DeleteProductRequest(product_id=product_id), metadata=admin
        )
        self.shop.catalog.UndeleteProduct(
            product_pb2.UndeleteProductRequest(product_id=product_id), metadata=admin
        )

    def open_and_close(self, chance: random.Random) -> None:
        for active in (False, True):
            change_location(self.shop, self.store, active=active)

    def sweep(self, _: random.Random) -> None:
        self.shop.run(self.shop.app.rooms.order.sweeper.sweep())


@pytest.mark.parametrize("life", range(LIVES))
def test_the_books_of_the_stock_are_those_of_the_orders_whatever_happens_at_once(
    shop: RunningShop, life: int
) -> None:
    seed = random.randrange(2**32) if LIVES > 1 else life
    before, story = verify(shop.app.db.engine), StockLife(shop)
    with ThreadPoolExecutor(THREADS) as clients:
        for played in [clients.submit(story.play, seed * THREADS + number) for number in range(THREADS)]:
            played.result(300)
    shop.run(shop.app.rooms.order.sweeper.sweep())
    assert not BROKEN & story.outcomes.keys(), (seed, story.outcomes)
    assert story.outcomes["OK"] > STEPS / 4, (seed, story.outcomes)
    assert verify(shop.app.db.engine) == before, (seed, story.outcomes)
