"""`sanset import`: loads data from elsewhere, and says what came of it."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from server import progress
from server.cli.arguments import count
from server.cli.open_shop import open_shop
from server.clock import utc_now
from server.db.database import Database
from server.errors import CommandError
from server.imports.icecat import read_icecat
from server.imports.online_retail import ImportFailed, Summary, import_online_retail
from server.imports.products.command import OWNER, FileSummary, import_products, products_of
from server.imports.products.images import RowImages
from server.imports.products.judging import Terms
from server.imports.products.records import Encoding
from server.imports.products.side_by_side import WRITERS
from server.imports.report import problems, rejections
from server.keys.state import open_database, open_engine
from server.media.folder import ImageFolder
from server.media.storage import store_of
from server.settings import Settings

REJECTED, REFUSED = "import-rejected.csv", "import-refused.csv"
ONLINE_RETAIL, ICECAT, PRODUCTS = "online-retail", "icecat", "products"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("source", choices=[ONLINE_RETAIL, ICECAT, PRODUCTS])
    parser.add_argument("path", type=Path)
    parser.add_argument("--limit", type=count, metavar="N", help="read only so many rows of online-retail")
    parser.add_argument("--dry-run", action="store_true", help="of products and icecat: write nothing")
    parser.add_argument(
        "--create-categories", action="store_true", help="of products: those that are missing"
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIRECTORY",
        help="of products: where the files are that its columns images and image_path name",
    )
    encodings = [encoding.value for encoding in Encoding]
    parser.add_argument("--encoding", choices=encodings, default=Encoding.UTF_8.value, help="of products")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Import one file."""
    with open_shop(settings) as shop:
        if arguments.source == ONLINE_RETAIL:
            return import_file(shop, arguments.path, limit=arguments.limit)
        return import_catalogue(shop, arguments)


def import_catalogue(settings: Settings, arguments: argparse.Namespace) -> int:
    """Import products, and say what came of them; it has failed when there was none that could be taken."""
    refused = settings.data_dir / REFUSED
    is_icecat = arguments.source == ICECAT
    terms = Terms(
        caller=OWNER,
        currency=settings.currency,
        languages=settings.languages,
        create_categories=is_icecat or arguments.create_categories,
        dry_run=arguments.dry_run,
    )
    directory: Path | None = arguments.images
    if directory is not None and (is_icecat or not directory.is_dir()):
        raise CommandError(f"--images {directory} is no directory with the images of a file of products")
    read = (
        partial(read_icecat, settings.currency)
        if is_icecat
        else products_of(
            settings.currency,
            Encoding(arguments.encoding),
            settings.languages,
            takes_images=directory is not None,
        )
    )
    db = open_database(settings, pool_size=WRITERS + 1)
    images = _images(settings, db, directory) if directory is not None else None
    try:
        with progress.bars() as bars, problems(refused) as report:
            summary = import_products(
                db, arguments.path, read, terms, progress=bars, report=report, images=images
            )
    finally:
        db.close()
    _print_products(summary, refused, dry_run=arguments.dry_run)
    return 0 if summary.rows > summary.refused or not summary.rows else 1


def _images(settings: Settings, db: Database, directory: Path) -> RowImages:
    """What adds the images that rows name."""
    folder = ImageFolder(
        db, store_of(settings), utc_now, directory=directory, max_file_bytes=settings.max_file_size
    )
    return RowImages(db, folder, OWNER)


def _print_products(summary: FileSummary, refused: Path, *, dry_run: bool) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    table = Table(show_header=False, box=None)
    table.add_row("Rows read", f"{summary.rows:,}")
    table.add_row("Created", f"{summary.created:,}")
    table.add_row("Changed", f"{summary.updated:,}")
    table.add_row("As they were", f"{summary.unchanged:,}")
    for reason, rows in summary.reasons.most_common(20):
        table.add_row("Refused", f"{rows:,}: {reason}")
    if summary.images:
        table.add_row("Images added", f"{summary.images:,}")
    for reason, images in summary.image_reasons.most_common(20):
        table.add_row("Images left out", f"{images:,}: {reason}")
    out.print(table)
    if dry_run:
        out.print("Nothing was written: this was a dry run.")
    if summary.refused or summary.image_reasons:
        out.print(f"Every refused row, with its line, column and reason: {refused}")


def import_file(settings: Settings, path: Path, *, limit: int | None) -> int:
    """Import `path` into the shop and say what came of it; it has failed when no row is an order line."""
    rejected = settings.data_dir / REJECTED
    engine = open_engine(settings, pool_size=2)
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
