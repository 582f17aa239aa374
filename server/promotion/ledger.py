"""The ledger of points: entries that are only ever added, and the account that sums them.

An account is never below zero. What has to be taken back and was spent is owed (OWED): what the buyer earns or
gets back later goes there first (REPAID). So an undone order costs its own points, and never more than there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.promotion import point_queries

EARNED: Final = "EARNED"
REDEEMED: Final = "REDEEMED"
RETURNED: Final = "RETURNED"
REVERSED: Final = "REVERSED"
ADJUSTED: Final = "ADJUSTED"
OWED: Final = "OWED"
REPAID: Final = "REPAID"
ABANDONED: Final = "given up"
"""The `ref` of points that returned because their order was not paid."""


class OrderLedger:
    """What the ledger holds of an order, under the lock of its buyer's account."""

    def __init__(self, tx: Connection, user_id: int, order_id: int, now: datetime) -> None:
        self._tx = tx
        self._user_id = user_id
        self._order_id = order_id
        self._now = now
        self._points, self._owed = point_queries.lock_account(tx, user_id)
        self._entries = [(one.kind, one.points, one.ref) for one in point_queries.booked(tx, order_id)]

    def sum(self, kind: str) -> int:
        """The sum of the order's entries of a kind."""
        return sum(points for name, points, _ in self._entries if name == kind)

    @property
    def was_abandoned(self) -> bool:
        """Whether the points came back because nobody paid."""
        return any(ref == ABANDONED for _, _, ref in self._entries)

    def book(self, *, counted: bool = False, ref: str | None = None, **by_kind: int) -> None:
        """Add entries, by kind, and move the account by their sum; `counted` moves the lifetime points as well."""
        moved = {kind: points for kind, points in by_kind.items() if points}
        if not moved:
            return
        for kind, points in moved.items():
            self._add(kind, points, ref)
        change = sum(moved.values())
        lifetime = moved.get(EARNED, 0) + moved.get(REVERSED, 0) if counted else 0
        owed = self._owed_by(change)
        point_queries.credit(self._tx, self._user_id, change + owed, owed, lifetime)
        self._add(OWED if owed > 0 else REPAID, owed, None)
        self._points, self._owed = self._points + change + owed, self._owed + owed

    def _owed_by(self, change: int) -> int:
        """What a change of the points adds to what is owed: what is missing, or, below zero, what is repaid."""
        if change < 0:
            return max(0, -change - self._points)
        return -min(change, self._owed)

    def _add(self, kind: str, points: int, ref: str | None) -> None:
        if not points:
            return
        before = sum(name == kind for name, _, _ in self._entries)
        name = ref if ref is not None else "" if kind == EARNED else str(before)
        self._entries.append((kind, points, name))
        enter(self._tx, self._user_id, self._order_id, kind, points, self._now, name)


def enter(
    tx: Connection, user_id: int, order_id: int, kind: str, points: int, now: datetime, ref: str = ""
) -> None:
    """Add an entry; the unique index refuses one that is booked already."""
    values = {"user_id": user_id, "order_id": order_id, "kind": kind, "points": points, "ref": ref}
    point_queries.insert_entry(tx, values | {"created_at": now})
