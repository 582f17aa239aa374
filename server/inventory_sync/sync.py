"""Brings the stock up to a list from elsewhere: what another system counts is the truth of the moment.

Each row stands for itself: it sets what is available of a variant at a location, or is refused with its line,
column and reason. Rows are written some at a time, each time in one transaction, which leaves the shop whole: a
list that breaks off has had the effect of its rows up to there, and may simply come again. A row that says what is
there already writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import structlog
from sqlalchemy import Connection

from server.db.work import Work
from server.events.log import publish
from server.inventory import levels, location_queries
from server.inventory.levels import Pair
from server.inventory_sync import queries
from server.inventory_sync.rows import RefusedRow, StockRow, read_rows
from server.inventory_sync.sources import StockSource

ROWS_AT_ONCE: Final = 200
"""Whoever buys one of their products waits until they are written."""
MAX_REPORTED: Final = 100
MAX_LOGGED: Final = 20

log = structlog.get_logger()


@dataclass
class SyncReport:
    """What became of a list: how many rows changed something, how many were refused, and why the first were."""

    rows: int = 0
    changed: int = 0
    refused: int = 0
    reasons: list[RefusedRow] = field(default_factory=list)

    def refuse(self, row: RefusedRow) -> None:
        """Count a row that changed nothing because it could not."""
        self.refused += 1
        if len(self.reasons) < MAX_REPORTED:
            self.reasons.append(row)


@dataclass(frozen=True, slots=True)
class _Applied:
    changed: int
    refused: Sequence[RefusedRow]


class InventorySync:
    """Sets the stock to what a source says."""

    def __init__(self, work: Work, source: StockSource) -> None:
        self._work = work
        self._source = source

    async def run(self) -> None:
        """Do it as a job: what was refused is logged. Raises SourceUnusable."""
        report = await self.sync()
        for row in report.reasons[:MAX_LOGGED]:
            log.warning("stock_row_refused", line=row.line, column=row.column, reason=row.reason)
        log.info("inventory_synced", rows=report.rows, changed=report.changed, refused=report.refused)

    async def sync(self) -> SyncReport:
        """Read the list, write what it says, and report. Raises SourceUnusable, where nothing is written."""
        report = SyncReport()
        async with self._source.opened() as text:
            rows = _without_repeats(read_rows(text))
            while some := await asyncio.to_thread(lambda: list(islice(rows, ROWS_AT_ONCE))):
                await self._write(some, report)
        return report

    async def _write(self, some: Sequence[StockRow | RefusedRow], report: SyncReport) -> None:
        report.rows += len(some)
        good = [row for row in some if isinstance(row, StockRow)]
        applied = await self._work.write(_apply, good, vital=True) if good else _Applied(0, ())
        report.changed += applied.changed
        refused = [row for row in some if isinstance(row, RefusedRow)]
        for row in sorted([*refused, *applied.refused], key=lambda row: row.line):
            report.refuse(row)


def _without_repeats(rows: Iterator[StockRow | RefusedRow]) -> Iterator[StockRow | RefusedRow]:
    """The rows; one that says once more what is at a place is refused, whatever it says."""
    seen: set[int] = set()  # hashes, as half a million pairs of texts would take much more
    for row in rows:
        if isinstance(row, RefusedRow):
            yield row
            continue
        pair = hash((row.variant_sku, row.location))
        yield (
            RefusedRow(row.line, "sku", "the list has this variant at this location before")
            if pair in seen
            else row
        )
        seen.add(pair)


def _apply(tx: Connection, rows: Sequence[StockRow]) -> _Applied:
    """Write rows, whose places differ, in one transaction."""
    variants = queries.variants(tx, {row.variant_sku for row in rows})
    locations = {name: location_id for location_id, name in location_queries.names(tx).items()}
    products: dict[int, int] = {}
    available: dict[Pair, int] = {}
    refused: list[RefusedRow] = []
    for row in rows:
        variant, location_id = variants.get(row.variant_sku), locations.get(row.location)
        if variant is None or (row.variant and variant.product_sku != row.sku):
            column = "variant" if row.variant else "sku"
            refused.append(RefusedRow(row.line, column, "there is no such variant on sale"))
        elif location_id is None:
            refused.append(RefusedRow(row.line, "location", "there is no location of this name"))
        else:
            products[variant.id] = variant.product_id
            available[variant.id, location_id] = row.quantity
    if not available:
        return _Applied(0, refused)
    queries.lock_products(tx, set(products.values()))
    locked = levels.hold(tx, products, {location_id for _, location_id in available})
    changed = sum(locked.by_pair[pair].available != quantity for pair, quantity in available.items())
    moved = levels.change(tx, locked, available)
    if moved is not None:
        publish(tx, moved)
    return _Applied(changed, refused)
