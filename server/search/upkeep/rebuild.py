"""Has the file of the index built, by one process of a machine at a time."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from server.process.data_dir import make_private
from server.process.parent_death import bound_to_parent
from server.search.index.words import Wording
from server.search.upkeep.fingerprint import DATABASE_VARIABLE, fingerprint

FILE_NAME: Final = "products.index"
LAST_WORDS: Final = 500

log = structlog.get_logger()


class BuildFailed(Exception):
    """The builder ended without a file."""


class Rebuild:
    """Builds the index of a database, in a language, in a directory which all workers of a machine share."""

    def __init__(self, directory: Path, url: str, wording: Wording) -> None:
        self._directory = directory
        self._url = url
        self.wording = wording
        self.fingerprint = fingerprint(url, wording)
        self.path = directory / FILE_NAME

    async def run(self, *, unless: Callable[[], bool]) -> None:
        """Build, unless another process is at it, or has just done it. Raises BuildFailed and OSError."""
        with _only_one(self._directory) as first:
            if first and not unless():
                await self._build()

    async def _build(self) -> None:
        command = [sys.executable, "-m", "server.search.upkeep.builder", os.fspath(self.path.absolute())]
        command.append(",".join(self.wording.languages))
        process = await asyncio.create_subprocess_exec(
            *bound_to_parent(command, signal.SIGKILL),
            env=os.environ | {DATABASE_VARIABLE: self._url},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, errors = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.communicate()
            raise
        if process.returncode:
            raise BuildFailed(errors.decode(errors="replace")[-LAST_WORDS:])
        log.info("search_index_built", path=str(self.path))


@contextmanager
def _only_one(directory: Path) -> Iterator[bool]:
    """Whether no other process builds here, for as long as the block, or this process, lasts."""
    make_private(directory)
    with open(os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
