"""Reports of work that takes long, and the bars that show them on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class ProgressReport(Protocol):
    """Receives the progress of each stage: `done` of `total` (0: unknown) under the stage's name."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Receive the progress; called a few times per second at most."""


def silent(stage: str, done: int, total: int) -> None:
    """A report that nobody reads."""


@contextmanager
def bars(console: Console | None = None) -> Iterator[ProgressReport]:
    """A report that draws one bar per stage on `console` (standard error); a plain line each when it
    is no terminal.
    """
    screen = console or Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, TimeElapsedColumn(), console=screen, disable=not screen.is_terminal) as progress:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total or None)
                if not screen.is_terminal:
                    screen.print(stage, highlight=False)
            progress.update(tasks[stage], completed=done, total=total or None)

        yield report
