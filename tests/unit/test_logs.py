"""Logs: the lines of calls are written together, and where nothing can be written they are lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from select import PIPE_BUF
from types import SimpleNamespace

import orjson
import pytest

from server import logs
from server.logs import AccessLog

WRITER = """
import structlog
from server.logs import AccessLog, configure
configure("info")
structlog.get_logger().warning("lost")
access_log = AccessLog("info")
access_log.end()
access_log.write({"level": "info"})
"""


class Written(list[bytes]):
    """What was written to standard error."""

    def lines(self) -> list[object]:
        """The numbers of the lines."""
        return [orjson.loads(line)["number"] for piece in self for line in piece.splitlines()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """In place of standard error, for access logs alone."""
    pieces = Written()
    monkeypatch.setattr(logs, "_BestEffort", lambda _: SimpleNamespace(write=pieces.append))
    return pieces


def _line(number: int, level: str = "info", **more: object) -> dict[str, object]:
    return {"level": level, "number": number, **more}


def test_the_lines_of_calls_are_written_together_a_moment_later(written: Written) -> None:
    async def scenario() -> None:
        access_log = AccessLog("info")
        for number in range(3):
            access_log.write(_line(number))
        assert written == []
        await asyncio.sleep(2 * logs.WAIT_SECONDS)
        assert len(written) == 1
        assert written.lines() == [0, 1, 2]

    asyncio.run(scenario())


def test_an_error_is_written_at_once_behind_what_waits(written: Written) -> None:
    async def scenario() -> None:
        access_log = AccessLog("info")
        access_log.write(_line(0))
        access_log.write(_line(1, "error"))
        assert written.lines() == [0, 1]

    asyncio.run(scenario())


def test_few_lines_wait(written: Written) -> None:
    async def scenario() -> None:
        access_log = AccessLog("info")
        for number in range(logs.MAX_WAITING + 1):
            access_log.write(_line(number))
        assert written.lines() == list(range(logs.MAX_WAITING))

    asyncio.run(scenario())


def test_a_piece_is_as_long_as_a_pipe_takes_whole(written: Written) -> None:
    async def scenario() -> None:
        access_log = AccessLog("info")
        for number in range(logs.MAX_WAITING):
            access_log.write(_line(number, address="x" * 900))
        assert len(written) > 1
        assert all(len(piece) <= PIPE_BUF and piece.endswith(b"\n") for piece in written)
        assert written.lines() == list(range(logs.MAX_WAITING))

    asyncio.run(scenario())


def test_at_the_end_nothing_waits(written: Written) -> None:
    async def scenario() -> None:
        access_log = AccessLog("info")
        access_log.write(_line(0))
        access_log.end()
        access_log.write(_line(1))
        assert written.lines() == [0, 1]

    asyncio.run(scenario())


def test_a_line_that_cannot_be_written_is_lost_alone(written: Written) -> None:
    async def scenario() -> None:
        access_log = AccessLog("info")
        for address in ("10.0.0.7", "\udcff", "10.0.0.8"):
            access_log.write(_line(0, address=address))
        access_log.end()
        lines = [orjson.loads(line) for line in b"".join(written).splitlines()]
        assert [line.get("address", line.get("event")) for line in lines] == [
            "10.0.0.7", "line lost", "10.0.0.8",
        ]  # fmt: skip

    asyncio.run(scenario())


def test_above_info_only_errors_are_written(written: Written) -> None:
    access_log = AccessLog("warning")
    access_log.write(_line(0))
    access_log.write(_line(1, "error"))
    assert written.lines() == [1]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the device of a full disk is Linux's")
def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    with open("/dev/full", "wb") as full:
        assert subprocess.run([sys.executable, "-c", WRITER], stderr=full, check=False).returncode == 0
