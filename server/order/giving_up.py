"""Giving an unpaid order up: what it took from its buyer's cart goes back there, whoever gives it up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from server.cart.putting_back import Since, Unpaid, UnpaidLine, put_back
from server.order import buyer_queries
from server.order.placed import PlacedOrder


def give_back(tx: Connection, order: PlacedOrder, now: datetime, *, tell: bool) -> None:
    """Put what an unpaid order holds back into the cart, before its stock: a checkout locks them so."""
    user_id = order.user_id
    if user_id is None:  # an imported order of a guest's
        return

    def since(tx: Connection) -> Mapping[int, Since]:
        return buyer_queries.since(tx, user_id, order.id, order.placed_at)

    unpaid = Unpaid(
        number=order.number,
        user_id=user_id,
        currency=order.currency,
        total_minor=order.total_minor,
        lines=[
            UnpaidLine(line.product_id, line.variant_id, line.name, line.quantity, line.price_minor)
            for line in order.lines
        ],
        coupon_id=order.coupon_id,
        points=order.points_redeemed,
    )
    put_back(tx, unpaid, since, now, tell=tell)
