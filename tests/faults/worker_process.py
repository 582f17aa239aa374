"""A real worker process that a test kills, and starts again on the same port."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import grpc

from server.process.ports import free_ports
from server.settings import Settings, environment_of

OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
)
"""Clients come back soon after their worker does."""


class WorkerProcess:
    """`python -m server worker`, held by its standard input as the supervisor holds it."""

    def __init__(self, settings: Settings, home: Path) -> None:
        [self.port] = free_ports(1)
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        self._environment = environment_of(settings)
        self.start()

    def start(self) -> None:
        """Start it; `until_ready` waits for it."""
        command = [sys.executable, "-m", "server", "worker", "--port", str(self.port), "--metrics-port", "0"]
        with open(self._home / "worker.log", "ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
                cwd=self._home,
            )

    def until_ready(self) -> WorkerProcess:
        """Wait until it serves."""
        assert self._process.stdout is not None
        lines = iter(self._process.stdout.readline, b"")
        assert any(line.strip() == b"ready" for line in lines), (self._home / "worker.log").read_text()
        return self

    def ended(self, seconds: float) -> int | None:
        """Wait until it ends by itself; return its exit status, or None while it runs on after so many seconds."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._close()
        return status

    def kill(self) -> None:
        """End it at once: no handler runs, nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Let it drain and end."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(30)
        self._close()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def channel(self) -> grpc.Channel:
        """A channel to it, which finds it again after it was started anew."""
        return grpc.insecure_channel(f"127.0.0.1:{self.port}", options=OPTIONS)
