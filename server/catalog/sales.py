"""Counts what sold, by which lists sort products as POPULARITY, apart from the sales themselves."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from server.catalog import listings
from server.db.work import Work
from server.events.log import publish
from server.events.topics import SalesCounted


def count_sales(tx: Connection) -> int:
    """Count what sold of some products, and tell the workers; returns of how many."""
    changed = listings.count_sales(tx)
    if changed:
        publish(tx, SalesCounted())
    return changed


@dataclass(frozen=True)
class SalesCount:
    """The job."""

    work: Work

    async def run(self) -> None:
        """Count until nothing changed since it was counted."""
        while await self.work.write(count_sales, vital=True):
            pass
