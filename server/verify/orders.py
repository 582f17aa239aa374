"""The rules of orders: their sums, their lines and their history."""

from __future__ import annotations

from typing import Final

from server.order.status import DELIVERED, INITIAL, LEGAL
from server.verify.rule import Rule

ORDERS: Final = (
    Rule(
        "order-total",
        "order {number}: total {total_minor} is not subtotal {subtotal_minor} - discount {discount_minor} "
        "+ tax {tax_minor} + shipping {shipping_minor}, or one of them is below zero",
        """
        SELECT number, total_minor, subtotal_minor, discount_minor, tax_minor, shipping_minor
        FROM orders
        WHERE total_minor <> subtotal_minor - discount_minor + tax_minor + shipping_minor
           OR subtotal_minor < 0 OR discount_minor < 0 OR tax_minor < 0 OR shipping_minor < 0 OR total_minor < 0
        ORDER BY id
        """,
    ),
    Rule(
        # The subtotal is at list prices; a line's total is at the price after the product's discount.
        "order-subtotal",
        "order {number}: subtotal {subtotal_minor} is not the sum of its {lines} lines, {summed}",
        """
        SELECT orders.number, orders.subtotal_minor, COUNT(order_lines.order_id) AS lines,
               COALESCE(SUM(order_lines.total_minor
                            + (order_lines.list_price_minor - order_lines.price_minor) * order_lines.quantity),
                        0) AS summed
        FROM orders LEFT JOIN order_lines ON order_lines.order_id = orders.id
        GROUP BY orders.id, orders.number, orders.subtotal_minor
        HAVING COUNT(order_lines.order_id) = 0
            OR orders.subtotal_minor
               <> SUM(order_lines.total_minor
                      + (order_lines.list_price_minor - order_lines.price_minor) * order_lines.quantity)
        ORDER BY orders.id
        """,
    ),
    Rule(
        # Unit prices with parts of a penny exist in imported orders: the line is rounded, not the unit price,
        # so the two may differ by half a minor unit for each unit, and by one half more for the line.
        "order-line",
        "order {order_id}, line {position}: total {total_minor} is not {quantity} times {price_minor}",
        """
        SELECT order_id, position, quantity, price_minor, total_minor
        FROM order_lines
        WHERE quantity <= 0 OR total_minor < 0 OR price_minor < 0
           OR 2 * ABS(total_minor - quantity * price_minor) > quantity + 1
        ORDER BY order_id, position
        """,
    ),
    Rule(
        "order-line-variant",
        "order {order_id}, line {position}: variant {variant_id} does not belong to product {product_id}",
        """
        SELECT order_lines.order_id, order_lines.position, order_lines.variant_id, order_lines.product_id
        FROM order_lines JOIN variants ON variants.id = order_lines.variant_id
        WHERE variants.product_id <> order_lines.product_id
        ORDER BY order_lines.order_id, order_lines.position
        """,
    ),
    Rule(
        "order-number",
        "order number {number}: {times} orders have it",
        "SELECT number, COUNT(*) AS times FROM orders GROUP BY number HAVING COUNT(*) > 1 ORDER BY number",
    ),
    Rule(
        "history-gapless",
        "order {number}: its {steps} steps run from {first} to {last}, but its last sequence is {last_sequence}",
        """
        SELECT orders.number, orders.last_sequence, COUNT(order_events.sequence) AS steps,
               MIN(order_events.sequence) AS first, MAX(order_events.sequence) AS last
        FROM orders LEFT JOIN order_events ON order_events.order_id = orders.id
        GROUP BY orders.id, orders.number, orders.last_sequence
        HAVING COUNT(order_events.sequence) = 0
            OR MIN(order_events.sequence) <> 1
            OR MAX(order_events.sequence) <> COUNT(DISTINCT order_events.sequence)
            OR MAX(order_events.sequence) <> orders.last_sequence
        ORDER BY orders.id
        """,
    ),
    Rule(
        "history-legal",
        "order {number}: step {sequence} goes from {before} to {after}, which is not legal",
        """
        SELECT orders.number, steps.sequence, steps.before, steps.after
        FROM (
            SELECT order_id, sequence, status AS after,
                   COALESCE(LAG(status) OVER (PARTITION BY order_id ORDER BY sequence), 'nothing') AS before
            FROM order_events
        ) AS steps
        JOIN orders ON orders.id = steps.order_id
        WHERE steps.before || '>' || steps.after NOT IN :legal
        ORDER BY steps.order_id, steps.sequence
        """,
        {
            "legal": [
                f"nothing>{INITIAL}",
                *sorted(f"{before}>{after}" for before, afters in LEGAL.items() for after in afters),
                *sorted(f"{state}>{state}" for state in LEGAL),  # steps that only tell something
            ]
        },
    ),
    Rule(
        "history-status",
        "order {number}: is {status}, but its last step says {last}",
        """
        SELECT orders.number, orders.status, order_events.status AS last
        FROM orders
        JOIN order_events ON order_events.order_id = orders.id AND order_events.sequence = (
            SELECT MAX(newest.sequence) FROM order_events AS newest WHERE newest.order_id = orders.id
        )
        WHERE orders.status <> order_events.status
        ORDER BY orders.id
        """,
    ),
    Rule(
        # The right to return begins with it: without, an order could never come back.
        "delivered-when",
        "order {number}: {steps} of its steps say delivered, but its time of delivery is {delivered_at}",
        """
        SELECT orders.number, orders.delivered_at, COUNT(order_events.sequence) AS steps
        FROM orders
        LEFT JOIN order_events ON order_events.order_id = orders.id AND order_events.status IN :delivered
        GROUP BY orders.id, orders.number, orders.delivered_at
        HAVING (COUNT(order_events.sequence) > 0) <> (orders.delivered_at IS NOT NULL)
        ORDER BY orders.id
        """,
        {"delivered": [DELIVERED]},
    ),
)
