"""SQL of the lists of orders: each page a short walk along one index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, tuple_

from server.db.base import AnyRow
from server.order.models import Order
from server.order.queries import ORDERS
from server.order.status import PENDING_PAYMENT


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

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield what an order must meet."""
        if self.user_id is not None:
            yield Order.user_id == self.user_id
        if self.status is not None:
            yield Order.status == self.status
        if self.number is not None:
            yield Order.number.in_(sorted({self.number, self.number.upper()}))
        if self.placed_from is not None:
            yield Order.placed_at >= self.placed_from
        if self.placed_before is not None:
            yield Order.placed_at < self.placed_before
        if self.updated_since is not None:
            yield Order.updated_at >= self.updated_since


def order_page(
    connection: Connection, orders: OrderFilter, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    """Orders of a list, after the sort keys."""
    statement = ORDERS.where(*orders.conditions())
    moment = Order.updated_at if orders.by_change else Order.placed_at
    if orders.by_change and orders.user_id is None and orders.number is None:
        # SQLite would read all orders of a status, and sort them for each page.
        statement = statement.with_hint(Order, "INDEXED BY ix_orders_updated", "sqlite")
    if after is not None:
        keys, last = tuple_(moment, Order.id), tuple(after)
        statement = statement.where(keys > last if orders.by_change else keys < last)
    order = (moment, Order.id) if orders.by_change else (moment.desc(), Order.id.desc())
    return connection.execute(statement.order_by(*order).limit(limit)).all()


def pending_keys(row: AnyRow) -> list[object]:
    """Return the sort keys of a row of `pending_page`."""
    return [row.placed_at, row.id]


def pending_page(connection: Connection, after: Sequence[object] | None, limit: int) -> Sequence[AnyRow]:
    """Orders that wait for their payment, the oldest first, after the keys (placed_at, id)."""
    statement = ORDERS.where(Order.status == PENDING_PAYMENT)
    if after is not None:
        statement = statement.where(tuple_(Order.placed_at, Order.id) > tuple(after))
    return connection.execute(statement.order_by(Order.placed_at, Order.id).limit(limit)).all()
