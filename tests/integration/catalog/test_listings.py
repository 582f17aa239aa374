"""The lists of products: their rows say what products and stock say."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, inventory_pb2, product_pb2, refund_service_pb2
from sqlalchemy import select
from support.running_shop import RunningShop

from server.catalog import listings
from server.catalog.listing_queries import ProductFilter, count_products, product_page
from server.catalog.models import Listing
from server.clock import utc_now
from server.inventory import levels
from server.inventory import service as inventory

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CENTS = 10_000_000
Sort = product_pb2.ListProductsRequest
SORTS = ["NEWEST", "PRICE_ASC", "PRICE_DESC", "NAME", "POPULARITY", "RATING"]
LIMIT = 21


# ── What a product costs now


def _discounted(shop: RunningShop, tag: str, percent: int, units: int, **window: Any) -> product_pb2.Product:
    product = product_pb2.Product(name=f"Mug {uuid.uuid4().hex}", price=Money(units=units), tags=[tag])
    product.discount.basis_points = percent * 100
    for name, moment in window.items():
        getattr(product.discount, name).FromDatetime(moment)
    request = product_pb2.CreateProductRequest(product=product)
    return shop.catalog.CreateProduct(request, metadata=shop.admin.metadata)


def _listed(shop: RunningShop, tag: str, **arguments: Any) -> list[int]:
    reply = shop.catalog.ListProducts(product_pb2.ListProductsRequest(tags=[tag], **arguments))
    return [product.id for product in reply.items]


def test_what_costs_less_now_comes_first_and_lies_in_the_range(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    ten = shop.product(tags=[tag], units=10).id
    nine = _discounted(shop, tag, 90, 90).id
    assert _listed(shop, tag, sort=Sort.PRICE_ASC) == [nine, ten]
    assert _listed(shop, tag, sort=Sort.PRICE_DESC) == [ten, nine]
    assert _listed(shop, tag, max_price="9.00") == [nine]
    assert _listed(shop, tag, min_price="9.01") == [ten]
    assert _listed(shop, tag, min_price="20") == []
    change = product_pb2.UpdateProductRequest(
        product=product_pb2.Product(id=nine), update_mask={"paths": ["discount"]}
    )
    shop.catalog.UpdateProduct(change, metadata=shop.admin.metadata)
    assert _listed(shop, tag, sort=Sort.PRICE_ASC) == [ten, nine]
    assert _listed(shop, tag, min_price="20") == [nine]


def test_a_discount_counts_from_when_it_begins_until_it_ends_without_a_write(shop: RunningShop) -> None:
    tag, now = uuid.uuid4().hex, utc_now()
    ten = shop.product(tags=[tag], units=10).id
    sale = _discounted(shop, tag, 90, 90, start_time=now + DAY, end_time=now + 2 * DAY).id
    wanted = ProductFilter(tags=(tag,))
    with shop.app.db.read() as connection:
        for moment, order in (
            (now, [ten, sale]),
            (now + DAY, [sale, ten]),
            (now + 2 * DAY - timedelta(microseconds=1), [sale, ten]),
            (now + 2 * DAY, [ten, sale]),
        ):
            page = product_page(connection, wanted, "PRICE_ASC", None, LIMIT, moment)
            assert [row.product_id for row in page] == order, moment
            for sort in SORTS:
                once = product_page(connection, wanted, sort, None, LIMIT, moment)
                assert sorted(row.product_id for row in once) == [ten, sale]
            assert count_products(connection, wanted, moment) == 2
            cheap = ProductFilter(tags=(tag,), max_price_minor=950)
            found = [] if order[0] == ten else [sale]
            assert [
                row.product_id for row in product_page(connection, cheap, "NAME", None, 9, moment)
            ] == found


@pytest.mark.parametrize(("begins", "ends", "place"), [(-2, -1, 1), (-1, 1, 0), (1, 2, 1)])
def test_a_window_that_is_over_or_to_come_changes_nothing_now(
    shop: RunningShop, begins: int, ends: int, place: int
) -> None:
    tag, now = uuid.uuid4().hex, utc_now()
    shop.product(tags=[tag], units=10)
    sale = _discounted(shop, tag, 90, 90, start_time=now + begins * DAY, end_time=now + ends * DAY).id
    assert _listed(shop, tag, sort=Sort.PRICE_ASC)[place] == sale


@pytest.mark.parametrize(
    ("low", "high", "there"),
    [
        ("", "9.995", False),
        ("10.004", "", False),
        ("9.995", "", True),
        ("", "10.004", True),
        ("9.999", "10.001", True),
        ("10.001", "10.009", False),
        ("10", "10", True),
        ("10.000", "10.000", True),
    ],
)
def test_a_bound_finer_than_the_currency_admits_what_lies_inside(
    shop: RunningShop, low: str, high: str, there: bool
) -> None:
    tag = uuid.uuid4().hex
    ten = shop.product(tags=[tag], units=10).id
    assert _listed(shop, tag, min_price=low, max_price=high) == ([ten] if there else [])


# ── Stock, sales and shelves


def _stock(shop: RunningShop, tag: str) -> tuple[list[int], list[int]]:
    return _listed(shop, tag, in_stock=True), _listed(shop, tag, in_stock=False)


def test_the_last_unit_that_is_sold_or_comes_back_moves_a_product_between_the_lists(
    shop: RunningShop,
) -> None:
    tag, buyer = uuid.uuid4().hex, shop.customer()
    product = shop.product(tags=[tag], stock=2).id
    shop.add(buyer, product, 1)
    order = shop.checkout(buyer).order
    assert _stock(shop, tag) == ([product], [])
    shop.add(buyer, product, 1)
    shop.checkout(buyer)
    assert _stock(shop, tag) == ([], [product])
    request = refund_service_pb2.CancelOrderRequest(order_id=order.id)
    shop.refunds.CancelOrder(request, metadata=buyer.metadata)
    assert _stock(shop, tag) == ([product], [])


def test_a_count_and_a_correction_move_a_product_between_the_lists(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    product = shop.product(tags=[tag], stock=0).id
    assert _stock(shop, tag) == ([], [product])
    adjust = inventory_pb2.AdjustInventoryRequest(product_id=product, delta=1)
    shop.inventory.AdjustInventory(adjust, metadata=shop.admin.metadata)
    assert _stock(shop, tag) == ([product], [])
    adjust.delta = -1
    shop.inventory.AdjustInventory(adjust, metadata=shop.admin.metadata)
    assert _stock(shop, tag) == ([], [product])


def test_what_sold_best_comes_first_once_it_was_counted(shop: RunningShop) -> None:
    tag, buyer = uuid.uuid4().hex, shop.customer()
    one, two = (shop.product(tags=[tag]).id for _ in range(2))
    shop.add(buyer, one, 3)
    shop.checkout(buyer)
    with shop.app.db.transaction() as tx:
        while listings.count_sales(tx):
            pass
    assert _listed(shop, tag, sort=Sort.POPULARITY) == [one, two]
    with shop.app.db.transaction() as tx:
        assert listings.count_sales(tx) == 0


def test_a_category_that_moves_takes_its_products_along(shop: RunningShop) -> None:
    def category(parent_id: int = 0) -> int:
        sent = category_pb2.Category(name=f"Shelf {uuid.uuid4().hex}", parent_id=parent_id)
        request = category_pb2.CreateCategoryRequest(category=sent)
        return shop.catalog.CreateCategory(request, metadata=shop.admin.metadata).id

    def listed(category_id: int) -> list[int]:
        slug = shop.catalog.GetCategory(category_pb2.GetCategoryRequest(category_id=category_id)).slug
        return [p.id for p in shop.catalog.ListProducts(product_pb2.ListProductsRequest(category=slug)).items]

    top, other = category(), category()
    middle = category(top)
    low = category(middle)
    slug = shop.catalog.GetCategory(category_pb2.GetCategoryRequest(category_id=low)).slug
    product = shop.product(category=slug).id
    assert [listed(c) for c in (top, middle, low, other)] == [[product]] * 3 + [[]]
    for parent, holds in ((other, [other, middle, low]), (0, [middle, low]), (top, [top, middle, low])):
        move = category_pb2.UpdateCategoryRequest(
            category=category_pb2.Category(id=middle, parent_id=parent), update_mask={"paths": ["parent_id"]}
        )
        shop.catalog.UpdateCategory(move, metadata=shop.admin.metadata)
        assert [c for c in (top, other, middle, low) if listed(c)] == holds
        assert _rows(shop, product) == _made_anew(shop, product)


def _rows(shop: RunningShop, product_id: int) -> list[tuple[Any, ...]]:
    with shop.app.db.read() as connection:
        query = select(Listing.__table__).where(Listing.product_id == product_id)
        return sorted(tuple(row) for row in connection.execute(query))


def _made_anew(shop: RunningShop, product_id: int) -> list[tuple[Any, ...]]:
    shop.relist([product_id])
    return _rows(shop, product_id)


def test_the_rows_follow_every_change_of_a_product(shop: RunningShop) -> None:
    vendor = shop.vendor()
    sent = product_pb2.Product(name="Own", price=Money(units=7), stock=1, tags=["a", "b"], brand="Acme")
    product = shop.catalog.CreateProduct(
        product_pb2.CreateProductRequest(product=sent), metadata=vendor.metadata
    )
    assert len(_rows(shop, product.id)) == len({"all", "acme", "vendor", "a", "b"})
    changes: list[dict[str, Any]] = [
        {"name": "Other"},
        {"brand": "ACME"},
        {"tags": ["c"]},
        {"price": Money(units=8)},
        {"description": "Nothing of it stands in a list"},
        {"discount": product_pb2.Discount(basis_points=1000)},
    ]
    for fields in changes:
        change = product_pb2.UpdateProductRequest(product=product_pb2.Product(id=product.id, **fields))
        shop.catalog.UpdateProduct(change, metadata=vendor.metadata)
        assert _rows(shop, product.id) == _made_anew(shop, product.id), fields
    gone = product_pb2.DeleteProductRequest(product_id=product.id)
    shop.catalog.DeleteProduct(gone, metadata=vendor.metadata)
    assert _rows(shop, product.id) == []


def test_a_change_of_a_product_waits_for_the_sale_of_its_last_unit(postgres_shop: RunningShop) -> None:
    shop, tag = postgres_shop, uuid.uuid4().hex
    product = shop.product(tags=[tag], stock=1)
    change = product_pb2.UpdateProductRequest(product=product_pb2.Product(id=product.id, name="Other"))
    renaming = threading.Thread(
        target=lambda: shop.catalog.UpdateProduct(change, metadata=shop.admin.metadata)
    )
    with shop.app.db.transaction() as tx:
        units = {product.default_variant_id: 1}
        locked = levels.hold(tx, {product.default_variant_id: product.id}, [])
        inventory.take_stock(tx, units, list(locked.by_pair.values()))
        renaming.start()
        renaming.join(timeout=0.05)
        assert renaming.is_alive(), "it waits for the stock, which the sale holds"
    renaming.join(timeout=60)
    assert _stock(shop, tag) == ([], [product.id])
