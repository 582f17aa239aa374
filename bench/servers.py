"""Starts the programs under measurement on the servers' core and stops them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.cpu import SERVER_CORE, parent_of, pinned
from server.process import postgres

STEADY = {"PYTHONHASHSEED": "0"}
"""Two runs of one program differ by some percent when their dictionaries collide elsewhere."""
START_SECONDS = 60.0
STOP_SECONDS = 20.0


class ServerFailed(Exception):
    """A server of the bench did not start; the text holds the end of its log."""


@contextmanager
def python(
    arguments: Sequence[str],
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    checkout: Path | None = None,
    *,
    core: int | None = SERVER_CORE,
) -> Iterator[int]:
    """Run `python ARGUMENTS` on a core, or on all; yield its pid once it accepts connections on `port`.

    `checkout` is another checkout of the project, with its `.venv`, to run in. Raises ServerFailed when the
    program ends or stays silent instead.
    """
    with pinned(core), log.open("wb") as file:
        process = subprocess.Popen(
            [_interpreter(checkout), *arguments],
            env={**os.environ, **STEADY, **(environment or {})},
            cwd=checkout,
            stdin=subprocess.PIPE,  # held open: a worker takes its end for the supervisor's death
            stdout=file,
            stderr=file,
        )
    try:
        _wait_until_listening(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()


@contextmanager
def database(directory: Path, core: int | None = SERVER_CORE) -> Iterator[tuple[str, int]]:
    """Run a PostgreSQL on a core, or on all; yield its SQLAlchemy URL and the pid of its postmaster."""
    with pinned(core):
        running = postgres.running(directory)
        url = running.__enter__()
    try:
        with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
            postmaster = parent_of(connection.info.backend_pid)
        yield url, postmaster
    finally:
        running.__exit__(None, None, None)


@contextmanager
def shop_database(kind: str, directory: Path, core: int | None = SERVER_CORE) -> Iterator[str]:
    """The URL of a new database of `kind`, "sqlite" or "postgres", below a directory."""
    if kind == "sqlite":
        yield f"sqlite:///{directory / 'shop.db'}"
        return
    with database(directory / "postgres", core) as (url, _):
        yield url


def run_python(
    arguments: Sequence[str], environment: Mapping[str, str], checkout: Path | None = None
) -> None:
    """Run `python ARGUMENTS` to its end, in another checkout if one is given.

    Raises ServerFailed, with the end of what it wrote, when it fails.
    """
    done = subprocess.run(
        [_interpreter(checkout), *arguments],
        env={**os.environ, **environment},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerFailed(f"python {' '.join(arguments)} failed: {(done.stderr or done.stdout)[-1500:]}")


def _interpreter(checkout: Path | None) -> str:
    return sys.executable if checkout is None else str(checkout / ".venv" / "bin" / "python")


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise ServerFailed(f"no server on port {port}: {log.read_text(errors='replace')[-1500:]}")
