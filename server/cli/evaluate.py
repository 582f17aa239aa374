"""`sanset evaluate`: what a person or a program sees of how good recommendations and search are on public data."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ml.benchmarks import next_basket, published
from ml.data.textfile import UnreadableFile
from ml.models.boosting import MissingLibrary
from ml.training.options import Options
from ml.training.train import InsufficientData
from server import progress
from server.cli.arguments import count
from server.errors import CommandError
from server.settings import Settings

if TYPE_CHECKING:
    from server.search.evaluation.measure import Quality


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--online-retail",
        type=Path,
        metavar="PATH",
        help="hold out the last invoice of each customer of an Online Retail file",
    )
    source.add_argument(
        "--train", type=Path, metavar="PATH", help="train on a file of lines `user item item …`; needs --test"
    )
    source.add_argument(
        "--search",
        type=Path,
        nargs=2,
        metavar=("PRODUCTS", "JUDGEMENTS"),
        help="search products (JSON lines) for judged queries (CSV: query, docid, rating)",
    )
    parser.add_argument(
        "--typos", type=int, metavar="SEED", help="search once more with a mistyped word in each query"
    )
    parser.add_argument("--test", type=Path, metavar="PATH", help="what the users of --train took later")
    parser.add_argument("--k", type=count, default=20, metavar="N", help="measure the first N products")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Evaluate on one set of data; raises CommandError where it does not serve."""
    if arguments.train is not None and (arguments.test is None or not 1 <= arguments.k <= 100):
        raise CommandError("--train needs --test, and --k lies between 1 and 100.")
    if arguments.search is not None:
        model = settings.embedding_model
        return search(*arguments.search, typos=arguments.typos, as_json=arguments.json, model=model)
    try:
        if arguments.train is not None:
            return line_files(arguments.train, arguments.test, arguments.k, as_json=arguments.json)
        return online_retail(arguments.online_retail, as_json=arguments.json)
    except (MissingLibrary, InsufficientData, UnreadableFile) as error:
        raise CommandError(str(error)) from error


def search(products: Path, judgements: Path, *, typos: int | None, as_json: bool, model: str = "") -> int:
    """Search for judged queries and print how well that went; `model` is the sentence model, if there is one."""
    from server.search.evaluation.run import evaluate  # what other evaluations do without
    from server.search.meaning.setup import load

    with progress.bars() as report:
        placing = load(model) if model else None
        result = evaluate(products, judgements, typos=typos, model=placing, report=report)
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if as_json:
        out.print_json(json.dumps({name: quality.as_json() for name, quality in result.parts().items()}))
    else:
        print_table(out, [_row(name, quality) for name, quality in result.parts().items()])
        out.print(_unanswerable(result.clean))
    return 0


def _row(name: str, quality: Quality) -> Mapping[str, object]:
    """What fits into a line of a terminal."""
    figures = quality.as_json()
    shown = [key for key in figures if key not in ("unanswerable", "ndcg@10_of_all")]
    return {"queries of": name, **{key: figures[key] for key in shown}}


def _unanswerable(quality: Quality) -> str:
    return (
        f"Of {quality.unanswerable:,} of {quality.queries:,} queries no product was judged relevant: they count "
        "for zero_results and the times, and not for ndcg@10, which with 0 for them is "
        f"{quality.ndcg_of_all:.4f} (clean)."
    )


def online_retail(path: Path, *, as_json: bool) -> int:
    """Run the Online Retail protocol on `path` and print the result, progress on standard error."""
    with progress.bars() as report:
        result = next_basket.online_retail(
            path, Options(), lambda stage, percent, message: report("Evaluating", percent, 100)
        )
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if as_json:
        out.print_json(json.dumps(result.as_json()))
        return 0
    print_table(out, result.rows())
    if result.reorder is not None:
        print_table(out, [{"task": "reorder", **result.reorder}])
    out.print(
        f"Trained in {result.fit_seconds:.1f} s of CPU time; {result.peak_mb:,.0f} MB of memory at most."
    )
    return 0


def line_files(train_path: Path, test_path: Path, k: int, *, as_json: bool) -> int:
    """Train on one file of lines `user item item …`, measure on the other, and print the result."""
    with progress.bars() as report:
        result = published.measure_files(
            train_path,
            test_path,
            k=k,
            progress=lambda stage, percent, message: report("Evaluating", percent, 100),
        )
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if as_json:
        out.print_json(json.dumps(result.as_json()))
        return 0
    print_table(out, result.rows())
    joined = ", ".join(f"{share:g} × {name}" for name, share in result.shares.items())
    out.print(f"{result.users:,} users; products go together by {joined}; {result.peak_mb:,.0f} MB at most.")
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
