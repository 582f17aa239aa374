"""What was sold in a range, point by point and in all, beside the time before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.analytics import rollup_queries
from server.analytics import sales_queries as queries
from server.analytics.activity import queries as activity_queries
from server.analytics.calendar import ShopCalendar
from server.analytics.errors import RangeTooLong
from server.analytics.facts import Sums
from server.analytics.ranges import MAX_POINTS, AskedRange, Days, Granularity, check_points
from server.analytics.remembered import RememberedSales
from server.analytics.sales_queries import Popular, ProductSum, SalesPart, SalesTotals

MAX_POPULAR: Final = 10
_NOTHING: Final = SalesTotals(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A time: its first moment, and the first one after it."""

    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, days: Days, calendar: ShopCalendar) -> TimeSpan:
        """The time of whole days."""
        return cls(calendar.start_of(days.first), calendar.start_of(days.last + timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of which range, in which currency; whose days are meant, and when it is now."""

    asked: AskedRange
    currency: str
    calendar: ShopCalendar
    now: datetime

    @property
    def today(self) -> date:
        """The day that is not over."""
        return self.calendar.day_of(self.now)

    @property
    def days(self) -> Days:
        """The days of the range. Raises what the range does."""
        return self.asked.days(self.calendar, self.now)

    @property
    def shown_days(self) -> Days:
        """The same where each of them is shown, so that there may be no more than points."""
        days = self.days
        if len(days) > MAX_POINTS:
            raise RangeTooLong(days=len(days), limit=MAX_POINTS).at("start_time")
        return days

    def period(self, days: Days) -> TimeSpan:
        """The time of days."""
        return TimeSpan.of_days(days, self.calendar)


@dataclass(frozen=True, slots=True)
class SalesReport:
    """Sales by points, each with its first moment."""

    period: TimeSpan
    previous_period: TimeSpan
    points: Sequence[tuple[datetime, SalesTotals]]
    totals: SalesTotals
    previous: SalesTotals
    complete: bool


@dataclass(frozen=True, slots=True)
class RevenueReport:
    """What a revenue is made of."""

    period: TimeSpan
    previous_period: TimeSpan
    sums: Sums
    previous: Sums
    coupons: SalesPart
    recommendations: SalesPart
    complete: bool


@dataclass(frozen=True, slots=True)
class Dashboard:
    """How the shop does."""

    period: TimeSpan
    previous_period: TimeSpan
    sales: SalesTotals
    previous_sales: SalesTotals
    buyers: int
    previous_buyers: int
    new_users: int
    previous_new_users: int
    users: int
    pending_orders: int
    low_stock: int
    popular: Sequence[Popular]
    active_users: int
    previous_active_users: int
    complete: bool


def sales(connection: Connection, question: Question, granularity: Granularity) -> SalesReport:
    """What was sold. Raises InvalidField, RangeTooLong and TooManyPoints."""
    if granularity is Granularity.HOUR:
        return _by_hours(connection, question)
    days = question.days
    points = days.points(granularity)
    check_points(len(points), granularity)
    by_day = queries.by_day(connection, days, question.currency)
    sums = dict.fromkeys(points, _NOTHING)
    for day, totals in by_day.items():
        point = days.point_of(day, granularity)
        sums[point] = _added(sums[point], totals)
    return SalesReport(
        question.period(days),
        question.period(days.before()),
        [(question.calendar.start_of(point), totals) for point, totals in sums.items()],
        _all(by_day.values()),
        queries.totals_of_days(connection, days.before(), question.currency),
        is_complete(connection),
    )


def _by_hours(connection: Connection, question: Question) -> SalesReport:
    hours = question.asked.hours(question.calendar, question.now)
    before, currency = hours.before(), question.currency
    by_hour: Mapping[datetime, SalesTotals] = queries.by_hour(connection, hours, currency)
    return SalesReport(
        TimeSpan(hours.start, hours.end),
        TimeSpan(before.start, before.end),
        [(hour, by_hour.get(hour, _NOTHING)) for hour in hours.points(question.calendar)],
        _all(by_hour.values()),
        queries.totals_of_hours(connection, before, currency),
        is_complete(connection),
    )


def revenue(connection: Connection, question: Question) -> RevenueReport:
    """What the revenue is made of. Raises InvalidField and RangeTooLong."""
    days, currency = question.days, question.currency
    return RevenueReport(
        question.period(days),
        question.period(days.before()),
        queries.sums_of_days(connection, days, currency),
        queries.sums_of_days(connection, days.before(), currency),
        queries.with_coupons(connection, days, currency),
        SalesPart(*activity_queries.recommended(connection, days, currency)),
        is_complete(connection),
    )


def dashboard(
    connection: Connection, question: Question, remembered: RememberedSales, low_stock_below: int
) -> Dashboard:
    """How the shop does. Raises InvalidField and RangeTooLong."""
    days, currency, today = question.days, question.currency, question.today
    before = days.before()
    period, previous = question.period(days), question.period(before)
    now, earlier = (remembered.of_days(connection, each, today, currency) for each in (days, before))
    return Dashboard(
        period=period,
        previous_period=previous,
        sales=queries.totals_of_days(connection, days, currency),
        previous_sales=queries.totals_of_days(connection, before, currency),
        buyers=now.buyers(),
        previous_buyers=earlier.buyers(),
        new_users=queries.new_customers(connection, period.start, period.end),
        previous_new_users=queries.new_customers(connection, previous.start, previous.end),
        users=remembered.customers(connection, question.now),
        pending_orders=queries.pending_orders(connection),
        low_stock=queries.low_stock(connection, low_stock_below),
        popular=popular_products(connection, now.best_sold(MAX_POPULAR), before, currency),
        active_users=now.active_users(),
        previous_active_users=earlier.active_users(),
        complete=is_complete(connection),
    )


def popular_products(
    connection: Connection, best: Sequence[ProductSum], before: Days, currency: str
) -> list[Popular]:
    """Products that sold, with their names, and what they sold the days before."""
    ids = [product_id for product_id, _, _ in best]
    names = queries.product_names(connection, ids)
    earlier = {
        product_id: (units, revenue)
        for product_id, units, revenue in queries.product_sums(connection, before, currency, ids)
    }
    return [
        Popular(product_id, names[product_id], units, revenue, *earlier.get(product_id, (0, 0)))
        for product_id, units, revenue in best
    ]


def is_complete(connection: Connection) -> bool:
    """Whether every order is counted, and no rebuild is under way."""
    return rollup_queries.state(connection).filled_id is None


def _added(one: SalesTotals, other: SalesTotals) -> SalesTotals:
    return SalesTotals(*(a + b for a, b in zip(one, other, strict=True)))


def _all(each: Iterable[SalesTotals]) -> SalesTotals:
    return SalesTotals(*map(sum, zip(_NOTHING, *each, strict=True)))
