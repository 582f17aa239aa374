"""A real worker process that a test kills, and starts again on the same port."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import grpc
from support.forked_command import ForkedCommand

from server.process.ports import free_ports
from server.settings import Settings, environment_of

OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
)
"""Clients come back soon after their worker does."""


class WorkerProcess:
    """`sanset worker` in a fork, held by its standard input as the supervisor holds it."""

    def __init__(self, settings: Settings, home: Path) -> None:
        [self.port] = free_ports(1)
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        self._environment = environment_of(settings)
        self.start()

    def start(self) -> None:
        """Start it; `until_ready` waits for it."""
        arguments = ["worker", "--port", str(self.port), "--metrics-port", "0"]
        stdin, self._stdin = os.pipe()
        said, stdout = os.pipe()
        log = os.open(self._home / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._process = ForkedCommand(
            arguments, self._environment, self._home, stdin=stdin, stdout=stdout, stderr=log
        )
        self._stdout: BinaryIO = os.fdopen(said, "rb")
        for handed_on in (stdin, stdout, log):
            os.close(handed_on)

    def until_ready(self) -> WorkerProcess:
        """Wait until it serves."""
        lines = iter(self._stdout.readline, b"")
        assert any(line.strip() == b"ready" for line in lines), (self._home / "worker.log").read_text()
        return self

    def ended(self, seconds: float) -> int | None:
        """Wait until it ends by itself; return its exit status, or None while it runs on after so many seconds."""
        with suppress(TimeoutError):
            return self._end(seconds)
        return None

    def kill(self) -> None:
        """End it at once: no handler runs, nothing is flushed."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        """Let it drain and end."""
        self._process.send_signal(signal.SIGTERM)
        self._end()

    def _end(self, seconds: float = 30) -> int:
        status = self._process.wait(seconds)
        os.close(self._stdin)
        self._stdout.close()
        return status

    def channel(self) -> grpc.Channel:
        """A channel to it, which finds it again after it was started anew."""
        return grpc.insecure_channel(f"127.0.0.1:{self.port}", options=OPTIONS)
