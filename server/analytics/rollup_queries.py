"""SQL that keeps the roll-ups: adds to their rows, empties them, and reads what cohorts are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import ARRAY, Connection, Table, bindparam, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from server.analytics.models import (
    MONTH,
    AnalyticsState,
    CouponSales,
    CustomerSales,
    OrderFactsRow,
    ProductSales,
    RegionSales,
    SalesCohort,
    SalesDay,
    SalesHour,
)
from server.db.base import Base
from server.db.upsert import Insert

Key: TypeAlias = tuple[object, ...]
Additions: TypeAlias = Mapping[Key, Sequence[int]]
"""What is added to the rows of a table, by their keys."""

ROLLUPS: Final[tuple[type[Base], ...]] = (
    SalesHour,
    SalesDay,
    ProductSales,
    RegionSales,
    CustomerSales,
    CouponSales,
    SalesCohort,
)


class RollUpState(NamedTuple):
    """How the roll-ups stand; `filled_id` None: all orders are counted."""

    time_zone: str
    filled_id: int | None


_STATE = select(AnalyticsState.time_zone, AnalyticsState.filled_id)


def state(connection: Connection) -> RollUpState:
    """How the roll-ups stand."""
    return RollUpState(*connection.execute(_STATE).one())


def locked_state(tx: Connection) -> RollUpState:
    """The same, and nobody else writes roll-ups until the transaction ends."""
    return RollUpState(*tx.execute(_STATE.with_for_update()).one())


def set_state(tx: Connection, new: RollUpState) -> None:
    """Write how the roll-ups stand."""
    tx.execute(update(AnalyticsState).values(time_zone=new.time_zone, filled_id=new.filled_id))


def clear(tx: Connection) -> None:
    """Empty every roll-up, and forget what was counted."""
    models: tuple[type[Base], ...] = (OrderFactsRow, *ROLLUPS)
    tables = [_table(each) for each in models]
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"TRUNCATE {', '.join(table.name for table in tables)}"))
        return
    for table in tables:
        tx.execute(delete(table))


def add(tx: Connection, model: type[Base], additions: Additions) -> None:
    """Add to the rows of a roll-up; those that are missing begin at zero."""
    rows = [(*key, *numbers) for key, numbers in additions.items() if any(numbers)]
    if not rows:
        return
    names = [column.name for column in _table(model).columns]
    if tx.dialect.name == "postgresql":
        columns = zip(names, zip(*rows, strict=True), strict=True)
        tx.execute(_addition(model, "postgresql"), {name: list(values) for name, values in columns})
    else:
        tx.execute(_addition(model, "sqlite"), [dict(zip(names, row, strict=True)) for row in rows])


@cache
def _addition(model: type[Base], dialect: str) -> Insert:
    """The statement that adds; on PostgreSQL one for all rows, whose columns are arrays."""
    table = _table(model)
    if dialect == "postgresql":
        columns = [func.unnest(bindparam(each.name, type_=ARRAY(each.type))) for each in table.columns]
        # SQLAlchemy names the parameters of an INSERT by its columns; those of a SELECT stay as named here.
        statement: Insert = postgresql.insert(table).from_select(
            [each.name for each in table.columns], select(*columns)
        )
    else:
        statement = sqlite.insert(table)
    keys = [each.name for each in table.primary_key]
    sums = {
        each.name: each + statement.excluded[each.name] for each in table.columns if each.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=sums)


class CustomerMonth(NamedTuple):
    """What a user bought in a month."""

    month: date
    orders: int
    paid_minor: int
    refunded_minor: int


def months_of_customers(
    connection: Connection, user_ids: Collection[int]
) -> dict[tuple[int, str], dict[date, CustomerMonth]]:
    """The months in which these users bought, by user and currency."""
    row = CustomerSales
    months: defaultdict[tuple[int, str], dict[date, CustomerMonth]] = defaultdict(dict)
    query = select(row.user_id, row.currency, row.day, row.orders, row.paid_minor, row.refunded_minor).where(
        row.user_id.in_(user_ids), row.span == MONTH, row.orders > 0
    )
    for each in connection.execute(query):
        month = CustomerMonth(each.day, each.orders, each.paid_minor, each.refunded_minor)
        months[each.user_id, each.currency][each.day] = month
    return months


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
