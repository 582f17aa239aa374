"""The bench's command: measures the groups of rows asked for, prints and writes the results."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench import load, report
from bench.calls import CallFailed
from bench.cpu import LOAD_CORE, SERVER_CORE
from bench.groups import GROUPS
from bench.report import Figure
from bench.servers import ServerFailed
from bench.stage import WHOLE_SHOPS, Options, Stage
from server.process.postgres_cluster import PostgresFailed

ROUNDS = 9
REPORT_WIDTH = 140
"""Columns of the report where no terminal tells its own."""
RESULTS = Path(__file__).parent / "results.json"
NO_H2LOAD = (
    "h2load is not installed (Debian and Ubuntu: apt install nghttp2-client); reads are driven by the bench's own "
    "generator instead, which keeps the servers less busy: compare ratios, not absolute figures."
)
AUTOGROUPS = Path("/proc/sys/kernel/sched_autogroup_enabled")
GROUPED = (
    "Linux schedules by session (autogroups), and each process of PostgreSQL is one of its own: beside a busy "
    "program it may wait for seconds. Measure with `sysctl kernel.sched_autogroup_enabled=0`."
)


class CannotMeasure(Exception):
    """The bench cannot run here, or a program under measurement failed."""


def main() -> int:
    """Run the bench; 0 when it went through."""
    arguments = _arguments()
    console = open_console()
    names = arguments.only or [*GROUPS]
    options = Options(arguments.rounds, arguments.shop or WHOLE_SHOPS, arguments.before)
    try:
        rows = measure(console, names, options)
    except CannotMeasure as error:
        console.print(f"The bench stopped: {error}", style="red", markup=False)
        return 1
    report.show(console, rows)
    output = arguments.output or (None if arguments.only else RESULTS)
    if output is not None:
        command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
        report.write(output, rows, command, options.rounds, load.reader())
        console.print(f"Written to {output}")
    return 0


def open_console() -> Console:
    """The terminal, or a wide page where there is none."""
    return Console(width=None if sys.stdout.isatty() else REPORT_WIDTH)


def measure(console: Console, names: Collection[str], options: Options) -> list[Figure]:
    """The rows of the groups of these names.

    Raises CannotMeasure.
    """
    if len(os.sched_getaffinity(0)) < max(SERVER_CORE, LOAD_CORE) + 1:
        raise CannotMeasure("it needs two cores, one for the servers, one for the load")
    if not load.h2load_is_installed():
        console.print(NO_H2LOAD, style="yellow")
    if AUTOGROUPS.exists() and AUTOGROUPS.read_text().strip() == "1":
        console.print(GROUPED, style="yellow")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress, ExitStack() as stack:
            stage = Stage(stack, progress, options)
            return [row for name in names for row in GROUPS[name](stage)]
    except (CallFailed, ServerFailed, PostgresFailed) as error:
        raise CannotMeasure(str(error)) from error


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument(
        "--rounds", type=int, default=ROUNDS, help="rounds that count (default %(default)s)"
    )
    arguments.add_argument(
        "--only", action="append", choices=[*GROUPS], help="only this group of rows; may be repeated"
    )
    arguments.add_argument(
        "--shop",
        action="append",
        choices=WHOLE_SHOPS,
        help="compare this shop only, besides the echo and --before; may be repeated (default: all)",
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
