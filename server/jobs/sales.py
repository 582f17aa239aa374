"""Counts what sold, by which lists sort products as POPULARITY, apart from the sales themselves."""

from __future__ import annotations

from dataclasses import dataclass

from server.catalog.listings import count_sales
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool

DATABASE_SECONDS = 10.0


@dataclass(frozen=True)
class SalesCount:
    """The job."""

    db: Database
    pool: Pool

    async def run(self) -> None:
        """Count until nothing changed since it was counted."""
        while await self.pool.run_vital(Deadline(DATABASE_SECONDS), self._count):
            pass

    def _count(self) -> int:
        with self.db.transaction() as tx:
            return count_sales(tx)
