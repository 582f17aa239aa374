"""Counts what sold, by which lists sort products as POPULARITY, apart from the sales themselves."""

from __future__ import annotations

from dataclasses import dataclass

from server.catalog.listings import count_sales
from server.db.work import Work


@dataclass(frozen=True)
class SalesCount:
    """The job."""

    work: Work

    async def run(self) -> None:
        """Count until nothing changed since it was counted."""
        while await self.work.write(count_sales, vital=True):
            pass
