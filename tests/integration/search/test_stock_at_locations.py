"""Products of a location: what can be ordered from there now, in searches, lists and lists with a text."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import pytest
from sanset.v1 import product_pb2
from sanset.v1 import search_pb2 as pb
from support.running_shop import RunningShop
from support.stock_places import change_location, count, new_location

from server.search.upkeep import location_stock


def _until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up, "it does not come"
        time.sleep(0.02)


class Place:
    """A location, and two products that no other test has."""

    def __init__(self, shop: RunningShop) -> None:
        self.shop = shop
        self.word = "q" + uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:14]
        self.id = new_location(shop).id
        names = ("Mug", "Cup")
        self.products = [shop.product(name=f"{name} {self.word}", brand=self.word).id for name in names]
        _until(lambda: len(self.searched(0)) == 2)

    def searched(self, location_id: int, **fields: bool) -> list[int]:
        """The products that a search finds."""
        request = pb.SearchProductsRequest(q=self.word, location_id=location_id, **fields)
        reply = self.shop.search.SearchProducts(request)
        assert sum(each.count for each in reply.facets.brands) == reply.total_size
        return sorted(hit.product.id for hit in reply.items)

    def listed(self, location_id: int, q: str = "") -> list[int]:
        """The products on a list."""
        brand = "" if q else self.word
        request = product_pb2.ListProductsRequest(q=q, brand=brand, location_id=location_id)
        reply = self.shop.catalog.ListProducts(request)
        assert q or reply.total_size == len(reply.items)
        return sorted(product.id for product in reply.items)

    def has(self, *product_ids: int) -> bool:
        """Whether all of these, and no other, can be ordered from there, whoever is asked."""
        assert self.listed(self.id) == list(product_ids)
        return self.searched(self.id) == self.listed(self.id, self.word) == list(product_ids)


def test_only_what_a_location_has_is_found(shop: RunningShop) -> None:
    place = Place(shop)
    mug, cup = place.products
    assert place.has()
    count(shop, mug, 2, place.id)
    _until(lambda: place.has(mug))
    count(shop, cup, 1, place.id)
    _until(lambda: place.has(mug, cup))
    count(shop, mug, 0, place.id)
    _until(lambda: place.has(cup))
    assert len(place.searched(0)) == 2
    change_location(shop, place.id, active=False)
    _until(lambda: place.has())
    change_location(shop, place.id, active=True)
    _until(lambda: place.has(cup))
    shop.catalog.DeleteProduct(product_pb2.DeleteProductRequest(product_id=cup), metadata=shop.admin.metadata)
    _until(lambda: place.has())
    assert place.searched(1_000_000_007) == place.listed(1_000_000_007) == []


def test_after_many_changes_all_of_a_location_is_read_again(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(location_stock, "MAX_MOVED", 0)
    place = Place(shop)
    for number, product_id in enumerate(place.products, 1):
        count(shop, product_id, 1, place.id)
        _until(lambda number=number: place.has(*place.products[:number]))  # type: ignore[misc]
