"""`python -m bench.sales_counter URL`: counts the orders that wait, as a worker does, and says how many they were.

It does so for each line that it reads.
"""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy import func, select

from server.analytics.keeper import RollUpKeeper
from server.analytics.models import OrderFactsRow
from server.db.database import Database
from server.db.pool import Pool
from server.db.work import Work


async def count(url: str) -> None:
    """Count until there are no more lines."""
    db = Database(url, pool_size=2)
    keeper = RollUpKeeper(db, Work(db, Pool(threads=2, max_queued=10)), "UTC")
    for _ in sys.stdin:
        before = _counted(db)
        while await keeper.run() is None:
            pass
        print(_counted(db) - before, flush=True)


def _counted(db: Database) -> int:
    with db.read() as connection:
        return connection.scalar(select(func.count(OrderFactsRow.order_id))) or 0


if __name__ == "__main__":
    asyncio.run(count(sys.argv[1]))
