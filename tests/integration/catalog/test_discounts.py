"""Discounts of products, from the product's page to the paid order, on both databases."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sanset.v1 import (
    cart_pb2,
    inventory_pb2,
    order_pb2,
    order_service_pb2,
    payment_pb2,
    pricing_pb2,
    product_pb2,
)
from support.cart_shop import cents, read_cart, told
from support.running_shop import RunningShop, refused

from server.clock import utc_now

pytestmark = pytest.mark.either

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def discount(**fields: Any) -> product_pb2.Discount:
    """A discount; times may be datetimes."""
    sent = {name: moment(value) if isinstance(value, datetime) else value for name, value in fields.items()}
    return product_pb2.Discount(**sent)


def moment(when: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(when)
    return stamp


def get(shop: RunningShop, product_id: int) -> product_pb2.Product:
    return shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product_id))


def change(shop: RunningShop, product: product_pb2.Product, *paths: str) -> product_pb2.Product:
    """Change a product, whatever its version by now."""
    product.ClearField("etag")
    request = product_pb2.UpdateProductRequest(product=product, update_mask=FieldMask(paths=paths))
    return shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)


@pytest.mark.parametrize(
    ("given", "effective"),
    [
        (discount(basis_points=2500), 749),  # 9.99 less 2.4975: half-up, the discount is 2.50
        (discount(basis_points=1), 999),
        (discount(basis_points=1250), 874),
        (discount(basis_points=10000), 0),
        (discount(amount=Money(units=3)), 699),
        (discount(amount=Money(units=9, nanos=990_000_000)), 0),
    ],
    ids=str,
)
def test_a_product_shows_its_price_of_the_moment_beside_its_list_price(
    shop: RunningShop, given: product_pb2.Discount, effective: int
) -> None:
    made = shop.product(units=9, nanos=990_000_000, discount=given)
    assert (cents(made.price), cents(made.effective_price)) == (999, effective)
    assert made.discount.WhichOneof("reduction") == given.WhichOneof("reduction")
    assert made.discount.basis_points == given.basis_points
    assert get(shop, made.id) == made
    request = product_pb2.ListProductsRequest(page_size=1, view=product_pb2.Product.FULL)
    assert list(shop.catalog.ListProducts(request).items) == [made]


def test_without_a_discount_the_effective_price_is_the_price(shop: RunningShop) -> None:
    made = shop.product(units=5)
    assert made.effective_price == made.price
    assert not made.HasField("discount")


def test_a_discount_begins_and_ends_by_the_clock_without_any_event(shop: RunningShop) -> None:
    now = utc_now()
    window = discount(
        basis_points=5000,
        start_time=now + timedelta(seconds=0.7),
        end_time=now + timedelta(seconds=1.4),
    )
    product = shop.product(units=10, discount=window)
    buyer = shop.customer()
    shop.add(buyer, product.id)
    seen = []
    for _ in range(3):
        seen.append(
            (cents(get(shop, product.id).effective_price), cents(read_cart(shop, buyer).items[0].price))
        )
        time.sleep(0.72)
    assert seen == [(1000, 1000), (500, 500), (1000, 1000)]


def test_a_discount_that_is_over_or_not_yet_takes_nothing_off(shop: RunningShop) -> None:
    now = utc_now()
    for window in (
        {"end_time": now - timedelta(seconds=1)},
        {"start_time": now + timedelta(hours=1)},
        {"start_time": now - timedelta(hours=2), "end_time": now - timedelta(hours=1)},
    ):
        assert (
            cents(shop.product(units=10, discount=discount(basis_points=5000, **window)).effective_price)
            == 1000
        )
    going_on = discount(
        basis_points=5000, start_time=now - timedelta(hours=1), end_time=now + timedelta(hours=1)
    )
    product = shop.product(units=10, discount=going_on)
    assert cents(product.effective_price) == 500
    assert product.discount == going_on


@pytest.mark.either
@pytest.mark.parametrize(
    ("given", "reason", "field"),
    [
        (discount(), "INVALID_FIELD", "product.discount.reduction"),
        (discount(basis_points=0), "INVALID_FIELD", "product.discount.basis_points"),
        (discount(basis_points=10001), "INVALID_FIELD", "product.discount.basis_points"),
        (discount(basis_points=-1), "INVALID_FIELD", "product.discount.basis_points"),
        (
            discount(basis_points=500, start_time=utc_now(), end_time=utc_now() - timedelta(days=1)),
            "INVALID_FIELD",
            "product.discount.end_time",
        ),
        (discount(amount=Money(units=11)), "INVALID_MONEY", ""),
        (discount(amount=Money(units=0)), "INVALID_MONEY", ""),
        (discount(amount=Money(units=-1)), "INVALID_MONEY", ""),
        (discount(amount=Money(units=1, currency_code="JPY")), "INVALID_MONEY", ""),
    ],
)
def test_a_discount_that_makes_no_sense_is_refused(
    shop: RunningShop, given: product_pb2.Discount, reason: str, field: str
) -> None:
    product = product_pb2.Product(name="Mug", price=Money(units=10), discount=given)
    request = product_pb2.CreateProductRequest(product=product)
    said = refused(shop.catalog.CreateProduct, request, shop.admin)
    assert (said.code, said.reason) == (INVALID, reason)
    if field:
        assert said.fields[0].startswith(field.rsplit(".", 1)[0])


def test_a_discount_is_changed_and_ended_by_an_update(shop: RunningShop) -> None:
    product = shop.product(units=10)
    get(shop, product.id)
    product.discount.basis_points = 2000
    assert cents(change(shop, product, "discount").effective_price) == 800
    assert cents(change(shop, product_pb2.Product(id=product.id, name="New name")).effective_price) == 800
    product.discount.amount.CopyFrom(Money(units=4))
    assert cents(change(shop, product, "discount").effective_price) == 600
    said = refused(
        shop.catalog.UpdateProduct,
        product_pb2.UpdateProductRequest(
            product=product_pb2.Product(id=product.id, price=Money(units=3)),
            update_mask=FieldMask(paths=["price"]),
        ),
        shop.admin,
    )
    assert said.reason == "INVALID_MONEY", "an amount above the new price would make it negative"
    product.ClearField("discount")
    ended = change(shop, product, "discount")
    assert (cents(ended.effective_price), ended.HasField("discount")) == (1000, False)


def test_a_variant_with_a_price_of_its_own_gets_the_same_discount(shop: RunningShop) -> None:
    product = shop.product(units=10, discount=discount(basis_points=1000))
    shop.sql("UPDATE variants SET price_minor = 2000 WHERE product_id = :id", id=product.id)
    buyer = shop.customer()
    line = shop.add(buyer, product.id).items[0]
    assert (cents(line.list_price), cents(line.price)) == (2000, 1800)


def test_cart_preview_and_order_cost_the_same_and_add_up_in_parts(shop: RunningShop) -> None:
    buyer = shop.customer()
    sale = shop.product(units=19, nanos=990_000_000, discount=discount(basis_points=1500))
    plain = shop.product(units=3, nanos=330_000_000)
    shop.add(buyer, sale.id, 3)
    cart = shop.add(buyer, plain.id, 2)
    assert (cents(cart.totals.subtotal), cents(cart.totals.product_discount)) == (3 * 1999 + 666, 900)
    assert cents(cart.subtotal) == 3 * 1699 + 666
    assert [cents(line.line_total) for line in cart.items] == [3 * 1699, 666]
    preview = shop.orders.PreviewCheckout(order_service_pb2.PreviewCheckoutRequest(), metadata=buyer.metadata)
    total = shop.cart.GetTotal(cart_pb2.GetTotalRequest(), metadata=buyer.metadata)
    order = shop.checkout(buyer, expected_total=cart.totals.total).order
    assert cart.totals == preview.totals == total == order.totals
    check_sums(order)
    assert (
        shop.orders.GetOrder(order_service_pb2.GetOrderRequest(order_id=order.id), metadata=buyer.metadata)
        == order
    )


def check_sums(order: order_pb2.Order) -> None:
    """The parts of an order are the sums of its lines' parts."""
    totals = order.totals
    assert sum(cents(line.list_price) * line.quantity for line in order.items) == cents(totals.subtotal)
    assert sum(cents(line.tax) for line in order.items) == cents(totals.tax)
    assert sum(cents(line.total) for line in order.items) + cents(totals.shipping) == cents(totals.total)
    off = sum((cents(line.list_price) - cents(line.price)) * line.quantity for line in order.items)
    assert off == cents(totals.product_discount)
    others = cents(totals.tier_discount) + cents(totals.coupon_discount) + cents(totals.points_discount)
    assert sum(cents(line.discount) for line in order.items) == others
    assert cents(totals.discount) == off + others
    for line in order.items:
        assert cents(line.total) == cents(line.line_total) - cents(line.discount) + cents(line.tax)


def test_a_discount_that_ends_before_the_checkout_is_told_and_not_granted(shop: RunningShop) -> None:
    buyer = shop.customer()
    product = shop.product(units=10, discount=discount(basis_points=5000))
    agreed = shop.add(buyer, product.id).totals.total
    product.ClearField("discount")
    change(shop, product, "discount")
    said = refused(
        shop.orders.Checkout,
        order_service_pb2.CheckoutRequest(
            payment_method=payment_pb2.Payment.CARD,
            request_id="11111111-2222-4333-8444-555555555555",
            expected_total=agreed,
        ),
        buyer,
    )
    assert said.reason == "PRICE_CHANGED"
    cart = read_cart(shop, buyer)
    assert cart.items[0].price_changed
    assert told(cart) == [f"The price of {product.name} rose from 5.00 USD to 10.00 USD."]


def test_a_cart_says_what_changed_since_things_were_added(shop: RunningShop) -> None:
    buyer = shop.customer()
    cheaper, scarce, gone, out = (shop.product(units=10, stock=9) for _ in range(4))
    for product in (cheaper, scarce, gone, out):
        shop.add(buyer, product.id, 5)
    assert told(read_cart(shop, buyer)) == []
    cheaper.price.units = 8
    change(shop, cheaper, "price")
    for product, left in ((scarce, 2), (out, 0)):
        shop.inventory.SetInventory(
            inventory_pb2.SetInventoryRequest(product_id=product.id, quantity=left),
            metadata=shop.admin.metadata,
        )
    request = product_pb2.DeleteProductRequest(product_id=gone.id)
    shop.catalog.DeleteProduct(request, metadata=shop.admin.metadata)
    cart = read_cart(shop, buyer)
    assert told(cart) == [
        f"The price of {cheaper.name} fell from 10.00 USD to 8.00 USD.",
        f"Only 2 of {scarce.name} left.",
        f"{gone.name} is not sold any more.",
        f"{out.name} is sold out.",
    ]
    codes = [pricing_pb2.CartChange.Code.Name(change.code) for change in cart.changes]
    assert codes == ["PRICE_FELL", "FEWER_LEFT", "WITHDRAWN", "SOLD_OUT"]
    assert [change.item_id for change in cart.changes] == [line.id for line in cart.items]
    fell, fewer, *_ = cart.changes
    assert (fell.price_before.units, fell.price.units) == (10, 8)
    assert (fewer.product_id, fewer.requested, fewer.available) == (scarce.id, 5, 2)
    assert [line.available for line in cart.items] == [True, False, False, False]


def test_a_guests_cart_shows_discounts_and_totals_as_well(shop: RunningShop) -> None:
    product = shop.product(units=10, discount=discount(basis_points=5000))
    cart = shop.cart.AddItem(cart_pb2.AddItemRequest(product_id=product.id))
    assert cents(cart.totals.product_discount) == 500
    assert (cents(cart.totals.tax), cents(cart.totals.shipping)) == (40, 599)
