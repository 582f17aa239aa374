"""`sanset import`: loads data from elsewhere, and says what came of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from server import progress
from server.cli.arguments import count
from server.cli.open_shop import open_shop
from server.db.engine import connect
from server.imports.online_retail import ImportFailed, Summary, import_online_retail
from server.imports.report import rejections
from server.settings import Settings

REJECTED = "import-rejected.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("source", choices=["online-retail"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--limit", type=count, metavar="N", help="read only so many rows")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Import one file."""
    with open_shop(settings) as shop:
        return import_file(shop, arguments.path, limit=arguments.limit)


def import_file(settings: Settings, path: Path, *, limit: int | None) -> int:
    """Import `path` into the shop and say what came of it; it has failed when no row is an order line."""
    rejected = settings.data_dir / REJECTED
    engine = connect(settings.url, pool_size=2)
    try:
        with progress.bars() as bars, rejections(rejected) as report:
            summary = import_online_retail(engine, path, limit=limit, progress=bars, report=report)
    finally:
        engine.dispose()
    _print(summary, rejected)
    if not summary.lines:
        raise ImportFailed(
            f"{path}: nothing was imported: none of its {summary.rows:,} rows is an order line"
        )
    return 0


def _print(summary: Summary, rejected: Path) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    table = Table(show_header=False, box=None)
    table.add_row("Read as", summary.form)
    table.add_row("Rows read", f"{summary.rows:,}")
    table.add_row(
        "Orders", f"{summary.sales:,} of {summary.sale_lines:,} lines, {summary.guest_sales:,} by guests"
    )
    table.add_row("Revenue", f"{summary.revenue.currency} {summary.revenue.amount:,}")
    table.add_row("Cancelled orders", f"{summary.cancellations:,} of {summary.cancelled_lines:,} lines")
    table.add_row("Products", f"{summary.products:,}, {summary.new_products:,} of them new")
    table.add_row("Customers", f"{summary.customers:,}, {summary.new_customers:,} of them new")
    table.add_row("Written now", f"{summary.new_orders:,} orders")
    for reason, rows in summary.rejected.most_common():
        table.add_row("Rejected", f"{rows:,}: {reason}")
    out.print(table)
    if summary.rejected:
        out.print(f"Every rejected row, with its line and reason: {rejected}")
