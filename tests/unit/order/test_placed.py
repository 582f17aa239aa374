"""Orders as the rules see them: they have every column of their rows, and are inserted with them."""

from __future__ import annotations

import types
from datetime import UTC, datetime
from typing import Any

from server.db.rows import field_names
from server.order.line_queries import _LINE_COLUMNS
from server.order.models import Order, OrderLine
from server.order.payment_queries import _COLUMNS as PAYMENT_COLUMNS
from server.order.placed import PlacedLine, PlacedOrder, line_of, order_of
from server.order.queries import _ORDER_COLUMNS
from server.payment.order_payment import OrderPayment

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def row_of(table: Any, **values: object) -> Any:
    """A row that has every column of a table."""
    return types.SimpleNamespace(**{column.key: None for column in table.__table__.columns} | values)


def test_every_column_is_a_field() -> None:
    assert {column.key for column in Order.__table__.columns} <= set(field_names(PlacedOrder))
    assert {column.key for column in OrderLine.__table__.columns} - {"order_id"} <= set(
        field_names(PlacedLine)
    )


def test_what_is_inserted_are_fields() -> None:
    assert set(_ORDER_COLUMNS) <= set(field_names(PlacedOrder))
    assert set(_LINE_COLUMNS) <= set(field_names(PlacedLine))
    assert set(PAYMENT_COLUMNS) <= set(field_names(OrderPayment))


def test_an_imported_order_has_no_payment_and_an_older_row_no_parcels() -> None:
    order = order_of(
        row_of(Order, id=3, number="SO-3", payment_method=None),
        [line_of(row_of(OrderLine, variant_id=5, quantity=2))],
    )
    assert (order.id, order.payment, order.shipments, order.units) == (3, None, (), {5: 2})


def test_an_order_has_its_payment_and_its_parcels() -> None:
    parcel = {
        "id": 1, "carrier": "DHL", "tracking_number": "0034", "tracking_url": "", "shipped_at": NOW.isoformat(),
        "items": [{"position": 1, "variant_id": 5, "product_id": 3, "quantity": 2}],
    }  # fmt: skip
    payment = dict.fromkeys(("token", "status", "problem", "decline_code", "gateway", "disputed"), "")
    row = row_of(
        Order, id=3, number="SO-3", currency="USD", shipments=[parcel], payment_method="CARD",
        payment_minor=500, payment_captured_minor=0, payment_refunded_minor=0, payment_updated_at=NOW,
        gateway_id="",
        **{f"payment_{name}": value for name, value in payment.items()},
    )  # fmt: skip
    order = order_of(row)
    assert str(order.charge.amount) == "5.00 USD"
    assert [one.to_json() for one in order.shipments] == [parcel]
