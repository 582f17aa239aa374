"""SQL of the lists of orders: each page a short walk along one index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from server.db.base import AnyRow, AnySelect, UtcDateTime, Values
from server.db.prepared import Prepared
from server.order.models import Order, OrderLine
from server.order.queries import ORDERS
from server.order.status import PENDING_PAYMENT

_USUAL_LIMITS: Final = frozenset({21, 101})
"""Rows of the default page and of the largest, which have statements of their own: where its LIMIT is a parameter,
PostgreSQL plans a statement anew each time."""

_LEFT_OUT: Final = frozenset({"request_id", "address", "shipments", "custom_metadata"})
"""Columns that no summary shows, and that take more than the rest."""

SUMMARIES: Final = ORDERS.with_only_columns(
    *(column for column in ORDERS.selected_columns if column.key not in _LEFT_OUT),
    # A sum may be NUMERIC unless it is cast.
    select(cast(func.coalesce(func.sum(OrderLine.quantity), 0), BigInteger))
    .where(OrderLine.order_id == Order.id)
    .correlate(Order)
    .scalar_subquery()
    .label("item_count"),
    maintain_column_froms=True,
)
"""Orders as `convert.summary_to_wire` takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders a list holds; None filters nothing.

    The last placed comes first, or with `by_change` the last changed last.
    """

    user_id: int | None = None
    status: str | None = None
    number: str | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    updated_since: datetime | None = None
    by_change: bool = False

    def scope(self) -> tuple[object, ...]:
        """Return what a page token is bound to."""
        return astuple(self)

    def keys(self, row: AnyRow) -> list[object]:
        """Return the sort keys of a row."""
        return [row.updated_at if self.by_change else row.placed_at, row.id]

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names of the conditions that an order must meet."""
        return tuple(name for name in _CONDITIONS if getattr(self, name) is not None)

    @property
    def values(self) -> Values:
        """The parameters of these conditions."""
        values: Values = {name: getattr(self, name) for name in self.conditions}
        return values if self.number is None else values | {"number_in_capitals": self.number.upper()}


_CONDITIONS: Final[dict[str, ColumnElement[bool]]] = {
    "user_id": Order.user_id == bindparam("user_id"),
    "status": Order.status == bindparam("status"),
    "number": Order.number.in_([bindparam("number"), bindparam("number_in_capitals")]),
    "placed_from": Order.placed_at >= bindparam("placed_from"),
    "placed_before": Order.placed_at < bindparam("placed_before"),
    "updated_since": Order.updated_at >= bindparam("updated_since"),
}


def order_page(
    connection: Connection, orders: OrderFilter, after: Sequence[object] | None, limit: int, *, whole: bool
) -> Sequence[AnyRow]:
    """Orders of a list, after the sort keys: `whole` as rows of ORDERS, else of SUMMARIES."""
    statement = _page(
        orders.conditions,
        by_change=orders.by_change,
        resumed=after is not None,
        whole=whole,
        usual_limit=limit if limit in _USUAL_LIMITS else None,
    )
    return statement.all(connection, **orders.values, **_ends(after, limit))


def _ends(after: Sequence[object] | None, limit: int) -> Values:
    """The parameters that say where a page begins and ends."""
    values: Values = {} if limit in _USUAL_LIMITS else {"most": limit}
    return values if after is None else values | {"after_time": after[0], "after_id": after[1]}


@lru_cache(maxsize=256)
def _page(
    conditions: tuple[str, ...], *, by_change: bool, resumed: bool, whole: bool, usual_limit: int | None
) -> Prepared:
    statement = (ORDERS if whole else SUMMARIES).where(*(_CONDITIONS[name] for name in conditions))
    if by_change and not {"user_id", "number"} & set(conditions):
        # SQLite would read all orders of a status, and sort them for each page.
        statement = statement.with_hint(Order, "INDEXED BY ix_orders_updated", "sqlite")
    moment = Order.updated_at if by_change else Order.placed_at
    return Prepared(_walk(statement, moment, usual_limit, ascending=by_change, resumed=resumed))


def _walk(
    statement: AnySelect,
    moment: InstrumentedAttribute[datetime],
    usual_limit: int | None,
    *,
    ascending: bool,
    resumed: bool,
) -> AnySelect:
    """The orders of a page, along an index by a time and the id."""
    if resumed:
        last = tuple_(bindparam("after_time", type_=UtcDateTime), bindparam("after_id", type_=BigInteger))
        keys = tuple_(moment, Order.id)
        statement = statement.where(keys > last if ascending else keys < last)
    order = (moment, Order.id) if ascending else (moment.desc(), Order.id.desc())
    most = (
        bindparam("most", type_=Integer) if usual_limit is None else literal_column(str(usual_limit), Integer)
    )
    return statement.order_by(*order).limit(most)


def pending_keys(row: AnyRow) -> list[object]:
    """Return the sort keys of a row of `pending_page`."""
    return [row.placed_at, row.id]


def pending_page(
    connection: Connection, after: Sequence[object] | None, limit: int, *, whole: bool
) -> Sequence[AnyRow]:
    """Orders that wait for their payment, the oldest first, after the keys (placed_at, id), as in `order_page`."""
    usual_limit = limit if limit in _USUAL_LIMITS else None
    statement = _pending_page(resumed=after is not None, whole=whole, usual_limit=usual_limit)
    return statement.all(connection, **_ends(after, limit))


@lru_cache(maxsize=16)
def _pending_page(*, resumed: bool, whole: bool, usual_limit: int | None) -> Prepared:
    statement = (ORDERS if whole else SUMMARIES).where(Order.status == PENDING_PAYMENT)
    return Prepared(_walk(statement, Order.placed_at, usual_limit, ascending=True, resumed=resumed))
