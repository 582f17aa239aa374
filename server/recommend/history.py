"""What one user bought and looked at, as recommendations need it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from server.recommend.queries import BOUGHT, RETURNED, USER

RECENT = 100
"""Products of a history that shape a list; as many as are used to measure models."""


@dataclass(frozen=True, slots=True)
class History:
    """A user's past. `recent` holds what they bought or looked at, latest first; `bought` all they ever bought."""

    bought: frozenset[int] = frozenset()
    recent: tuple[int, ...] = ()


NEW_USER = History()


def history_of(rows: Iterable[tuple[str, int, datetime]]) -> History | None:
    """The history in the rows of `queries.history`; None when they hold no user.

    What was sent back is never recommended again, and is no sign of taste either.
    """
    known = False
    bought: set[int] = set()
    touched: list[tuple[datetime, int]] = []
    for kind, product_id, at in rows:
        if kind == USER:
            known = True
            continue
        if kind in (BOUGHT, RETURNED):
            bought.add(product_id)
        if kind != RETURNED:
            touched.append((at, product_id))
    if not known:
        return None
    latest_first = dict.fromkeys(product_id for _, product_id in sorted(touched, reverse=True))
    return History(frozenset(bought), tuple(latest_first)[:RECENT])
