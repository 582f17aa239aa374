"""Who buys and what they do: users by days, cohorts, funnels, what sells most, and a vendor's own sales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final, NamedTuple

from sqlalchemy import Connection

from server.analytics import people_queries, sales_queries, top_queries
from server.analytics.activity import queries as activity_queries
from server.analytics.activity.queries import DayActivity, Funnel, ProductFunnel
from server.analytics.calendar import ShopCalendar, days_between, months_after
from server.analytics.ranges import Granularity, check_points
from server.analytics.sales import Question, TimeSpan, is_complete
from server.analytics.sales_queries import Popular, SalesTotals
from server.analytics.top_queries import CohortMonth

DEFAULT_MONTHS: Final = 12
MAX_MONTHS: Final = 60
MAX_POPULAR: Final = 10
_NOBODY: Final = DayActivity(0, 0)
_NOTHING: Final = SalesTotals(0, 0, 0, 0, 0)


class UserDay(NamedTuple):
    """A day: its first moment, and who was there."""

    start: datetime
    active: int
    visitors: int
    new: int
    buyers: int


class UserCounts(NamedTuple):
    """Different people of some days."""

    active: int
    new: int
    buyers: int


@dataclass(frozen=True, slots=True)
class UserReport:
    """Users of a range."""

    span: TimeSpan
    previous_span: TimeSpan
    days: Sequence[UserDay]
    users: int
    counts: UserCounts
    previous: UserCounts
    repeat_buyers: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who first bought in one month, and what they bought in it and later."""

    month: date
    customers: int
    months: Sequence[CohortMonth]


@dataclass(frozen=True, slots=True)
class VendorReport:
    """The sales of a vendor's products."""

    span: TimeSpan
    days: Sequence[tuple[datetime, SalesTotals]]
    totals: SalesTotals
    popular: Sequence[Popular]
    complete: bool


def users(connection: Connection, question: Question) -> UserReport:
    """Who was there. Raises InvalidField, RangeTooLong and TooManyPoints."""
    days, currency, calendar = question.days, question.currency, question.calendar
    check_points(len(days), Granularity.DAY)
    before = days.before()
    span, previous = question.period(days), question.period(before)
    active = activity_queries.by_day(connection, days)
    buyers = people_queries.buyers_by_day(connection, days, currency)
    new = people_queries.new_customers_by_day(connection, span.start, span.end, calendar)
    return UserReport(
        span,
        previous,
        [
            UserDay(calendar.start_of(day), *active.get(day, _NOBODY), new.get(day, 0), buyers.get(day, 0))
            for day in days_between(days.first, days.last)
        ],
        sales_queries.customers(connection),
        UserCounts(
            activity_queries.active_users(connection, days),
            sum(new.values()),
            sales_queries.buyers(connection, days, currency),
        ),
        UserCounts(
            activity_queries.active_users(connection, before),
            sales_queries.new_customers(connection, previous.start, previous.end),
            sales_queries.buyers(connection, before, currency),
        ),
        people_queries.repeat_buyers(connection, days, currency),
        is_complete(connection),
    )


def cohorts(
    connection: Connection, calendar: ShopCalendar, now: datetime, currency: str, months: int
) -> list[Cohort]:
    """The cohorts of the last months, this one included: 0 means 12."""
    first = months_after(calendar.day_of(now), 1 - (months or DEFAULT_MONTHS))
    rows = top_queries.cohorts(connection, first, currency)
    result = []
    for month, each in groupby(rows, key=lambda row: row.cohort):
        own = list(each)
        result.append(Cohort(month, own[0].customers, own))
    return result


def months_between(first: date, later: date) -> int:
    """How many months a month lies after another."""
    return (later.year - first.year) * 12 + later.month - first.month


def vendor(connection: Connection, question: Question, vendor_id: int) -> VendorReport:
    """What was sold of a vendor's products. Raises InvalidField, RangeTooLong and TooManyPoints."""
    days, calendar = question.days, question.calendar
    check_points(len(days), Granularity.DAY)
    sums = top_queries.vendor_sales(connection, days, question.currency, vendor_id)
    totals = SalesTotals(*map(sum, zip(_NOTHING, *sums.values(), strict=True)))
    best = top_queries.top(
        connection,
        top_queries.Dimension.PRODUCT,
        top_queries.Measure.UNITS,
        days,
        question.currency,
        None,
        MAX_POPULAR,
        vendor_id=vendor_id,
    )
    return VendorReport(
        question.period(days),
        [(calendar.start_of(day), sums.get(day, _NOTHING)) for day in days_between(days.first, days.last)],
        totals,
        [Popular(each.id, each.name, each.units, each.paid_minor - each.refunded_minor) for each in best],
        is_complete(connection),
    )


def funnel(connection: Connection, question: Question) -> Funnel:
    """The steps from looking to buying in all. Raises InvalidField and RangeTooLong."""
    return activity_queries.funnel(connection, question.days)


def funnels(
    connection: Connection, question: Question, after: tuple[int, int] | None, limit: int
) -> list[ProductFunnel]:
    """The same of products, after the keys (views, product)."""
    return activity_queries.product_funnels(connection, question.days, question.currency, after, limit)
