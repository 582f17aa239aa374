"""`python -m bench.large_import`: how long a large import of products takes, and how much memory.

Writes a file of products of which one in a hundred is wrong, each in a known way, runs `sanset import products` on
it in a shop of its own, twice, and says how long that took and the most memory that its process held. It fails
where another number of rows is refused than are wrong.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import servers
from bench.commands import Measured, measured
from bench.shops.sanset import SETTINGS

PRODUCTS = 100_000
COLUMNS = (
    *("sku", "name", "description", "category_path", "brand", "price", "stock", "tags", "attr:Material"),
    *("attr:Width", "seo_title"),
)
WRONG_EVERY = 100
WORDS = (
    *("oak", "steel", "glass", "light", "soft", "large", "small", "round", "garden", "kitchen", "travel"),
    *("winter", "classic", "smart", "quiet", "fine"),
)


def main() -> None:
    """Measure, and print a line for each run."""
    options = _arguments()
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as directory,
        servers.shop_database(options.db, Path(directory), core=None) as url,
    ):
        environment = {**SETTINGS, "DATA_DIR": directory, "DATABASE_URL": url}
        servers.run_python(["-m", "server", "migrate"], environment)
        path = Path(directory) / "products.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(_rows(options.products))
        print(f"{options.products:,} rows, {path.stat().st_size / 2**20:.0f} MB, into {options.db}")
        for name in ("new", "again"):
            done = measured(["import", "products", str(path), "--create-categories"], environment)
            _check(done, options.products)
            print(f"{name}: {done.seconds:.1f} s, {done.peak_mb:.0f} MB of memory at most")


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="bench.large_import", description=__doc__)
    arguments.add_argument("--products", type=int, default=PRODUCTS, help="rows (default %(default)s)")
    arguments.add_argument("--db", choices=["postgres", "sqlite"], default="postgres")
    arguments.add_argument("--directory", type=Path, help="where there is room for it (default: TMPDIR)")
    return arguments.parse_args()


def _rows(count: int) -> Iterator[list[object]]:
    """The heading, and products that are alike in size but not in words."""
    yield list(COLUMNS)
    draw = random.Random(1)
    for number in range(count):
        words = draw.choices(WORDS, k=24)
        row: list[object] = [
            f"SKU-{number}",
            f"{' '.join(words[:4])} {number}".capitalize(),
            f"{' '.join(words)}, as {' and '.join(words[:8])}.",
            f"Department {number % 12} > Shelf {number % 240}",
            f"Brand {number % 400}",
            f"{draw.randint(100, 99_999) / 100:.2f}",
            draw.randint(0, 200),
            f"{words[0]},{words[5]}",
            words[2],
            draw.randint(1, 400),
            f"{words[0]} {words[1]}",
        ]
        if number % WRONG_EVERY == WRONG_EVERY - 1:
            _spoil(row, number // WRONG_EVERY)
        yield row


def _spoil(row: list[object], number: int) -> None:
    """Make a row wrong, in one of five ways."""
    wrong = ((0, "SKU 1"), (1, ""), (5, "free"), (6, "-1"), (7, "x" * 60))
    column, value = wrong[number % len(wrong)]
    row[column] = value


def _check(done: Measured, products: int) -> None:
    refused = sum(int(rows.replace(",", "")) for rows in re.findall(r"Refused\s+([\d,]+):", done.output))
    if refused != products // WRONG_EVERY:
        raise SystemExit(
            f"{refused:,} rows were refused, {products // WRONG_EVERY:,} are wrong:\n{done.output}"
        )


if __name__ == "__main__":
    main()
