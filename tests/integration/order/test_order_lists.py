"""What other systems look for among orders: by number, by time, and what changed since."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2
from sqlalchemy import insert
from support.page_by_page import page_by_page
from support.query_plans import Explained, nodes
from support.refund_story import refund
from support.running_shop import Account, RunningShop, refused

from server.db.database import Database
from server.order.list_queries import OrderFilter, order_page, pending_page
from server.order.models import Order
from server.user.models import User

Request = order_service_pb2.ListOrdersRequest
COUNT, LIMIT = 3_000, 21
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def listed(shop: RunningShop, reader: Account, **fields: Any) -> list[int]:
    """The ids of a list, read in pages of two."""

    def read(token: str) -> order_service_pb2.ListOrdersResponse:
        request = Request(page_size=2, page_token=token, **fields)
        return shop.orders.ListOrders(request, metadata=reader.metadata)

    return [order.id for page in page_by_page(read) for order in page.items]


def test_an_order_is_listed_by_its_number(shop: RunningShop) -> None:
    buyer, stranger = shop.customer(), shop.customer(address=False)
    order, _ = shop.order(buyer), shop.order(buyer)
    for number in (order.number, order.number.lower()):
        assert listed(shop, buyer, number=number) == [order.id]
        assert listed(shop, shop.admin, number=number, all_users=True) == [order.id]
    assert listed(shop, stranger, number=order.number) == []
    assert listed(shop, shop.admin, number=order.number) == []
    assert listed(shop, buyer, number=order.number, status=pb.Order.CANCELLED) == []
    assert listed(shop, buyer, number="SO-00000-00000") == []


def test_orders_are_listed_by_when_they_were_placed(shop: RunningShop) -> None:
    buyer = shop.customer()
    first, second, third = (shop.order(buyer) for _ in range(3))
    assert listed(shop, buyer, start_time=second.create_time) == [third.id, second.id]
    assert listed(shop, buyer, end_time=second.create_time) == [first.id]
    assert listed(shop, buyer, start_time=second.create_time, end_time=third.create_time) == [second.id]
    everyones = listed(shop, shop.admin, all_users=True, start_time=second.create_time)
    assert everyones[-2:] == [third.id, second.id]
    backwards = Request(start_time=third.create_time, end_time=second.create_time)
    answer = refused(shop.orders.ListOrders, backwards, buyer)
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["start_time"])


def test_what_changed_is_listed_in_the_order_of_its_changes(shop: RunningShop) -> None:
    buyer = shop.customer()
    first, second, third = (shop.order(buyer) for _ in range(3))
    shop.move(first.id, pb.Order.PROCESSING)
    assert listed(shop, buyer, sort=Request.UPDATED) == [second.id, third.id, first.id]
    seen = third.update_time
    assert listed(shop, buyer, updated_since=seen) == [third.id, first.id]
    after = Timestamp(seconds=seen.seconds, nanos=seen.nanos + 1000)
    assert listed(shop, shop.admin, all_users=True, updated_since=after)[:1] == [first.id]
    assert listed(shop, buyer, updated_since=after, status=pb.Order.CONFIRMED) == []
    answer = refused(shop.orders.ListOrders, Request(updated_since=seen, sort=Request.NEWEST), buyer)
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["sort"])


def test_money_that_went_back_is_a_change(shop: RunningShop) -> None:
    buyer = shop.customer()
    order, last = shop.order(buyer), shop.order(buyer)
    refund(shop, order.id, amount={"units": 1, "currency_code": "USD"})
    assert listed(shop, buyer, updated_since=last.update_time) == [last.id, order.id]


def test_what_changes_during_a_walk_comes_again_and_nothing_is_missed(shop: RunningShop) -> None:
    buyer = shop.customer()
    orders = [shop.order(buyer) for _ in range(5)]
    seen: list[int] = []

    def read(token: str) -> order_service_pb2.ListOrdersResponse:
        request = Request(page_size=2, page_token=token, sort=Request.UPDATED)
        return shop.orders.ListOrders(request, metadata=buyer.metadata)

    for number, page in enumerate(page_by_page(read)):
        seen += [order.id for order in page.items]
        if number == 0:
            shop.move(orders[0].id, pb.Order.PROCESSING)  # which was listed
            shop.move(orders[4].id, pb.Order.PROCESSING)  # which was not
    assert seen == [*(order.id for order in orders[:4]), orders[0].id, orders[4].id]


# ── Plans


@pytest.fixture(scope="module")
def many_orders(module_database_url: str) -> Iterator[Database]:
    """A database with a few thousand orders."""
    db = Database(module_database_url, pool_size=1)
    with db.transaction() as tx:
        tx.execute(insert(User).values(_buyer()))
        tx.execute(insert(Order), [_order(number) for number in range(COUNT)])
    with db.read() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield db
    db.close()


def _buyer() -> dict[str, object]:
    facts = dict.fromkeys(("email", "email_key"), "ann@example.com")
    return {"id": 1, "full_name": "Ann", "created_at": NOW, "updated_at": NOW, **facts}


def _order(number: int) -> dict[str, object]:
    placed = NOW + timedelta(minutes=number)
    status = "PENDING_PAYMENT" if number % 50 == 0 else "RETURNED" if number % 70 == 0 else "DELIVERED"
    return {
        "number": uuid.uuid4().hex[:20],
        "user_id": 1 if number % 100 == 1 else None,
        "status": status,
        "currency": "USD",
        **dict.fromkeys(("subtotal_minor", "tax_minor", "shipping_minor", "total_minor"), 0),
        "address": {},
        "tracking_number": "",
        "last_sequence": 1,
        "placed_at": placed,
        "updated_at": placed + timedelta(days=number % 7),
    }


LISTS = {
    "everyone's": OrderFilter(),
    "of a status": OrderFilter(status="RETURNED"),
    "placed within a time": OrderFilter(placed_from=NOW, placed_before=NOW + timedelta(days=1)),
    "in the order of changes": OrderFilter(by_change=True),
    "changed since": OrderFilter(updated_since=NOW + timedelta(days=1), by_change=True),
    "of a status in the order of changes": OrderFilter(status="DELIVERED", by_change=True),
    "of a buyer": OrderFilter(user_id=1),
    "of a buyer in the order of changes": OrderFilter(user_id=1, by_change=True),
    "by number": OrderFilter(number="SO-7K3M9-QX42T"),
}


@pytest.mark.parametrize("orders", [*LISTS.values(), None], ids=[*LISTS, "pending"])
@pytest.mark.parametrize("whole", [False, True], ids=["summaries", "whole"])
def test_a_page_is_a_short_walk_along_an_index(
    many_orders: Database, orders: OrderFilter | None, whole: bool
) -> None:
    with many_orders.read() as connection, Explained(connection) as plans:
        if orders is None:
            assert len(pending_page(connection, None, LIMIT, whole=whole)) == LIMIT
        else:
            order_page(connection, orders, None, LIMIT, whole=whole)
    plan = plans[0]
    if isinstance(plan, list):
        steps = [step for _, _, step in plan]
        assert not [step for step in steps if step == "SCAN orders"], steps
        sorts = [step for step in steps if "ORDER BY" in step]
        is_short = orders is not None and (orders.number or (orders.user_id and orders.by_change))
        assert is_short or not sorts, steps
        return
    for scan in nodes(plan, "Scan"):
        if scan.get("Relation Name") == "orders":
            assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) <= 4 * LIMIT, plan
