"""The rules of checkout: one request id, one order; carts emptied by their orders; payments that match."""

from __future__ import annotations

from typing import Final

from server.order.status import CANCELLED, PAID
from server.verify.rule import Rule

CHECKOUT: Final = (
    Rule(
        "request-one-order",
        "user {user_id}, request {request_id}: made {times} orders",
        """
        SELECT user_id, request_id, COUNT(*) AS times
        FROM orders
        WHERE request_id IS NOT NULL
        GROUP BY user_id, request_id
        HAVING COUNT(*) > 1 OR user_id IS NULL
        ORDER BY user_id, request_id
        """,
    ),
    Rule(
        # Only a checkout that ended well has a reply; keys are forgotten after a day, orders never.
        "request-has-order",
        "user {user_id}, request {request_id}: was answered, but its order does not exist",
        """
        SELECT idempotency_keys.user_id, idempotency_keys.request_id
        FROM idempotency_keys
        LEFT JOIN orders ON orders.user_id = idempotency_keys.user_id
                        AND orders.request_id = idempotency_keys.request_id
        WHERE idempotency_keys.method = 'Checkout'
          AND idempotency_keys.reply IS NOT NULL
          AND orders.id IS NULL
        ORDER BY idempotency_keys.user_id, idempotency_keys.request_id
        """,
    ),
    Rule(
        # A checkout empties the cart in the transaction that makes its order, and stamps both with one time.
        "cart-emptied",
        "user {user_id}: order {number} was placed, but the cart still holds what it held before",
        """
        SELECT carts.user_id, MIN(orders.number) AS number
        FROM carts
        JOIN orders ON orders.user_id = carts.user_id
                   AND orders.placed_at > carts.updated_at
                   AND orders.request_id IS NOT NULL
                   AND orders.status NOT IN :cancelled
        WHERE EXISTS (SELECT 1 FROM cart_items WHERE cart_items.cart_id = carts.id)
        GROUP BY carts.user_id
        ORDER BY carts.user_id
        """,
        {"cancelled": [CANCELLED]},
    ),
    Rule(
        # Only a checkout has a request id: imported and generated orders may have no payment, these never.
        "order-has-payment",
        "order {number}: was placed by a checkout and is {status}, but has no payment",
        """
        SELECT orders.number, orders.status
        FROM orders LEFT JOIN payments ON payments.order_id = orders.id
        WHERE orders.request_id IS NOT NULL AND payments.order_id IS NULL
        ORDER BY orders.id
        """,
    ),
    Rule(
        # Orders without a payment row exist: the importers' sources tell nothing of how they were paid.
        "payment-captured",
        "order {number}: is {status}, but its payment is {payment}",
        """
        SELECT orders.number, orders.status, payments.status AS payment
        FROM orders JOIN payments ON payments.order_id = orders.id
        WHERE orders.status IN :paid AND payments.status <> 'CAPTURED'
        ORDER BY orders.id
        """,
        {"paid": sorted(PAID)},
    ),
    Rule(
        "payment-amount",
        "order {number}: costs {total_minor} {currency}, but its payment is {amount_minor} {paid_in}",
        """
        SELECT orders.number, orders.total_minor, orders.currency, payments.amount_minor,
               payments.currency AS paid_in
        FROM orders JOIN payments ON payments.order_id = orders.id
        WHERE payments.amount_minor <> orders.total_minor OR payments.currency <> orders.currency
        ORDER BY orders.id
        """,
    ),
)
