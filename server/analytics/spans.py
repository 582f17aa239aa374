"""Sums over a range of a roll-up that is kept by days and by months: whole months, and the days at the ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, Subquery, and_, select, union_all

from server.analytics.calendar import month_of, months_after
from server.analytics.models import DAY, MONTH, CouponSales, CustomerSales, ProductSales, RegionSales
from server.analytics.ranges import Days

Spanned: TypeAlias = type[ProductSales] | type[CustomerSales] | type[RegionSales] | type[CouponSales]

_DAY = timedelta(days=1)


def pieces(days: Days) -> Iterator[tuple[int, date, date]]:
    """The spans that a range is made of: which kind, the first and the last day or month of it."""
    first_month = days.first if days.first.day == 1 else months_after(days.first, 1)
    after_months = month_of(days.last + _DAY)
    if first_month >= after_months:
        yield DAY, days.first, days.last
        return
    if days.first < first_month:
        yield DAY, days.first, first_month - _DAY
    yield MONTH, first_month, months_after(after_months, -1)
    if after_months <= days.last:
        yield DAY, after_months, days.last


def rows_of(
    model: Spanned, days: Days, currency: str | None, *, conditions: Sequence[ColumnElement[bool]] = ()
) -> Subquery:
    """The rows whose sums are those of the range, of every currency where it is None; each by the primary key."""
    own = () if currency is None else (model.currency == currency,)
    parts = [
        select(model).where(and_(model.span == span, model.day.between(first, last), *own), *conditions)
        for span, first, last in pieces(days)
    ]
    return (parts[0] if len(parts) == 1 else union_all(*parts)).subquery("parts")
