"""What the recommendations ask of the database: goods, histories, texts, and what sells.

They are set-based reads across the shop's tables, as training's are; nothing here writes to another domain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    String,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    union_all,
)

from server.auth.models import User
from server.catalog.models import Category, InventoryLevel, Product
from server.order import status
from server.order.models import Order, OrderLine
from server.recommend.models import BehaviorEvent

UNSOLD = (status.PENDING_PAYMENT, *sorted(status.STATUSES - status.LIVE))
"""Orders that are no sign of liking; training leaves the same out."""

SENT_BACK = (status.RETURNED, status.REFUNDED)

RECENT_BEHAVIOR = 100
"""How many of a user's latest events are looked at."""

BASKETS_LOOKED_AT = 300

WORTH = {"VIEW": 1, "CLICK": 1, "WISHLIST": 3, "ADD_TO_CART": 3, "PURCHASE": 3}
"""What an event counts in trending, against ORDER_WORTH for an order. A client's word is worth less."""

ORDER_WORTH = 10

USER, BOUGHT, RETURNED, SEEN = "user", "bought", "returned", "seen"
"""Kinds of the rows of `history`."""


class Good(NamedTuple):
    """A product that was not deleted, with the units that can be sold and those that were."""

    product_id: int
    category_id: int | None
    available: int
    sold: int


def goods(connection: Connection, product_ids: Collection[int] | None) -> Sequence[Good]:
    """The products among `product_ids` (None: all) that were not deleted."""
    level = InventoryLevel
    query = (
        select(
            Product.id,
            Product.category_id,
            func.coalesce(func.sum(level.available), 0),
            func.coalesce(func.sum(level.sold), 0),
        )
        .outerjoin(level, level.product_id == Product.id)
        .where(Product.deleted_at.is_(None))
        .group_by(Product.id, Product.category_id)
    )
    if product_ids is not None:
        query = query.where(Product.id.in_(product_ids))
    return [
        Good(product_id, category_id, int(available), int(sold))
        for product_id, category_id, available, sold in connection.execute(query)
    ]


def history(connection: Connection, user_id: int) -> Sequence[tuple[str, int, datetime]]:
    """What a user bought, sent back and did: rows of kind, product and latest time, plus one of kind USER.

    No USER row: there is no such user.
    """
    rows = connection.execute(_history(), {"user": user_id})
    return [(kind, product_id, at) for kind, product_id, at in rows]


@cache
def _history() -> CompoundSelect[Any]:
    """Built once: that costs as much as running it."""
    user = bindparam("user", type_=BigInteger)
    kept = case((Order.status.in_(SENT_BACK), literal(RETURNED, String)), else_=literal(BOUGHT, String))
    orders = (
        # The smaller word wins: bought again after it was sent back is bought.
        select(func.min(kept).label("kind"), OrderLine.product_id, func.max(Order.placed_at).label("at"))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.user_id == user, Order.status.not_in((status.PENDING_PAYMENT, status.CANCELLED)))
        .group_by(OrderLine.product_id)
    )
    event = BehaviorEvent
    done = case((event.kind == "PURCHASE", literal(BOUGHT, String)), else_=literal(SEEN, String))
    events = (
        select(done.label("kind"), event.product_id, event.occurred_at)
        .where(event.user_id == user, event.product_id.is_not(None))
        .order_by(event.occurred_at.desc())
        .limit(RECENT_BEHAVIOR)
        .subquery()
    )
    known = select(literal(USER, String), User.id, User.created_at).where(User.id == user)
    return union_all(orders, select(events), known)


def sales(connection: Connection, since: datetime, now: datetime) -> Mapping[int, int]:
    """How much each product was bought and visited since then; what is recent counts up to four times.

    The window is halved three times, and each half that something falls into counts it once more. A visitor
    counts once per product, for the most that they did: reloading a page makes nothing trend.
    """
    ordered = (
        select(OrderLine.product_id, func.sum(ORDER_WORTH * _recency(Order.placed_at, since, now)))
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.placed_at >= since, Order.status.not_in(UNSOLD))
        .group_by(OrderLine.product_id)
    )
    event = BehaviorEvent
    worth = case(WORTH, value=event.kind, else_=0) * _recency(event.occurred_at, since, now)
    visits = (
        select(event.product_id, func.max(worth).label("worth"))
        .where(event.occurred_at >= since, event.product_id.is_not(None))
        .group_by(event.product_id, event.user_id, event.visitor_id)
        .subquery()
    )
    visited = select(visits.c.product_id, func.sum(visits.c.worth)).group_by(visits.c.product_id)
    totals: dict[int, int] = {}
    for product_id, score in connection.execute(union_all(ordered, visited)):
        totals[product_id] = totals.get(product_id, 0) + int(score)
    return totals


def _recency(moment: Any, since: datetime, now: datetime) -> ColumnElement[int]:
    window: timedelta = now - since
    return case(
        (moment >= now - window / 8, 4),
        (moment >= now - window / 4, 3),
        (moment >= now - window / 2, 2),
        else_=1,
    )


class Described(NamedTuple):
    """The words of a product; the category stands with its ancestors."""

    name: str
    category: str
    brand: str
    description: str


def description(connection: Connection, product_id: int) -> Described | None:
    """The words of a product; None when there is none such, or it was deleted."""
    row = connection.execute(
        select(Product.name, Product.brand, Product.description, Product.category_id).where(
            Product.id == product_id, Product.deleted_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        return None
    lineage = _lineage(connection, row.category_id) if row.category_id is not None else ""
    return Described(row.name, lineage, row.brand, row.description)


def _lineage(connection: Connection, category_id: int) -> str:
    above = select(Category.id, Category.parent_id, Category.name, literal(0).label("depth"))
    tree = above.where(Category.id == category_id).cte("lineage", recursive=True)
    tree = tree.union(
        select(Category.id, Category.parent_id, Category.name, tree.c.depth + 1)
        .join(tree, Category.id == tree.c.parent_id)
        .where(tree.c.depth < 32)
    )
    names = connection.execute(select(tree.c.name).order_by(tree.c.depth.desc())).scalars()
    return " ".join(names)


def bought_with(connection: Connection, product_id: int, limit: int) -> Sequence[tuple[int, float]]:
    """The products in the latest baskets of this one, with the share of those baskets that hold each."""
    baskets = (
        select(OrderLine.order_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.product_id == product_id, Order.status.not_in(UNSOLD))
        .distinct()
        .order_by(OrderLine.order_id.desc())
        .limit(BASKETS_LOOKED_AT)
        .subquery()
    )
    together = func.count(OrderLine.order_id.distinct())
    rows = connection.execute(
        select(OrderLine.product_id, together, select(func.count()).select_from(baskets).scalar_subquery())
        .join(baskets, baskets.c.order_id == OrderLine.order_id)
        .where(OrderLine.product_id != product_id)
        .group_by(OrderLine.product_id)
        .order_by(together.desc(), OrderLine.product_id)
        .limit(limit)
    )
    return [(other, count / total) for other, count, total in rows]


def existing(connection: Connection, product_ids: Collection[int]) -> set[int]:
    """Which of these products exist and were not deleted."""
    query = select(Product.id).where(Product.id.in_(product_ids), Product.deleted_at.is_(None))
    return set(connection.execute(query).scalars())


def add_behavior(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what users did."""
    tx.execute(insert(BehaviorEvent), list(rows))
