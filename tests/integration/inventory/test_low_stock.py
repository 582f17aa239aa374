"""ListLowStock: what is about to sell out, the scarcest first, and to vendors their own."""

from __future__ import annotations

import pytest
from sanset.v1 import inventory_pb2 as pb
from sanset.v1 import product_pb2
from support.catalog_shop import add_variant
from support.module_shop import module_shop as module_shop  # every page is read: of the shared shop, hundreds
from support.running_shop import Account, RunningShop
from support.stock_places import change_location, count, new_location

pytestmark = pytest.mark.either


def _low(shop: RunningShop, who: Account, **fields: int) -> list[pb.ListLowStockResponse.Item]:
    """Every page of the list."""
    items: list[pb.ListLowStockResponse.Item] = []
    token = ""
    while True:
        request = pb.ListLowStockRequest(page_size=7, page_token=token, **fields)
        reply = shop.inventory.ListLowStock(request, metadata=who.metadata)
        items += reply.items
        token = reply.next_page_token
        if not token:
            return items


def test_what_is_low_is_listed_the_scarcest_first(shop: RunningShop) -> None:
    for stock in (1, 2, 3, 5, 6, 7, 8) * 2:
        shop.product(stock=stock)
    products = [shop.product(stock=stock) for stock in (9, 0, 10, 4)]
    made = {product.id: product for product in products}
    low = [item for item in _low(shop, shop.admin) if item.product_id in made]
    assert [item.available for item in low] == [0, 4, 9]
    assert [made[item.product_id].sku for item in low] == [item.sku for item in low]
    assert [made[item.product_id].name for item in low] == [item.name for item in low]
    wider = [item.available for item in _low(shop, shop.admin, threshold=11) if item.product_id in made]
    assert wider == [0, 4, 9, 10]


def test_units_of_all_locations_that_serve_count_together(shop: RunningShop) -> None:
    product, store = shop.product(stock=8), new_location(shop).id
    count(shop, product.id, 5, store)

    def listed() -> list[int]:
        return [item.available for item in _low(shop, shop.admin) if item.product_id == product.id]

    assert listed() == []
    change_location(shop, store, active=False)
    assert listed() == [8]


def test_pages_hold_each_variant_once_with_the_units_of_all_its_locations(shop: RunningShop) -> None:
    stores = [new_location(shop).id for _ in range(2)]
    closed = new_location(shop, active=False).id
    units: dict[int, int] = {}
    for number in range(11):  # more than a page, and of the same number of units
        product = shop.product(stock=number % 2)
        variant = add_variant(shop, product.id, size="L", stock=1)
        for location_id in (*stores, closed):
            count(shop, product.id, 1, location_id)
        units |= {product.default_variant_id: 2 + number % 2, variant.id: 1}
    low = [item for item in _low(shop, shop.admin) if item.variant_id in units]
    assert {item.variant_id: item.available for item in low} == units
    assert len(low) == len(units)
    assert [item.available for item in low] == sorted(units.values())


def test_vendors_see_their_own_and_nobody_what_was_deleted(shop: RunningShop) -> None:
    vendor = shop.vendor()
    request = product_pb2.CreateProductRequest(product=product_pb2.Product(name="Mug", stock=1))
    request.product.price.units, request.product.price.currency_code = 3, "USD"
    own = shop.catalog.CreateProduct(request, metadata=vendor.metadata)
    other = shop.product(stock=1)
    assert [item.product_id for item in _low(shop, vendor)] == [own.id]
    assert {own.id, other.id} <= {item.product_id for item in _low(shop, shop.admin)}
    gone = product_pb2.DeleteProductRequest(product_id=other.id)
    shop.catalog.DeleteProduct(gone, metadata=shop.admin.metadata)
    assert other.id not in {item.product_id for item in _low(shop, shop.admin)}
