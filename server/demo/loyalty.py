"""The demo shop's coupons, and the points that its people earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from server.db.bulk import write_rows
from server.db.schema import metadata, promotion
from server.demo.goods import CURRENCY
from server.demo.history import DemoOrder

Row = Sequence[object]


def write_coupons(tx: Connection, now: datetime) -> None:
    """Write a coupon of every kind, except those whose code exists already."""
    existing = set(tx.execute(select(promotion.Coupon.code)).scalars())
    rows = [_ANY | one for one in _coupons(now) if one["code"] not in existing]
    if rows:
        tx.execute(insert(promotion.Coupon), [row | {"created_at": now, "updated_at": now} for row in rows])


_ANY: Final[dict[str, Any]] = {
    "percent_bp": None, "amount_minor": None, "min_purchase_minor": 0, "max_discount_minor": None, "currency": "",
    "valid_from": None, "valid_until": None, "min_tier": "", "usage_limit": 0, "per_user_limit": 0,
}  # fmt: skip
"""The values of a coupon that sets nothing else."""


def _coupons(now: datetime) -> list[dict[str, Any]]:
    week = timedelta(days=7)
    return [
        {
            "code": "WELCOME10", "description": "10 % off your first order.",
            "percent_bp": 1000, "per_user_limit": 1,
        },
        {
            "code": "SAVE5", "description": "5.00 off orders from 30.00 on.",
            "amount_minor": 500, "min_purchase_minor": 3000, "currency": CURRENCY,
        },
        {
            "code": "GOLD20", "description": "20 % off, at most 50.00, three times for Gold members.",
            "percent_bp": 2000, "max_discount_minor": 5000, "currency": CURRENCY,
            "min_tier": "GOLD", "per_user_limit": 3,
        },
        {
            "code": "FIRST100", "description": "15 % off for the first hundred orders of the week.",
            "percent_bp": 1500, "valid_from": now, "valid_until": now + week, "usage_limit": 100,
        },
        {
            "code": "NEXTWEEK", "description": "25 % off next week.",
            "percent_bp": 2500, "valid_from": now + week, "valid_until": now + 2 * week,
        },
        {
            "code": "LASTWEEK", "description": "30 % off last week.",
            "percent_bp": 3000, "valid_from": now - 2 * week, "valid_until": now - week,
        },
    ]  # fmt: skip


def write_points(
    tx: Connection, numbered: Sequence[tuple[int, DemoOrder]], user_ids: Sequence[int], now: datetime
) -> None:
    """Write the points that each delivered order earned, and the balance of its buyer."""
    points: Counter[int] = Counter()
    lifetime: Counter[int] = Counter()

    def entries() -> Iterator[Row]:
        for order_id, one in numbered:
            if one.delivered_at is not None and one.cost.points_earned:
                user_id = user_ids[one.basket.person]
                points[user_id] += one.cost.points_earned
                lifetime[user_id] += one.cost.points_earned * one.points_counted_by(now)
                yield user_id, order_id, "EARNED", one.cost.points_earned, one.delivered_at

    write_rows(tx, metadata.tables["points_entries"], _ENTRY, entries())
    accounts = ((user_id, earned, lifetime[user_id]) for user_id, earned in sorted(points.items()))
    write_rows(tx, metadata.tables["loyalty_accounts"], ("user_id", "points", "lifetime"), accounts)


_ENTRY: Final = ("user_id", "order_id", "kind", "points", "created_at")
