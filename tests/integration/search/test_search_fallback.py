"""Where a search finds nothing it says what may do instead, and keeps that apart from what was found."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sanset.v1 import category_pb2
from sanset.v1 import search_pb2 as pb
from support.running_shop import RunningShop

pytestmark = pytest.mark.either

SECONDS = 60


def _word() -> str:
    """A word of letters that no other test has."""
    return "w" + uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:14]


def _search(shop: RunningShop, q: str, **fields: Any) -> pb.SearchProductsResponse:
    return shop.search.SearchProducts(pb.SearchProductsRequest(q=q, **fields))


def _instead(reply: pb.SearchProductsResponse) -> list[int]:
    assert not reply.items
    assert reply.total_size == 0
    return [hit.product.id for hit in reply.fallback_items]


def _until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < give_up, "it does not come"
        time.sleep(0.02)


def test_what_sells_stands_in_for_what_was_not_found(shop: RunningShop) -> None:
    shop.product()
    _until(lambda: len(_instead(_search(shop, _word(), page_size=1))) == 1)
    products = [hit.product for hit in _search(shop, _word()).fallback_items]
    assert products
    assert all(product.stock > 0 for product in products)


def test_it_passes_the_filters_and_can_be_bought(shop: RunningShop) -> None:
    brand = _word()
    there, sold_out = shop.product(brand=brand), shop.product(brand=brand, stock=0)
    _until(lambda: _instead(_search(shop, _word(), brands=[brand])) == [there.id])
    _until(lambda: _instead(_search(shop, _word(), brands=[brand], in_stock=False)) == [sold_out.id])
    assert _instead(_search(shop, _word(), brands=[_word()])) == []


def test_the_nearest_category_comes_first_and_is_named(shop: RunningShop) -> None:
    """The word stands in no text of the products that are shown: their category alone has it."""
    word = _word()
    category = shop.catalog.CreateCategory(
        category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=word)),
        metadata=shop.admin.metadata,
    )
    product = shop.product(category_id=category.id)
    _until(lambda: [hit.product.id for hit in _search(shop, word).items] == [product.id])
    mistyped = word[:4] + "xxx" + word[4:] + "xx"
    reply = _search(shop, mistyped)
    assert _instead(reply) == [product.id]
    assert reply.fallback_kind == pb.SearchProductsResponse.CATEGORY
    assert reply.fallback_category_id == category.id
    other = _search(shop, mistyped, category=category.slug, in_stock=False)
    assert _instead(other) == []
    assert not other.fallback_kind
    assert _search(shop, str(uuid.uuid4().int)).fallback_kind == pb.SearchProductsResponse.POPULAR


def test_what_was_found_needs_none(shop: RunningShop) -> None:
    word = _word()
    product = shop.product(name=word)
    _until(lambda: bool(_search(shop, word).items))
    reply = _search(shop, word)
    assert [hit.product.id for hit in reply.items] == [product.id]
    assert not reply.fallback_items
