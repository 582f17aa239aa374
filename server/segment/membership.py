"""Membership of segments, as SQL: conditions on a customer, which the queries combine.

They are set-based reads across the shop's tables; nothing here writes to another domain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Exists,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    outerjoin,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from server.catalog.models import Category, Product
from server.etags import etag_of_content
from server.identity import Role
from server.order.line_facts import HAS_NET_UNITS, IS_PURCHASE, STAYED
from server.order.models import Order, OrderLine
from server.payment.models import Payment
from server.segment.models import SegmentMember
from server.segment.rules import Rules
from server.user.models import User

CUSTOMER = and_(User.is_active, User.role == Role.CUSTOMER.name)
"""The accounts that can belong to a segment: neither staff nor closed ones."""

BOUGHT = IS_PURCHASE
"""The orders that count."""


_PAID_ORDERS = outerjoin(Order, Payment, Payment.order_id == Order.id)


@dataclass(frozen=True, slots=True)
class Segment:
    """A group of customers; one without rules comes from a training, and its members are stored."""

    id: int
    name: str
    description: str
    rules: Rules | None
    created_at: datetime
    updated_at: datetime
    version: int = 1

    @property
    def etag(self) -> str:
        """What changes with every change of its definition, but not with its members."""
        rules = None if self.rules is None else json.dumps(self.rules.stored(), sort_keys=True)
        return etag_of_content(self.version, self.name, self.description, rules)


@dataclass(frozen=True, slots=True)
class Moment:
    """The time at which, and the currency in which, a segment is looked at."""

    now: datetime
    currency: str

    def totals(self) -> Subquery:
        """The orders of each customer: number, those in the currency, what stayed paid for these, the last."""
        return (
            select(
                Order.user_id,
                func.count().label("orders"),
                func.sum(case((Order.currency == self.currency, 1), else_=0)).label("priced"),
                self._spent().label("spent"),
                func.max(Order.placed_at).label("last_at"),
            )
            .select_from(_PAID_ORDERS)
            .where(BOUGHT, Order.user_id.is_not(None))
            .group_by(Order.user_id)
            .subquery("totals")
        )

    def sums(self, totals: Subquery | None) -> tuple[ColumnElement[int], ColumnElement[int]]:
        """The number of a customer's orders and their amount: from the totals, or else by a subquery for each.

        The totals are read once, which pays where all customers are looked at. Joined to customers whom other
        rules select, they are a trap: PostgreSQL may guess that those are few, and scan all totals for each.
        """
        if totals is not None:
            return func.coalesce(totals.c.orders, 0), func.coalesce(totals.c.spent, 0)
        own = and_(Order.user_id == User.id, BOUGHT)
        orders, spent = (
            select(each).select_from(_PAID_ORDERS).where(own).correlate(User).scalar_subquery()
            for each in (func.count(Order.id), self._spent())
        )
        return func.coalesce(orders, 0), func.coalesce(spent, 0)

    def _spent(self) -> ColumnElement[int]:
        return func.sum(case((Order.currency == self.currency, STAYED), else_=0))


def customers(totals: Subquery | None) -> FromClause:
    """The accounts; with `totals`, each beside its own."""
    users: FromClause = User.__table__
    return users if totals is None else users.outerjoin(totals, totals.c.user_id == User.id)


def members(segment: Segment, moment: Moment) -> Select[int]:
    """The ids of the customers who belong to a segment."""
    return select(User.id).where(CUSTOMER, belongs(segment, moment))


def belongs(segment: Segment, moment: Moment, totals: Subquery | None = None) -> ColumnElement[bool]:
    """The condition that an account belongs to a segment."""
    if segment.rules is None:
        stored_members = select(SegmentMember.user_id).where(SegmentMember.segment_id == segment.id)
        return User.id.in_(stored_members)
    orders, spent = moment.sums(totals)
    rules = segment.rules
    return and_(
        true(),
        *_between(rules.min_orders, orders, rules.max_orders),
        *_between(rules.min_spent, spent, rules.max_spent),
        *_conditions(rules, moment.now),
    )


def _between(least: int | None, value: ColumnElement[int], most: int | None) -> Iterator[ColumnElement[bool]]:
    if least is not None and most is not None:
        yield value.between(least, most)
    elif least is not None:
        yield value >= least
    elif most is not None:
        yield value <= most


def _conditions(rules: Rules, now: datetime) -> Iterator[ColumnElement[bool]]:
    if rules.ordered_within_days is not None:
        yield _ordered(_since(Order.placed_at, rules.ordered_within_days, now))
    if rules.not_ordered_for_days is not None:
        yield ~_ordered(_since(Order.placed_at, rules.not_ordered_for_days, now))
    if rules.registered_within_days is not None:
        yield _since(User.created_at, rules.registered_within_days, now)
    if rules.country is not None:
        yield _ordered(Order.address["country"].as_string() == rules.country)
    if rules.category_id is not None:
        products = select(OrderLine.order_id).join(Product, Product.id == OrderLine.product_id)
        inside = Product.category_id.in_(_under(rules.category_id))
        of_order = OrderLine.order_id == Order.id
        yield _ordered(exists(products.where(of_order, inside, HAS_NET_UNITS).correlate(Order)))


def _since(column: InstrumentedAttribute[datetime], days: int, now: datetime) -> ColumnElement[bool]:
    return column >= now - timedelta(days=days)


def _ordered(condition: ColumnElement[bool]) -> Exists:
    """The condition that the customer has an order that meets `condition`.

    EXISTS and not IN: its negation is no trap where a value is missing, and an index finds one customer's orders.
    """
    return exists(select(Order.id).where(Order.user_id == User.id, BOUGHT, condition).correlate(User))


def _under(category_id: int) -> Select[int]:
    """The ids of a category and all below it; none when it was deleted."""
    tree = select(Category.id).where(Category.id == category_id).cte(recursive=True)
    # UNION: a cycle, should there ever be one, ends.
    return select(tree.union(select(Category.id).join(tree, Category.parent_id == tree.c.id)).c.id)
