"""`sanset jobs`: which jobs there are, when they ran last, and how it went; and one of them, now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from server.db.base import AnyRow
from server.db.database import Database
from server.errors import CommandError
from server.jobs import queries
from server.jobs.setup import BackgroundJobs


class NoSuchJob(CommandError):
    """No job has the name; the text says which there are."""


def list_jobs(db: Database) -> int:
    """Print every job that has run, or was to."""
    with db.read() as connection:
        rows = queries.known(connection)
    Console(highlight=False, markup=False, emoji=False).print(_table(rows))
    return 1 if any(row.last_error for row in rows) else 0


def run_job(build: Callable[[], BackgroundJobs], name: str) -> int:
    """Run a job now, beside the running shop; raises NoSuchJob."""

    async def run() -> None:
        background = build()
        if name not in background.jobs.jobs:
            known = ", ".join(sorted(background.jobs.jobs))
            raise NoSuchJob(f"There is no job {name!r}; there are: {known}.")
        try:
            await background.jobs.run(name)
        finally:
            await background.stop()

    asyncio.run(run())
    return 0


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
