"""Pages of the lists of products as the database has them, each with what it stands on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.catalog.errors import LocationNotFound
from server.catalog.list_marks import NEVER_READ, Basis, ListMarks
from server.catalog.listing_queries import (
    FEW,
    ProductFilter,
    count_products,
    goods_at,
    located_page,
    next_turn,
    product_page,
    sorts_by_price,
)
from server.clock import Clock
from server.db.base import AnyRow
from server.db.deadline import Deadline
from server.db.work import Work
from server.events.cache import Bounded

COUNT_SECONDS: Final = 5.0
"""How old a total may be when the list has changed since: it is only shown."""
MAX_TOTALS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """Which page: up to `limit` rows of a list in an order, after the row with the keys `after`."""

    products: ProductFilter
    sort: str
    after: Sequence[object] | None
    limit: int

    @property
    def goes_by_price(self) -> bool:
        """Whether prices decide what is on it, or in which order."""
        return self.products.bounds_prices or sorts_by_price(self.sort)

    @property
    def goes_by_total(self) -> bool:
        """Whether it is found in another way when the list is short."""
        return self.products.bounds_prices and not sorts_by_price(self.sort)


@dataclass(frozen=True, slots=True)
class Total:
    """How many products a list has, counted up to a bound."""

    products: int
    basis: Basis
    shown_until: float


@dataclass(frozen=True, slots=True)
class ListPage:
    """Rows (id, sort key) of a list; the total where it was needed."""

    rows: Sequence[AnyRow]
    total: Total | None
    basis: Basis


class ListPages:
    """Reads pages of lists, and remembers totals."""

    def __init__(self, work: Work, clock: Clock, marks: ListMarks) -> None:
        self._work = work
        self._clock = clock
        self._marks = marks
        self._totals: Bounded[ProductFilter, Total] = Bounded(size=MAX_TOTALS)
        self._turn = NEVER_READ
        """When prices next turn."""

    async def read(self, query: PageQuery, deadline: Deadline) -> ListPage:
        """Read a page; the first of a list, or one that goes by it, with its total. Raises LocationNotFound."""
        marks, counted = self._marks.of(query.products, query.sort), self._marks.of(query.products)
        turn = await self._next_turn(deadline) if query.goes_by_price else None
        total = self._totals.peek(query.products) if query.products.location_id is None else None
        if total is not None and not self.shows(total):
            total = None
        before = total.products if total is not None else None
        read = _read if query.products.location_id is None else _read_located
        rows, count = await self._work.read(read, query, before, self._clock(), deadline=deadline)
        if total is None and count is not None:
            total = Total(count, Basis(counted, turn), time.monotonic() + COUNT_SECONDS)
            if query.products.location_id is None:  # no mark tells of the stock at a location
                self._totals.put(query.products, total)
        return ListPage(rows, total, Basis(marks, turn))

    async def _next_turn(self, deadline: Deadline) -> datetime | None:
        """When the price of any product next changes by the clock."""
        if not self._marks.hold(self._turn):
            marks = self._marks.of_turns()
            turn = await self._work.read(next_turn, self._clock(), deadline=deadline)
            self._turn = Basis(marks, turn)
        return self._turn.turn

    def shows(self, total: Total) -> bool:
        """Whether a total may still be shown."""
        return self._marks.hold(total.basis) or time.monotonic() < total.shown_until

    def forget_totals(self) -> None:
        """Count every list anew."""
        self._totals.clear()


def _read(
    connection: Connection, query: PageQuery, total: int | None, now: datetime
) -> tuple[Sequence[AnyRow], int | None]:
    """The rows of a page, and the total where it is known or needed."""
    if total is None and (query.after is None or query.goes_by_total):
        total = count_products(connection, query.products, now)
    few = query.goes_by_total and total is not None and total <= FEW
    rows = product_page(connection, query.products, query.sort, query.after, query.limit, now, few=few)
    return rows, total


def _read_located(
    connection: Connection, query: PageQuery, total: int | None, now: datetime
) -> tuple[Sequence[AnyRow], int | None]:
    """The same of a list of what a location has, from whose side it is read where that is shorter."""
    products, location_id = query.products, query.products.location_id or 0
    goods = goods_at(connection, location_id)
    if goods is None:
        raise LocationNotFound(location_id=location_id)
    if not goods.serves:
        return (), 0
    if not goods.few:
        return _read(connection, query, total, now)
    total = count_products(connection, products, now, few_there=True) if query.after is None else None
    return located_page(connection, products, query.sort, query.after, query.limit, now), total
