"""Different people, and what products sold, over a range: of days that did not change from memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
from sqlalchemy import Connection

from server.analytics import sales_queries
from server.analytics.activity.queries import active_ids
from server.analytics.memory import DayMemory, Numbers
from server.analytics.people_queries import buyer_ids
from server.analytics.ranges import Days
from server.analytics.sales_queries import ProductSum
from server.analytics.stamps import stamps_of


class RememberedDays:
    """A range of which the complete days are in memory, for the questions of one call."""

    def __init__(
        self, memory: DayMemory, connection: Connection, days: Days, today: date, currency: str
    ) -> None:
        """Read the stamps of the days that are over, and of those from `today` on, which change all the time."""
        self._memory = memory
        self._connection = connection
        self._currency = currency
        self._spans = [
            (span, stamps_of(connection, span, currency)) for span in days.split(today) if span is not None
        ]

    def buyers(self) -> int:
        """How many users ordered."""
        return different(
            self._parts("buyers", lambda days: _ids(buyer_ids(self._connection, days, self._currency)))
        )

    def active_users(self) -> int:
        """How many users did something."""
        return different(self._parts("active", lambda days: _ids(active_ids(self._connection, days))))

    def best_sold(self, limit: int) -> list[ProductSum]:
        """The products of which most units were sold and kept."""

        def read(days: Days) -> Numbers:
            rows = sales_queries.product_sums(self._connection, days, self._currency)
            return np.array(rows, np.int64).reshape(-1, 3)

        return best(added(self._parts("products", read)), limit)

    def _parts(self, name: str, read: Callable[[Days], Numbers]) -> list[Numbers]:
        """What the days that are over came to, and what the others did."""
        return [
            self._memory.get(
                (name, days, self._currency),
                stamps.activity if name == "active" else stamps.sales,
                partial(read, days),
            )
            for days, stamps in self._spans
        ]


class RememberedSales:
    """What a worker has in memory of what was sold and of who was there."""

    def __init__(self) -> None:
        self._memory = DayMemory()

    def of_days(self, connection: Connection, days: Days, today: date, currency: str) -> RememberedDays:
        """A range."""
        return RememberedDays(self._memory, connection, days, today, currency)

    def customers(self, connection: Connection, now: datetime) -> int:
        """How many accounts of customers there are; of deletions and imports it learns within a minute."""
        since = now.replace(second=0, microsecond=0)
        before = self._memory.get(
            "customers", since, lambda: np.array([sales_queries.customers(connection, since)], np.int64)
        )
        return int(before[0]) + sales_queries.new_customers(connection, since, now + timedelta(days=1))


def _ids(ids: Sequence[int]) -> Numbers:
    return np.unique(np.array(ids, np.int64))


def different(parts: Sequence[Numbers]) -> int:
    """How many different ids there are in one sorted array or two, of which each has none twice."""
    some, *others = parts
    if not others:
        return len(some)
    if not len(some):
        return len(others[0])
    places = np.searchsorted(some, others[0]).clip(max=len(some) - 1)
    return len(some) + int(np.count_nonzero(some[places] != others[0]))


def added(parts: list[Numbers]) -> Numbers:
    """The sums of rows by their first column."""
    rows = np.concatenate(parts)
    ids, places = np.unique(rows[:, 0], return_inverse=True)
    sums = np.zeros((len(ids), 3), np.int64)
    sums[:, 0] = ids
    np.add.at(sums[:, 1], places, rows[:, 1])
    np.add.at(sums[:, 2], places, rows[:, 2])
    return sums


def best(rows: Numbers, limit: int) -> list[ProductSum]:
    """The products of which most units stayed sold, of rows of ids, units and what they brought."""
    rows = rows[rows[:, 1] > 0]
    if len(rows) > limit:
        least = np.partition(rows[:, 1], -limit)[-limit]
        rows = rows[rows[:, 1] >= least]
    order = np.lexsort((rows[:, 0], -rows[:, 1]))[:limit]
    return [ProductSum(*row) for row in rows[order].tolist()]
