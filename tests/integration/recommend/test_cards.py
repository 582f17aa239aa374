"""What lists show of their products: from memory, at the prices of the moment, without a query."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, product_pb2, recommend_pb2
from support.running_shop import RunningShop

pytestmark = pytest.mark.either

PATIENCE = 60.0


def _category(shop: RunningShop) -> category_pb2.Category:
    category = category_pb2.Category(name=f"Shelf {uuid.uuid4().hex}")
    request = category_pb2.CreateCategoryRequest(category=category)
    return shop.catalog.CreateCategory(request, metadata=shop.admin.metadata)


def _shown(
    shop: RunningShop, category: category_pb2.Category, expected: Callable[[recommend_pb2.ProductCard], bool]
) -> recommend_pb2.ProductCard:
    """The card of the only product of a category, once it is as expected."""
    request = recommend_pb2.GetRecommendationsRequest(category=category.slug)
    end = time.monotonic() + PATIENCE
    while True:
        items = shop.recommend.GetRecommendations(request).items
        if items and expected(items[0].card):
            return items[0].card
        assert time.monotonic() < end, items
        time.sleep(0.02)


def _change(shop: RunningShop, product_id: int, *paths: str, **fields: Any) -> None:
    product = product_pb2.Product(id=product_id, **fields)
    request = product_pb2.UpdateProductRequest(product=product, update_mask=FieldMask(paths=paths))
    shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)


@pytest.mark.both
def test_a_list_shows_what_a_carousel_needs_and_follows_its_changes(shop: RunningShop) -> None:
    category = _category(shop)
    product = shop.product(units=20, category_id=category.id)
    price = Money(currency_code="USD", units=20)
    card = _shown(shop, category, lambda card: bool(card.name))
    assert card == recommend_pb2.ProductCard(name=product.name, slug=product.slug, price=price)
    with shop.counted_queries() as statements:
        _shown(shop, category, lambda card: bool(card.name))
    assert not [text for text in statements if "products" in text]
    _change(
        shop, product.id, "name", "discount", name="Cup", discount=product_pb2.Discount(basis_points=2500)
    )
    reduced = _shown(shop, category, lambda card: card.name == "Cup")
    assert (reduced.price.units, reduced.list_price, reduced.slug) == (15, price, product.slug)
    _change(shop, product.id, "discount")
    full = _shown(shop, category, lambda card: not card.HasField("list_price"))
    assert full.price == price


def test_the_price_of_a_card_turns_by_the_clock(shop: RunningShop) -> None:
    category = _category(shop)
    discount = product_pb2.Discount(amount=Money(units=5))
    discount.end_time.FromMilliseconds(int(time.time() * 1000) + 700)
    shop.product(units=20, category_id=category.id, discount=discount)
    assert _shown(shop, category, lambda card: bool(card.name)).price.units == 15
    assert _shown(shop, category, lambda card: not card.HasField("list_price")).price.units == 20
