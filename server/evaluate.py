"""`sanset evaluate`: what a person or a program sees of the recommendations' quality on public data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ml.benchmarks import next_basket, published
from ml.training.train import Options
from server import progress


def online_retail(path: Path, *, as_json: bool) -> int:
    """Run the Online Retail protocol on `path` and print the result, progress on standard error."""
    with progress.shown() as report:
        found = next_basket.online_retail(
            path, Options(), lambda stage, percent, message: report("Evaluating", percent, 100)
        )
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if as_json:
        out.print_json(json.dumps(found.as_json()))
        return 0
    print_table(out, found.as_json()["models"])
    if found.reorder is not None:
        print_table(out, [{"task": "reorder", **found.reorder}])
    out.print(f"Trained in {found.fit_seconds:.1f} s of CPU time; {found.peak_mb:,.0f} MB of memory at most.")
    return 0


def line_files(train_path: Path, test_path: Path, k: int, *, as_json: bool) -> int:
    """Train on one file of lines `user item item …`, measure on the other, and print the result."""
    with progress.shown() as report:
        found = published.measure_files(
            train_path, test_path, k, lambda stage, percent, message: report("Evaluating", percent, 100)
        )
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if as_json:
        out.print_json(json.dumps(found.as_json()))
        return 0
    print_table(out, found.as_json()["models"])
    joined = ", ".join(f"{share:g} × {name}" for name, share in found.shares.items())
    out.print(f"{found.users:,} users; products go together by {joined}; {found.peak_mb:,.0f} MB at most.")
    return 0


def print_table(out: Console, rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows that have the same keys, numbers to the right."""
    table = Table(box=None)
    for name, value in rows[0].items():
        table.add_column(name.replace("_", " "), justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*(_shown(value) for value in row.values()))
    out.print(table)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
