"""Lists that staff work through: a page is a short walk along an index, however long the list has grown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, insert
from support.query_plans import Explained, nodes

from server.db.database import Database
from server.order.models import Order
from server.payment.alert_queries import alert_page
from server.payment.models import PaymentAlert
from server.refund.models import Return
from server.refund.return_queries import return_page
from server.webhooks.models import WebhookDelivery, WebhookEndpoint
from server.webhooks.queries import delivery_page

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COUNT, LIMIT = 3_000, 21


@pytest.fixture(scope="module")
def grown(module_database_url: str) -> Iterator[Database]:
    """A shop that has worked for years: nearly all is done, a little is not."""
    db = Database(module_database_url, pool_size=1)
    with db.transaction() as tx:
        order_id = tx.execute(insert(Order).values(_order()).returning(Order.id)).scalar_one()
        endpoints = [_endpoint(tx) for _ in range(2)]
        numbers = range(COUNT)
        tx.execute(insert(Return), [_return(order_id, number) for number in numbers])
        deliveries = [_delivery(endpoints[number % 50 == 0], order_id, number) for number in numbers]
        tx.execute(insert(WebhookDelivery), deliveries)
        tx.execute(insert(PaymentAlert), [_alert(number) for number in numbers])
    with db.read() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield db
    db.close()


def _order() -> dict[str, object]:
    return {
        "number": "SO-00000-00000",
        "status": "DELIVERED",
        "currency": "USD",
        **dict.fromkeys(("subtotal_minor", "tax_minor", "shipping_minor", "total_minor"), 0),
        "address": {},
        "tracking_number": "",
        "last_sequence": 1,
        "placed_at": NOW,
        "updated_at": NOW,
    }


def _endpoint(tx: Connection) -> int:
    values = {
        "url": "https://a.example",
        "event_types": [],
        "salt": "",
        "active": True,
        "disabled_reason": "",
    }
    times = {"created_at": NOW, "updated_at": NOW}
    statement = insert(WebhookEndpoint).values(values | times).returning(WebhookEndpoint.id)
    return int(tx.execute(statement).scalar_one())


def _return(order_id: int, number: int) -> dict[str, object]:
    moment = NOW + timedelta(minutes=number)
    status = "REJECTED" if number % 100 == 0 else "RECEIVED"
    times = {"created_at": moment, "updated_at": moment}
    return {"order_id": order_id, "status": status, "reason": "", **times}


def _delivery(endpoint_id: int, order_id: int, number: int) -> dict[str, object]:
    moment = NOW + timedelta(minutes=number)
    times = dict.fromkeys(("created_at", "next_attempt_at", "retry_until"), moment)
    return {
        "endpoint_id": endpoint_id,
        "event_id": number,
        "event_type": "order.placed",
        "order_id": order_id,
        "body": "{}",
        "status": "FAILED" if number % 101 == 0 else "DELIVERED",
        "attempts": 1,
        "response_code": 200,
        "error": "",
        **times,
    }


def _alert(number: int) -> dict[str, object]:
    facts = {"kind": "OTHER_AMOUNT", "gateway": "demo", "gateway_id": "", "problem": ""}
    is_open = number % 100 == 0
    return {"key": str(number), "created_at": NOW, "closed_at": None if is_open else NOW, **facts}


LISTS: dict[str, Callable[[Connection], object]] = {
    "returns": partial(return_page, user_id=None, order_id=None, state=None, after=None, limit=LIMIT),
    "returns of a status": partial(
        return_page, user_id=None, order_id=None, state="REJECTED", after=None, limit=LIMIT
    ),
    "deliveries": partial(delivery_page, endpoint_id=1, status=None, after=None, limit=LIMIT),
    "deliveries of a quiet endpoint": partial(
        delivery_page, endpoint_id=2, status=None, after=None, limit=LIMIT
    ),
    "deliveries that failed": partial(delivery_page, endpoint_id=1, status="FAILED", after=None, limit=LIMIT),
    "alerts that are open": partial(alert_page, include_closed=False, after=None, limit=LIMIT),
}


@pytest.mark.parametrize("read", LISTS.values(), ids=LISTS)
def test_a_page_is_a_short_walk_along_an_index(grown: Database, read: Callable[[Connection], object]) -> None:
    with grown.read() as connection, Explained(connection) as plans:
        read(connection)
    _assert_short(plans[0])


def _assert_short(plan: Any) -> None:
    if isinstance(plan, list):
        steps = [step for _, _, step in plan]
        assert not [step for step in steps if "ORDER BY" in step], steps
        scans = [step for step in steps if step.startswith("SCAN") and "USING" not in step]
        assert not scans, steps
        return
    for scan in nodes(plan, "Scan"):
        assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) <= 2 * LIMIT, plan
