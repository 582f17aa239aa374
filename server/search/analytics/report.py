"""What the staff is shown of the searches of some days: sums over their counts, however many there were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, Subquery, and_, func, or_, select

from server.recommend.feedback.online import counted_days
from server.search.analytics.models import SearchDay, SearchDayPosition, SearchDayQuery


@dataclass(frozen=True, slots=True)
class Period:
    """Days, the first and the last one included."""

    first: date
    last: date

    @classmethod
    def until(cls, last: date, days: int) -> Period:
        """So many days: 0 means 30, more than 90 are coerced."""
        return cls(last - timedelta(days=counted_days(days) - 1), last)

    def holds(self, day: SQLColumnExpression[date]) -> ColumnElement[bool]:
        """The condition that a day is one of them."""
        return day.between(self.first, self.last)


class SearchTotals(NamedTuple):
    """All searches of a period; revenue in minor units."""

    searches: int
    zero_results: int
    corrected: int
    clicks: int
    cart_additions: int
    orders: int
    revenue_minor: int


class QueryTotals(NamedTuple):
    """One query of a period."""

    query: str
    searches: int
    zero_results: int
    clicks: int
    cart_additions: int
    orders: int
    revenue_minor: int


class PositionTotals(NamedTuple):
    """One position of the results of a period."""

    position: int
    impressions: int
    clicks: int
    orders: int


@dataclass(frozen=True, slots=True)
class SearchReport:
    """A period as a whole."""

    period: Period
    totals: SearchTotals
    positions: Sequence[PositionTotals]
    counted_at: datetime | None
    """When its last day was counted last; None when nobody searched on it."""


def report(connection: Connection, period: Period) -> SearchReport:
    """What the searches of a period came to."""
    counted_at = connection.execute(select(SearchDay.counted_at).where(SearchDay.day == period.last)).scalar()
    return SearchReport(period, totals(connection, period), positions(connection, period), counted_at)


def totals(connection: Connection, period: Period) -> SearchTotals:
    """All searches of a period."""
    row, names = SearchDay, SearchTotals._fields
    query = select(*(_sum(getattr(row, name)) for name in names)).where(period.holds(row.day))
    return SearchTotals(*map(int, connection.execute(query).one()))


def positions(connection: Connection, period: Period) -> list[PositionTotals]:
    """The first positions of the results, as far as there were results."""
    row = SearchDayPosition
    sums = (_sum(row.impressions), _sum(row.clicks), _sum(row.orders))
    query = select(row.position, *sums).where(period.holds(row.day)).group_by(row.position)
    return [PositionTotals(*map(int, each)) for each in connection.execute(query.order_by(row.position))]


def query_page(
    connection: Connection,
    period: Period,
    after: tuple[int, str] | None,
    limit: int,
    *,
    zero_results: bool,
) -> Sequence[QueryTotals]:
    """The most frequent queries, or those that found nothing most often, after the keys (count, query)."""
    counted = _by_query(period).c
    count = counted.zero_results if zero_results else counted.searches
    query = select(*(counted[name] for name in QueryTotals._fields)).where(count > 0)
    if after is not None:
        query = query.where(or_(count < after[0], and_(count == after[0], counted.query > after[1])))
    rows = connection.execute(query.order_by(count.desc(), counted.query).limit(limit))
    return [QueryTotals(row[0], *map(int, row[1:])) for row in rows]


def _by_query(period: Period) -> Subquery:
    row = SearchDayQuery
    sums = (_sum(getattr(row, name)).label(name) for name in QueryTotals._fields[1:])
    return select(row.query, *sums).where(period.holds(row.day)).group_by(row.query).subquery("queries")


def _sum(column: SQLColumnExpression[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0)
