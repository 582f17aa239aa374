"""What customers did with the recommendations of a model: clicks, cart additions, purchases and revenue.

A click or cart addition (a touch) counts when its list showed the product; repeated, it counts once. A line of a
paid order belongs to the last touch of the same user and product in the seven days before it, whichever
model's list that was on. Set-based: three queries, however many lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Integer, Subquery, case, func, select

from server.db.base import AnySelect
from server.recommend.feedback.models import ShownList
from server.recommend.feedback.touches import CLICK, Scope, purchases_of, touches_of

DEFAULT_DAYS, MAX_DAYS = 30, 90
POSITIONS = 20


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


def lookback(now: datetime, days: int) -> datetime:
    """From when on behaviour is counted for a request of `days`: 0 means 30, more than 90 are coerced."""
    return now - timedelta(days=counted_days(days))


def counted_days(requested: int) -> int:
    """How many days are counted: 0 means 30, more than 90 are coerced."""
    return min(requested, MAX_DAYS) if requested > 0 else DEFAULT_DAYS


def measure(connection: Connection, scope: Scope) -> Mapping[str, Online]:
    """What the lists in `scope` achieved, by the version of their model."""
    by_version = {version: Online(scope.since) for version in scope.versions}
    for version, length, lists in connection.execute(_lengths(connection, scope)):
        _count_lists(by_version[version], length, lists)
    touches = touches_of(connection, scope)
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
    line = purchases_of(connection, touches).c
    pair = (line.model_version, line.list_id, line.product_id)
    rank = func.row_number().over(partition_by=pair, order_by=line.currency)
    bought = (
        select(
            line.model_version,
            line.position,
            line.currency,
            func.sum(line.amount).label("amount"),
            rank.label("rank"),
        )
        .group_by(*pair, line.position, line.currency)
        .subquery("bought")
    )
    named = (bought.c.model_version, bought.c.position, bought.c.currency)
    purchases = func.sum(case((bought.c.rank == 1, 1), else_=0))
    return select(*named, purchases, func.sum(bought.c.amount)).group_by(*named)


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
