"""`sanset jobs`: which jobs there are, when they ran last, and how it went; and one of them, now."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import closing

from rich.console import Console
from rich.table import Table

from server.app import build
from server.cli.open_shop import open_shop
from server.db.base import AnyRow
from server.db.database import Database
from server.errors import CommandError
from server.jobs import queries
from server.settings import Settings


class NoSuchJob(CommandError):
    """No job has the name; the text says which there are."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("action", nargs="?", choices=["list", "run"], default="list")
    parser.add_argument("name", nargs="?", help="of the job to run")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """List the jobs, or run one; 1 where one of those listed failed."""
    if (arguments.action == "run") != (arguments.name is not None):
        raise CommandError("say `sanset jobs` or `sanset jobs run NAME`.")
    with open_shop(settings) as shop:
        if arguments.action == "run":
            asyncio.run(run_job(shop, arguments.name))
            return 0
        with closing(Database(shop.url, pool_size=1)) as db:
            return list_jobs(db)


def list_jobs(db: Database) -> int:
    """Print every job that has run, or was to."""
    with db.read() as connection:
        rows = queries.all_jobs(connection)
    Console(highlight=False, markup=False, emoji=False).print(_table(rows))
    return 1 if any(row.last_error for row in rows) else 0


async def run_job(settings: Settings, name: str) -> None:
    """Run a job now, beside the running shop; raises NoSuchJob."""
    app = build(settings)
    try:
        if name not in app.jobs.jobs:
            names = ", ".join(sorted(app.jobs.jobs))
            raise NoSuchJob(f"There is no job {name!r}; there are: {names}.")
        await app.jobs.run(name)
    finally:
        await app.stop()


def _table(rows: Sequence[AnyRow]) -> Table:
    table = Table(
        "Job", "Last started (UTC)", "Last ended (UTC)", "Run by", "Error", box=None, pad_edge=False
    )
    for row in rows:
        started, finished = (
            f"{moment:%Y-%m-%d %H:%M:%S}" if moment is not None else "never"
            for moment in (row.last_started_at, row.last_finished_at)
        )
        table.add_row(row.name, started, finished, row.holder, row.last_error)
    return table
