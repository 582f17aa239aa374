"""What one user or visitor bought, looked at and put into the cart, as recommendations need it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

import numpy as np

from ml.data.arrays import Ids
from ml.models.reorder_features import Purchases
from server.recommend.feedback.history_queries import (
    BOUGHT,
    CARTED,
    CLAIMED,
    ORDERED,
    RETURNED,
    SEEN,
    USER,
    HistoryRow,
)

RECENT = 100
"""Products of a history that shape a list; as many as are used to measure models."""


def purchases_of(lines: Iterable[HistoryRow]) -> Purchases:
    """The purchases in rows of the kind ORDERED, the latest first; lines of one product in one order are added."""
    merged: dict[tuple[int, int], list[float]] = {}
    for line in lines:
        entry = merged.setdefault((line.product_id, line.order_id), [line.at.timestamp(), 0.0])
        entry[1] += line.quantity
    keys = np.array(list(merged), dtype=np.int64).reshape(-1, 2)
    values = np.array(list(merged.values()), dtype=np.float64).reshape(-1, 2)
    return Purchases(
        keys[:, 0].copy(), keys[:, 1].copy(), values[:, 0].copy(), values[:, 1].astype(np.float32)
    )


_NO_PURCHASES = purchases_of(())
_NO_IDS: Ids = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class PastOrders:
    """What a user's orders say, which nothing else that they do changes."""

    bought: Mapping[int, float] = field(default_factory=dict)
    """When each product was bought last that they kept, in seconds since the epoch."""
    latest: Sequence[int] = ()
    """The last RECENT of these, the latest first."""
    ever: frozenset[int] = frozenset()
    """All these, and what they sent back."""
    ever_ids: Ids = field(default_factory=lambda: _NO_IDS)
    """The same, as an array."""
    purchases: Purchases = field(default=_NO_PURCHASES)


NO_ORDERS = PastOrders()


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A user's or visitor's past. It never changes: another one takes its place when they do something."""

    bought: frozenset[int] = frozenset()
    """All they ever bought, and what of it they sent back."""
    bought_ids: Ids = field(default_factory=lambda: _NO_IDS)
    """The same, as an array."""
    recent: tuple[int, ...] = ()
    """What they bought or looked at, or have in the cart, each product once, the latest first."""
    recent_times: tuple[float, ...] = ()
    """When they last did, for each of `recent`, in seconds since the epoch."""
    recent_bought: frozenset[int] = frozenset()
    """Those of `recent` that they bought and kept; the others they only looked at or put into the cart."""
    in_cart: frozenset[int] = frozenset()
    purchases: Purchases = field(default=_NO_PURCHASES)
    """What they ordered here and may order again, the latest."""
    past_orders: PastOrders = field(default=NO_ORDERS)
    """What it was made from, beside what changes more often."""


NEW_USER = History()


def history_of(rows: Sequence[HistoryRow]) -> History | None:
    """The history in the rows of `history_queries.of_user`; None when they hold no user.

    What was sent back is never recommended again, and is no sign of taste either.
    """
    return renewed(past_orders_of(rows), rows) if any(row.kind == USER for row in rows) else None


def visit_of(rows: Sequence[HistoryRow]) -> History:
    """The history in the rows of `history_queries.of_visitor`, empty for a stranger."""
    return renewed(NO_ORDERS, rows)


def past_orders_of(rows: Sequence[HistoryRow]) -> PastOrders:
    """The orders in the rows of `history_queries.of_user`."""
    ordered = [row for row in rows if row.kind == ORDERED]
    bought = {row.product_id: row.at.timestamp() for row in rows if row.kind == BOUGHT}
    ever = frozenset(bought).union(row.product_id for row in rows if row.kind == RETURNED)
    return PastOrders(
        bought=bought,
        latest=_latest(bought),
        ever=ever,
        ever_ids=_array_of(ever),
        purchases=purchases_of(ordered) if ordered else _NO_PURCHASES,
    )


def renewed(past_orders: PastOrders, rows: Sequence[HistoryRow]) -> History:
    """The history of past orders and of what else was done, in the rows of `history_queries.touched_by`.

    It costs the same however many orders there are.
    """
    claimed = frozenset(row.product_id for row in rows if row.kind == CLAIMED)
    touched = {product_id: past_orders.bought[product_id] for product_id in past_orders.latest}
    for row in rows:
        if row.kind in (CLAIMED, SEEN):
            moment = row.at.timestamp()
            before = touched.get(row.product_id) or past_orders.bought.get(row.product_id, moment)
            touched[row.product_id] = max(moment, before)
    carted = [row for row in rows if row.kind == CARTED]
    for row in carted:
        # A cart has only the time of its last change: an event is closer to when the product came into it.
        if row.product_id not in touched:
            touched[row.product_id] = past_orders.bought.get(row.product_id, row.at.timestamp())
    recent = _latest(touched)
    bought = past_orders.ever if claimed <= past_orders.ever else past_orders.ever | claimed
    return History(
        bought=bought,
        bought_ids=past_orders.ever_ids if bought is past_orders.ever else _array_of(bought),
        recent=recent,
        recent_times=tuple(touched[product_id] for product_id in recent),
        recent_bought=frozenset(each for each in recent if each in past_orders.bought or each in claimed),
        in_cart=frozenset(row.product_id for row in carted),
        purchases=past_orders.purchases,
        past_orders=past_orders,
    )


def _array_of(product_ids: Collection[int]) -> Ids:
    return np.fromiter(product_ids, dtype=np.int64, count=len(product_ids))


def combined(user: History, visitor: History) -> History:
    """The past of a user who is also known as a visitor: what was touched last comes first, whoever they were."""
    if not visitor.recent:
        return user
    touched = dict(zip(visitor.recent, visitor.recent_times, strict=True))
    for product_id, moment in zip(user.recent, user.recent_times, strict=True):
        touched[product_id] = max(moment, touched.get(product_id, moment))
    recent = _latest(touched)
    bought = user.bought | visitor.bought
    return History(
        bought=bought,
        bought_ids=_array_of(bought),
        recent=recent,
        recent_times=tuple(touched[product_id] for product_id in recent),
        recent_bought=(user.recent_bought | visitor.recent_bought).intersection(recent),
        in_cart=user.in_cart,
        purchases=user.purchases,
    )


def _latest(touched: Mapping[int, float]) -> tuple[int, ...]:
    """The products touched last; of those touched at once the newer one first."""
    latest = nlargest(RECENT, ((moment, product_id) for product_id, moment in touched.items()))
    return tuple([product_id for _, product_id in latest])
