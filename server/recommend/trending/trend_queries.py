"""SQL of what sells and is visited now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, union_all

from server.order.models import Order, OrderLine
from server.recommend.models import BehaviorEvent
from server.recommend.queries import UNSOLD

WORTH = {"VIEW": 1, "CLICK": 1, "WISHLIST": 3, "ADD_TO_CART": 3, "PURCHASE": 3}
"""What an event counts, against ORDER_WORTH for a line of an order. A client's word is worth less."""

ORDER_WORTH = 10

NEWEST = 4
"""How often what happened in the last eighth of a window counts."""

MOST_FROM_ORIGIN = 3
"""So many visitors who call from one address count for a product: more may be one who invents visitors."""


def sales(connection: Connection, since: datetime, now: datetime, region: str = "") -> Mapping[int, int]:
    """How much each product was bought and visited since then; what is recent counts up to four times.

    The window is halved three times, and each half that something falls into counts it once more. A visitor
    counts once per product, for the most that they did: reloading a page makes nothing trend. With a region,
    the code of a country, only orders to it count.
    """
    ordered = _ordered(since, now)
    if region:
        statement: Any = ordered.where(Order.address["country"].as_string() == region)
    else:
        statement = union_all(ordered, _visited(since, now))
    totals: dict[int, int] = {}
    for product_id, score in connection.execute(statement):
        totals[product_id] = totals.get(product_id, 0) + int(score)
    return totals


def _ordered(since: datetime, now: datetime) -> Select[int, int]:
    return (
        select(OrderLine.product_id, func.sum(ORDER_WORTH * _recency(Order.placed_at, since, now)))
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.placed_at >= since, Order.status.not_in(UNSOLD))
        .group_by(OrderLine.product_id)
    )


def _visited(since: datetime, now: datetime) -> Select[Any]:
    event = BehaviorEvent
    worth = case(WORTH, value=event.kind, else_=0) * _recency(event.occurred_at, since, now)
    visits = (
        select(
            event.product_id,
            event.user_id,
            # Someone who moves about counts at one of their addresses.
            func.min(event.origin).label("origin"),
            func.max(worth).label("worth"),
        )
        .where(event.occurred_at >= since, event.product_id.is_not(None))
        .group_by(event.product_id, event.user_id, event.visitor_id)
        .subquery()
    )
    place = func.row_number().over(
        partition_by=(visits.c.product_id, visits.c.user_id, visits.c.origin), order_by=visits.c.worth.desc()
    )
    placed = select(visits, place.label("place")).subquery()
    counts = or_(placed.c.place <= MOST_FROM_ORIGIN, and_(placed.c.user_id.is_(None), placed.c.origin == ""))
    return select(placed.c.product_id, func.sum(placed.c.worth)).where(counts).group_by(placed.c.product_id)


def _recency(moment: Any, since: datetime, now: datetime) -> ColumnElement[int]:
    window: timedelta = now - since
    return case(
        (moment >= now - window / 8, NEWEST),
        (moment >= now - window / 4, 3),
        (moment >= now - window / 2, 2),
        else_=1,
    )
