"""Tables as files, and how the system is."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import analytics_pb2 as pb
from support import refund_story as story
from support.counted_sales import count, placed_at
from support.module_shop import module_shop
from support.running_shop import RunningShop, refused

__all__ = ["module_shop"]

TABLE = pb.ExportAnalyticsRequest.Table
DAY = datetime(2022, 4, 5, 12, tzinfo=UTC)
RANGE: dict[str, Any] = {
    "start_time": Timestamp(seconds=int(DAY.timestamp())),
    "end_time": Timestamp(seconds=int(DAY.timestamp()) + 86_400),
}


def exported(shop: RunningShop, table: Any) -> list[dict[str, str]]:
    """The rows of a table, as a spreadsheet reads them."""
    request = pb.ExportAnalyticsRequest(table=table, **RANGE)
    pieces = list(shop.analytics.ExportAnalytics(request, metadata=shop.admin.metadata))
    assert pieces[0].content_type.startswith("text/csv")
    text = b"".join(piece.data for piece in pieces).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.either
@pytest.mark.parametrize("table", TABLE.values()[1:], ids=TABLE.keys()[1:])
def test_every_table_is_a_file(shop: RunningShop, table: Any) -> None:
    buyer = shop.customer()
    order = story.bought(shop, buyer, (12, 50, 2))
    placed_at(shop, order.id, DAY)
    story.refund(shop, order.id, items=story.units(order, 1))
    count(shop)
    rows = exported(shop, table)
    if table == TABLE.SALES:
        assert [row["day"] for row in rows] == ["2022-04-05", "2022-04-06"]
        assert float(rows[0]["paid"]) - float(rows[0]["refunded"]) == pytest.approx(float(rows[0]["revenue"]))
        assert int(rows[0]["orders"]) >= 1 == 1 - int(rows[1]["orders"])
    elif table in (TABLE.PRODUCTS, TABLE.USERS):
        ids = {row["id"] for row in rows}
        assert str(order.items[0].product_id if table == TABLE.PRODUCTS else buyer.user_id) in ids
        assert {row["currency"] for row in rows} == {"USD"}
    elif table == TABLE.COUNTRIES:
        assert [row["name"] for row in rows] == ["US"]
    elif table == TABLE.FUNNELS:
        (row,) = [row for row in rows if row["product_id"] == str(order.items[0].product_id)]
        assert (row["orders"], row["currency"]) == ("1", "USD")
    elif table == TABLE.USER_DAYS:
        assert [row["day"] for row in rows] == ["2022-04-05", "2022-04-06"]
        assert int(rows[0]["buyers"]) >= 1


def test_a_range_that_cannot_be_is_refused_before_the_file_begins(shop: RunningShop) -> None:
    request = pb.ExportAnalyticsRequest(range=pb.SalesPeriod.TODAY, **RANGE)
    got = refused(lambda *a, **k: list(shop.analytics.ExportAnalytics(*a, **k)), request, shop.admin)
    assert (got.code.name, got.fields) == ("INVALID_ARGUMENT", ["range"])


def test_the_system_says_what_needs_a_person(shop: RunningShop) -> None:
    request = pb.GetSystemHealthRequest()
    before = shop.analytics.GetSystemHealth(request, metadata=shop.admin.metadata)
    names = {check.name for check in before.checks}
    assert names == {"database", "disk", "events", "mail", "webhooks", "models", "payments", "analytics"}
    shop.sql(
        "INSERT INTO payment_alerts (key, kind, gateway, gateway_id, problem, created_at) "
        "VALUES ('health', 'UNKNOWN', 'demo', '', 'x', '2022-01-01 00:00:00.000000')"
    )
    reply = shop.analytics.GetSystemHealth(request, metadata=shop.admin.metadata)
    checks = {check.name: check for check in reply.checks}
    payments = checks["payments"]
    assert checks["analytics"].facts["complete"] in ("true", "false")
    assert int(checks["analytics"].facts["waiting_events"]) >= 0
    assert payments.problem == pb.SystemHealth.ALERTS_OPEN
    assert int(payments.facts["open_alerts"]) >= 1
    assert not reply.healthy
    assert reply.version
    assert refused(shop.analytics.GetSystemHealth, request, shop.customer()).code.name == "PERMISSION_DENIED"
