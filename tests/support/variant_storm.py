"""Many buyers of the variants of a product at two locations, while staff moves and counts its stock."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from sanset.v1 import inventory_pb2 as pb
from sanset.v1.cart_pb2 import AddItemRequest
from support.catalog_shop import add_variant
from support.running_shop import Account, RunningShop, refusal
from support.stock_places import MAIN, count, new_location

EXPECTED = {"OUT_OF_STOCK", "NEGATIVE_STOCK", "STOCK_CHANGED"}


@dataclass
class VariantStorm:
    """A product with variants at two locations, and what becomes of their units."""

    shops: Sequence[RunningShop]
    product_id: int
    store: int
    variants: list[int]
    units: int
    """Of each variant at each location, at first."""
    added: Counter[int] = field(default_factory=Counter)
    """Units by variant that counts found more than there were."""
    sold: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, shops: Sequence[RunningShop], *, variants: int, units: int) -> VariantStorm:
        """A new product with so many variants, and so many units of each at each location."""
        shop = shops[0]
        product, store = shop.product(stock=units), new_location(shop, priority=3).id
        others = [
            add_variant(shop, product.id, stock=0, size=f"Size {number}").id for number in range(1, variants)
        ]
        ids = [product.default_variant_id, *others]
        for variant_id in ids:
            count(shop, product.id, units, variant_id=variant_id)
            count(shop, product.id, units, store, variant_id=variant_id)
        return cls(shops, product.id, store, ids, units)

    def carts(self, buyers: int, threads: int = 8) -> list[tuple[Account, list[int]]]:
        """New buyers, each with a unit of a variant in the cart, or of two, in any order."""

        accounts = [self.shops[number % len(self.shops)].customer() for number in range(buyers)]

        def fill(number: int) -> tuple[Account, list[int]]:
            buyer = accounts[number]
            lines = random.Random(number).sample(self.variants, 1 + number % 2)
            for variant_id in lines:
                request = AddItemRequest(product_id=self.product_id, variant_id=variant_id, quantity=1)
                self.shops[0].cart.AddItem(request, metadata=buyer.metadata)
            return buyer, lines

        with ThreadPoolExecutor(threads) as clients:
            return list(clients.map(fill, range(buyers)))

    def rage(self, carts: Sequence[tuple[Account, list[int]]], *, threads: int, counts: int) -> None:
        """Check all carts out at once; until that is over, move stock to and fro and count it `counts` times."""
        over = threading.Event()
        with ThreadPoolExecutor(threads) as clients, ThreadPoolExecutor(2) as staff:
            busy = [staff.submit(self._transfer_until, over), staff.submit(self._count, counts)]
            numbered = list(enumerate(carts))
            for lines in clients.map(self._buy, numbered):
                self.sold.update(lines)
            over.set()
            for each in busy:
                each.result(timeout=120)

    def left(self) -> Counter[int]:
        """The units that are available, by variant."""
        left: Counter[int] = Counter()
        shown = self.shops[0].inventory.GetInventory(pb.GetInventoryRequest(product_id=self.product_id))
        for level in shown.levels:
            left[level.variant_id] += level.available
        return left

    def check(self) -> None:
        """Every unit was sold once or is there, and units are left only where they came late."""
        left = self.left()
        for variant_id in self.variants:
            supply = 2 * self.units + self.added[variant_id]
            assert self.sold[variant_id] + left[variant_id] == supply, (variant_id, self.outcomes)
        assert self.outcomes.keys() <= EXPECTED | {"OK", "MOVED", "COUNTED"}, self.outcomes

    def _buy(self, numbered: tuple[int, tuple[Account, list[int]]]) -> list[int]:
        number, (buyer, lines) = numbered
        try:
            self.shops[number % len(self.shops)].checkout(buyer, timeout=60)
        except grpc.RpcError as error:
            self.outcomes[refusal(error).reason] += 1
            return []
        self.outcomes["OK"] += 1
        return lines

    def _transfer_until(self, over: threading.Event) -> None:
        chance, shop = random.Random(7), self.shops[-1]
        while not over.is_set():
            origin, target = chance.sample([MAIN, self.store], 2)
            request = pb.TransferStockRequest(
                product_id=self.product_id,
                variant_id=chance.choice(self.variants),
                from_location_id=origin,
                to_location_id=target,
                quantity=chance.randint(1, 3),
                request_id=str(uuid.uuid4()),
            )
            try:
                shop.inventory.TransferStock(request, metadata=shop.admin.metadata, timeout=60)
                self.outcomes["MOVED"] += 1
            except grpc.RpcError as error:
                self.outcomes[refusal(error).reason] += 1

    def _count(self, counts: int) -> None:
        """Count levels, and find a unit more than there was; a count that is out of date is given up."""
        chance, shop = random.Random(8), self.shops[0]
        for _ in range(counts):
            variant_id, location_id = chance.choice(self.variants), chance.choice([MAIN, self.store])
            shown = shop.inventory.GetInventory(pb.GetInventoryRequest(product_id=self.product_id))
            [available] = [
                level.available
                for level in shown.levels
                if (level.variant_id, level.location_id) == (variant_id, location_id)
            ]
            try:
                count(
                    shop,
                    self.product_id,
                    available + 1,
                    location_id,
                    variant_id=variant_id,
                    expected_quantity=available,
                )
            except grpc.RpcError as error:
                self.outcomes[refusal(error).reason] += 1
            else:
                self.outcomes["COUNTED"] += 1
                self.added[variant_id] += 1
