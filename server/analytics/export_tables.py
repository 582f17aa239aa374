"""The tables of the analytics as files: sales and users by day, what sold most, funnels, and cohorts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from server.analytics import sales_queries, top_queries
from server.analytics.activity.queries import product_funnels
from server.analytics.calendar import days_between
from server.analytics.models import SALES_SUMS
from server.analytics.people import MAX_MONTHS, cohorts, months_between, user_days
from server.analytics.ranges import Days
from server.analytics.sales import Question
from server.analytics.top_queries import Dimension, Measure, Top
from server.exports.source import Chunk, ExportSource, Keys, Row
from server.money import Money

ROWS_PER_CHUNK: Final = 1000

_TOP_COLUMNS: Final = ("id", "name", "orders", "units", "paid", "refunded", "revenue", "currency")

_FUNNEL_COLUMNS: Final = (
    *("product_id", "name", "views", "viewers", "cart_additions", "checkouts", "orders", "units"),
    *("revenue", "currency"),
)
_USER_COLUMNS: Final = ("day", "active_users", "visitors", "new_users", "buyers")


class ExportTable(StrEnum):
    """A table that is exported."""

    SALES = "SALES"
    PRODUCTS = "PRODUCTS"
    CATEGORIES = "CATEGORIES"
    BRANDS = "BRANDS"
    USERS = "USERS"
    COUNTRIES = "COUNTRIES"
    COUPONS = "COUPONS"
    COHORTS = "COHORTS"
    FUNNELS = "FUNNELS"
    USER_DAYS = "USER_DAYS"


_DIMENSIONS: Final = {
    ExportTable.PRODUCTS: Dimension.PRODUCT,
    ExportTable.CATEGORIES: Dimension.CATEGORY,
    ExportTable.BRANDS: Dimension.BRAND,
    ExportTable.USERS: Dimension.USER,
    ExportTable.COUNTRIES: Dimension.COUNTRY,
    ExportTable.COUPONS: Dimension.COUPON,
}


def table_source(table: ExportTable, question: Question) -> ExportSource:
    """The rows of a table. Raises InvalidField and RangeTooLong."""
    days = question.days  # refused here, before the file begins
    if table is ExportTable.SALES:
        columns = ("day", *(name.removesuffix("_minor") for name in SALES_SUMS), "revenue", "currency")
        return _whole("Sales", columns, lambda connection: _sales(connection, question))
    if table is ExportTable.COHORTS:
        names = ("cohort", "month", "customers", "retention", "orders", "revenue", "currency")
        return _whole("Cohorts", names, lambda connection: _cohorts(connection, question))
    if table is ExportTable.FUNNELS:
        return _funnels(question, days)
    if table is ExportTable.USER_DAYS:
        shown = question.shown_days
        return _whole("Users", _USER_COLUMNS, lambda connection: _user_days(connection, question, shown))
    dimension = _DIMENSIONS[table]

    def read(connection: Connection, after: Keys | None) -> Chunk:
        rows = top_queries.top(
            connection, dimension, Measure.REVENUE, days, question.currency, after, ROWS_PER_CHUNK
        )
        full = len(rows) == ROWS_PER_CHUNK
        last = rows[-1] if full else None
        following = (last.measured(Measure.REVENUE), last.id or last.name) if last is not None else None
        return Chunk([_top(row, question.currency) for row in rows], len(rows), following)

    return ExportSource(table.title(), _TOP_COLUMNS, lambda _: 0, read)


def _whole(title: str, columns: tuple[str, ...], rows: Callable[[Connection], Iterable[Row]]) -> ExportSource:
    """A table that is read at once: it has a row for each day or cohort."""

    def read(connection: Connection, after: Keys | None) -> Chunk:
        every = list(rows(connection))
        return Chunk(every, len(every), None)

    return ExportSource(title, columns, lambda _: 0, read)


def _sales(connection: Connection, question: Question) -> Iterable[Row]:
    days, currency = question.days, question.currency
    by_day = sales_queries.sums_by_day(connection, days, currency)
    for day in days_between(days.first, days.last):
        sums = by_day.get(day, sales_queries.NOTHING)
        cells: Sequence[Any] = [
            _amount(value, currency) if name.endswith("_minor") else value
            for name, value in zip(SALES_SUMS, sums, strict=True)
        ]
        revenue = _amount(sums.paid_minor - sums.refunded_minor, currency)
        yield (day.isoformat(), *cells, revenue, currency)


def _cohorts(connection: Connection, question: Question) -> Iterable[Row]:
    currency = question.currency
    for cohort in cohorts(connection, question.days.last, currency, MAX_MONTHS):
        for each in cohort.months:
            yield (
                *(f"{cohort.month:%Y-%m}", months_between(cohort.month, each.month), each.customers),
                *(f"{each.customers / cohort.customers:.4f}", each.orders),
                *(_amount(each.revenue_minor, currency), currency),
            )


def _funnels(question: Question, days: Days) -> ExportSource:
    def read(connection: Connection, after: Keys | None) -> Chunk:
        last = None if after is None else (after[0], after[1])
        rows = product_funnels(connection, days, question.currency, last, ROWS_PER_CHUNK)
        full = len(rows) == ROWS_PER_CHUNK
        following = (rows[-1].views, rows[-1].product_id) if full else None
        cells: list[Row] = [
            (*row[:-1], _amount(row.revenue_minor, question.currency), question.currency) for row in rows
        ]
        return Chunk(cells, len(rows), following)

    return ExportSource("Funnels", _FUNNEL_COLUMNS, lambda _: 0, read)


def _user_days(connection: Connection, question: Question, days: Days) -> Iterable[Row]:
    for day in user_days(connection, question, days):
        moment = question.calendar.day_of(day.start)
        yield (moment.isoformat(), day.active, day.visitors, day.new, day.buyers)


def _top(row: Top, currency: str) -> Row:
    revenue = row.paid_minor - row.refunded_minor
    amounts = (_amount(each, currency) for each in (row.paid_minor, row.refunded_minor, revenue))
    return (row.id or None, row.name, row.orders, row.units, *amounts, currency)


def _amount(minor: int, currency: str) -> Decimal:
    return Money(minor, currency).amount
