"""The programs under measurement: each is started and filled when a comparison first needs it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from rich.progress import Progress

from bench import dataset
from bench.shops import echo, fastapi, sanset
from bench.shops.echo import EchoServer
from bench.shops.fastapi import FastApiShop
from bench.shops.sanset import DatabaseKind, SansetShop
from bench.shops.shop import MeasuredShop

WHOLE_SHOPS: Final = (DatabaseKind.POSTGRES, DatabaseKind.SQLITE, fastapi.NAME)
"""The shops that a comparison may leave out."""


@dataclass(frozen=True)
class Options:
    """What is measured, beside which shops."""

    rounds: int
    shops: Collection[str] = WHOLE_SHOPS
    before: Path | None = None
    """Another checkout of the project, to compare with."""


class Stage:
    """The programs under measurement; they run until the stack that they were started on is closed."""

    def __init__(self, stack: ExitStack, progress: Progress, options: Options) -> None:
        self.options = options
        self._stack = stack
        self._progress = progress
        self._data = dataset.generate()

    @property
    def shops(self) -> list[MeasuredShop]:
        """The whole shops to compare, the jobs of Sanset's off."""
        return self._selected(
            {
                DatabaseKind.POSTGRES: lambda: self.postgres,
                DatabaseKind.SQLITE: lambda: self.sqlite,
                fastapi.NAME: lambda: self.fastapi,
                sanset.BEFORE: lambda: self.before,
            }
        )

    @property
    def working_shops(self) -> list[MeasuredShop]:
        """The same with their jobs on, so that what follows a call in the background is done too."""
        return self._selected(
            {
                DatabaseKind.POSTGRES: lambda: self.working,
                fastapi.NAME: lambda: self.fastapi,
                sanset.BEFORE: lambda: self.working_before,
            }
        )

    @cached_property
    def postgres(self) -> SansetShop:
        """Sanset on PostgreSQL, its jobs off."""
        return self._start_sanset(DatabaseKind.POSTGRES)

    @cached_property
    def sqlite(self) -> SansetShop:
        """Sanset on SQLite, its jobs off."""
        return self._start_sanset(DatabaseKind.SQLITE)

    @cached_property
    def working(self) -> SansetShop:
        """Sanset on PostgreSQL, its jobs on."""
        return self._start_sanset(DatabaseKind.POSTGRES, jobs=True)

    @cached_property
    def before(self) -> SansetShop:
        """The other checkout on PostgreSQL, its jobs off."""
        return self._start_sanset(DatabaseKind.POSTGRES, checkout=self.options.before)

    @cached_property
    def working_before(self) -> SansetShop:
        """The other checkout on PostgreSQL, its jobs on."""
        return self._start_sanset(DatabaseKind.POSTGRES, checkout=self.options.before, jobs=True)

    @cached_property
    def fastapi(self) -> FastApiShop:
        """The peer."""
        with self.progress("filling the FastAPI shop"):
            return self._stack.enter_context(fastapi.running(self.directory(), self._data))

    @cached_property
    def echo(self) -> EchoServer:
        """The bare server, which repeats Sanset's answers."""
        shop = self.postgres
        with self.progress("starting the echo"):
            return self._stack.enter_context(echo.running(self.directory(), shop))

    def steps(self, text: str, total: int) -> Callable[[], None]:
        """A bar of progress; each call moves it on by one step."""
        task = self._progress.add_task(text, total=total)
        return lambda: self._progress.advance(task)

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """A bar of progress that is full when the block is through."""
        step = self.steps(text, 1)
        yield
        step()

    def directory(self) -> Path:
        """A name for a directory that is not there yet; it is deleted at the end."""
        root = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sanset-bench-")))
        root.chmod(0o755)  # PostgreSQL, where root may not run it, is another user
        return root / "shop"

    def _selected(self, shops: Mapping[str, Callable[[], MeasuredShop]]) -> list[MeasuredShop]:
        names = {*self.options.shops, *([sanset.BEFORE] if self.options.before else [])}
        return [shop() for name, shop in shops.items() if name in names]

    def _start_sanset(
        self, database: DatabaseKind, checkout: Path | None = None, *, jobs: bool = False
    ) -> SansetShop:
        words = [f"filling a shop on {database}", *(["of before"] if checkout else [])]
        with self.progress(" ".join([*words, *(["with jobs"] if jobs else [])])):
            shop = sanset.running(self.directory(), database, self._data, checkout, jobs=jobs)
            return self._stack.enter_context(shop)
