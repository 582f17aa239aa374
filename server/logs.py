"""Logs: one JSON object a line, on standard error."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

import orjson
import structlog

STDERR = 2


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
    """Writes the line of each call: the hottest line of all, so it goes straight to the file descriptor."""

    def __init__(self, level: str) -> None:
        """With a `level` above info only the calls that failed by our fault are written."""
        self._everything = level in ("debug", "info")
        self._file = _BestEffort(STDERR)

    def write(self, line: dict[str, Any]) -> None:
        """Write a line."""
        if self._everything or line["level"] == "error":
            line["timestamp"] = datetime.now(UTC)
            self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE, default=str))
