"""The log file of a child process: appended to, put aside when it has grown, and done without on a full disk."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

LOG_BYTES = 16 * 1024 * 1024
"""A log above this is put aside, in place of the one put aside before."""

_log = logging.getLogger(__name__)


@contextmanager
def optional(what: str) -> Iterator[None]:
    """Go on without `what` where the disk refuses it, as a full one does, and say so: the shop matters more."""
    try:
        yield
    except OSError as error:
        _log.warning("%s: %s", what, error.strerror or error)


class LogFile:
    """The file that a child process writes to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0

    def open(self, name: str) -> BinaryIO:
        """Open it for another start of the process `name`; the caller closes it."""
        with optional(f"{name} runs without a log"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            log = open(self.path, "ab")  # noqa: SIM115 - the caller closes it
            self._start = log.tell()
            return log
        return open(os.devnull, "ab")

    def bound(self) -> None:
        """Put it aside when it has grown too large."""
        with optional(f"{self.path} is not put aside"), suppress(FileNotFoundError):
            if self.path.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
                os.truncate(self.path, 0)  # the process appends: it goes on at the new end

    def last_words(self) -> str:
        """The last line since it was opened."""
        with suppress(OSError), open(self.path, "rb") as log:
            log.seek(self._start)
            if lines := log.read().decode(errors="replace").strip().splitlines():
                return lines[-1]
        return "it said nothing"
