"""The rules of what undoes an order: refunds match what was paid back, returns and units their orders."""

from __future__ import annotations

from typing import Final

from server.order.status import CANCELLED, RECEIVED, REFUNDED, RETURN_REQUESTED
from server.payment.status import DISPUTE, FAILED, PENDING
from server.verify.rule import Rule

REFUNDS: Final = (
    Rule(
        "line-units",
        "order {order_id}, line {position}: of {quantity} units {refunded_quantity} were paid back and "
        "{restocked_quantity} are back in stock",
        """
        SELECT order_id, position, quantity, refunded_quantity, restocked_quantity
        FROM order_lines
        WHERE refunded_quantity < 0 OR refunded_quantity > quantity
           OR restocked_quantity < 0 OR restocked_quantity > quantity
        ORDER BY order_id, position
        """,
    ),
    Rule(
        "line-refunded",
        "order {order_id}, line {position}: {refunded_quantity} units and {refunded_minor} count as paid back, "
        "but its refunds say {units} and {minor}",
        """
        SELECT order_id, position, SUM(refunded_quantity) AS refunded_quantity, SUM(units) AS units,
               SUM(refunded_minor) AS refunded_minor, SUM(minor) AS minor
        FROM (
            SELECT order_id, position, refunded_quantity, refunded_minor, 0 AS units, 0 AS minor FROM order_lines
            UNION ALL
            SELECT refunds.order_id, refund_lines.position, 0, 0, refund_lines.quantity, refund_lines.amount_minor
            FROM refund_lines JOIN refunds ON refunds.id = refund_lines.refund_id
            WHERE refunds.status NOT IN :failed
        ) AS counted
        GROUP BY order_id, position
        HAVING SUM(refunded_quantity) <> SUM(units) OR SUM(refunded_minor) <> SUM(minor)
        ORDER BY order_id, position
        """,
        {"failed": [FAILED]},
    ),
    Rule(
        "line-paid-back",
        "order {order_id}, line {position}: cost {cost}, but {refunded_minor} of it was paid back",
        """
        SELECT order_id, position, refunded_minor,
               total_minor - discount_minor + tax_minor + shipping_minor AS cost
        FROM order_lines
        WHERE refunded_minor < 0
           OR refunded_minor > total_minor - discount_minor + tax_minor + shipping_minor
        ORDER BY order_id, position
        """,
    ),
    Rule(
        "order-ended",
        "order {order_id}, line {position}: is {status}, but {away} of its units are not back in stock",
        """
        SELECT order_lines.order_id, order_lines.position, orders.status,
               order_lines.quantity - order_lines.restocked_quantity AS away
        FROM order_lines JOIN orders ON orders.id = order_lines.order_id
        WHERE orders.status IN :cancelled AND order_lines.restocked_quantity <> order_lines.quantity
        ORDER BY order_lines.order_id, order_lines.position
        """,
        {"cancelled": [CANCELLED]},
    ),
    Rule(
        "payment-refunded",
        "order {number}: {refunded_minor} of {captured_minor} counts as paid back, but its refunds say {summed}",
        """
        SELECT orders.number, payments.refunded_minor, payments.captured_minor,
               COALESCE(SUM(refunds.amount_minor), 0) AS summed
        FROM payments
        JOIN orders ON orders.id = payments.order_id
        LEFT JOIN refunds ON refunds.order_id = payments.order_id AND refunds.status NOT IN :failed
        GROUP BY orders.id, orders.number, payments.refunded_minor, payments.captured_minor
        HAVING payments.refunded_minor <> COALESCE(SUM(refunds.amount_minor), 0)
            OR payments.refunded_minor < 0 OR payments.refunded_minor > payments.captured_minor
        ORDER BY orders.id
        """,
        {"failed": [FAILED]},
    ),
    Rule(
        "refund-parts",
        "order {number}: its refunds hold {tax} of {tax_minor} tax and {shipping} of {shipping_minor} shipping",
        """
        SELECT orders.number, orders.tax_minor, orders.shipping_minor,
               SUM(refunds.tax_minor) AS tax, SUM(refunds.shipping_minor) AS shipping
        FROM refunds JOIN orders ON orders.id = refunds.order_id
        WHERE refunds.status NOT IN :failed
        GROUP BY orders.id, orders.number, orders.tax_minor, orders.shipping_minor
        HAVING SUM(refunds.tax_minor) > orders.tax_minor OR SUM(refunds.shipping_minor) > orders.shipping_minor
        ORDER BY orders.id
        """,
        {"failed": [FAILED]},
    ),
    Rule(
        "refund-currency",
        "refund {id} of order {number}: is in {currency}, the order in {paid_in}",
        """
        SELECT refunds.id, orders.number, refunds.currency, orders.currency AS paid_in
        FROM refunds JOIN orders ON orders.id = refunds.order_id
        WHERE refunds.currency <> orders.currency
        ORDER BY refunds.id
        """,
    ),
    Rule(
        # One that waits for nothing would never be paid back; what a bank took waits for the bank's word.
        "refund-awaited",
        "refund {id}: is {status}, but its next attempt is {next_attempt_at}",
        """
        SELECT id, status, next_attempt_at FROM refunds
        WHERE (status IN :pending AND origin NOT IN :dispute AND next_attempt_at IS NULL)
           OR ((status NOT IN :pending OR origin IN :dispute) AND next_attempt_at IS NOT NULL)
        ORDER BY id
        """,
        {"pending": [PENDING], "dispute": [DISPUTE]},
    ),
    Rule(
        "refunded-whole",
        "order {number}: is {status}, but {left_minor} of what was paid is neither paid back nor refused",
        """
        SELECT orders.number, orders.status, payments.captured_minor - payments.refunded_minor AS left_minor
        FROM orders JOIN payments ON payments.order_id = orders.id
        WHERE orders.status IN :ended
          AND payments.captured_minor - payments.refunded_minor <> 0
          AND NOT EXISTS (
              SELECT 1 FROM refunds WHERE refunds.order_id = orders.id AND refunds.status IN :failed
          )
        ORDER BY orders.id
        """,
        {"ended": [REFUNDED], "failed": [FAILED]},
    ),
    Rule(
        "return-open",
        "order {number}: is {status}, but has {open} open returns",
        """
        SELECT orders.number, orders.status, COUNT(returns.id) AS open
        FROM orders
        LEFT JOIN returns ON returns.order_id = orders.id AND returns.status IN ('REQUESTED', 'APPROVED')
        WHERE orders.status IN :requested OR returns.id IS NOT NULL
        GROUP BY orders.id, orders.number, orders.status
        HAVING COUNT(returns.id) <> 1 OR orders.status NOT IN :requested
        ORDER BY orders.id
        """,
        {"requested": [RETURN_REQUESTED]},
    ),
    Rule(
        "return-units",
        "order {order_id}, line {position}: of {quantity} units {returned} were sent back",
        """
        SELECT returns.order_id, return_lines.position, order_lines.quantity,
               SUM(return_lines.quantity) AS returned
        FROM return_lines
        JOIN returns ON returns.id = return_lines.return_id
        LEFT JOIN order_lines ON order_lines.order_id = returns.order_id
                             AND order_lines.position = return_lines.position
        WHERE returns.status IN :received
        GROUP BY returns.order_id, return_lines.position, order_lines.quantity
        HAVING order_lines.quantity IS NULL OR SUM(return_lines.quantity) > order_lines.quantity
        ORDER BY returns.order_id, return_lines.position
        """,
        {"received": [RECEIVED]},
    ),
    Rule(
        "return-restocked",
        "order {order_id}, line {position}: its returns brought {back} units into stock, of which "
        "{restocked_quantity} are there",
        """
        SELECT returns.order_id, return_lines.position, order_lines.restocked_quantity,
               SUM(return_lines.restocked) AS back
        FROM return_lines
        JOIN returns ON returns.id = return_lines.return_id
        JOIN order_lines ON order_lines.order_id = returns.order_id
                        AND order_lines.position = return_lines.position
        GROUP BY returns.order_id, return_lines.position, order_lines.restocked_quantity
        HAVING SUM(return_lines.restocked) > order_lines.restocked_quantity
        ORDER BY returns.order_id, return_lines.position
        """,
    ),
)
