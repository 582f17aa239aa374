"""SQL of what people did: what a list needs of a user or visitor in one query, and pages for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from server.cart.models import Cart, CartItem
from server.db.base import AnyRow, AnySelect, Statement
from server.db.prepared import Prepared
from server.order.line_facts import HAS_NET_UNITS, NET_UNITS, NEVER_SOLD
from server.order.models import Order, OrderLine
from server.recommend.feedback.models import BehaviorEvent
from server.user.models import User

MAX_EVENTS = 100
"""How many of the latest events are looked at."""

MAX_LINES = 500
"""How many of the latest order lines tell what may be bought again."""

USER, BOUGHT, RETURNED, ORDERED = "user", "bought", "returned", "ordered"
"""Kinds of the rows of a history that only orders change."""

CLAIMED, SEEN, CARTED = "claimed", "seen", "carted"
"""The others: bought elsewhere, as was reported, looked at or otherwise touched, and in the cart."""


class HistoryRow(NamedTuple):
    """A part of a history; `quantity` (units that were kept) and `order_id` are of the kind ORDERED, else 0.

    BOUGHT and RETURNED (every unit came back) stand once per product, with its latest time; CLAIMED and SEEN once
    per event; CARTED once per line of the cart, with the time of its last change; one USER says that there is such
    a user.
    """

    kind: str
    product_id: int
    at: datetime
    quantity: int
    order_id: int


def of_user(connection: Connection, user_id: int) -> Sequence[HistoryRow]:
    """What a user bought, sent back, did, and has in the cart. No rows: there is no such user."""
    return [HistoryRow(*row) for row in _OF_USER.all(connection, user=user_id)]


def touched_by(connection: Connection, user_id: int) -> Sequence[HistoryRow]:
    """The part of it that orders do not change: what a user did, and has in the cart."""
    return [HistoryRow(*row) for row in _TOUCHED.all(connection, user=user_id)]


def of_visitor(connection: Connection, visitor_id: str) -> Sequence[HistoryRow]:
    """What a visitor did that no user has taken over."""
    return [HistoryRow(*row) for row in _OF_VISITOR.all(connection, visitor=visitor_id)]


def _row(
    kind: ColumnElement[str],
    product_id: SQLColumnExpression[int | None],
    at: SQLColumnExpression[datetime],
) -> AnySelect:
    nothing = literal(0, Integer)
    return select(
        kind.label("kind"), product_id, at.label("at"), nothing.label("quantity"), nothing.label("order_id")
    )


def _said(kind: str) -> ColumnElement[str]:
    return literal(kind, String)


def _was_sold() -> ColumnElement[bool]:
    # One by one: a prepared statement does not expand lists.
    return and_(*(Order.status != name for name in NEVER_SOLD))


def _bought(user: ColumnElement[int]) -> AnySelect:
    outcome = case((HAS_NET_UNITS, _said(BOUGHT)), else_=_said(RETURNED))
    return (
        # The smaller word wins: bought again after it was sent back is bought.
        _row(func.min(outcome), OrderLine.product_id, func.max(Order.placed_at))
        .select_from(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.user_id == user, _was_sold())
        .group_by(OrderLine.product_id)
    )


def _ordered(user: ColumnElement[int]) -> AnySelect:
    lines = (
        select(
            _said(ORDERED),
            OrderLine.product_id,
            Order.placed_at.label("at"),
            NET_UNITS.label("quantity"),
            Order.id,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.user_id == user, _was_sold(), HAS_NET_UNITS)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(MAX_LINES)
    )
    return select(lines.subquery())


def _seen(who: ColumnElement[bool]) -> AnySelect:
    event = BehaviorEvent
    done = case((event.kind == "PURCHASE", _said(CLAIMED)), else_=_said(SEEN))
    latest = (
        _row(done, event.product_id, event.occurred_at)
        .where(who, event.product_id.is_not(None))
        .order_by(event.occurred_at.desc())
        .limit(MAX_EVENTS)
    )
    return select(latest.subquery())


def _touched(user: ColumnElement[int]) -> tuple[AnySelect, AnySelect]:
    carted = _row(_said(CARTED), CartItem.product_id, Cart.updated_at).join_from(CartItem, Cart)
    return _seen(BehaviorEvent.user_id == user), carted.where(Cart.user_id == user)


def _of_user(user: ColumnElement[int]) -> Statement:
    is_user = _row(_said(USER), User.id, User.created_at).where(User.id == user)
    return union_all(_bought(user), _ordered(user), *_touched(user), is_user)


_USER = bindparam("user", type_=BigInteger)
_OF_USER = Prepared(_of_user(_USER))
_TOUCHED = Prepared(union_all(*_touched(_USER)))
_OF_VISITOR = Prepared(
    _seen(and_(BehaviorEvent.visitor_id == bindparam("visitor"), BehaviorEvent.user_id.is_(None)))
)


def page(
    connection: Connection, user_id: int, kind: str | None, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    """A user's events, the latest first, after the keys (occurred_at, id); `kind` None means all."""
    event = BehaviorEvent
    columns = (event.id, event.kind, event.product_id, event.query, event.occurred_at, event.custom_metadata)
    statement = select(*columns).where(event.user_id == user_id)
    if kind is not None:
        statement = statement.where(event.kind == kind)
    if after is not None:
        statement = statement.where(tuple_(event.occurred_at, event.id) < tuple(after))
    return connection.execute(
        statement.order_by(event.occurred_at.desc(), event.id.desc()).limit(limit)
    ).all()


def is_user(connection: Connection, user_id: int) -> bool:
    """Whether there is such a user."""
    return connection.scalar(select(User.id).where(User.id == user_id)) is not None
