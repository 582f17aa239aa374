"""The rules of parcels: no unit is in two of them, and none that was not ordered, or was paid back before."""

from __future__ import annotations

from typing import Final

from server.order.status import SHIPPED
from server.verify.rule import Rule

_SHIPPABLE: Final = "order_lines.quantity - order_lines.withheld_quantity + order_lines.released_quantity"

_UNITS_BY_LINE: Final = """
    SELECT orders.number, {position} AS position, SUM({quantity}) AS shipped, {shippable} AS shippable
    FROM {items}
    LEFT JOIN order_lines ON order_lines.order_id = orders.id AND order_lines.position = {position}
    GROUP BY orders.id, orders.number, {position}, {shippable}
    HAVING {shippable} IS NULL OR SUM({quantity}) > {shippable} OR MIN({quantity}) < 1
    ORDER BY orders.id, {position}
"""

SHIPMENTS: Final = (
    Rule(
        "shipped-units",
        "order {number}, line {position}: its parcels hold {shipped} units, but {shippable} could be shipped",
        {
            "postgresql": _UNITS_BY_LINE.format(
                shippable=_SHIPPABLE,
                position="CAST(item ->> 'position' AS integer)",
                quantity="CAST(item ->> 'quantity' AS integer)",
                items="""(
                    SELECT id, number, shipments FROM orders WHERE jsonb_typeof(shipments) = 'array'
                ) AS orders
                    CROSS JOIN LATERAL jsonb_array_elements(orders.shipments) AS parcel
                    CROSS JOIN LATERAL jsonb_array_elements(parcel -> 'items') AS item""",
            ),
            "sqlite": _UNITS_BY_LINE.format(
                shippable=_SHIPPABLE,
                position="json_extract(item.value, '$.position')",
                quantity="json_extract(item.value, '$.quantity')",
                items="""orders JOIN json_each(orders.shipments) AS parcel
                    JOIN json_each(parcel.value, '$.items') AS item""",
            ),
        },
    ),
    Rule(
        "shipped-when",
        "order {number}: it has parcels, and was never shipped",
        """
        SELECT orders.number
        FROM orders
        WHERE orders.tracking_number <> ''
          AND NOT EXISTS (
              SELECT 1 FROM order_events
              WHERE order_events.order_id = orders.id AND order_events.status IN :shipped
          )
        ORDER BY orders.id
        """,
        {"shipped": [SHIPPED]},
    ),
    Rule(
        "shipment-step",
        "order {order_id}: step {sequence} names parcel {shipment_id}, but was no step to be shipped",
        """
        SELECT order_id, sequence, shipment_id
        FROM order_events
        WHERE shipment_id IS NOT NULL AND (status NOT IN :shipped OR shipment_id < 1)
        ORDER BY order_id, sequence
        """,
        {"shipped": [SHIPPED]},
    ),
)
