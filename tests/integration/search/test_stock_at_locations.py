"""Products of a location: what can be ordered from there now, in searches, lists and lists with a text."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from sanset.v1 import product_pb2
from sanset.v1 import search_pb2 as pb
from support.catalog_shop import add_variant
from support.page_by_page import page_by_page
from support.running_shop import RunningShop, refused
from support.stock_places import change_location, count, new_location

from server.catalog import list_pages
from server.catalog.listing_queries import LocationGoods
from server.search.upkeep import location_stock

pytestmark = pytest.mark.either

Sort = product_pb2.ListProductsRequest.Sort
NOWHERE = 1_000_000_007


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


def test_a_location_that_there_is_not_is_said_to_be_none(shop: RunningShop) -> None:
    for _ in range(2):
        for method, request in (
            (shop.search.SearchProducts, pb.SearchProductsRequest(location_id=NOWHERE)),
            (shop.catalog.ListProducts, product_pb2.ListProductsRequest(location_id=NOWHERE)),
            (shop.catalog.ListProducts, product_pb2.ListProductsRequest(location_id=NOWHERE, q="mug")),
        ):
            said = refused(method, request)
            assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "LOCATION_NOT_FOUND")


def test_pages_of_a_location_hold_each_of_its_goods_once(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether they are read from its side, as where it has few, or along the list."""
    tag, place = uuid.uuid4().hex, new_location(shop)
    there = [shop.product(tags=[tag], units=10 + n % 3) for n in range(7)]
    for product in there:
        count(shop, product.id, 1, place.id)
    count(shop, there[0].id, 2, place.id, variant_id=add_variant(shop, there[0].id, size="L").id)
    shop.product(tags=[tag])

    def pages(sort: Sort, **fields: Any) -> list[int]:
        def read(token: str) -> product_pb2.ListProductsResponse:
            request = product_pb2.ListProductsRequest(
                location_id=place.id, sort=sort, page_size=3, page_token=token, **fields
            )
            reply = shop.catalog.ListProducts(request)
            assert token or reply.total_size == (5 if "min_price" in fields else 7)
            return reply

        return [product.id for page in page_by_page(read) for product in page.items]

    def lists() -> list[list[int]]:
        filters: list[dict[str, Any]] = [{}, {"tags": [tag]}, {"min_price": "10", "max_price": "11.50"}]
        sorts = [each for each in Sort.values() if each != product_pb2.ListProductsRequest.UPDATED]
        return [pages(sort, **fields) for sort in sorts for fields in filters]

    few = lists()
    assert {len(ids) for ids in few} == {5, 7}
    assert {product_id for ids in few for product_id in ids} == {product.id for product in there}
    monkeypatch.setattr(list_pages, "goods_at", lambda *_: LocationGoods(serves=True, few=False))
    assert lists() == few


def test_after_many_changes_all_of_a_location_is_read_again(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(location_stock, "MAX_MOVED", 0)
    place = Place(shop)
    for number, product_id in enumerate(place.products, 1):
        count(shop, product_id, 1, place.id)
        _until(lambda number=number: place.has(*place.products[:number]))  # type: ignore[misc]
