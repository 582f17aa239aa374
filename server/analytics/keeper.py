"""The job that keeps the roll-ups: counts what the events tell of, and carries a rebuild on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from server.analytics import fact_queries, rollup, rollup_queries
from server.db.database import Database
from server.db.work import Work
from server.events.consumer import REST, Consumer, StoredEvent
from server.events.order_steps import OrderStepped
from server.order.status import PENDING_PAYMENT
from server.progress import ProgressReport

MAX_EVENTS: Final = 500
"""An order has two events at its sale, and those of some seconds cost little more than those of one."""
ORDERS_PER_TRANSACTION: Final = 250
"""Whoever confirms orders meanwhile does not wait: only who counts does."""
FILLS_PER_RUN: Final = 20
"""A run of the job ends from time to time, so that events are counted beside a rebuild."""

log = structlog.get_logger()


class RollUpKeeper:
    """Keeps the roll-ups; for use on a worker's event loop, as a job."""

    def __init__(self, db: Database, work: Work, time_zone: str) -> None:
        """Days are those of `time_zone`: where the roll-ups have those of another, they are made anew."""
        self._work = work
        self._time_zone = time_zone
        self._consumer = Consumer(db, rollup_queries.CONSUMER, OrderStepped, batch=MAX_EVENTS)

    async def run(self) -> timedelta | None:
        """Count what changed; return how long to rest when nothing waits."""
        while await self._work.run(self._take, vital=True) == MAX_EVENTS:
            pass
        state = await self._work.read(rollup_queries.state, vital=True)
        if state.time_zone != self._time_zone:
            log.info("analytics_rebuilt", time_zone=self._time_zone, before=state.time_zone)
            await self._work.write(rollup.begin_rebuild, self._time_zone, vital=True)
        elif state.filled_id is None:
            return REST if self._consumer.has_all else None
        for _ in range(FILLS_PER_RUN):
            if not await self._work.write(rollup.fill, ORDERS_PER_TRANSACTION, vital=True):
                break
        return None

    def _take(self) -> int:
        return self._consumer.take(_orders, rollup.count_orders)


def _orders(connection: Connection, events: Sequence[StoredEvent[OrderStepped]]) -> list[int]:
    """The orders that may count otherwise now: not those that only wait for their payment."""
    told = (stored.event for stored in events)
    return sorted({event.order_id for event in told if event.new_status != PENDING_PAYMENT})


def rebuild(db: Database, time_zone: str, progress: ProgressReport) -> int:
    """Make the roll-ups anew, beside the running shop, and return how many orders were counted."""
    stage, counted = "Counting orders", 0
    with db.read() as connection:
        total = fact_queries.order_count(connection)
    with db.transaction() as tx:
        rollup.begin_rebuild(tx, time_zone)
    progress(stage, 0, total)
    while True:
        with db.transaction() as tx:
            more = rollup.fill(tx, ORDERS_PER_TRANSACTION)
        counted += more
        progress(stage, counted, max(counted, total))
        if not more:
            return counted
