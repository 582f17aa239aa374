"""`python -m bench.large_export`: how long a large export takes, and how much memory.

Fills a database of its own with orders of four lines, runs `sanset export orders` on it, and says how long that
took, and the most memory that its process held.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, insert, literal, select

from bench import large_data, servers
from bench.commands import measured
from bench.shops.sanset import SETTINGS
from server.db.engine import connect
from server.db.schema import metadata

ORDERS = 500_000


@dataclass(frozen=True)
class ExportFigures:
    """The figures of an export."""

    rows: int
    size: int
    seconds: float
    peak_mb: float


def main() -> None:
    """Measure, and print a line."""
    options = _arguments()
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as directory,
        servers.shop_database(options.db, Path(directory)) as url,
    ):
        environment = {**SETTINGS, "DATA_DIR": directory, "DATABASE_URL": url}
        servers.run_python(["-m", "server", "migrate"], environment)
        orders = _fill(url, options.orders)
        figures = _export(Path(directory) / f"orders.{options.format}", environment)
    print(
        f"{orders:,} orders, {figures.rows:,} lines, {options.format} from {options.db}: {figures.seconds:.1f} s, "
        f"{figures.peak_mb:.0f} MB of memory at most, a file of {figures.size / 2**20:.0f} MB"
    )


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="bench.large_export", description=__doc__)
    arguments.add_argument(
        "--orders", type=int, default=ORDERS, help="at least so many (default %(default)s)"
    )
    arguments.add_argument("--format", choices=["csv", "xlsx"], default="csv")
    arguments.add_argument("--db", choices=["postgres", "sqlite"], default="postgres")
    arguments.add_argument("--directory", type=Path, help="where there is room for it (default: TMPDIR)")
    return arguments.parse_args()


def _fill(url: str, min_orders: int) -> int:
    """Write the large shop's orders, and copy them until there are enough; return how many there are."""
    large_data.write(url, large_data.LARGE)
    copies = -(-min_orders // large_data.LARGE.orders)
    engine = connect(url, pool_size=1)
    try:
        for copy in range(1, copies):
            with engine.begin() as tx:
                _copy(tx, copy)
    finally:
        engine.dispose()
    return copies * large_data.LARGE.orders


def _copy(tx: Connection, copy: int) -> None:
    """Write the first orders once more, under other ids and numbers."""
    orders, lines = metadata.tables["orders"], metadata.tables["order_lines"]
    shift = copy * large_data.LARGE.orders
    own = {"id": orders.c.id + shift, "number": orders.c.number + literal(f"-{copy}")}
    _insert_again(tx, orders, own, orders.c.id <= large_data.LARGE.orders)
    _insert_again(
        tx, lines, {"order_id": lines.c.order_id + shift}, lines.c.order_id <= large_data.LARGE.orders
    )


def _insert_again(
    tx: Connection, table: Table, own: Mapping[str, ColumnElement[Any]], first: ColumnElement[bool]
) -> None:
    values = [own.get(column.name, column) for column in table.c]
    tx.execute(insert(table).from_select([*table.c.keys()], select(*values).where(first)))


def _export(path: Path, environment: dict[str, str]) -> ExportFigures:
    """Run the command."""
    done = measured(["export", "orders", str(path)], environment)
    rows = int(done.output.split()[0].replace(",", ""))
    return ExportFigures(rows, path.stat().st_size, done.seconds, done.peak_mb)


if __name__ == "__main__":
    main()
