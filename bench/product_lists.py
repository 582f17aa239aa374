"""`python -m bench.product_lists`: how long the database takes for a page of each list of products, in each order.

Fills a database of its own with products, and prints the slowest order of each filter: the median over many pages,
with the count that the first page also needs. Ranges of prices are measured by the share of the products in them.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from bench import servers
from bench.dataset import MATERIALS, SHELVES
from bench.shops.sanset import SETTINGS
from server.catalog.listing_queries import FEW, ProductFilter, count_products, product_page, sorts_by_price
from server.catalog.listings import relist
from server.catalog.models import DEFAULT_LOCATION_ID
from server.db.bulk import write_rows
from server.db.database import Database
from server.db.schema import metadata

PRODUCTS = 100_000
PAGE = 20
SORTS: Final = ("NEWEST", "PRICE_ASC", "PRICE_DESC", "NAME", "POPULARITY", "RATING")
RUNS = 60
SEED = 29
CATEGORIES = 20
BRANDS = 200
SOLD_OUT_SHARE = 0.05
DISCOUNTED_SHARE = 0.02
TOGETHER = 5
"""Pages between two looks at the clock."""
WARM_UPS = 6  # psycopg prepares a statement at its third run, PostgreSQL fixes its plan at the sixth

SHARES: Final = (0.0005, 0.002, 0.005, 0.0075, 0.0095, 0.0105, 0.015, 0.03, 0.2, 0.5)
"""Of the products, in a range of prices."""
FILTERS: Final[Mapping[str, ProductFilter]] = {
    "everything": ProductFilter(),
    "a category": ProductFilter(category_id=1),
    "a brand": ProductFilter(brand="Brand 7"),
    "a tag": ProductFilter(tags=("tag 1",)),
    "two tags": ProductFilter(tags=("tag 2", "tag 1")),
    "in stock": ProductFilter(in_stock=True),
    "sold out": ProductFilter(in_stock=False),
}


@dataclass(frozen=True)
class PageFigures:
    """The medians of one filter and order, in milliseconds."""

    sort: str
    count: float
    first: float
    later: float

    @property
    def slowest(self) -> float:
        """The time of the slower of the two pages, the first with its count."""
        return max(self.first + self.count, self.later)


def main() -> None:
    """Measure, and print a table."""
    options = _arguments()
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as directory,
        servers.shop_database(options.db, Path(directory)) as url,
    ):
        servers.run_python(
            ["-m", "server", "migrate"], {**SETTINGS, "DATA_DIR": directory, "DATABASE_URL": url}
        )
        db = Database(url, pool_size=1)
        try:
            prices = _fill(db, options.products)
            print("| filter | order | count | first page | later page |\n|---|---|---|---|---|")
            with db.read() as connection:
                for name, filters in _filters(prices):
                    rows = [_measure(connection, filters, sort, options.runs) for sort in SORTS]
                    for row in rows if options.all else [max(rows, key=lambda row: row.slowest)]:
                        print(
                            f"| {name} | {row.sort} | {row.count:.2f} | {row.first:.2f} | {row.later:.2f} |",
                            flush=True,
                        )
        finally:
            db.close()


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="bench.product_lists", description=__doc__)
    arguments.add_argument("--products", type=int, default=PRODUCTS)
    arguments.add_argument("--runs", type=int, default=RUNS, help="pages of each kind (default %(default)s)")
    arguments.add_argument("--all", action="store_true", help="print each order, not the slowest alone")
    arguments.add_argument("--db", choices=["postgres", "sqlite"], default="postgres")
    arguments.add_argument("--directory", type=Path, help="where there is room for it (default: TMPDIR)")
    return arguments.parse_args()


def _filters(prices: Sequence[int]) -> Iterator[tuple[str, list[ProductFilter]]]:
    """Each kind of list with its filters; ranges lie at several places, so that no single one decides."""
    for name, plain in FILTERS.items():
        yield name, [plain]
    draw = random.Random(SEED)
    for share in SHARES:
        ranges = [_range(prices, share, draw.random()) for _ in range(8)]
        for name in ("everything", "in stock", "a category", "a tag"):
            yield (
                f"{name}, {share:.2%} of prices",
                [replace(FILTERS[name], min_price_minor=low, max_price_minor=high) for low, high in ranges],
            )


def _range(prices: Sequence[int], share: float, position: float) -> tuple[int, int]:
    width = max(1, int(len(prices) * share))
    start = int((len(prices) - width) * position)
    return prices[start], prices[start + width - 1]


def _measure(connection: Connection, filters: Sequence[ProductFilter], sort: str, runs: int) -> PageFigures:
    now = datetime.now(UTC)
    limit = PAGE + 1
    counts = [count_products(connection, filter_, now) for filter_ in filters]
    few = [
        filter_.bounds_prices and not sorts_by_price(sort) and count <= FEW
        for filter_, count in zip(filters, counts, strict=True)
    ]
    firsts = [
        product_page(connection, filter_, sort, None, limit, now, few=each)
        for filter_, each in zip(filters, few, strict=True)
    ]

    def count(i: int) -> None:
        count_products(connection, filters[i], now)

    def first(i: int) -> None:
        product_page(connection, filters[i], sort, None, limit, now, few=few[i])

    def later(i: int) -> None:
        if firsts[i]:
            last = firsts[i][-1]
            product_page(
                connection, filters[i], sort, [last.sort_key, last.product_id], limit, now, few=few[i]
            )

    return PageFigures(sort, *(_median(connection, one, len(filters), runs) for one in (count, first, later)))


def _median(connection: Connection, call: Callable[[int], None], kinds: int, runs: int) -> float:
    """The time in milliseconds of the slowest kind, so that it does not hide among the others."""
    spent = _clock(connection)
    medians = []
    for kind in range(kinds):
        for _ in range(WARM_UPS):
            call(kind)
        means = []
        for _ in range(max(5, runs // kinds)):
            started = spent()
            for _ in range(TOGETHER):
                call(kind)
            means.append((spent() - started) / TOGETHER)
        medians.append(statistics.median(means) * 1000)
    return max(medians)


def _clock(connection: Connection) -> Callable[[], float]:
    """Tells the CPU seconds that the database has used: its process's, or on SQLite this thread's."""
    if connection.dialect.name == "sqlite":
        return time.thread_time
    driver: Any = connection.connection.driver_connection
    pid = driver.info.backend_pid
    schedule = Path(f"/proc/{pid}/schedstat")
    return lambda: int(schedule.read_text().split()[0]) / 1e9


# ── The shop


def _fill(db: Database, count: int) -> list[int]:
    """Write the products with what their lists need; return their prices, sorted."""
    draw = random.Random(SEED)
    now = datetime.now(UTC)
    rows = [_product(number, draw, now) for number in range(1, count + 1)]
    levels = [_level(row, draw) for row in rows]
    tables = metadata.tables
    with db.transaction() as tx:
        write_rows(
            tx,
            tables["categories"],
            ("id", "name", "name_key", "slug", "parent_id", "description"),
            (
                (each, f"Shelf {each}", f"shelf {each}", f"shelf-{each}", each // 4 or None, "")
                for each in range(1, CATEGORIES + 1)
            ),
        )
        write_rows(tx, tables["products"], _PRODUCT, rows)
        write_rows(
            tx,
            tables["variants"],
            ("id", "product_id", "sku", "options", "is_default"),
            ((row[0], row[0], row[1], {}, True) for row in rows),
        )
        write_rows(tx, tables["inventory_levels"], _LEVEL, levels)
        relist(tx, [row[0] for row in rows], now)
    with db.read() as connection:
        connection.execute(text("VACUUM ANALYZE" if db.is_postgresql else "ANALYZE"))
        return list(
            connection.execute(
                text("SELECT price_minor FROM product_listings WHERE list_key = 'all' ORDER BY price_minor")
            ).scalars()
        )


def _product(number: int, draw: random.Random, now: datetime) -> tuple[Any, ...]:
    material, shelf = draw.choice(MATERIALS), draw.choice(list(SHELVES.values()))
    name = f"{material} {draw.choice(shelf[1])} {draw.randrange(10**6)}"
    created = now - timedelta(days=1000 * draw.random())
    price = int(min(500_000, max(99, draw.lognormvariate(7.8, 1.0))))
    tags = [f"tag {tag}" for tag in (1, 2, 3, 4) if draw.random() < 0.2 / tag]
    brand = f"Brand {draw.randrange(BRANDS)}"
    rating = draw.choice([0.0, round(draw.uniform(2, 5), 1)])
    discount = 1_500 if draw.random() < DISCOUNTED_SHARE else None
    until = now + timedelta(days=30) if discount else None
    return (
        *(number, f"P{number}", f"p-{number}", name, "", draw.randint(1, CATEGORIES), brand, price, "USD"),
        *(99, {}, tags, "", "", created, created, rating, discount, until),
    )


def _level(row: Sequence[Any], draw: random.Random) -> tuple[int, ...]:
    sold = int(draw.paretovariate(1.1)) - 1
    available = 0 if draw.random() < SOLD_OUT_SHARE else 100
    return (row[0], DEFAULT_LOCATION_ID, row[0], available, available + sold, sold)


_PRODUCT = (
    *("id", "sku", "slug", "name", "description", "category_id", "brand", "price_minor", "currency"),
    *("max_quantity", "attributes", "tags", "seo_title", "seo_description", "created_at", "updated_at"),
    *("rating", "discount_bp", "discount_until"),
)
_LEVEL = ("variant_id", "location_id", "product_id", "available", "received", "sold")

if __name__ == "__main__":
    main()
