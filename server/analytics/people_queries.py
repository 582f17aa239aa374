"""SQL of who buys: customers by days, and those who come again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from server.analytics.calendar import ShopCalendar
from server.analytics.models import DAY, CustomerSales
from server.analytics.ranges import Days
from server.analytics.spans import rows_of
from server.identity import Role
from server.user.models import User


def buyer_ids(connection: Connection, days: Days, currency: str) -> Sequence[int]:
    """The users who ordered."""
    rows = rows_of(CustomerSales, days, currency, conditions=[CustomerSales.orders > 0])
    return connection.scalars(select(rows.c.user_id).distinct()).all()


def buyers_by_day(connection: Connection, days: Days, currency: str) -> dict[date, int]:
    """How many users ordered on each day."""
    row = CustomerSales
    query = (
        select(row.day, func.count().label("buyers"))
        .where(
            row.span == DAY, row.day.between(days.first, days.last), row.currency == currency, row.orders > 0
        )
        .group_by(row.day)
    )
    return {row.day: row.buyers for row in connection.execute(query)}


def repeat_buyers(connection: Connection, days: Days, currency: str) -> int:
    """How many users ordered more than once."""
    rows = rows_of(CustomerSales, days, currency)
    again = (
        select(rows.c.user_id).group_by(rows.c.user_id).having(func.sum(rows.c.orders) > 1).subquery("again")
    )
    return connection.scalar(select(func.count()).select_from(again)) or 0


def new_customers_by_day(
    connection: Connection, start: datetime, end: datetime, calendar: ShopCalendar
) -> Counter[date]:
    """How many accounts of customers were opened on each day."""
    opened = (User.role == Role.CUSTOMER.name, User.created_at >= start, User.created_at < end)
    if connection.dialect.name == "postgresql":
        day = func.date(func.timezone(calendar.zone.key, User.created_at))
        query = select(day.label("day"), func.count().label("accounts")).where(*opened).group_by(day)
        return Counter({row.day: row.accounts for row in connection.execute(query)})
    # SQLite knows no zones: their times are told apart here.
    moments = connection.scalars(select(User.created_at).where(*opened))
    return Counter(calendar.day_of(moment) for moment in moments)
