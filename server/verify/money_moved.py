"""The rules of money that moved: no order says more than its gateways do, and disputes are where they belong."""

from __future__ import annotations

from typing import Final

from server.order.status import DELIVERED, REFUNDED, RETURNED, SHIPPED, UNSHIPPED
from server.payment.status import DISPUTE, FAILED, LOST, OPEN, PENDING, SUCCEEDED, WON
from server.verify.rule import Rule

MONEY_MOVED: Final = (
    Rule(
        # What came back from a bank, days later, had moved all the same.
        "refunded-moved",
        "order {number}: is {status}, but of {captured_minor} that were paid only {moved} ever moved back",
        """
        SELECT orders.number, orders.status, payments.captured_minor,
               COALESCE(SUM(refunds.amount_minor), 0) AS moved
        FROM orders
        JOIN payments ON payments.order_id = orders.id
        LEFT JOIN refunds ON refunds.order_id = orders.id AND refunds.paid_at IS NOT NULL
        WHERE orders.status IN :refunded
        GROUP BY orders.id, orders.number, orders.status, payments.captured_minor
        HAVING COALESCE(SUM(refunds.amount_minor), 0) < payments.captured_minor
        ORDER BY orders.id
        """,
        {"refunded": [REFUNDED]},
    ),
    Rule(
        "moved-refunded",
        "order {number}: is {status}, but all {captured_minor} that were paid have moved back",
        """
        SELECT orders.number, orders.status, payments.captured_minor
        FROM orders
        JOIN payments ON payments.order_id = orders.id
        JOIN refunds ON refunds.order_id = orders.id AND refunds.status IN :succeeded
        WHERE orders.status IN :standing
        GROUP BY orders.id, orders.number, orders.status, payments.captured_minor
        HAVING SUM(refunds.amount_minor) >= payments.captured_minor
        ORDER BY orders.id
        """,
        {"standing": sorted(UNSHIPPED | {SHIPPED, DELIVERED, RETURNED}), "succeeded": [SUCCEEDED]},
    ),
    Rule(
        "refund-paid-when",
        "refund {id}: is {status}, but its time of payment says otherwise",
        """
        SELECT id, status FROM refunds
        WHERE (status IN :succeeded AND paid_at IS NULL) OR (status IN :pending AND paid_at IS NOT NULL)
        ORDER BY id
        """,
        {"succeeded": [SUCCEEDED], "pending": [PENDING]},
    ),
    Rule(
        # The gateway enters a refund only when the shop has decided it.
        "books-refund-known",
        "refund {key}: the books paid {amount_minor} back for {charge_key}, of which the shop knows nothing",
        """
        SELECT gateway_refunds.key, gateway_refunds.charge_key, gateway_refunds.amount_minor
        FROM gateway_refunds
        LEFT JOIN refunds ON refunds.key = gateway_refunds.key
        LEFT JOIN orders ON orders.id = refunds.order_id AND orders.number = gateway_refunds.charge_key
        WHERE orders.id IS NULL
        ORDER BY gateway_refunds.key
        """,
    ),
    Rule(
        # Of two orders with one payment of a gateway's, one was confirmed by the other's money.
        "gateway-id-once",
        "payment {gateway_id} of {gateway}: {times} orders were confirmed by it",
        """
        SELECT gateway, gateway_id, COUNT(*) AS times
        FROM payments
        WHERE gateway_id <> '' AND status = 'CAPTURED'
        GROUP BY gateway, gateway_id
        HAVING COUNT(*) > 1
        ORDER BY gateway, gateway_id
        """,
    ),
    Rule(
        "dispute-shown",
        "order {number}: its payment is shown as disputed: '{disputed}', but {open} of its disputes are open, "
        "{lost} lost and {won} won",
        """
        SELECT orders.number, payments.disputed,
               COALESCE(SUM(CASE WHEN disputes.status IN :open THEN 1 ELSE 0 END), 0) AS open,
               COALESCE(SUM(CASE WHEN disputes.status IN :lost THEN 1 ELSE 0 END), 0) AS lost,
               COALESCE(SUM(CASE WHEN disputes.status IN :won THEN 1 ELSE 0 END), 0) AS won
        FROM payments
        JOIN orders ON orders.id = payments.order_id
        LEFT JOIN disputes ON disputes.order_id = payments.order_id
        WHERE payments.disputed <> '' OR disputes.id IS NOT NULL
        GROUP BY orders.id, orders.number, payments.disputed
        HAVING payments.disputed <> CASE
            WHEN SUM(CASE WHEN disputes.status IN :open THEN 1 ELSE 0 END) > 0 THEN 'OPEN'
            WHEN SUM(CASE WHEN disputes.status IN :lost THEN 1 ELSE 0 END) > 0 THEN 'LOST'
            WHEN SUM(CASE WHEN disputes.status IN :won THEN 1 ELSE 0 END) > 0 THEN 'WON'
            ELSE '' END
        ORDER BY orders.id
        """,
        {"open": [OPEN], "lost": [LOST], "won": [WON]},
    ),
    Rule(
        "dispute-money",
        "dispute {gateway_id}: is {status}, but the money that it took is {refund}",
        """
        SELECT disputes.gateway_id, disputes.status, COALESCE(refunds.status, 'absent') AS refund
        FROM disputes LEFT JOIN refunds ON refunds.id = disputes.refund_id
        WHERE (disputes.refund_id IS NOT NULL
               AND (refunds.id IS NULL
                    OR refunds.order_id <> disputes.order_id
                    OR refunds.origin NOT IN :origin
                    OR refunds.status <> CASE disputes.status WHEN 'OPEN' THEN 'PENDING'
                                                              WHEN 'WON' THEN 'FAILED'
                                                              ELSE 'SUCCEEDED' END))
           OR (disputes.status IN :open) <> (disputes.closed_at IS NULL)
        ORDER BY disputes.id
        """,
        {"origin": [DISPUTE], "open": [OPEN]},
    ),
    Rule(
        "refund-of-dispute",
        "refund {id}: was taken by a dispute, of which there is none",
        """
        SELECT refunds.id
        FROM refunds LEFT JOIN disputes ON disputes.refund_id = refunds.id
        WHERE refunds.origin IN :origin AND disputes.id IS NULL AND refunds.status NOT IN :failed
        ORDER BY refunds.id
        """,
        {"origin": [DISPUTE], "failed": [FAILED]},
    ),
)
