"""What one user or visitor bought, looked at and put into the cart, as recommendations need it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.models.reorder_features import Purchases
from server.recommend.feedback.history_queries import (
    BOUGHT,
    CARTED,
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


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A user's or visitor's past. It never changes: another one takes its place when they do something."""

    bought: frozenset[int] = frozenset()
    """All they ever bought, and what of it they sent back."""
    recent: tuple[int, ...] = ()
    """What they bought or looked at, or have in the cart, each product once, the latest first."""
    recent_times: tuple[float, ...] = ()
    """When they last did, for each of `recent`, in seconds since the epoch."""
    recent_bought: frozenset[int] = frozenset()
    """Those of `recent` that they bought and kept; the others they only looked at or put into the cart."""
    in_cart: frozenset[int] = frozenset()
    purchases: Purchases = field(default=_NO_PURCHASES)
    """What they ordered here and may order again, the latest."""


NEW_USER = History()


def history_of(rows: Sequence[HistoryRow]) -> History | None:
    """The history in the rows of `history_queries.of_user`; None when they hold no user.

    What was sent back is never recommended again, and is no sign of taste either.
    """
    return _history_of(rows) if any(row.kind == USER for row in rows) else None


def visit_of(rows: Sequence[HistoryRow]) -> History:
    """The history in the rows of `history_queries.of_visitor`, empty for a stranger."""
    return _history_of(rows)


def _history_of(rows: Sequence[HistoryRow]) -> History:
    by_kind: dict[str, list[HistoryRow]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    bought, carted = by_kind.get(BOUGHT, ()), by_kind.get(CARTED, ())
    bought_ids = {row.product_id for row in bought}
    touched: dict[int, float] = {}
    for row in (*bought, *by_kind.get(SEEN, ())):
        moment = row.at.timestamp()
        touched[row.product_id] = max(moment, touched.get(row.product_id, moment))
    for row in carted:
        # A cart has only the time of its last change: an event is closer to when the product came into it.
        touched.setdefault(row.product_id, row.at.timestamp())
    recent = _latest(touched)
    return History(
        bought=frozenset(bought_ids.union(row.product_id for row in by_kind.get(RETURNED, ()))),
        recent=recent,
        recent_times=tuple(touched[product_id] for product_id in recent),
        recent_bought=frozenset(bought_ids.intersection(recent)),
        in_cart=frozenset(row.product_id for row in carted),
        purchases=purchases_of(by_kind[ORDERED]) if ORDERED in by_kind else _NO_PURCHASES,
    )


def combined(user: History, visitor: History) -> History:
    """The past of a user who is also known as a visitor: what was touched last comes first, whoever they were."""
    if not visitor.recent:
        return user
    touched = dict(zip(visitor.recent, visitor.recent_times, strict=True))
    for product_id, moment in zip(user.recent, user.recent_times, strict=True):
        touched[product_id] = max(moment, touched.get(product_id, moment))
    recent = _latest(touched)
    return History(
        bought=user.bought | visitor.bought,
        recent=recent,
        recent_times=tuple(touched[product_id] for product_id in recent),
        recent_bought=(user.recent_bought | visitor.recent_bought).intersection(recent),
        in_cart=user.in_cart,
        purchases=user.purchases,
    )


def _latest(touched: dict[int, float]) -> tuple[int, ...]:
    """The products touched last; of those touched at once the newer one first."""
    ordered = sorted(touched, key=lambda product_id: (touched[product_id], product_id), reverse=True)
    return tuple(ordered[:RECENT])
