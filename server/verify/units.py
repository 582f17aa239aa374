"""The rules of the ledger of units: what was sent back was paid once and put into stock once, whoever did it."""

from __future__ import annotations

from typing import Final

from server.order.status import OPEN_RETURN, RECEIVED, REJECTED
from server.payment.status import FAILED
from server.verify.rule import Rule

UNITS: Final = (
    Rule(
        "line-sent-back",
        "order {order_id}, line {position}: {returning_quantity} units count as being sent back and "
        "{returned_quantity} as sent back, but its returns say {awaited} and {back}",
        """
        SELECT order_id, position, SUM(returning_quantity) AS returning_quantity, SUM(awaited) AS awaited,
               SUM(returned_quantity) AS returned_quantity, SUM(back) AS back
        FROM (
            SELECT order_id, position, returning_quantity, returned_quantity, 0 AS awaited, 0 AS back
            FROM order_lines
            UNION ALL
            SELECT returns.order_id, return_lines.position, 0, 0,
                   CASE WHEN returns.status IN :open THEN return_lines.quantity ELSE 0 END,
                   CASE WHEN returns.status IN :received THEN return_lines.quantity ELSE 0 END
            FROM return_lines JOIN returns ON returns.id = return_lines.return_id
        ) AS counted
        GROUP BY order_id, position
        HAVING SUM(returning_quantity) <> SUM(awaited) OR SUM(returned_quantity) <> SUM(back)
        ORDER BY order_id, position
        """,
        {"open": sorted(OPEN_RETURN), "received": [RECEIVED]},
    ),
    Rule(
        # Units that are both count once: otherwise more were paid or sent back than were sold.
        "line-ledger",
        "order {order_id}, line {position}: of {quantity} units {refunded_quantity} were paid back and "
        "{sent_back} are or were sent back, {settled} of them both",
        """
        SELECT order_lines.order_id, order_lines.position, order_lines.quantity, order_lines.refunded_quantity,
               order_lines.returning_quantity + order_lines.returned_quantity AS sent_back,
               COALESCE(SUM(paid.returned_quantity), 0) AS settled
        FROM order_lines
        LEFT JOIN (
            SELECT refunds.order_id, refund_lines.position, refund_lines.returned_quantity
            FROM refund_lines JOIN refunds ON refunds.id = refund_lines.refund_id
            WHERE refunds.status NOT IN :failed AND refund_lines.returned_quantity <> 0
        ) AS paid ON paid.order_id = order_lines.order_id AND paid.position = order_lines.position
        WHERE order_lines.refunded_quantity <> 0 OR order_lines.returning_quantity <> 0
           OR order_lines.returned_quantity <> 0
        GROUP BY order_lines.order_id, order_lines.position, order_lines.quantity, order_lines.refunded_quantity,
                 order_lines.returning_quantity, order_lines.returned_quantity
        HAVING COALESCE(SUM(paid.returned_quantity), 0) > order_lines.refunded_quantity
            OR COALESCE(SUM(paid.returned_quantity), 0)
               > order_lines.returning_quantity + order_lines.returned_quantity
            OR order_lines.refunded_quantity + order_lines.returning_quantity + order_lines.returned_quantity
               - COALESCE(SUM(paid.returned_quantity), 0) > order_lines.quantity
        ORDER BY order_lines.order_id, order_lines.position
        """,
        {"failed": [FAILED]},
    ),
    Rule(
        # Who pays while goods travel pays for those: what arrives after that was paid. A refund that failed makes
        # units unpaid again, so that the order of the two says nothing.
        "return-paid-twice",
        "refund {refund_id} of order {order_id}, line {position}: paid for units of return {return_id} that "
        "refund {first} had paid while they travelled",
        """
        SELECT own.id AS refund_id, own.order_id, own_lines.position, returns.id AS return_id, first.id AS first
        FROM refunds AS own
        JOIN returns ON returns.id = own.return_id AND returns.status IN :received
        JOIN refund_lines AS own_lines ON own_lines.refund_id = own.id AND own_lines.quantity > 0
        JOIN refunds AS first ON first.order_id = own.order_id AND first.id < own.id
                             AND first.created_at >= returns.created_at
        LEFT JOIN refund_lines AS first_lines ON first_lines.refund_id = first.id
        WHERE own.created_at >= returns.updated_at
          AND (first_lines.refund_id IS NULL
               OR (first_lines.position = own_lines.position
                   AND first_lines.quantity > first_lines.returned_quantity))
          AND NOT EXISTS (
              SELECT 1 FROM refunds AS refused
              WHERE refused.order_id = own.order_id AND refused.status IN :failed
          )
        ORDER BY own.id, own_lines.position, first.id
        """,
        {"received": [RECEIVED], "failed": [FAILED]},
    ),
    Rule(
        "return-restocked-twice",
        "order {order_id}, line {position}: of {quantity} units {sent_back} are or were sent back, of which "
        "{of_returns} are in stock, and {others} others are as well",
        """
        SELECT order_lines.order_id, order_lines.position, order_lines.quantity,
               order_lines.returning_quantity + order_lines.returned_quantity AS sent_back,
               SUM(return_lines.restocked + return_lines.restocked_by_refund) AS of_returns,
               order_lines.restocked_quantity
               - SUM(return_lines.restocked + return_lines.restocked_by_refund) AS others
        FROM return_lines
        JOIN returns ON returns.id = return_lines.return_id AND returns.status NOT IN :rejected
        JOIN order_lines ON order_lines.order_id = returns.order_id
                        AND order_lines.position = return_lines.position
        GROUP BY order_lines.order_id, order_lines.position, order_lines.quantity,
                 order_lines.returning_quantity, order_lines.returned_quantity, order_lines.restocked_quantity
        HAVING SUM(return_lines.restocked + return_lines.restocked_by_refund)
               > order_lines.returning_quantity + order_lines.returned_quantity
            OR SUM(return_lines.restocked + return_lines.restocked_by_refund) > order_lines.restocked_quantity
            OR order_lines.restocked_quantity
               - SUM(return_lines.restocked + return_lines.restocked_by_refund)
               > order_lines.quantity - order_lines.returning_quantity - order_lines.returned_quantity
        ORDER BY order_lines.order_id, order_lines.position
        """,
        {"rejected": [REJECTED]},
    ),
)
