"""Stamps of days: one that is the same as before says that nothing about these days has changed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, NamedTuple

from sqlalchemy import Connection, Date, String, and_, bindparam, func, select

from server.analytics.activity.models import ActivityDay
from server.analytics.models import AnalyticsState, SalesDay
from server.analytics.ranges import Days
from server.db.prepared import Prepared


class Stamps(NamedTuple):
    """The stamps of what was sold in a currency, and of what people did."""

    sales: Hashable
    activity: Hashable


_FIRST, _LAST = bindparam("first", type_=Date), bindparam("last", type_=Date)
_CURRENCY = bindparam("currency", type_=String)
_IS_COUNTED = ActivityDay.day.between(_FIRST, _LAST)
_READ: Final = Prepared(
    select(
        AnalyticsState.rebuilds,
        select(func.sum(SalesDay.revision))
        .where(and_(SalesDay.day.between(_FIRST, _LAST), SalesDay.currency == _CURRENCY))
        .scalar_subquery()
        .label("revisions"),
        select(func.count()).select_from(ActivityDay).where(_IS_COUNTED).scalar_subquery().label("counted"),
        select(func.max(ActivityDay.counted_at)).where(_IS_COUNTED).scalar_subquery().label("counted_at"),
    )
)
"""Each change of a day counts its revision up, a rebuild begins anew, and activity is counted by whole days."""


def stamps_of(connection: Connection, days: Days, currency: str) -> Stamps:
    """The stamps of days."""
    row = _READ.first(connection, first=days.first, last=days.last, currency=currency)
    assert row is not None
    return Stamps((row.rebuilds, row.revisions), (row.counted, row.counted_at))
