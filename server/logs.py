"""Logs: one JSON object a line, on standard error."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from select import PIPE_BUF
from time import time
from typing import Any, BinaryIO, Final, cast

import orjson
import structlog

STDERR: Final = 2

WAIT_SECONDS: Final = 0.05
"""How long the line of a call waits for others."""
MAX_WAITING: Final = 64


def configure(level: str) -> None:
    """Set up structlog for this process; lines below `level` are not made."""
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_dump),
        ],
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _BestEffort(STDERR))),
    )


def _dump(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)


class _BestEffort:
    """A file to write lines to; one that cannot be written, as on a full disk, is lost and nothing else."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        with suppress(OSError):
            os.write(self._descriptor, data)

    def flush(self) -> None:
        """Nothing waits."""


class AccessLog:
    """Writes the line of each call: the hottest lines of all, so they go straight to the file descriptor.

    Those of a moment are made and written together, which costs half of doing it for each; an error's is written
    at once, with what waits before it. For use on one event loop.
    """

    def __init__(self, level: str) -> None:
        """With a `level` above info only the calls that failed by our fault are written."""
        self._everything = level in ("debug", "info")
        self._file = _BestEffort(STDERR)
        self._waiting: list[dict[str, Any]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    def write(self, line: dict[str, Any]) -> None:
        """Write a line, a moment later."""
        is_error = line["level"] == "error"
        if not (self._everything or is_error):
            return
        line["timestamp"] = time()
        waiting = self._waiting
        waiting.append(line)
        if is_error or len(waiting) >= MAX_WAITING:
            self._flush()
        elif self._timer is None:  # it is the first that waits
            if self._ended:
                self._flush()
            else:
                self._timer = asyncio.get_running_loop().call_later(WAIT_SECONDS, self._flush)

    def end(self) -> None:
        """Write what waits, and from now on each line at once: the process is about to end."""
        self._ended = True
        self._flush()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for piece in _pieces(map(_line, waiting)):
            self._file.write(piece)


def _line(values: dict[str, Any]) -> bytes:
    values["timestamp"] = datetime.fromtimestamp(values["timestamp"], UTC)
    try:
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE, default=str)
    except TypeError as error:
        # As of a text that is no Unicode; the lines beside it are written all the same.
        lost = {"level": "error", "event": "line lost", "error": str(error), "timestamp": datetime.now(UTC)}
        return orjson.dumps(lost, option=orjson.OPT_APPEND_NEWLINE)


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines in pieces that a pipe takes whole: several processes write to the same one."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > PIPE_BUF:
            yield piece
            piece = b""
        piece += line
    if piece:
        yield piece
