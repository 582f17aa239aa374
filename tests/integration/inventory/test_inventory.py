"""Stock through the public interface: counting it, setting it and adjusting it."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from sanset.v1 import inventory_pb2, product_pb2
from support.catalog_shop import add_variant
from support.running_shop import RunningShop, refused

pytestmark = pytest.mark.either


def _inventory(shop: RunningShop, product_id: int) -> inventory_pb2.Inventory:
    return shop.inventory.GetInventory(inventory_pb2.GetInventoryRequest(product_id=product_id))


def _set(shop: RunningShop, product_id: int, quantity: int, **fields: Any) -> inventory_pb2.Inventory:
    request = inventory_pb2.SetInventoryRequest(product_id=product_id, quantity=quantity, **fields)
    return shop.inventory.SetInventory(request, metadata=shop.admin.metadata)


def _adjust(shop: RunningShop, product_id: int, delta: int, **fields: Any) -> inventory_pb2.Inventory:
    request = inventory_pb2.AdjustInventoryRequest(product_id=product_id, delta=delta, **fields)
    return shop.inventory.AdjustInventory(request, metadata=shop.admin.metadata)


def _columns(shop: RunningShop, product_id: int) -> tuple[int, int, int]:
    """available, received, sold."""
    (row,) = shop.sql(
        "SELECT available, received, sold FROM inventory_levels WHERE product_id = :id", id=product_id
    )
    return tuple(row)


@pytest.mark.parametrize(
    ("stock", "status"),
    [
        (0, product_pb2.Product.OUT_OF_STOCK),
        (1, product_pb2.Product.LOW_STOCK),
        (9, product_pb2.Product.LOW_STOCK),
        (10, product_pb2.Product.IN_STOCK),
    ],
)
def test_the_stock_is_told_in_units_and_in_words(
    shop: RunningShop, stock: int, status: product_pb2.Product.StockStatus.ValueType
) -> None:
    product = shop.product(stock=stock)
    shown = _inventory(shop, product.id)
    assert (shown.product_id, shown.total_available, shown.status) == (product.id, stock, status)
    (level,) = shown.levels
    assert (level.variant_id, level.sku, level.location) == (
        product.default_variant_id, product.sku, "Main warehouse",
    )  # fmt: skip
    assert (level.on_hand, level.reserved, level.available) == (stock, 0, stock)
    assert product.stock_status == status


def test_an_unknown_product_is_not_found(shop: RunningShop) -> None:
    for method, request in (
        (shop.inventory.GetInventory, inventory_pb2.GetInventoryRequest(product_id=2**53)),
        (shop.inventory.SetInventory, inventory_pb2.SetInventoryRequest(product_id=2**53, quantity=1)),
        (shop.inventory.AdjustInventory, inventory_pb2.AdjustInventoryRequest(product_id=2**53, delta=1)),
    ):
        said = refused(method, request, shop.admin)
        assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "PRODUCT_NOT_FOUND")


def test_units_that_unpaid_orders_hold_are_on_hand_and_not_available(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(stock=10)
    shop.add(buyer, product.id, 3)
    order = shop.checkout(buyer).order
    after = _inventory(shop, product.id).levels[0]
    assert (after.on_hand, after.reserved, after.available) == (7, 0, 7), "a paid order's units are gone"
    shop.sql("UPDATE orders SET status = 'PENDING_PAYMENT' WHERE id = :id", id=order.id)
    held = _inventory(shop, product.id).levels[0]
    assert (held.on_hand, held.reserved, held.available) == (10, 3, 7)
    shop.sql("UPDATE orders SET status = 'CONFIRMED' WHERE id = :id", id=order.id)


def test_a_count_sets_what_can_be_ordered_and_the_books_still_balance(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(stock=10)
    shop.add(buyer, product.id, 4)
    shop.checkout(buyer)
    assert _columns(shop, product.id) == (6, 10, 4)
    assert _set(shop, product.id, 50).total_available == 50
    assert _columns(shop, product.id) == (50, 54, 4)
    assert shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id)).stock == 50
    assert _set(shop, product.id, 0).status == product_pb2.Product.OUT_OF_STOCK


def test_an_adjustment_adds_and_takes(shop: RunningShop) -> None:
    product = shop.product(stock=10)
    assert _adjust(shop, product.id, 5).total_available == 15
    assert _adjust(shop, product.id, -15).total_available == 0
    assert _columns(shop, product.id) == (0, 0, 0)
    said = refused(
        shop.inventory.AdjustInventory,
        inventory_pb2.AdjustInventoryRequest(product_id=product.id, delta=-1),
        shop.admin,
    )
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NEGATIVE_STOCK")
    assert said.facts == {
        "available": "0",
        "requested": "1",
        "product_id": str(product.id),
        "variant_id": said.facts["variant_id"],
    }


@pytest.mark.both
def test_adjustments_at_once_lose_nothing(shop: RunningShop) -> None:
    product = shop.product(stock=10)
    with ThreadPoolExecutor(8) as clients:
        list(clients.map(lambda number: _adjust(shop, product.id, 1 if number % 2 else 2), range(20)))
    assert _inventory(shop, product.id).total_available == 40


def test_more_units_than_a_reply_can_count_are_shown_as_many(shop: RunningShop) -> None:
    product = shop.product(stock=0)
    shop.sql("UPDATE inventory_levels SET available = 3000000000, received = 3000000000 WHERE product_id = :id",
             id=product.id)  # fmt: skip
    shown = _adjust(shop, product.id, 1)
    assert shown.total_available == shown.levels[0].available == shown.levels[0].on_hand == 2**31 - 1
    assert shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id)).stock == 2**31 - 1


def test_a_repeat_with_the_same_request_id_changes_nothing(shop: RunningShop) -> None:
    product, request_id = shop.product(stock=10), str(uuid.uuid4())
    first = _adjust(shop, product.id, 5, request_id=request_id)
    _set(shop, product.id, 100)
    assert _adjust(shop, product.id, 5, request_id=request_id) == first
    assert _inventory(shop, product.id).total_available == 100
    other = inventory_pb2.AdjustInventoryRequest(product_id=product.id, delta=6, request_id=request_id)
    said = refused(shop.inventory.AdjustInventory, other, shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "IDEMPOTENCY_MISMATCH")
    counted = _set(shop, product.id, 7, request_id=request_id)
    assert counted.total_available == 7, "a request id belongs to one method"
    _adjust(shop, product.id, 1)
    assert _set(shop, product.id, 7, request_id=request_id) == counted
    assert _inventory(shop, product.id).total_available == 8


def test_a_refused_adjustment_leaves_its_request_id_free(shop: RunningShop) -> None:
    product, request_id = shop.product(stock=1), str(uuid.uuid4())
    request = inventory_pb2.AdjustInventoryRequest(product_id=product.id, delta=-2, request_id=request_id)
    assert refused(shop.inventory.AdjustInventory, request, shop.admin).reason == "NEGATIVE_STOCK"
    _adjust(shop, product.id, 5)
    assert shop.inventory.AdjustInventory(request, metadata=shop.admin.metadata).total_available == 4


@pytest.mark.both
def test_one_request_id_sent_at_once_counts_once(shop: RunningShop) -> None:
    product, request_id = shop.product(stock=0), str(uuid.uuid4())
    with ThreadPoolExecutor(8) as clients:
        replies = list(clients.map(lambda _: _adjust(shop, product.id, 3, request_id=request_id), range(8)))
    assert all(reply == replies[0] for reply in replies)
    assert _inventory(shop, product.id).total_available == 3


def test_a_variant_is_chosen_by_its_id(shop: RunningShop) -> None:
    product, other = shop.product(stock=5), shop.product()
    second = add_variant(shop, product.id, stock=0, size="L").id
    assert _set(shop, product.id, 8, variant_id=second).total_available == 13
    shown = {level.variant_id: level.available for level in _inventory(shop, product.id).levels}
    assert shown == {product.default_variant_id: 5, second: 8}
    for method, request in (
        (
            shop.inventory.SetInventory,
            inventory_pb2.SetInventoryRequest(product_id=other.id, variant_id=second, quantity=1),
        ),
        (
            shop.inventory.AdjustInventory,
            inventory_pb2.AdjustInventoryRequest(product_id=other.id, variant_id=2**53, delta=1),
        ),
    ):
        said = refused(method, request, shop.admin)
        assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "VARIANT_NOT_FOUND")


@pytest.mark.either
@pytest.mark.parametrize(
    "request_",
    [
        inventory_pb2.SetInventoryRequest(product_id=1),
        inventory_pb2.SetInventoryRequest(product_id=1, quantity=-1),
        inventory_pb2.SetInventoryRequest(product_id=1, quantity=2**31 - 1),
        inventory_pb2.SetInventoryRequest(quantity=1),
        inventory_pb2.SetInventoryRequest(product_id=1, quantity=1, request_id="x"),
        inventory_pb2.AdjustInventoryRequest(product_id=1),
        inventory_pb2.AdjustInventoryRequest(product_id=1, delta=2**31 - 1),
        inventory_pb2.AdjustInventoryRequest(product_id=1, delta=-(2**31)),
        inventory_pb2.AdjustInventoryRequest(product_id=1, variant_id=-1, delta=1),
    ],
)
def test_what_is_no_quantity_is_refused(
    shop: RunningShop, request_: inventory_pb2.SetInventoryRequest | inventory_pb2.AdjustInventoryRequest
) -> None:
    is_set = isinstance(request_, inventory_pb2.SetInventoryRequest)
    said = refused(
        shop.inventory.SetInventory if is_set else shop.inventory.AdjustInventory, request_, shop.admin
    )
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
