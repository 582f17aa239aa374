"""How much one buyer may hold and buy; checked under the lock of their cart, so that checkouts take turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.catalog.offers import Offer
from server.order import buyer_queries
from server.order.errors import PurchaseLimit, TooManyUnpaid


def check_unpaid(unpaid: int, limit: int) -> None:
    """Raise TooManyUnpaid when a buyer cannot have another unpaid order: each holds goods for nothing."""
    if unpaid >= limit:
        raise TooManyUnpaid(unpaid=unpaid, limit=limit)


def check_periods(
    connection: Connection, user_id: int, items: Sequence[tuple[Offer, int]], now: datetime
) -> None:
    """Raise PurchaseLimit when these units are more than one customer may buy of a product in its period."""
    limited = {offer.product_id: offer for offer, _ in items if offer.max_quantity_days}
    for product_id, offer in limited.items():
        since = now - timedelta(days=offer.max_quantity_days)
        bought = buyer_queries.net_units(connection, user_id, product_id, since)
        units = sum(quantity for one, quantity in items if one.product_id == product_id)
        if bought + units > offer.max_quantity:
            raise PurchaseLimit(
                product=offer.name,
                limit=offer.max_quantity,
                days=offer.max_quantity_days,
                bought=bought,
                wanted=units,
            )
