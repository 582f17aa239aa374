"""The cart through its public interface, on both databases."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2 as pb
from sanset.v1 import inventory_pb2, order_pb2, order_service_pb2, pricing_pb2, product_pb2
from sqlalchemy import insert
from support.cart_shop import cents, read_cart, second_variant
from support.running_shop import Account, RunningShop, counted_round_trips, refusal, refused

from server.cart import queries as cart_queries
from server.cart.models import Cart, CartItem
from server.cart.owner import Member
from server.cart.service import MAX_LINES
from server.catalog import queries as catalog_queries
from server.catalog.models import Product, Variant
from server.clock import utc_now
from server.money import MAX_MINOR

pytestmark = pytest.mark.either


def test_adding_the_same_product_twice_merges_the_lines(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=3, nanos=330_000_000)
    shop.add(buyer, product.id, 2)
    cart = shop.add(buyer, product.id, 1)
    assert [(item.product_id, item.quantity) for item in cart.items] == [(product.id, 3)]
    assert (cart.subtotal.units, cart.subtotal.nanos) == (9, 990_000_000)


@pytest.mark.both
@pytest.mark.parametrize("lines", [1, 30])
def test_reading_a_cart_takes_one_query_whatever_its_size(shop: RunningShop, lines: int) -> None:
    buyer = shop.customer()
    for _ in range(lines):
        shop.add(buyer, shop.product().id)
    with shop.counted_queries() as queries:
        read_cart(shop, buyer)
    assert len(queries) == 1, queries


def test_more_than_is_left_is_refused_and_changes_nothing(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(stock=3)
    shop.add(buyer, product.id, 2)
    with pytest.raises(grpc.RpcError) as caught:
        shop.add(buyer, product.id, 2)
    refused = refusal(caught.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OUT_OF_STOCK")
    assert (refused.facts["available"], refused.facts["requested"]) == ("3", "4")
    assert read_cart(shop, buyer).item_count == 2


FAILED = grpc.StatusCode.FAILED_PRECONDITION
MISSING = grpc.StatusCode.NOT_FOUND


def _update(shop: RunningShop, buyer: Account, item_id: int, quantity: int, etag: str = "") -> pb.Cart:
    request = pb.UpdateItemRequest(item_id=item_id, quantity=quantity, etag=etag)
    return shop.cart.UpdateItem(request, metadata=buyer.metadata)


def _remove(shop: RunningShop, buyer: Account, **target: int) -> pb.Cart:
    return shop.cart.RemoveItem(pb.RemoveItemRequest(**target), metadata=buyer.metadata)


def _total(shop: RunningShop, buyer: Account) -> pricing_pb2.Totals:
    return shop.cart.GetTotal(pb.GetTotalRequest(), metadata=buyer.metadata)


def _preview(shop: RunningShop, buyer: Account, **fields: Any) -> order_service_pb2.PreviewCheckoutResponse:
    return shop.orders.PreviewCheckout(
        order_service_pb2.PreviewCheckoutRequest(**fields), metadata=buyer.metadata
    )


def _reprice(shop: RunningShop, product_id: int, units: int) -> None:
    product = product_pb2.Product(id=product_id, price=Money(units=units))
    shop.catalog.UpdateProduct(
        product_pb2.UpdateProductRequest(product=product), metadata=shop.admin.metadata
    )


def _delete(shop: RunningShop, product_id: int) -> None:
    request = product_pb2.DeleteProductRequest(product_id=product_id)
    shop.catalog.DeleteProduct(request, metadata=shop.admin.metadata)


def _fill(shop: RunningShop, buyer: Account, lines: int, currency: str = "USD") -> None:
    """Put lines of products of their own into a cart, past the server."""
    with shop.app.db.transaction() as tx:
        now = utc_now()
        cart = tx.execute(
            insert(Cart)
            .values(user_id=buyer.user_id, currency=currency, version=1, updated_at=now)
            .returning(Cart.id)
        ).scalar_one()
        for _ in range(lines):
            key = uuid.uuid4().hex
            row = {"sku": key, "slug": key, "name": "Filler", "price_minor": 100, "currency": currency}
            row |= {"created_at": now, "updated_at": now}
            product = tx.execute(insert(Product).values(row).returning(Product.id)).scalar_one()
            variant = tx.execute(
                insert(Variant).values(product_id=product, sku=key, options={}).returning(Variant.id)
            ).scalar_one()
            catalog_queries.open_stock(tx, product, variant, 10)
            tx.execute(
                insert(CartItem).values(
                    cart_id=cart, product_id=product, variant_id=variant, quantity=1, added_price_minor=100
                )
            )


# ── Reading and changing


def test_a_cart_that_was_never_used_is_empty(shop: RunningShop) -> None:
    cart = read_cart(shop, shop.customer())
    assert (list(cart.items), cart.item_count, cart.subtotal) == ([], 0, Money(currency_code="USD"))
    assert not cart.HasField("update_time")


def test_a_line_says_what_it_is(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=2, nanos=500_000_000, stock=9)
    (line,) = shop.add(buyer, product.id, 3).items
    assert (line.product_id, line.variant_id, line.name) == (
        product.id,
        product.default_variant_id,
        product.name,
    )
    assert (cents(line.price), cents(line.line_total), cents(line.added_price)) == (250, 750, 250)
    assert (line.stock, line.available, line.price_changed) == (9, True, False)


def test_lines_stand_in_the_order_they_were_added(shop: RunningShop) -> None:
    buyer = shop.customer()
    ids = [shop.product().id for _ in range(4)]
    for product_id in (*ids, ids[0]):
        shop.add(buyer, product_id)
    assert [line.product_id for line in read_cart(shop, buyer).items] == ids


def test_nothing_said_of_the_quantity_means_one(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product()
    cart = shop.cart.AddItem(pb.AddItemRequest(product_id=product.id), metadata=buyer.metadata)
    assert cart.item_count == 1


def test_a_quantity_is_set_and_not_added(shop: RunningShop) -> None:
    buyer = shop.customer()
    line = shop.add(buyer, shop.product().id, 2).items[0]
    assert [item.quantity for item in _update(shop, buyer, line.id, 5).items] == [5]
    assert _update(shop, buyer, line.id, 5).item_count == 5


def test_an_item_is_removed_by_its_id_or_its_product(shop: RunningShop) -> None:
    buyer = shop.customer()
    one, two = shop.product().id, shop.product().id
    shop.add(buyer, one)
    line = shop.add(buyer, two).items[0]
    assert [item.product_id for item in _remove(shop, buyer, item_id=line.id).items] == [two]
    assert list(_remove(shop, buyer, product_id=two).items) == []


def test_by_its_product_every_line_of_it_is_removed_so_that_a_repeat_takes_nothing_more(
    shop: RunningShop,
) -> None:
    buyer, product, other = shop.customer(), shop.product(), shop.product()
    variant = second_variant(shop, product.id, 1234)
    special = pb.AddItemRequest(product_id=product.id, variant_id=variant)
    shop.cart.AddItem(special, metadata=buyer.metadata)
    for each in (product, other):
        shop.add(buyer, each.id)
    assert [line.product_id for line in _remove(shop, buyer, product_id=product.id).items] == [other.id]
    again = refused(shop.cart.RemoveItem, pb.RemoveItemRequest(product_id=product.id), buyer)
    assert again.reason == "CART_ITEM_NOT_FOUND"


def test_a_variant_has_a_line_a_price_and_a_stock_of_its_own(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=10)
    variant = second_variant(shop, product.id, 1234)
    shop.add(buyer, product.id)
    special = pb.AddItemRequest(product_id=product.id, variant_id=variant, quantity=2)
    default, other = shop.cart.AddItem(special, metadata=buyer.metadata).items
    assert (default.variant_id, cents(default.price)) == (product.default_variant_id, 1000)
    assert (other.variant_id, cents(other.price), other.stock) == (variant, 1234, 5)
    unknown = pb.AddItemRequest(product_id=shop.product().id, variant_id=variant)
    assert refused(shop.cart.AddItem, unknown, buyer).reason == "PRODUCT_NOT_FOUND"


def test_an_emptied_cart_is_empty_and_may_be_emptied_again(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    for _ in range(2):
        assert shop.cart.ClearCart(pb.ClearCartRequest(), metadata=buyer.metadata).item_count == 0
    shop.cart.ClearCart(pb.ClearCartRequest(), metadata=shop.customer().metadata)


def test_a_cart_belongs_to_one_user(shop: RunningShop) -> None:
    owner, other = shop.customer(), shop.customer()
    product = shop.product()
    line = shop.add(owner, product.id).items[0]
    shop.add(other, shop.product().id)
    for method, request in (
        (shop.cart.UpdateItem, pb.UpdateItemRequest(item_id=line.id, quantity=5)),
        (shop.cart.RemoveItem, pb.RemoveItemRequest(item_id=line.id)),
        (shop.cart.RemoveItem, pb.RemoveItemRequest(product_id=product.id)),
    ):
        for stranger in (other, shop.customer(), shop.admin):
            said = refused(method, request, stranger)
            assert (said.code, said.reason) == (MISSING, "CART_ITEM_NOT_FOUND")
    assert read_cart(shop, owner).items[0].quantity == 1


# ── Etags


def test_the_etag_moves_with_every_change_and_with_no_read(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product()
    seen = [read_cart(shop, buyer).etag, shop.add(buyer, product.id).etag]
    line = read_cart(shop, buyer).items[0]
    seen.append(_update(shop, buyer, line.id, 2).etag)
    seen.append(_remove(shop, buyer, item_id=line.id).etag)
    seen.append(shop.cart.ClearCart(pb.ClearCartRequest(), metadata=buyer.metadata).etag)
    assert len(set(seen)) == 5
    assert read_cart(shop, buyer).etag == seen[-1]


def test_a_stale_etag_is_refused_and_changes_nothing(shop: RunningShop) -> None:
    buyer = shop.customer()
    first = shop.add(buyer, shop.product().id)
    second = shop.add(buyer, shop.product().id)
    line = first.items[0].id
    for method, request in (
        (shop.cart.UpdateItem, pb.UpdateItemRequest(item_id=line, quantity=9, etag=first.etag)),
        (shop.cart.ClearCart, pb.ClearCartRequest(etag=first.etag)),
    ):
        said = refused(method, request, buyer)
        assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")
        assert said.facts == {"resource": "cart"}
    assert read_cart(shop, buyer) == second
    assert _update(shop, buyer, line, 9, second.etag).items[0].quantity == 9


def test_a_cart_never_used_has_an_etag_too(shop: RunningShop) -> None:
    buyer = shop.customer()
    assert refused(shop.cart.ClearCart, pb.ClearCartRequest(etag="v7"), buyer).reason == "STALE_ETAG"
    etag = read_cart(shop, buyer).etag
    shop.cart.ClearCart(pb.ClearCartRequest(etag=etag), metadata=buyer.metadata)


# ── What cannot be


def test_an_unknown_or_deleted_product_cannot_be_added(shop: RunningShop) -> None:
    buyer, gone = shop.customer(), shop.product().id
    _delete(shop, gone)
    for product_id in (2**53, gone):
        said = refused(shop.cart.AddItem, pb.AddItemRequest(product_id=product_id), buyer)
        assert (said.code, said.reason) == (MISSING, "PRODUCT_NOT_FOUND")
    assert read_cart(shop, buyer).etag == read_cart(shop, shop.customer()).etag, "nothing was written"


def test_a_line_holds_at_most_what_one_order_may(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(stock=1000, max_quantity=5)
    line = shop.add(buyer, product.id, 5).items[0]
    assert (line.max_quantity, line.slug) == (5, product.slug)
    for method, request, wanted in (
        (shop.cart.AddItem, pb.AddItemRequest(product_id=product.id, quantity=1), "6"),
        (shop.cart.UpdateItem, pb.UpdateItemRequest(item_id=line.id, quantity=7), "7"),
    ):
        said = refused(method, request, buyer)
        assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "QUANTITY_ABOVE_LIMIT")
        assert said.facts == {
            "item_id": str(line.id),
            "product_id": str(product.id),
            "variant_id": str(line.variant_id),
            "name": product.name,
            "limit": "5",
            "requested": wanted,
        }
    assert read_cart(shop, buyer).item_count == 5


@pytest.mark.either
@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 2**31 - 1, -(2**31)])
def test_a_quantity_out_of_range_is_refused(shop: RunningShop, quantity: int) -> None:
    buyer, product = shop.customer(), shop.product(max_quantity=1_000_000)
    line = shop.add(buyer, product.id).items[0]
    for method, request in (
        (shop.cart.AddItem, pb.AddItemRequest(product_id=product.id, quantity=quantity)),
        (shop.cart.UpdateItem, pb.UpdateItemRequest(item_id=line.id, quantity=quantity)),
    ):
        said = refused(method, request, buyer)
        assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert said.fields == ["quantity"]


def test_the_dearest_cart_there_can_be_is_added_up_exactly(shop: RunningShop) -> None:
    buyer = shop.customer()
    dearest = MAX_MINOR // 100
    _fill(shop, buyer, MAX_LINES)
    items = "(SELECT product_id FROM cart_items WHERE cart_id = (SELECT id FROM carts WHERE user_id = :user))"
    shop.sql(
        f"UPDATE products SET price_minor = {MAX_MINOR}, max_quantity = 1000000 WHERE id IN {items}",
        user=buyer.user_id,
    )
    shop.sql(
        f"UPDATE inventory_levels SET available = 9000000, received = 9000000 WHERE product_id IN {items}",
        user=buyer.user_id,
    )
    shop.sql(f"UPDATE cart_items SET quantity = 1000000 WHERE product_id IN {items}", user=buyer.user_id)
    assert read_cart(shop, buyer).subtotal.units == MAX_LINES * 1_000_000 * dearest
    totals = _total(shop, buyer)
    assert totals.total.units == MAX_LINES * 1_000_000 * dearest * 108 // 100
    assert _preview(shop, buyer).totals == totals
    order = shop.checkout(buyer).order
    assert order.totals.total == totals.total


def test_a_cart_has_a_most_of_lines(shop: RunningShop) -> None:
    buyer, more = shop.customer(), shop.product().id
    _fill(shop, buyer, MAX_LINES)
    said = refused(shop.cart.AddItem, pb.AddItemRequest(product_id=more), buyer)
    assert (said.code, said.reason, said.facts) == (FAILED, "CART_FULL", {"limit": str(MAX_LINES)})
    full = read_cart(shop, buyer)
    assert len(full.items) == MAX_LINES
    assert shop.add(buyer, full.items[3].product_id).item_count == MAX_LINES + 1, (
        "a line that is there may grow"
    )
    _remove(shop, buyer, item_id=full.items[0].id)
    assert len(shop.add(buyer, more).items) == MAX_LINES


def test_a_cart_holds_one_currency_until_it_is_empty(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product()
    shop.add(shop.customer(), product.id)  # someone else's cart says nothing about this one
    _fill(shop, buyer, 1, "EUR")
    assert read_cart(shop, buyer).subtotal.currency_code == "EUR"
    said = refused(shop.cart.AddItem, pb.AddItemRequest(product_id=product.id), buyer)
    assert (said.code, said.reason) == (FAILED, "CURRENCY_MISMATCH")
    assert (said.facts["cart_currency"], said.facts["currency"]) == ("EUR", "USD")
    shop.cart.ClearCart(pb.ClearCartRequest(), metadata=buyer.metadata)
    assert shop.add(buyer, product.id).subtotal.currency_code == "USD"


@pytest.mark.either
@pytest.mark.parametrize(
    "request_", [pb.RemoveItemRequest(), pb.RemoveItemRequest(item_id=0), pb.RemoveItemRequest(product_id=-1)]
)
def test_something_must_be_named_for_removal(shop: RunningShop, request_: pb.RemoveItemRequest) -> None:
    said = refused(shop.cart.RemoveItem, request_, shop.customer())
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


# ── What changed since


def test_a_new_price_counts_and_is_pointed_out(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=10)
    shop.add(buyer, product.id, 2)
    _reprice(shop, product.id, 12)
    cart = read_cart(shop, buyer)
    (line,) = cart.items
    assert (cents(line.price), cents(line.added_price), line.price_changed) == (1200, 1000, True)
    assert cents(cart.subtotal) == 2400
    (line,) = shop.add(buyer, product.id).items
    assert (cents(line.added_price), line.price_changed) == (1200, False), (
        "whoever adds has seen the new price"
    )


def test_a_deleted_product_stays_visible_and_cannot_be_ordered(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product()
    shop.add(buyer, product.id)
    _delete(shop, product.id)
    (line,) = read_cart(shop, buyer).items
    assert (line.name, line.available, line.stock) == (product.name, False, 0)
    said = refused(shop.orders.PreviewCheckout, order_service_pb2.PreviewCheckoutRequest(), buyer)
    assert (said.code, said.reason, said.facts["available"]) == (FAILED, "OUT_OF_STOCK", "0")
    assert (
        refused(shop.cart.UpdateItem, pb.UpdateItemRequest(item_id=line.id, quantity=1), buyer).reason
        == "OUT_OF_STOCK"
    )
    assert list(_remove(shop, buyer, product_id=product.id).items) == []


def test_a_line_above_what_is_left_says_so(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(stock=5)
    shop.add(buyer, product.id, 5)
    level = inventory_pb2.SetInventoryRequest(product_id=product.id, quantity=2)
    shop.inventory.SetInventory(level, metadata=shop.admin.metadata)
    (line,) = read_cart(shop, buyer).items
    assert (line.quantity, line.stock, line.available) == (5, 2, False)
    said = refused(shop.orders.PreviewCheckout, order_service_pb2.PreviewCheckoutRequest(), buyer)
    assert (said.reason, said.facts["available"], said.facts["requested"]) == ("OUT_OF_STOCK", "2", "5")
    assert _update(shop, buyer, line.id, 2).items[0].available


# ── Totals


@pytest.mark.parametrize(
    ("prices", "subtotal", "tax", "shipping"),
    [
        ([], 0, 0, 0),
        ([4999], 4999, 400, 599),
        ([5000], 5000, 400, 0),
        ([2500, 2500], 5000, 400, 0),
        ([7, 7, 7], 21, 3, 599),
        ([6], 6, 0, 599),
    ],
)
def test_totals_are_tax_by_line_and_shipping_by_value(
    shop: RunningShop, prices: list[int], subtotal: int, tax: int, shipping: int
) -> None:
    buyer = shop.customer()
    for price in prices:
        shop.add(buyer, shop.product(units=price // 100, nanos=price % 100 * 10_000_000).id)
    totals = _total(shop, buyer)
    found = [
        cents(each) for each in (totals.subtotal, totals.discount, totals.tax, totals.shipping, totals.total)
    ]
    assert found == [subtotal, 0, tax, shipping, subtotal + tax + shipping]
    if prices:
        assert _preview(shop, buyer).totals == totals


def test_a_preview_says_what_and_by_when(shop: RunningShop) -> None:
    buyer = shop.customer()
    cart = shop.add(buyer, shop.product().id, 2)
    before = time.time()
    standard, express = (
        _preview(shop, buyer, delivery_option=each) for each in (0, order_pb2.Delivery.EXPRESS)
    )
    assert list(standard.items) == list(cart.items)
    assert 0 <= standard.eta.ToSeconds() - before - 3 * 86_400 + 1 < 60
    assert 0 <= express.eta.ToSeconds() - before - 1800 + 1 < 60
    assert read_cart(shop, buyer) == cart, "a preview changes nothing"


def test_a_preview_needs_lines_and_an_address_of_the_callers(shop: RunningShop) -> None:
    buyer, homeless = shop.customer(), shop.customer(address=False)
    said = refused(shop.orders.PreviewCheckout, order_service_pb2.PreviewCheckoutRequest(), buyer)
    assert (said.code, said.reason) == (FAILED, "CART_EMPTY")
    shop.add(buyer, shop.product().id)
    shop.add(homeless, shop.product().id)
    others = shop.add_address(shop.customer(address=False)).id
    said = refused(
        shop.orders.PreviewCheckout, order_service_pb2.PreviewCheckoutRequest(address_id=others), buyer
    )
    assert (said.code, said.reason) == (MISSING, "ADDRESS_NOT_FOUND")
    said = refused(shop.orders.PreviewCheckout, order_service_pb2.PreviewCheckoutRequest(), homeless)
    assert (said.code, said.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["address_id"])
    assert cents(_total(shop, homeless).tax) == 80, "the general rate until an address is known"


# ── Cost


BUDGETS = {
    "AddItem": 7,
    "AddItem again": 7,
    "AddItem once": 8,
    "UpdateItem": 5,
    "RemoveItem": 5,
    "GetTotal": 1,
    "PreviewCheckout": 2,
    "GetCart": 1,
}
"""Statements."""
ROUND_TRIPS = {
    "AddItem": 2,
    "AddItem again": 2,
    "AddItem once": 2,
    "GetTotal": 1,
    "GetCart": 1,
}
"""Those to PostgreSQL, with the commit, of calls that make no other."""


@pytest.mark.both
@pytest.mark.parametrize("lines", [1, 30])
def test_every_call_takes_as_many_queries_for_thirty_lines_as_for_one(shop: RunningShop, lines: int) -> None:
    buyer = shop.customer()
    _fill(shop, buyer, lines)
    line = read_cart(shop, buyer).items[0]
    taken, trips = {}, {}
    for name, request in (
        ("AddItem again", pb.AddItemRequest(product_id=line.product_id)),
        ("AddItem", pb.AddItemRequest(product_id=shop.product().id)),
        ("AddItem once", pb.AddItemRequest(product_id=line.product_id, request_id=str(uuid.uuid4()))),
        ("UpdateItem", pb.UpdateItemRequest(item_id=line.id, quantity=3)),
        ("GetCart", pb.GetCartRequest()),
        ("GetTotal", pb.GetTotalRequest()),
        ("PreviewCheckout", order_service_pb2.PreviewCheckoutRequest()),
        ("RemoveItem", pb.RemoveItemRequest(item_id=line.id)),
    ):
        with shop.counted_queries() as queries, counted_round_trips() as round_trips:
            stub = shop.orders if name == "PreviewCheckout" else shop.cart
            getattr(stub, name.split()[0])(request, metadata=buyer.metadata)
        taken[name], trips[name] = len(queries), len(round_trips)
    assert taken == BUDGETS
    if shop.app.db.is_postgresql:
        assert {name: trips[name] for name in ROUND_TRIPS} == ROUND_TRIPS


def test_a_call_that_waited_for_another_makes_a_cart_no_older(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    changed = read_cart(shop, buyer).update_time
    before = utc_now() - timedelta(minutes=1)
    with shop.app.db.transaction() as tx:
        cart_queries.lock_cart(tx, Member(buyer.user_id), before)
        cart_queries.open_cart(tx, buyer.user_id, "USD", before)
    assert read_cart(shop, buyer).update_time == changed


@pytest.mark.both
def test_changes_at_once_lose_nothing(shop: RunningShop) -> None:
    buyer, products = shop.customer(), [shop.product().id for _ in range(3)]
    with ThreadPoolExecutor(8) as clients:
        list(clients.map(lambda number: shop.add(buyer, products[number % 3]), range(24)))
    assert [line.quantity for line in read_cart(shop, buyer).items] == [8, 8, 8]
