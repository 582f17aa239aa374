"""How much one buyer may hold and buy; checked under the lock of their cart, so that checkouts take turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.cart.fitting import LineUnits
from server.order import buyer_queries
from server.order.errors import PurchaseLimit, TooManyUnpaid


def check_unpaid(unpaid: int, limit: int) -> None:
    """Raise TooManyUnpaid when a buyer cannot have another unpaid order: each holds goods for nothing."""
    if unpaid >= limit:
        raise TooManyUnpaid(unpaid=unpaid, limit=limit)


def above_periods(
    connection: Connection, user_id: int, lines: Sequence[LineUnits], now: datetime
) -> list[PurchaseLimit]:
    """The refusals of products of which these are more units than one customer may buy in their period."""
    limited = {line.offer.product_id: line for line in lines if line.offer.max_quantity_days}
    refusals = []
    for product_id, line in limited.items():
        offer = line.offer
        since = now - timedelta(days=offer.max_quantity_days)
        bought = buyer_queries.net_units(connection, user_id, product_id, since)
        units = sum(one.quantity for one in lines if one.offer.product_id == product_id)
        if bought + units > offer.max_quantity:
            refusal = PurchaseLimit(
                item_id=line.item_id,
                product_id=product_id,
                variant_id=offer.variant_id,
                name=offer.name,
                limit=offer.max_quantity,
                days=offer.max_quantity_days,
                bought=bought,
                requested=units,
            )
            refusals.append(refusal)
    return refusals
