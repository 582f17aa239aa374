"""`sanset export`: writes all orders, products or accounts into a file, with a progress bar."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from server import progress
from server.cli.arguments import moment
from server.cli.open_shop import open_shop
from server.clock import utc_now
from server.db.reading import reading
from server.errors import CommandError
from server.exports.file import Format, write_file
from server.exports.orders import orders
from server.exports.products import products
from server.exports.source import ExportSource
from server.exports.target import is_stream, writing
from server.exports.users import users
from server.keys.state import open_engine
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("what", choices=["orders", "products", "users"])
    parser.add_argument("path", type=Path, metavar="FILE", help="`-` is standard output")
    parser.add_argument("--format", choices=["csv", "xlsx"], help="else as FILE ends, or csv")
    for name, text in (("from", "only orders placed from here on"), ("to", "only orders placed before this")):
        parser.add_argument(f"--{name}", dest=f"{name}_time", type=moment, metavar="TIME", help=text)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Export to the file, which appears when it is complete.

    Raises CommandError for times that choose nothing, UnusableTarget where the file cannot be written.
    """
    path = arguments.path
    source = _source(arguments, settings.languages)
    form = Format(arguments.format or ("xlsx" if path.suffix.lower() == ".xlsx" else "csv"))
    # Ended by a service manager, an export takes its temporary files with it, as by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open_shop(settings) as shop:
        rows = _export(shop, source, form, path)
    # Standard output may be the export itself, or a pipe that ends in it.
    out = Console(stderr=is_stream(path), highlight=False, soft_wrap=True, markup=False, emoji=False)
    out.print(f"{rows:,} rows: {path}")
    return 0


def _source(arguments: argparse.Namespace, languages: Sequence[str]) -> ExportSource:
    start, end, now = arguments.from_time, arguments.to_time, utc_now()
    if arguments.what == "orders":
        if start and end and start > end:
            raise CommandError("--from must not be after --to.")
        return orders(start, end or now)
    if start or end:
        raise CommandError(f"--from and --to choose orders; {arguments.what} have no such time.")
    return products(None, now, languages) if arguments.what == "products" else users()


def _export(settings: Settings, source: ExportSource, form: Format, path: Path) -> int:
    """Write the rows of `source` and return how many there were."""
    engine = open_engine(settings, pool_size=1)
    try:
        with writing(path) as unfinished, progress.bars() as bars:
            return write_file(unfinished, source, form, reading(engine).connect, bars)
    finally:
        engine.dispose()
