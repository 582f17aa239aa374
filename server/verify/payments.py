"""The rules of payments: what the shop believes is what the books say, and every gift card is explained."""

from __future__ import annotations

from typing import Final

from server.order.status import CANCELLED
from server.payment.gateway import CAPTURED, DECLINED, SUCCEEDED, VOIDED
from server.payment.in_house import IN_HOUSE
from server.verify.rule import Rule

_OWN: Final = sorted(IN_HOUSE)
"""The gateways whose books are in this database."""

PAYMENTS: Final = (
    Rule(
        "payment-in-books",
        "order {number}: {captured_minor} {currency} were captured as {gateway_id}, but the books of {gateway} "
        "say {charged} {amount_minor} as {booked_id}",
        """
        SELECT orders.number, payments.captured_minor, payments.currency, payments.gateway, payments.gateway_id,
               COALESCE(gateway_charges.gateway_id, 'nothing') AS booked_id,
               COALESCE(gateway_charges.status, 'nothing') AS charged,
               COALESCE(gateway_charges.amount_minor, 0) AS amount_minor
        FROM payments
        JOIN orders ON orders.id = payments.order_id
        LEFT JOIN gateway_charges ON gateway_charges.key = orders.number
        WHERE payments.status IN :captured AND payments.gateway IN :own
          AND (gateway_charges.key IS NULL
               OR gateway_charges.status NOT IN :captured
               OR gateway_charges.amount_minor <> payments.captured_minor
               OR gateway_charges.currency <> payments.currency
               OR gateway_charges.gateway_id <> payments.gateway_id)
        ORDER BY orders.id
        """,
        {"captured": [CAPTURED], "own": _OWN},
    ),
    Rule(
        # While a payment is PENDING its charge may be in the books already: the sweeper will learn of it. What was
        # given up was cancelled at the gateway first, so nothing can be captured for it any more.
        "charge-has-payment",
        "charge {key}: {amount_minor} {currency} were captured, but the payment is {payment}",
        """
        SELECT gateway_charges.key, gateway_charges.amount_minor, gateway_charges.currency,
               COALESCE(payments.status, 'absent') AS payment
        FROM gateway_charges
        LEFT JOIN orders ON orders.number = gateway_charges.key
        LEFT JOIN payments ON payments.order_id = orders.id
        WHERE gateway_charges.status IN :captured AND (payments.order_id IS NULL OR payments.status IN :gone)
        ORDER BY gateway_charges.key
        """,
        {"captured": [CAPTURED], "gone": [DECLINED, VOIDED]},
    ),
    Rule(
        "payment-sums",
        "order {number}: of {amount_minor}, {captured_minor} were captured and {refunded_minor} paid back",
        """
        SELECT orders.number, payments.amount_minor, payments.captured_minor, payments.refunded_minor
        FROM payments JOIN orders ON orders.id = payments.order_id
        WHERE payments.refunded_minor < 0
           OR payments.refunded_minor > payments.captured_minor
           OR payments.captured_minor
              <> CASE WHEN payments.status IN :captured THEN payments.amount_minor ELSE 0 END
        ORDER BY orders.id
        """,
        {"captured": [CAPTURED]},
    ),
    Rule(
        # A refund that its gateway refused for good waits for a person, who got an alert.
        "cancelled-paid-back",
        "order {number}: was cancelled, but {kept} {currency} of its payment were kept",
        """
        SELECT orders.number, payments.captured_minor - payments.refunded_minor AS kept, payments.currency
        FROM payments JOIN orders ON orders.id = payments.order_id
        WHERE orders.status IN :cancelled AND payments.captured_minor > payments.refunded_minor
          AND NOT EXISTS (
              SELECT 1 FROM refunds WHERE refunds.order_id = orders.id AND refunds.status = 'FAILED'
          )
        ORDER BY orders.id
        """,
        {"cancelled": [CANCELLED]},
    ),
    Rule(
        "books-refunds",
        "charge {key}: {refunded_minor} of {amount_minor} count as paid back, but its refunds add up to {summed}",
        """
        SELECT gateway_charges.key, gateway_charges.amount_minor, gateway_charges.refunded_minor,
               COALESCE(SUM(gateway_refunds.amount_minor), 0) AS summed
        FROM gateway_charges LEFT JOIN gateway_refunds ON gateway_refunds.charge_key = gateway_charges.key
        GROUP BY gateway_charges.key, gateway_charges.amount_minor, gateway_charges.refunded_minor
        HAVING gateway_charges.refunded_minor <> COALESCE(SUM(gateway_refunds.amount_minor), 0)
            OR gateway_charges.refunded_minor > gateway_charges.amount_minor
        ORDER BY gateway_charges.key
        """,
    ),
    Rule(
        # What is paid back is promised in payments.refunded_minor first, and only then asked of the gateway.
        "refund-promised",
        "order {number}: the books paid {paid} back, but only {refunded_minor} were to be paid back",
        """
        SELECT orders.number, gateway_charges.refunded_minor AS paid, payments.refunded_minor
        FROM gateway_charges
        JOIN orders ON orders.number = gateway_charges.key
        JOIN payments ON payments.order_id = orders.id
        WHERE gateway_charges.refunded_minor > payments.refunded_minor
        ORDER BY orders.id
        """,
    ),
    Rule(
        # The gateway's entry comes first: a refund succeeds once the books have it.
        "refund-in-books",
        "refund {id} of order {number}: {amount_minor} count as paid back, but the books of {gateway} say {paid}",
        """
        SELECT refunds.id, orders.number, refunds.amount_minor, payments.gateway,
               COALESCE(gateway_refunds.amount_minor, 0) AS paid
        FROM refunds
        JOIN orders ON orders.id = refunds.order_id
        JOIN payments ON payments.order_id = refunds.order_id
        LEFT JOIN gateway_refunds ON gateway_refunds.key = refunds.key
                                 AND gateway_refunds.charge_key = orders.number
        WHERE refunds.status IN :succeeded AND payments.gateway IN :own
          AND COALESCE(gateway_refunds.amount_minor, 0) <> refunds.amount_minor
        ORDER BY refunds.id
        """,
        {"succeeded": [SUCCEEDED], "own": _OWN},
    ),
    Rule(
        "gift-card-balance",
        "gift card {id}: holds {balance_minor}, but its entries add up to {summed}",
        """
        SELECT gift_cards.id, gift_cards.balance_minor, COALESCE(SUM(gift_card_entries.amount_minor), 0) AS summed
        FROM gift_cards LEFT JOIN gift_card_entries ON gift_card_entries.gift_card_id = gift_cards.id
        GROUP BY gift_cards.id, gift_cards.balance_minor
        HAVING gift_cards.balance_minor <> COALESCE(SUM(gift_card_entries.amount_minor), 0)
            OR gift_cards.balance_minor < 0
        ORDER BY gift_cards.id
        """,
    ),
    Rule(
        "gift-card-charge",
        "charge {key}: {amount_minor} were taken from a gift card, but its entry says {entered}",
        """
        SELECT gateway_charges.key, gateway_charges.amount_minor,
               COALESCE(gift_card_entries.amount_minor, 0) AS entered
        FROM gateway_charges
        JOIN orders ON orders.number = gateway_charges.key
        JOIN payments ON payments.order_id = orders.id AND payments.gateway = 'gift_card'
        LEFT JOIN gift_card_entries ON gift_card_entries.key = 'charge ' || gateway_charges.key
                                   AND gift_card_entries.gift_card_id = gateway_charges.gift_card_id
        WHERE gateway_charges.status IN :captured
          AND COALESCE(gift_card_entries.amount_minor, 0) <> -gateway_charges.amount_minor
        ORDER BY gateway_charges.key
        """,
        {"captured": [CAPTURED]},
    ),
    Rule(
        "gift-card-refund",
        "refund {key}: {amount_minor} went back on a gift card, but its entry says {entered}",
        """
        SELECT gateway_refunds.key, gateway_refunds.amount_minor,
               COALESCE(gift_card_entries.amount_minor, 0) AS entered
        FROM gateway_refunds
        JOIN gateway_charges ON gateway_charges.key = gateway_refunds.charge_key
        LEFT JOIN gift_card_entries ON gift_card_entries.key = 'refund ' || gateway_refunds.key
                                   AND gift_card_entries.gift_card_id = gateway_charges.gift_card_id
        WHERE gateway_charges.gift_card_id IS NOT NULL
          AND COALESCE(gift_card_entries.amount_minor, 0) <> gateway_refunds.amount_minor
        ORDER BY gateway_refunds.key
        """,
    ),
)
