"""Our own PostgreSQL: it keeps its data, survives a killed parent, and keeps to itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from support.real_stack import is_alive

from server.process import postgres, postgres_cluster, postgres_keeper
from server.process.ports import LOOPBACK, free_ports

HOLDER = """
import sys, pathlib, time
from server.process.postgres import running
with running(pathlib.Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres")


def test_it_keeps_its_data_between_runs_and_speaks_utf_8(directory: Path) -> None:
    with postgres.running(directory) as url, _connect(url) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('Größe €')")
    with postgres.running(directory) as url, _connect(url) as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("Größe €",)]


def test_two_run_side_by_side(directory: Path, tmp_path: Path) -> None:
    with postgres.running(directory) as one, postgres.running(tmp_path) as other:
        assert one != other
        for url in (one, other):
            with _connect(url) as connection:
                connection.execute("SELECT 1")


def test_a_caller_without_the_password_is_refused(directory: Path) -> None:
    with postgres.running(directory) as url, pytest.raises(psycopg.OperationalError, match="password"):
        _connect(url.replace(f"{postgres_cluster.ROLE}:", f"{postgres_cluster.ROLE}:x"))


def test_another_process_finds_the_running_one(directory: Path) -> None:
    assert postgres.running_url(directory) is None
    with postgres.running(directory) as url:
        assert postgres.running_url(directory) == url
    assert postgres.running_url(directory) is None
    assert postgres.running_url(directory / "absent") is None


def test_it_runs_under_a_private_data_directory(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir(mode=0o700)
    with postgres.running(tmp_path / "shop" / "postgres") as url, _connect(url) as connection:
        connection.execute("CREATE TABLE note (text text)")
    assert (tmp_path / "shop").stat().st_mode & 0o777 == 0o700


def test_it_ends_with_a_killed_parent_and_starts_again_from_what_was_left(directory: Path) -> None:
    parent = _holder(directory)
    pid = _server(directory)
    parent.kill()
    parent.communicate()
    _until_gone(pid)
    with postgres.running(directory) as url, _connect(url) as connection:
        connection.execute("SELECT 1")


def test_a_crash_whose_pid_now_belongs_to_another_program_is_recovered(directory: Path) -> None:
    parent = _holder(directory)
    pid = _server(directory)
    os.kill(pid, signal.SIGKILL)
    parent.kill()
    parent.communicate()
    _until_gone(pid)
    lock = directory / "data" / "postmaster.pid"
    lock.write_text(lock.read_text().replace(str(pid), str(os.getppid()), 1))
    with postgres.running(directory) as url, _connect(url) as connection:
        connection.execute("SELECT 1")


def test_a_second_one_in_the_same_directory_is_refused(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.2)
    with (
        postgres.running(directory),
        pytest.raises(postgres_cluster.PostgresFailed, match="another PostgreSQL runs in"),
        postgres.running(directory),
    ):
        pass


def test_a_port_taken_meanwhile_is_replaced(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        offers = [[taken.getsockname()[1]], free_ports(1)]
        monkeypatch.setattr(postgres, "free_ports", lambda count: offers.pop(0))
        with postgres.running(directory) as url, _connect(url) as connection:
            connection.execute("SELECT 1")


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def _connect_without_end(url: str, held: ExitStack) -> None:
    while True:
        held.enter_context(_connect(url))


def _holder(directory: Path) -> subprocess.Popen[str]:
    parent = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith("postgresql+psycopg://")
    return parent


def _server(directory: Path) -> int:
    return int((directory / "data" / "postmaster.pid").read_text().splitlines()[0])


def _until_gone(pid: int) -> None:
    give_up = time.monotonic() + 60
    while is_alive(pid):
        assert time.monotonic() < give_up
        time.sleep(0.02)


@pytest.fixture
def quick_keeper(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keeper that looks more often than in earnest."""
    for name, value in {"LOOK_SECONDS": 0.05, "ASK_EVERY": 2, "ANSWER_SECONDS": 0.3}.items():
        monkeypatch.setattr(postgres_keeper, name, value)


@pytest.mark.usefixtures("quick_keeper")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_one_that_ends_or_hangs_is_started_again_on_its_port(
    directory: Path, number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    with postgres.running(directory) as url:
        with _connect(url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
            connection.execute("INSERT INTO kept VALUES (1)")
            count = connection.execute("SELECT count(*) FROM kept").fetchone()
        old = _server(directory)
        os.kill(old, number)
        give_up = time.monotonic() + 60
        while "PostgreSQL answers again" not in caplog.text:
            assert time.monotonic() < give_up, caplog.text
            time.sleep(0.05)
        with _connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == count
        assert postgres.running_url(directory) == url
        new = _server(directory)
        assert new != old
    _until_gone(new)
    assert (
        "does not answer and is killed" if number == signal.SIGSTOP else "PostgreSQL ended ("
    ) in caplog.text


def test_one_at_its_limit_of_connections_still_gives_a_sign_of_life(directory: Path) -> None:
    with postgres.running(directory, {"max_connections": "5"}) as url, ExitStack() as held:
        with pytest.raises(psycopg.OperationalError, match=r"too many clients|connection slots"):
            _connect_without_end(url, held)
        assert postgres_keeper.answers(int(url.rpartition(":")[2].partition("/")[0]))
