"""Points of orders that can be undone: pending until delivery, and of no weight for the tier until much later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work
from server.order import point_queries
from server.promotion import service as promotions
from server.promotion.loyalty import Waiting
from server.promotion.service import RewardedOrder

SECONDS: Final = 30.0
BATCH: Final = 100
"""Orders of a transaction: it holds their rows, and their buyers' accounts."""


def waiting(connection: Connection, user_id: int) -> Waiting:
    """The points that a user has still to wait for."""
    pending = sum(
        row.points_earned - promotions.share(row.points_earned, row.total_minor, row.refunded_minor or 0)
        for row in point_queries.on_their_way(connection, user_id)
    )
    return Waiting(pending, point_queries.uncounted_points(connection, user_id))


def count(tx: Connection, within: timedelta, now: datetime) -> int:
    """Let some orders count for their buyers' tiers that can be sent back no longer; returns how many."""
    rows = point_queries.due(tx, now - within, BATCH)
    for row in rows:
        order = RewardedOrder(
            id=row.id,
            user_id=row.user_id,
            total_minor=row.total_minor,
            points_earned=row.points_earned,
            points_counted_at=row.points_counted_at,
        )
        promotions.earn(tx, order, row.refunded_minor or 0, now)  # an older version delivers without
        promotions.count(tx, order, now)
        point_queries.mark_counted(tx, row.id, now)
    return len(rows)


class TierPoints:
    """The job that lets points count for the tier."""

    def __init__(self, work: Work, clock: Clock, within: timedelta) -> None:
        """`within` is how long an order can be sent back after its delivery."""
        self._work = work
        self._clock = clock
        self._within = within

    async def run(self) -> None:
        """Count what is due."""
        while await self._batch() == BATCH:
            pass

    async def _batch(self) -> int:
        return await self._work.write(
            count, self._within, self._clock(), deadline=Deadline(SECONDS), vital=True
        )
