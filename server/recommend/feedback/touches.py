"""Touches: the clicks and cart additions that followed from lists, and what was bought after them, as SQL.

A touch counts when its list showed the product. A line of a paid order belongs to the last touch of the same user
and product in the seven days before it, whichever list that was on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Subquery,
    and_,
    cast,
    column,
    exists,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from server.order.line_facts import HAS_NET_UNITS, IS_PURCHASE
from server.order.models import Order, OrderLine
from server.recommend.feedback.models import BehaviorEvent, ShownList
from server.recommend.registry.experiments import Trial

WINDOW = timedelta(days=7)
"""How long after a touch an order still counts as its effect."""

CLICK, ADD_TO_CART = "CLICK", "ADD_TO_CART"
TOUCHES = (CLICK, ADD_TO_CART)


@dataclass(frozen=True, slots=True)
class Scope:
    """The lists that are looked at: of these models, shown from `since` and before `until`, of one experiment."""

    versions: Sequence[str]
    since: datetime
    until: datetime | None = None
    experiment_id: int | None = None
    touched_until: datetime | None = None
    """From when on it does not count that they are followed; None: it always does."""

    @classmethod
    def of_trial(cls, trial: Trial) -> Scope:
        """The lists that an experiment compares: those shown while it ran, whenever they were followed."""
        versions = (trial.control_version, trial.challenger_version)
        return cls(versions, trial.started_at, trial.ended_at, trial.id)

    def holds(self, shown: type[ShownList]) -> ColumnElement[bool]:
        """The condition on the rows of `shown`."""
        conditions = [shown.model_version.in_(self.versions), shown.shown_at >= self.since]
        if self.until is not None:
            conditions.append(shown.shown_at < self.until)
        if self.experiment_id is not None:
            conditions.append(shown.experiment_id == self.experiment_id)
        return and_(*conditions)


def touches_of(connection: Connection, scope: Scope) -> Subquery:
    """The clicks and cart additions that followed from the lists in scope, with the position of the product."""
    event, shown = BehaviorEvent, ShownList
    products, position, product_id = _unrolled(connection, shown)
    touches = (
        select(
            event.id,
            event.kind,
            event.user_id,
            event.product_id,
            event.occurred_at,
            event.list_id,
            shown.model_version,
            position.label("position"),
        )
        .join(shown, shown.list_id == event.list_id)
        .join(products, product_id == event.product_id)
        .where(
            event.model_version.in_(scope.versions),
            event.occurred_at >= scope.since,
            event.list_id.is_not(None),
            event.kind.in_(TOUCHES),
            scope.holds(shown),
        )
    )
    if scope.touched_until is not None:
        touches = touches.where(event.occurred_at < scope.touched_until)
    return touches.subquery("touches")


def purchases_of(connection: Connection, touches: Subquery) -> Subquery:
    """The lines of orders that were bought after the touches, each with the last one, and what stayed of it."""
    touch = touches.c
    return (
        select(
            touch.model_version,
            touch.list_id,
            touch.product_id,
            touch.position,
            Order.id.label("order_id"),
            Order.currency,
            _stayed(OrderLine).label("amount"),
        )
        .join(
            Order,
            and_(
                Order.user_id == touch.user_id,
                Order.placed_at >= touch.occurred_at,
                Order.placed_at <= _window_end(connection, touch.occurred_at),
            ),
        )
        .join(OrderLine, and_(OrderLine.order_id == Order.id, OrderLine.product_id == touch.product_id))
        .where(IS_PURCHASE, HAS_NET_UNITS, ~_touched_again(connection, touches))
        .subquery("purchases")
    )


def _stayed(line: type[OrderLine]) -> ColumnElement[int]:
    """What the goods of a line brought, less the share of it that was paid back."""
    cost = line.total_minor - line.discount_minor + line.tax_minor + line.shipping_minor
    back = func.round(line.total_minor * 1.0 * line.refunded_minor / func.nullif(cost, 0))
    return line.total_minor - cast(func.coalesce(back, 0), BigInteger)


def _touched_again(connection: Connection, touches: Subquery) -> ColumnElement[bool]:
    """Whether another touch lies between this one and the order: then the order belongs to that one."""
    touch, later, shown = touches.c, aliased(BehaviorEvent), aliased(ShownList)
    after = or_(
        later.occurred_at > touch.occurred_at,
        and_(later.occurred_at == touch.occurred_at, later.id > touch.id),
    )
    if _is_postgresql(connection):
        showed = type_coerce(shown.product_ids, JSONB).contains(func.to_jsonb(later.product_id))
    else:
        products, _, product_id = _unrolled(connection, shown)
        showed = exists(select(1).select_from(products).where(product_id == later.product_id))
    return exists(
        select(1)
        .select_from(later)
        .join(shown, shown.list_id == later.list_id)
        .where(
            later.user_id == touch.user_id,
            later.product_id == touch.product_id,
            later.kind.in_(TOUCHES),
            # Bounded from below as well, so that the index of a user's events is enough.
            later.occurred_at >= touch.occurred_at,
            later.occurred_at <= Order.placed_at,
            after,
            showed,
        )
    )


def _unrolled(
    connection: Connection, shown: type[ShownList]
) -> tuple[FromClause, ColumnElement[int], ColumnElement[int]]:
    """The products of each list as rows to join: the rows, and their columns of position and product."""
    if _is_postgresql(connection):
        rows = (
            func.jsonb_array_elements_text(shown.product_ids)
            .table_valued("product_id", with_ordinality="position", joins_implicitly=True)
            .render_derived("places")
        )
        return rows, cast(rows.c.position, Integer), cast(rows.c.product_id, BigInteger)
    rows = func.json_each(shown.product_ids).table_valued(
        column("key", Integer), column("value", BigInteger), name="places", joins_implicitly=True
    )
    return rows, rows.c.key + 1, rows.c.value


def _window_end(connection: Connection, moment: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The end of the time in which an order is the effect of a touch at `moment`."""
    if _is_postgresql(connection):
        return moment + func.make_interval(0, 0, 0, WINDOW.days)
    # As text, in the form in which SQLite's times are stored; it compares as text.
    end = func.strftime("%Y-%m-%d %H:%M:%f000", moment, f"+{WINDOW.days} days")
    return type_coerce(end, Order.placed_at.type)


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
