"""Custom metadata: what callers keep with orders, accounts, addresses, products and events is kept as it was."""

from __future__ import annotations

import csv
import io
import uuid
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from sanset.v1 import (
    behavior_pb2,
    order_pb2,
    order_service_pb2,
    payment_pb2,
    product_pb2,
    user_pb2,
)
from sanset.v1.order_pb2 import Order
from support.running_shop import Account, RunningShop, refused

pytestmark = pytest.mark.either

METADATA = {"erp": {"id": "A-17", "lines": [1, 2.5]}, "gift": True, "note": "Zoë 💥", "none": None}


def checked_out(shop: RunningShop, buyer: Account, **metadata: Any) -> Order:
    """An order with metadata."""
    shop.add(buyer, shop.product().id)
    request = order_service_pb2.CheckoutRequest(
        payment_method=payment_pb2.Payment.CARD, request_id=str(uuid.uuid4())
    )
    request.metadata.update(metadata)
    return shop.orders.Checkout(request, metadata=buyer.metadata).order


def read(shop: RunningShop, who: Account, order_id: int) -> Order:
    """An order."""
    return shop.orders.GetOrder(order_service_pb2.GetOrderRequest(order_id=order_id), metadata=who.metadata)


def change(order: Order, *paths: str, **metadata: Any) -> order_service_pb2.UpdateOrderRequest:
    """A request that replaces the metadata of an order as it was seen."""
    request = order_service_pb2.UpdateOrderRequest(order=Order(id=order.id, etag=order.etag))
    request.order.metadata.update(metadata)
    if paths:
        request.update_mask.CopyFrom(FieldMask(paths=paths))
    return request


def test_an_order_keeps_the_metadata_of_its_checkout(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = checked_out(shop, buyer, **METADATA)
    assert MessageToDict(order.metadata) == METADATA
    assert read(shop, buyer, order.id).metadata == order.metadata
    assert shop.placed_by(buyer)[0].metadata == order.metadata
    assert not shop.order().HasField("metadata")


@pytest.mark.both
def test_staff_replace_the_metadata_of_an_order_they_have_seen(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = checked_out(shop, buyer, a=1)
    with shop.counted_queries() as queries:
        changed = shop.orders.UpdateOrder(change(order, b=2), metadata=shop.admin.metadata)
    assert len(queries) <= 5 + 1  # one of them for the audit log
    assert (MessageToDict(changed.metadata), changed.status) == ({"b": 2}, order.status)
    assert changed.etag != order.etag
    again = shop.orders.UpdateOrder(change(changed, b=2), metadata=shop.admin.metadata)
    assert again == changed, "the same metadata change nothing"
    for request in (change(order, c=3), change(order, b=2)):
        stale = refused(shop.orders.UpdateOrder, request, shop.admin)
        assert (stale.code, stale.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")
    moved = order_service_pb2.UpdateOrderStatusRequest(
        order_id=order.id, status=Order.PROCESSING, etag=order.etag
    )
    assert refused(shop.orders.UpdateOrderStatus, moved, shop.admin).reason == "STALE_ETAG"
    cleared = shop.orders.UpdateOrder(change(changed, "metadata"), metadata=shop.admin.metadata)
    assert not cleared.HasField("metadata")
    assert shop.move(order.id, Order.PROCESSING, etag=cleared.etag).status == Order.PROCESSING
    audited = shop.sql("SELECT action FROM audit_entries WHERE subject = :s", s=f"order/{order.id}")
    assert [row.action for row in audited] == ["UpdateOrder"] * 3 + ["UpdateOrderStatus"]


def test_a_repeat_of_a_change_is_answered_although_its_etag_is_stale_by_now(shop: RunningShop) -> None:
    request = change(checked_out(shop, shop.customer(), a=1), b=2)
    request.request_id = str(uuid.uuid4())
    changed = shop.orders.UpdateOrder(request, metadata=shop.admin.metadata)
    assert shop.orders.UpdateOrder(request, metadata=shop.admin.metadata) == changed


def test_true_in_the_place_of_1_is_a_change(shop: RunningShop) -> None:
    order = checked_out(shop, shop.customer(), gift=1, deep=[{"a": False}])
    changed = shop.orders.UpdateOrder(change(order, gift=True, deep=[{"a": 0}]), metadata=shop.admin.metadata)
    assert MessageToDict(changed.metadata) == {"gift": True, "deep": [{"a": 0.0}]}
    assert MessageToDict(changed.metadata)["gift"] is True
    assert changed.etag != order.etag
    product = shop.product(attributes={"sealed": 1})
    update = product_pb2.UpdateProductRequest(product=product_pb2.Product(id=product.id))
    update.product.attributes.update({"sealed": True})
    sealed = shop.catalog.UpdateProduct(update, metadata=shop.admin.metadata)
    assert MessageToDict(sealed.attributes)["sealed"] is True


def test_nothing_else_of_an_order_is_written(shop: RunningShop) -> None:
    order = shop.order()
    unnamed = order_service_pb2.UpdateOrderRequest(
        order=Order(id=order.id, number="SO-1", status=Order.DELIVERED)
    )
    assert shop.orders.UpdateOrder(unnamed, metadata=shop.admin.metadata) == order
    answer = refused(shop.orders.UpdateOrder, change(order, "status"), shop.admin)
    assert answer.reason == "INVALID_UPDATE_MASK"
    nowhere = change(order_pb2.Order(id=2**40), a=1)
    assert refused(shop.orders.UpdateOrder, nowhere, shop.admin).reason == "ORDER_NOT_FOUND"
    assert refused(shop.orders.UpdateOrder, change(order_pb2.Order(), a=1), shop.admin).fields == ["order.id"]


def test_an_account_and_an_address_keep_theirs_and_an_order_that_of_its_address(shop: RunningShop) -> None:
    buyer = shop.customer(address=False)
    user = user_pb2.User()
    user.metadata.update(METADATA)
    update = user_pb2.UpdateMeRequest(user=user, update_mask=FieldMask(paths=["metadata"]))
    assert shop.users.UpdateMe(update, metadata=buyer.metadata).metadata == user.metadata
    assert shop.users.GetMe(user_pb2.GetMeRequest(), metadata=buyer.metadata).metadata == user.metadata
    address = shop.add_address(buyer, metadata={"parcel_shop": "4711"})
    assert MessageToDict(address.metadata) == {"parcel_shop": "4711"}
    order = checked_out(shop, buyer)
    assert order.address.metadata == address.metadata
    emptied = user_pb2.UpdateAddressRequest(
        address=user_pb2.Address(id=address.id), update_mask=FieldMask(paths=["metadata"])
    )
    assert not shop.users.UpdateAddress(emptied, metadata=buyer.metadata).HasField("metadata")
    assert read(shop, buyer, order.id).address.metadata == address.metadata


def test_a_product_keeps_its_own_and_lists_leave_it_out(shop: RunningShop) -> None:
    product = shop.product(metadata={"supplier": {"sku": "X-1"}}, brand=f"Brand {uuid.uuid4()}")
    shown = shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id))
    assert MessageToDict(shown.metadata) == {"supplier": {"sku": "X-1"}}
    request = product_pb2.ListProductsRequest(brand=product.brand)
    assert not shop.catalog.ListProducts(request).items[0].HasField("metadata")
    changed = product_pb2.Product(id=product.id, metadata={"a": 1})
    update = product_pb2.UpdateProductRequest(product=changed, update_mask=FieldMask(paths=["metadata"]))
    assert shop.catalog.UpdateProduct(update, metadata=shop.admin.metadata).metadata == changed.metadata


def test_an_event_keeps_its_own(shop: RunningShop) -> None:
    buyer, product = shop.customer(address=False), shop.product()
    view = behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.VIEW, product_id=product.id)
    noted = behavior_pb2.BehaviorEvent()
    noted.CopyFrom(view)
    noted.metadata.update({"page": "/mugs", "depth": 0.5})
    for events in ([noted], [view, noted]):
        shop.recommend.TrackEvent(behavior_pb2.TrackEventRequest(events=events), metadata=buyer.metadata)
    history = shop.recommend.GetHistory(behavior_pb2.GetHistoryRequest(), metadata=buyer.metadata).items
    assert sum(event.metadata == noted.metadata for event in history) == 2
    assert sum(not event.HasField("metadata") for event in history) == 1


@pytest.mark.both
@pytest.mark.parametrize(
    "metadata",
    [{"a": "x" * 4096}, {"a": "ü" * 2048}, {"k" * 65: 1}, {"a": [{"k" * 65: 1}]}, {" ": 1}],
    ids=["long", "wide", "key", "inner key", "blank key"],
)
def test_metadata_beyond_its_limits_is_refused_before_any_work(
    shop: RunningShop, metadata: dict[str, Any]
) -> None:
    order = shop.order()
    with shop.counted_queries() as queries:
        answer = refused(shop.orders.UpdateOrder, change(order, **metadata), shop.admin)
    assert (answer.reason, answer.fields, queries) == ("INVALID_FIELD", ["order.metadata"], [])


def test_metadata_just_within_its_limits_is_kept(shop: RunningShop) -> None:
    order = shop.order()
    full = {"k" * 64: [0] * 2013}
    changed = shop.orders.UpdateOrder(change(order, **full), metadata=shop.admin.metadata)
    assert MessageToDict(changed.metadata) == full


def test_exports_hold_the_metadata_of_orders_and_products(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = checked_out(shop, buyer, erp=17)
    pieces = shop.orders.ExportOrders(order_service_pb2.ExportOrdersRequest(), metadata=shop.admin.metadata)
    rows = list(csv.DictReader(io.StringIO(b"".join(piece.data for piece in pieces).decode("utf-8-sig"))))
    assert [row["metadata"] for row in rows if row["order"] == order.number] == ['{"erp":17}']
    product = shop.product(metadata={"a": "b"})
    pieces = shop.catalog.ExportProducts(product_pb2.ExportProductsRequest(), metadata=shop.admin.metadata)
    rows = list(csv.DictReader(io.StringIO(b"".join(piece.data for piece in pieces).decode("utf-8-sig"))))
    assert [row["metadata"] for row in rows if row["product_id"] == str(product.id)] == ['{"a":"b"}']
