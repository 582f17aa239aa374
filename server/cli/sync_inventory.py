"""`sanset sync-inventory`: brings the stock up to a list from elsewhere now, and says what was refused of it."""

from __future__ import annotations

import argparse
import asyncio

from rich.console import Console

from server.app import build
from server.cli.open_shop import open_shop
from server.errors import CommandError
from server.inventory_sync.rows import SourceUnusable
from server.inventory_sync.sources import source_of
from server.inventory_sync.sync import InventorySync, SyncReport
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("source", nargs="?", help="a path or an address, in place of INVENTORY_SOURCE")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Do it, and print the report; 1 where rows were refused."""
    address = arguments.source or settings.inventory_source
    if not address:
        raise CommandError("name a source, or set INVENTORY_SOURCE.")
    with open_shop(settings) as shop:
        report = asyncio.run(sync_inventory(shop, address))
    _print(report)
    return 1 if report.refused else 0


async def sync_inventory(settings: Settings, address: str) -> SyncReport:
    """Bring the stock up to a list, beside the running shop."""
    app = build(settings)
    source = source_of(address, allow_private=settings.inventory_source_allow_private)
    try:
        return await InventorySync(app.core.work, source).sync()
    except SourceUnusable as error:
        raise CommandError(f"{address}: {error}") from None
    finally:
        await app.stop()


def _print(report: SyncReport) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    out.print(f"{report.rows:,} rows: {report.changed:,} changed the stock, {report.refused:,} were refused.")
    for row in report.reasons:
        out.print(str(row))
    if report.refused > len(report.reasons):
        out.print(f"and {report.refused - len(report.reasons):,} more")
