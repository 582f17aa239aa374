"""What customers did with the recommendations of a model: clicks, cart additions, purchases and revenue.

A click or cart addition (a touch) counts when its list showed the product; repeated, it counts once. A line of a
paid order belongs to the last touch of the same user and product in the seven days before it, whichever
model's list that was on. Set-based: three queries, however many lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Subquery,
    and_,
    case,
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

from server.db.base import AnySelect
from server.order.line_facts import HAS_NET_UNITS, IS_PURCHASE
from server.order.models import Order, OrderLine
from server.recommend.feedback.models import BehaviorEvent, ShownList
from server.recommend.registry.experiments import Trial

DEFAULT_DAYS, MAX_DAYS = 30, 90
POSITIONS = 20
WINDOW = timedelta(days=7)
"""How long after a touch an order still counts as its effect."""

CLICK, ADD_TO_CART = "CLICK", "ADD_TO_CART"
TOUCHES = (CLICK, ADD_TO_CART)


@dataclass(slots=True)
class Position:
    """What one position of the lists achieved; `revenue` in minor units by currency."""

    impressions: int = 0
    clicks: int = 0
    purchases: int = 0
    revenue: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Online:
    """What the lists of a model achieved since then; `positions` are the first 20, as far as lists went."""

    since: datetime
    lists: int = 0
    impressions: int = 0
    clicks: int = 0
    cart_additions: int = 0
    purchases: int = 0
    revenue: dict[str, int] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)

    @property
    def click_through_rate(self) -> float:
        """Clicks per impression."""
        return self.clicks / self.impressions if self.impressions else 0.0

    @property
    def conversion_rate(self) -> float:
        """Purchases per click."""
        return self.purchases / self.clicks if self.clicks else 0.0


@dataclass(frozen=True, slots=True)
class Scope:
    """The lists that are looked at: of these models, shown from `since` and before `until`, of one experiment."""

    versions: Sequence[str]
    since: datetime
    until: datetime | None = None
    experiment_id: int | None = None

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


def lookback(now: datetime, days: int) -> datetime:
    """From when on behaviour is counted for a request of `days`: 0 means 30, more than 90 are coerced."""
    return now - timedelta(days=min(days, MAX_DAYS) if days > 0 else DEFAULT_DAYS)


def measure(connection: Connection, scope: Scope) -> Mapping[str, Online]:
    """What the lists in `scope` achieved, by the version of their model."""
    by_version = {version: Online(scope.since) for version in scope.versions}
    for version, length, lists in connection.execute(_lengths(connection, scope)):
        _count_lists(by_version[version], length, lists)
    touches = _touches(connection, scope)
    for version, kind, position, count in connection.execute(_touched(touches)):
        online = by_version[version]
        if kind == CLICK:
            online.clicks += count
            if position in online.positions:
                online.positions[position].clicks += count
        else:
            online.cart_additions += count
    for version, position, currency, bought, amount in connection.execute(_earned(connection, touches)):
        online = by_version[version]
        for total in (online, online.positions.get(position)):
            if total is not None:
                total.purchases += int(bought)
                total.revenue[currency] = total.revenue.get(currency, 0) + int(amount)
    return by_version


def _count_lists(online: Online, length: int, lists: int) -> None:
    online.lists += lists
    online.impressions += lists * length
    for position in range(1, min(length, POSITIONS) + 1):
        online.positions.setdefault(position, Position()).impressions += lists


def _lengths(connection: Connection, scope: Scope) -> AnySelect:
    """How many lists of each length there are."""
    count = func.jsonb_array_length if _is_postgresql(connection) else func.json_array_length
    length = count(ShownList.product_ids, type_=Integer).label("length")
    named = (ShownList.model_version, length)
    return select(*named, func.count()).where(scope.holds(ShownList)).group_by(*named)


def _touches(connection: Connection, scope: Scope) -> Subquery:
    """The clicks and cart additions that followed from the lists in scope, with the position of the product."""
    event, shown = BehaviorEvent, ShownList
    products, position, product_id = _unrolled(connection, shown)
    return (
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
        .subquery("touches")
    )


def _touched(touches: Subquery) -> AnySelect:
    """How many different products of different lists were touched, by kind and position."""
    once = select(
        touches.c.model_version, touches.c.kind, touches.c.position, touches.c.list_id, touches.c.product_id
    )
    pairs = once.distinct().subquery("pairs")
    named = (pairs.c.model_version, pairs.c.kind, pairs.c.position)
    return select(*named, func.count()).group_by(*named)


def _earned(connection: Connection, touches: Subquery) -> AnySelect:
    """What was bought after the touches, and for how much, by position and currency.

    A product of a list that was bought in two currencies is one purchase, counted with the first.
    """
    touch = touches.c
    pair = (touch.model_version, touch.list_id, touch.product_id)
    rank = func.row_number().over(partition_by=pair, order_by=Order.currency)
    amount = func.sum(_stayed(OrderLine))
    bought = (
        select(
            touch.model_version, touch.position, Order.currency, amount.label("amount"), rank.label("rank")
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
        .group_by(*pair, touch.position, Order.currency)
        .subquery("bought")
    )
    named = (bought.c.model_version, bought.c.position, bought.c.currency)
    purchases = func.sum(case((bought.c.rank == 1, 1), else_=0))
    return select(*named, purchases, func.sum(bought.c.amount)).group_by(*named)


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
