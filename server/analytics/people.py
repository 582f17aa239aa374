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
from server.analytics.activity.queries import DayActivity
from server.analytics.calendar import days_between, month_of, months_after
from server.analytics.ranges import Days
from server.analytics.remembered import RememberedSales
from server.analytics.sales import Question, TimeSpan, is_complete, popular_products
from server.analytics.sales_queries import Popular, ProductSum, SalesTotals
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


def users(connection: Connection, question: Question, remembered: RememberedSales) -> UserReport:
    """Who was there. Raises InvalidField and RangeTooLong."""
    days, currency, today = question.shown_days, question.currency, question.today
    before = days.before()
    previous = question.period(before)
    rows = user_days(connection, question, days)
    now, earlier = (remembered.of_days(connection, each, today, currency) for each in (days, before))
    return UserReport(
        question.period(days),
        previous,
        rows,
        remembered.customers(connection, question.now),
        UserCounts(
            now.active_users(),
            sum(row.new for row in rows),
            now.buyers(),
        ),
        UserCounts(
            earlier.active_users(),
            sales_queries.new_customers(connection, previous.start, previous.end),
            earlier.buyers(),
        ),
        people_queries.repeat_buyers(connection, days, currency),
        is_complete(connection),
    )


def user_days(connection: Connection, question: Question, days: Days) -> list[UserDay]:
    """Who was there on each of some days."""
    calendar, span = question.calendar, question.period(days)
    active = activity_queries.by_day(connection, days)
    buyers = people_queries.buyers_by_day(connection, days, question.currency)
    new = people_queries.new_customers_by_day(connection, span.start, span.end, calendar)
    return [
        UserDay(calendar.start_of(day), *active.get(day, _NOBODY), new.get(day, 0), buyers.get(day, 0))
        for day in days_between(days.first, days.last)
    ]


def cohorts(connection: Connection, last: date, currency: str, months: int) -> list[Cohort]:
    """The cohorts of some months, that of a day the last of them, and what they bought in these; 0 means 12."""
    first = months_after(last, 1 - (months or DEFAULT_MONTHS))
    rows = top_queries.cohorts(connection, first, month_of(last), currency)
    result = []
    for month, each in groupby(rows, key=lambda row: row.cohort):
        own = list(each)
        result.append(Cohort(month, own[0].customers, own))
    return result


def months_between(first: date, later: date) -> int:
    """How many months a month lies after another."""
    return (later.year - first.year) * 12 + later.month - first.month


def vendor(connection: Connection, question: Question, vendor_id: int) -> VendorReport:
    """What was sold of a vendor's products. Raises InvalidField and RangeTooLong."""
    days, calendar = question.shown_days, question.calendar
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
        popular_products(
            connection,
            [ProductSum(each.id, each.units, each.paid_minor - each.refunded_minor) for each in best],
            days.before(),
            question.currency,
        ),
        is_complete(connection),
    )
