"""SQL of what sells and is visited now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    SQLColumnExpression,
    and_,
    case,
    func,
    or_,
    select,
    union_all,
)

from server.db.base import AnySelect
from server.order.line_facts import HAS_NET_UNITS, NEVER_SOLD
from server.order.models import Order, OrderLine
from server.recommend.feedback.models import BehaviorEvent

WORTH = {"VIEW": 1, "CLICK": 1, "WISHLIST": 3, "ADD_TO_CART": 3, "PURCHASE": 3}
"""What an event counts, against ORDER_WORTH for a line of an order. A client's word is worth less."""

ORDER_WORTH = 10

NEWEST = 4
"""How often what happened in the last eighth of a window counts."""

MAX_FROM_ORIGIN = 3
"""So many visitors who call from one address count for a product: more may be one who invents visitors."""

MAX_NEW_FROM_ORIGIN = 5
"""So many new accounts that were used from one address count likewise, each for STRANGERS_WORTH; accounts that are
not new have no origin, and all count."""

STRANGERS_WORTH = 1
"""What a new account counts for a product, whatever it reports: an account costs as little as a view."""

MAX_OF_REGION = 500
"""So many products of a country are kept."""


def sales(connection: Connection, since: datetime, now: datetime) -> Mapping[int, int]:
    """How much each product was bought and visited since then; what is recent counts up to four times.

    The window is halved three times, and each half that something falls into counts it once more. A visitor
    counts once per product, for the most that they did: reloading a page makes nothing trend.
    """
    ordered = _ordered(since, now, OrderLine.product_id)
    totals: dict[int, int] = {}
    for product_id, score in connection.execute(union_all(ordered, _visited(since, now))):
        totals[product_id] = totals.get(product_id, 0) + int(score)
    return totals


def sales_by_country(
    connection: Connection, since: datetime, now: datetime
) -> Mapping[str, Mapping[int, int]]:
    """The same of what was ordered to each country, the best products of each: where visitors are is not known.

    One query for all countries, so that requests for one after the other make the shop count once.
    """
    country = Order.address["country"].as_string()
    counted = _ordered(since, now, country.label("country"), OrderLine.product_id).subquery()
    rank = func.row_number().over(
        partition_by=counted.c.country, order_by=(counted.c.score.desc(), counted.c.product_id.desc())
    )
    ranked = select(counted, rank.label("rank")).subquery()
    best = select(ranked.c.country, ranked.c.product_id, ranked.c.score).where(ranked.c.rank <= MAX_OF_REGION)
    by_country: dict[str, dict[int, int]] = {}
    for country, product_id, score in connection.execute(best):
        by_country.setdefault(country or "", {})[product_id] = int(score)
    return by_country


def _ordered(since: datetime, now: datetime, *by: SQLColumnExpression[object]) -> AnySelect:
    score = func.sum(ORDER_WORTH * _recency(Order.placed_at, since, now))
    return (
        select(*by, score.label("score"))
        .join_from(OrderLine, Order, Order.id == OrderLine.order_id)
        .where(Order.placed_at >= since, Order.status.not_in(NEVER_SOLD), HAS_NET_UNITS)
        .group_by(*by)
    )


def _visited(since: datetime, now: datetime) -> AnySelect:
    event = BehaviorEvent
    face_value = case(WORTH, value=event.kind, else_=0)
    is_new = and_(event.user_id.is_not(None), event.origin != "", face_value > STRANGERS_WORTH)
    worth = case((is_new, STRANGERS_WORTH), else_=face_value) * _recency(event.occurred_at, since, now)
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
    kind = case((visits.c.user_id.is_(None), 0), else_=1)
    rank = func.row_number().over(
        partition_by=(visits.c.product_id, visits.c.origin, kind), order_by=visits.c.worth.desc()
    )
    ranked = select(visits, rank.label("rank")).subquery()
    limit = case((ranked.c.user_id.is_(None), MAX_FROM_ORIGIN), else_=MAX_NEW_FROM_ORIGIN)
    counts = or_(ranked.c.rank <= limit, ranked.c.origin == "")
    return select(ranked.c.product_id, func.sum(ranked.c.worth)).where(counts).group_by(ranked.c.product_id)


def _recency(moment: SQLColumnExpression[datetime], since: datetime, now: datetime) -> ColumnElement[int]:
    window: timedelta = now - since
    return case(
        (moment >= now - window / 8, NEWEST),
        (moment >= now - window / 4, 3),
        (moment >= now - window / 2, 2),
        else_=1,
    )
