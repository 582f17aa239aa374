"""The bench's command: starts every program, runs the comparisons asked for, prints and writes the results."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench import comparisons, dataset, freshness, large_shop, load, recommend_40k, report, rounds, streams
from bench.calls import CallFailed
from bench.cpu import LOAD_CORE, SERVER_CORE
from bench.servers import ServerFailed
from bench.shops import echo, fastapi, sanset
from bench.shops.echo import EchoServer
from bench.shops.fastapi import FastApiShop
from bench.shops.sanset import DatabaseKind, SansetShop
from server.process.postgres_cluster import PostgresFailed

ROUNDS = 9
REPORT_WIDTH = 140
"""Columns of the report where no terminal tells its own."""
RESULTS = Path(__file__).parent / "results.json"
NO_H2LOAD = (
    "h2load is not installed (Debian and Ubuntu: apt install nghttp2-client); reads are driven by the bench's own "
    "generator instead, which keeps the servers less busy: compare ratios, not absolute figures."
)


@dataclass(frozen=True)
class Shops:
    """Everything that runs while the bench does."""

    postgres: SansetShop
    sqlite: SansetShop
    fastapi: FastApiShop
    echo: EchoServer
    before: SansetShop | None

    @property
    def whole(self) -> list[SansetShop | FastApiShop]:
        """Those that are whole shops."""
        return [self.postgres, self.sqlite, self.fastapi, *([self.before] if self.before else [])]


Sides = Callable[[Shops], list[rounds.Side]]

CALLS: dict[str, tuple[Sides, tuple[str, ...]]] = {
    "get_product": (
        lambda shops: comparisons.get_product([shops.echo, *shops.whole]),
        ("echo", "fastapi"),
    ),
    "list_products": (lambda shops: comparisons.list_products(shops.whole, shops.echo), ("echo", "fastapi")),
    "recommendations": (
        lambda shops: comparisons.recommendations(shops.whole, shops.echo),
        ("echo", "fastapi"),
    ),
    "add_item": (lambda shops: comparisons.add_item(shops.whole), ("fastapi",)),
    "checkout": (lambda shops: comparisons.checkout(shops.whole), ("fastapi",)),
}
"""The comparisons by rounds: their sides, and those that Sanset on PostgreSQL is set against."""
STREAMS = "streams"
RECOMMEND_40K = "recommend_40k"
FRESHNESS = "freshness"
OF_THEIR_OWN = (RECOMMEND_40K, FRESHNESS)
"""These have shops of their own."""


def main() -> int:
    """Run the bench; 0 when it went through."""
    options = _arguments()
    console = Console(width=None if sys.stdout.isatty() else REPORT_WIDTH)
    names = options.only or [*CALLS, STREAMS, *OF_THEIR_OWN]
    if len(os.sched_getaffinity(0)) < max(SERVER_CORE, LOAD_CORE) + 1:
        console.print("The bench needs two cores: one for the servers, one for the load.", style="red")
        return 1
    by_h2load = load.h2load_is_installed()
    if not by_h2load:
        console.print(NO_H2LOAD, style="yellow")
    try:
        with _progress(console) as progress, ExitStack() as stack:
            shops = _start(stack, progress, options.before) if {*names} - {*OF_THEIR_OWN} else None
            rows = [row for name in names for row in _measure(name, shops, options.rounds, progress)]
    except (CallFailed, ServerFailed, PostgresFailed) as error:
        console.print(f"The bench stopped: {error}", style="red", markup=False)
        return 1
    report.show(console, rows)
    output = options.output or (None if options.only else RESULTS)
    if output is not None:
        command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
        report.write(output, rows, command, options.rounds, "h2load" if by_h2load else "bench.generator")
        console.print(f"Written to {output}")
    return 0


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument(
        "--rounds", type=int, default=ROUNDS, help="rounds that count (default %(default)s)"
    )
    arguments.add_argument(
        "--only",
        action="append",
        choices=[*CALLS, STREAMS, *OF_THEIR_OWN],
        help="only this comparison; may be repeated",
    )
    arguments.add_argument(
        "--output",
        type=Path,
        help=f"where the results go as JSON (default {RESULTS.name} beside this, for a whole run)",
    )
    arguments.add_argument(
        "--before",
        type=Path,
        metavar="CHECKOUT",
        help="compare with another checkout of the project too, which has a .venv of its own",
    )
    return arguments.parse_args()


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console)


def _start(stack: ExitStack, progress: Progress, checkout: Path | None) -> Shops:
    """Start and fill everything; the echo comes last, since it repeats Sanset's answers."""
    task = progress.add_task("starting and filling the shops", total=4)
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sanset-bench-")))
    directory.chmod(0o755)  # PostgreSQL, where root may not run it, is another user
    data = dataset.generate()

    peer = stack.enter_context(fastapi.running(directory / "fastapi", data))
    progress.advance(task)
    on_postgres = stack.enter_context(sanset.running(directory / "postgres", DatabaseKind.POSTGRES, data))
    progress.advance(task)
    on_sqlite = stack.enter_context(sanset.running(directory / "sqlite", DatabaseKind.SQLITE, data))
    progress.advance(task)
    ceiling = stack.enter_context(echo.running(directory / "echo", on_postgres))
    progress.advance(task)
    if checkout is None:
        return Shops(on_postgres, on_sqlite, peer, ceiling, None)
    before = sanset.running(directory / "before", DatabaseKind.POSTGRES, data, checkout.absolute())
    return Shops(on_postgres, on_sqlite, peer, ceiling, stack.enter_context(before))


def _measure(name: str, shops: Shops | None, count: int, progress: Progress) -> Sequence[report.Figure]:
    if name == RECOMMEND_40K:
        return _measure_recommend_40k(count, progress)
    if name == FRESHNESS:
        return _measure_freshness(progress)
    if shops is None:
        raise AssertionError(f"{name} needs the shops")
    if name == STREAMS:
        return _measure_streams(shops, progress)
    sides, against = CALLS[name]
    task = progress.add_task(name, total=count + rounds.WARM_UPS)
    costs = rounds.measure(sides(shops), count, lambda: progress.advance(task))
    return report.rows_of(name, costs, (*against, sanset.BEFORE) if shops.before else against)


def _measure_freshness(progress: Progress) -> list[report.Figure]:
    rows: list[report.Figure] = []
    for database in DatabaseKind:
        task = progress.add_task(f"{FRESHNESS} on {database}", total=3 * freshness.TRIALS)
        with tempfile.TemporaryDirectory(prefix="sanset-bench-") as directory, ExitStack() as stack:
            root = Path(directory)
            root.chmod(0o755)
            shop = stack.enter_context(sanset.running(root / "shop", database, dataset.generate()))
            other = stack.enter_context(freshness.second_worker(shop, root / "other.log"))
            rows += freshness.measure(shop, other, lambda task=task: progress.advance(task))  # type: ignore[misc]
    return rows


def _measure_recommend_40k(count: int, progress: Progress) -> list[report.Figure]:
    task = progress.add_task("filling a large shop", total=1)
    with tempfile.TemporaryDirectory(prefix="sanset-bench-") as directory, ExitStack() as stack:
        root = Path(directory)
        root.chmod(0o755)  # PostgreSQL, where root may not run it, is another user
        shop = stack.enter_context(large_shop.running(root / "large"))
        ceiling = stack.enter_context(echo.running(root / "echo", shop))
        progress.advance(task)
        task = progress.add_task(RECOMMEND_40K, total=count + rounds.WARM_UPS)
        rows = recommend_40k.measure(shop, ceiling, count, lambda: progress.advance(task))
        task = progress.add_task("calls and swaps", total=recommend_40k.ALL_SWAPS)
        return rows + recommend_40k.measure_memory(shop, lambda: progress.advance(task))


def _measure_streams(shops: Shops, progress: Progress) -> list[report.Figure]:
    task = progress.add_task(STREAMS, total=2)
    rows = []
    for shop, suffix in ((shops.postgres, ""), (shops.sqlite, "_sqlite")):
        figures = streams.measure(shop)
        progress.advance(task)
        rows += [
            report.Figure(f"stream_kb{suffix}", round(figures.kilobytes, 1), "KB/stream"),
            report.Figure(f"stream_event_p99_ms{suffix}", round(figures.event_p99_ms, 1), "ms"),
            report.Figure(f"stream_event_p50_ms{suffix}", round(figures.event_p50_ms, 1), "ms"),
            report.Figure(f"stream_unary_ms{suffix}", round(figures.unary_ms, 1), "ms"),
        ]
    return rows
