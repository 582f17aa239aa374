"""The rules of coupons and points: counters are what was counted, and every ledger adds up."""

from __future__ import annotations

from typing import Final

from server.order.status import CANCELLED, CONFIRMED
from server.verify.rule import Rule

_BOOKED = """
    SELECT order_id,
           SUM(CASE WHEN kind = 'EARNED' THEN points ELSE 0 END) AS earned,
           SUM(CASE WHEN kind = 'REDEEMED' THEN points ELSE 0 END) AS redeemed,
           SUM(CASE WHEN kind = 'RETURNED' THEN points ELSE 0 END) AS returned,
           SUM(CASE WHEN kind = 'REVERSED' THEN points ELSE 0 END) AS reversed
    FROM points_entries WHERE order_id IS NOT NULL GROUP BY order_id
"""
_WAS_PAID = """
    EXISTS (SELECT 1 FROM order_events
            WHERE order_events.order_id = orders.id AND order_events.status IN :confirmed)
"""

PROMOTIONS: Final = (
    Rule(
        "coupon-used",
        "coupon {code}: counts {used} uses of at most {usage_limit} (0: any), but {held} orders hold it",
        """
        SELECT coupons.code, coupons.used, coupons.usage_limit, COUNT(coupon_uses.order_id) AS held
        FROM coupons LEFT JOIN coupon_uses
          ON coupon_uses.coupon_id = coupons.id AND coupon_uses.released_at IS NULL
        GROUP BY coupons.id, coupons.code, coupons.used, coupons.usage_limit
        HAVING coupons.used <> COUNT(coupon_uses.order_id)
            OR (coupons.usage_limit > 0 AND coupons.used > coupons.usage_limit)
        ORDER BY coupons.id
        """,
    ),
    Rule(
        "coupon-used-by-user",
        "coupon {code}, user {user_id}: {used} uses are counted of at most {per_user_limit} (0: any), "
        "but {held} orders hold it",
        """
        SELECT coupons.code, counted.user_id, SUM(counted.used) AS used, coupons.per_user_limit,
               SUM(counted.held) AS held
        FROM (
            SELECT coupon_id, user_id, used, 0 AS held FROM coupon_users
            UNION ALL
            SELECT coupon_id, user_id, 0, 1 FROM coupon_uses WHERE released_at IS NULL
        ) AS counted
        JOIN coupons ON coupons.id = counted.coupon_id
        GROUP BY coupons.id, coupons.code, coupons.per_user_limit, counted.user_id
        HAVING SUM(counted.used) <> SUM(counted.held)
            OR (coupons.per_user_limit > 0 AND SUM(counted.used) > coupons.per_user_limit)
        ORDER BY coupons.id, counted.user_id
        """,
    ),
    Rule(
        "coupon-of-order",
        "order {number}: has coupon {coupon_id} and is {status}, but its use is of coupon {used_id} "
        "and was released at {released_at}",
        """
        SELECT orders.number, orders.coupon_id, orders.status, coupon_uses.coupon_id AS used_id,
               coupon_uses.released_at
        FROM orders LEFT JOIN coupon_uses ON coupon_uses.order_id = orders.id
        WHERE (orders.coupon_id IS NULL) <> (coupon_uses.order_id IS NULL)
           OR coupon_uses.coupon_id <> orders.coupon_id
           OR coupon_uses.user_id <> orders.user_id
           OR (coupon_uses.order_id IS NOT NULL
               AND (coupon_uses.released_at IS NOT NULL) <> (orders.status IN :cancelled))
        ORDER BY orders.id
        """,
        {"cancelled": [CANCELLED]},
    ),
    Rule(
        "coupon-of-cart",
        "cart {cart_id}: its coupon {coupon_id} does not exist, or it would redeem {points} points",
        """
        SELECT carts.id AS cart_id, carts.coupon_id, carts.points
        FROM carts LEFT JOIN coupons ON coupons.id = carts.coupon_id
        WHERE (carts.coupon_id IS NOT NULL AND coupons.id IS NULL) OR carts.points < 0
        ORDER BY carts.id
        """,
    ),
    Rule(
        # Only what was earned for good decides the tier: a gift of an admin's is to be spent, which lowers nobody.
        "points-ledger",
        "user {user_id}: has {points} points, owes {owed} and has {lifetime} in their life, but the ledger says "
        "{booked}, {due} and {counted}",
        """
        SELECT user_id, SUM(points) AS points, SUM(owed) AS owed, SUM(lifetime) AS lifetime,
               SUM(booked) AS booked, SUM(due) AS due, SUM(counted) AS counted
        FROM (
            SELECT user_id, points, owed, lifetime, 0 AS booked, 0 AS due, 0 AS counted FROM loyalty_accounts
            UNION ALL
            SELECT points_entries.user_id, 0, 0, 0, points_entries.points,
                   CASE WHEN kind IN ('OWED', 'REPAID') THEN points_entries.points ELSE 0 END,
                   CASE WHEN kind IN ('EARNED', 'REVERSED') AND orders.points_counted_at IS NOT NULL
                        THEN points_entries.points ELSE 0 END
            FROM points_entries LEFT JOIN orders ON orders.id = points_entries.order_id
        ) AS moved
        GROUP BY user_id
        HAVING SUM(points) <> SUM(booked) OR SUM(owed) <> SUM(due) OR SUM(lifetime) <> SUM(counted)
        ORDER BY user_id
        """,
    ),
    Rule(
        "points-below-zero",
        "user {user_id}: has {points} points, owes {owed} and has {lifetime} in their life: one is below zero",
        """
        SELECT user_id, points, owed, lifetime FROM loyalty_accounts
        WHERE points < 0 OR owed < 0 OR lifetime < 0
        ORDER BY user_id
        """,
    ),
    Rule(
        # What could still be undone must have raised nobody's tier.
        "points-counted",
        "order {number}: is {status}, delivered at {delivered_at}, but its points count for the tier since "
        "{points_counted_at}",
        """
        SELECT number, status, delivered_at, points_counted_at FROM orders
        WHERE points_counted_at IS NOT NULL AND (delivered_at IS NULL OR points_counted_at < delivered_at)
        ORDER BY id
        """,
    ),
    Rule(
        "points-user",
        "points entry {entry_id}: is {user_id}'s, but its order {order_id} is not",
        """
        SELECT points_entries.id AS entry_id, points_entries.user_id, points_entries.order_id
        FROM points_entries JOIN orders ON orders.id = points_entries.order_id
        WHERE orders.user_id IS NULL OR orders.user_id <> points_entries.user_id
        ORDER BY points_entries.id
        """,
    ),
    Rule(
        # An order that was never delivered can be cancelled: what it earned must be nothing, or all taken back.
        "points-earned",
        "order {number}: earns {points_earned} points on its delivery, which was at {delivered_at}, and the "
        "ledger says {earned}, {reversed} taken back",
        f"""
        SELECT orders.number, orders.points_earned, orders.delivered_at, COALESCE(booked.earned, 0) AS earned,
               COALESCE(-booked.reversed, 0) AS reversed
        FROM orders LEFT JOIN ({_BOOKED}) AS booked ON booked.order_id = orders.id
        WHERE (orders.points_earned <> 0 OR booked.earned <> 0 OR booked.reversed <> 0)
          AND CASE WHEN orders.user_id IS NOT NULL AND orders.delivered_at IS NOT NULL
                   THEN COALESCE(booked.earned, 0) <> orders.points_earned
                   ELSE COALESCE(booked.earned, 0) + COALESCE(booked.reversed, 0) <> 0 END
        ORDER BY orders.id
        """,  # noqa: S608 - put together from this module's own text
    ),
    Rule(
        "points-redeemed",
        "order {number}: redeems {points_redeemed} points, and the ledger says {redeemed}, {returned} returned",
        f"""
        SELECT orders.number, orders.points_redeemed, COALESCE(-booked.redeemed, 0) AS redeemed,
               COALESCE(booked.returned, 0) AS returned
        FROM orders LEFT JOIN ({_BOOKED}) AS booked ON booked.order_id = orders.id
        WHERE (orders.points_redeemed <> 0 OR booked.redeemed <> 0 OR booked.returned <> 0)
          AND (COALESCE(-booked.redeemed, 0) <> orders.points_redeemed
               OR booked.returned < 0 OR booked.returned > orders.points_redeemed
               OR (orders.status IN :cancelled AND NOT {_WAS_PAID}
                   AND booked.returned <> orders.points_redeemed))
        ORDER BY orders.id
        """,  # noqa: S608 - put together from this module's own text
        {"cancelled": [CANCELLED], "confirmed": [CONFIRMED]},
    ),
    Rule(
        # The share of the money that was paid back is the share of the points, rounded down; told by products, for
        # the databases do not divide alike. An order that cost nothing has no such share.
        "points-reversed",
        "order {number}: {refunded_minor} of {total_minor} were paid back, but {reversed} of {earned} points were "
        "taken back and {returned} of {redeemed} returned",
        f"""
        SELECT orders.number, orders.total_minor, payments.refunded_minor, booked.earned,
               -booked.reversed AS reversed, -booked.redeemed AS redeemed, booked.returned
        FROM orders
        JOIN payments ON payments.order_id = orders.id
        JOIN ({_BOOKED}) AS booked ON booked.order_id = orders.id
        WHERE orders.total_minor > 0 AND {_WAS_PAID}
          AND ((orders.delivered_at IS NOT NULL
                AND (-booked.reversed * orders.total_minor > booked.earned * payments.refunded_minor
                  OR (1 - booked.reversed) * orders.total_minor <= booked.earned * payments.refunded_minor))
            OR booked.returned * orders.total_minor > -booked.redeemed * payments.refunded_minor
            OR (1 + booked.returned) * orders.total_minor <= -booked.redeemed * payments.refunded_minor)
        ORDER BY orders.id
        """,  # noqa: S608 - put together from this module's own text
        {"confirmed": [CONFIRMED]},
    ),
)
