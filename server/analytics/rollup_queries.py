"""SQL that keeps the roll-ups: adds to their rows, empties them, and reads what cohorts are made of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import ARRAY, Connection, Table, Text, bindparam, cast, delete, func, select, text, update
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
from server.db.id_lists import ids_named, ids_value
from server.db.prepared import Prepared
from server.db.upsert import Insert
from server.events.models import ConsumerPosition, Event
from server.events.order_steps import OrderStepped

Key: TypeAlias = tuple[object, ...]
Additions: TypeAlias = Mapping[Key, Sequence[int]]
"""What is added to the rows of a table, by their keys."""

CONSUMER: Final = "analytics"
"""The name of the consumer of the events."""

ROLLUPS: Final[tuple[type[Base], ...]] = (
    SalesHour,
    SalesDay,
    ProductSales,
    RegionSales,
    CustomerSales,
    CouponSales,
    SalesCohort,
)


_ESCAPED: Final = re.compile(r'(["\\])')


class RollUpState(NamedTuple):
    """How the roll-ups stand; `filled_id` None: all orders are counted."""

    time_zone: str
    filled_id: int | None
    rebuilds: int


_STATE = select(AnalyticsState.time_zone, AnalyticsState.filled_id, AnalyticsState.rebuilds)

_READ_STATE: Final = Prepared(_STATE)


def state(connection: Connection) -> RollUpState:
    """How the roll-ups stand."""
    return RollUpState(*_READ_STATE.one(connection))


def locked_state(tx: Connection) -> RollUpState:
    """The same, and nobody else writes roll-ups until the transaction ends."""
    return RollUpState(*tx.execute(_STATE.with_for_update()).one())


def set_state(tx: Connection, new: RollUpState) -> None:
    """Write how the roll-ups stand."""
    tx.execute(update(AnalyticsState).values(new._asdict()))


def waiting(connection: Connection) -> tuple[int, datetime | None]:
    """How many events of orders are not counted, and since when the first of them waits."""
    position = select(func.max(ConsumerPosition.event_id)).where(ConsumerPosition.name == CONSUMER)
    query = select(func.count(), func.min(Event.created_at)).where(
        Event.topic == OrderStepped.topic, Event.id > func.coalesce(position.scalar_subquery(), 0)
    )
    count, first = connection.execute(query).one()
    return count, first


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
        tx.execute(_addition(model, "postgresql"), {name: _array(values) for name, values in columns})
    else:
        tx.execute(_addition(model, "sqlite"), [dict(zip(names, row, strict=True)) for row in rows])


@cache
def _addition(model: type[Base], dialect: str) -> Insert:
    """The statement that adds; on PostgreSQL one for all rows, whose columns are arrays."""
    table = _table(model)
    if dialect == "postgresql":
        columns = [
            func.unnest(cast(bindparam(each.name, type_=Text), ARRAY(each.type))) for each in table.columns
        ]
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


def _array(values: Sequence[object]) -> str:
    """An array as PostgreSQL reads it: a list, of which the driver looks at each value, costs many times that."""
    elements = map(str if isinstance(values[0], int) else _quoted, values)
    return f"{{{','.join(elements)}}}"


def _quoted(value: object) -> str:
    # A country is what a strange address said.
    text = _ESCAPED.sub(r"\\\1", value) if isinstance(value, str) and not value.isalnum() else value
    return f'"{text}"'


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
    own = row.user_id.in_(ids_named("users", connection.dialect.name))
    query = select(row.user_id, row.currency, row.day, row.orders, row.paid_minor, row.refunded_minor).where(
        own, row.span == MONTH, row.orders > 0
    )
    for each in connection.execute(query, {"users": ids_value(connection, user_ids)}).all():
        month = CustomerMonth(each.day, each.orders, each.paid_minor, each.refunded_minor)
        months[each.user_id, each.currency][each.day] = month
    return months


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
