"""A real worker process that a test kills, and starts again on the same port.

A server of forks has imported the shop once: a start costs what a worker does, not what Python reads before. gRPC
and every thread begin in the fork.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

import grpc

from server.cli import command_line
from server.process.ports import free_ports
from server.settings import Settings, environment_of

OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
)
"""Clients come back soon after their worker does."""

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["server.worker", "server.cli.worker"])


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
        command = ["sanset", "worker", "--port", str(self.port), "--metrics-port", "0"]
        stdin, self._stdin = FORKS.Pipe(duplex=False)
        stdout_reader, stdout = FORKS.Pipe(duplex=False)
        self._stdout: BinaryIO = os.fdopen(os.dup(stdout_reader.fileno()), "rb")
        arguments = (command, self._environment, self._home, stdin, stdout)
        self._process = FORKS.Process(target=_serve, args=arguments)
        self._process.start()
        for connection in (stdin, stdout_reader, stdout):
            connection.close()

    def until_ready(self) -> WorkerProcess:
        """Wait until it serves."""
        lines = iter(self._stdout.readline, b"")
        assert any(line.strip() == b"ready" for line in lines), (self._home / "worker.log").read_text()
        return self

    def ended(self, seconds: float) -> int | None:
        """Wait until it ends by itself; return its exit status, or None while it runs on after so many seconds."""
        self._process.join(seconds)
        status = self._process.exitcode
        if status is not None:
            self._close()
        return status

    def kill(self) -> None:
        """End it at once: no handler runs, nothing is flushed."""
        self._process.kill()
        self._close()

    def stop(self) -> None:
        """Let it drain and end."""
        self._process.terminate()
        self._close()

    def _close(self) -> None:
        self._process.join(30)
        assert self._process.exitcode is not None
        self._process.close()
        self._stdin.close()
        self._stdout.close()

    def channel(self) -> grpc.Channel:
        """A channel to it, which finds it again after it was started anew."""
        return grpc.insecure_channel(f"127.0.0.1:{self.port}", options=OPTIONS)


def _serve(
    command: list[str], environment: Mapping[str, str], home: Path, stdin: Connection, stdout: Connection
) -> None:
    """Become the process that the command would have started."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(home)
    log = os.open(home / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, descriptor in ((stdin.fileno(), 0), (stdout.fileno(), 1), (log, 2)):
        os.dup2(source, descriptor)
    stdin.close()
    stdout.close()
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(descriptor, "w", closefd=False) for descriptor in (1, 2))
    sys.argv = command
    command_line.main()
