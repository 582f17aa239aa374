"""The supervisor with small programs in the place of the workers and the gateway."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.real_stack import is_alive

from server.process import supervisor
from server.process.child_process import ChildProcess
from server.process.envoy import config as envoy
from server.process.log_file import LOG_BYTES, LogFile
from server.process.ports import LOOPBACK, free_ports, is_free, reserve
from server.settings import Settings

GATEWAY = """
import http.server, os, re, socketserver, sys, threading
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"http.public.downstream_rq_active: 0\\n"  # else the end waits for a last reply
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *_):
        pass
text = open(sys.argv[2], encoding="utf-8").read()
admin = re.search(r'^admin:\\s+address: {pipe: {path: "(.*)"', text, re.MULTILINE)
if os.path.exists(admin[1]):
    os.unlink(admin[1])  # as Envoy does
servers = [
    socketserver.ThreadingUnixStreamServer(admin[1], Answer),
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer),
]
for server in servers:
    threading.Thread(target=server.serve_forever).start()
"""
FORKED = "from server.process.fork_server import next_fork\nnext_fork()\n"
WORKER = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
print("ready", flush=True)
while True:
    print("alive", flush=True)
    time.sleep(0.05)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
BROKEN = "import sys; sys.exit('the database is not there')"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    port, grpc_port = free_ports(2)
    return Settings(
        _env_file=None,
        environment="test",
        data_dir=tmp_path,
        port=port,
        grpc_port=grpc_port,
        workers=2,
        drain_seconds=0.3,
        drain_notice_seconds=0,
        payment_timeout_seconds=0.1,
    )


@pytest.fixture(autouse=True)
def programs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _workers_run(monkeypatch, WORKER)
    monkeypatch.setattr(
        envoy,
        "command",
        lambda settings, path: [sys.executable, "-c", GATEWAY, str(settings.port), str(path)],
    )
    monkeypatch.setattr(supervisor, "LEEWAY_SECONDS", 0.2)
    monkeypatch.setattr(supervisor, "NOTICE_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_everything_runs_until_the_signal_and_nothing_afterwards(settings: Settings) -> None:
    pids: list[int] = []

    def on_ready(ports: supervisor.Ports) -> None:
        assert not is_free(LOOPBACK, ports.json)
        pids.extend([*_pids(settings), _fork_server(settings)])
        os.kill(os.getpid(), signal.SIGTERM)

    supervisor.serve(settings, on_ready)
    assert len(pids) == 4
    assert not any(is_alive(pid) for pid in pids)
    assert not (settings.data_dir / "run" / "shop.json").exists()
    assert is_free(LOOPBACK, settings.grpc_port)


def test_what_a_running_shop_writes_is_its_owners_alone(settings: Settings) -> None:
    modes: dict[str, int] = {}

    def on_ready(ports: supervisor.Ports) -> None:
        run = settings.data_dir / "run"
        modes.update({path.name: path.stat().st_mode & 0o777 for path in (run, *run.iterdir())})
        os.kill(os.getpid(), signal.SIGTERM)

    supervisor.serve(settings, on_ready)
    assert modes == {"run": 0o700, "lock": 0o600, "envoy.yaml": 0o600, "shop.json": 0o600}


def test_a_disk_that_takes_nothing_does_not_stop_the_shop(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.data_dir / "run" / "shop.json" / "in the way").mkdir(parents=True)
    (settings.data_dir / "log").touch()
    served: list[supervisor.Ports] = []

    def on_ready(ports: supervisor.Ports) -> None:
        served.append(ports)
        os.kill(os.getpid(), signal.SIGTERM)

    supervisor.serve(settings, on_ready)
    assert served
    assert "worker 1 runs without a log: File exists" in caplog.text
    assert "shop.json is out of date: Is a directory" in caplog.text


def test_a_log_that_cannot_be_put_aside_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = tmp_path / "worker.log"
    log.touch()
    os.truncate(log, LOG_BYTES + 1)
    log.with_suffix(".log.1").mkdir()
    LogFile(log).bound()
    assert log.stat().st_size > LOG_BYTES
    assert "worker.log is not put aside: Is a directory" in caplog.text


def test_a_data_directory_that_cannot_be_written_is_named(settings: Settings) -> None:
    (settings.data_dir / "run").touch()
    with pytest.raises(supervisor.ServeFailed, match=r"^DATA_DIR: cannot write"):
        supervisor.serve(settings)


def test_a_worker_has_time_to_settle_what_is_being_paid(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.8), sys.exit()))\n"
    )
    _workers_run(monkeypatch, slow + "print('ready', flush=True)\nsys.stdin.read()")
    killed: list[str] = []
    monkeypatch.setattr(ChildProcess, "kill", lambda program: killed.append(program.name))
    patient = settings.model_copy(update={"payment_timeout_seconds": 30.0})
    supervisor.serve(patient, lambda ports: os.kill(os.getpid(), signal.SIGTERM))
    assert killed == []


def test_a_killed_worker_and_a_killed_gateway_are_started_again(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    shop = _Running(settings)
    with shop:
        before = _pids(settings)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        _until(lambda: len(set(_pids(settings)) - set(before)) == 3)
        assert all(is_alive(pid) for pid in _pids(settings))
    assert "killed by SIGKILL" in shop.errors


def test_workers_end_and_are_started_again_with_what_they_were_forked_from(settings: Settings) -> None:
    with _Running(settings) as shop:
        gateway, *workers = _pids(settings)
        fork_server = _fork_server(settings)
        os.kill(
            fork_server, signal.SIGTERM
        )  # a service manager may send it to all; the workers still need it
        os.kill(workers[0], signal.SIGKILL)
        _until(lambda: len(_pids(settings)) == 3 and workers[0] not in _pids(settings))
        assert _fork_server(settings) == fork_server
        assert workers[1] in _pids(settings)
        os.kill(fork_server, signal.SIGKILL)
        _until(lambda: len(_pids(settings)) == 3 and not set(workers) & set(_pids(settings)))
        assert _pids(settings)[0] == gateway
        assert _fork_server(settings) != fork_server
    assert "worker 2 ended (killed by SIGKILL)" in shop.errors


def test_a_fork_server_that_hangs_is_replaced_once_a_worker_of_it_has_ended(settings: Settings) -> None:
    with _Running(settings, report_seconds=0.5):
        gateway, *workers = _pids(settings)
        fork_server = _fork_server(settings)
        os.kill(fork_server, signal.SIGSTOP)
        os.kill(workers[0], signal.SIGKILL)
        _until(lambda: len(_pids(settings)) == 3 and not set(workers) & set(_pids(settings)))
        assert _pids(settings)[0] == gateway
        assert not any(is_alive(pid) for pid in (fork_server, *workers))


def test_a_worker_and_a_gateway_that_hang_are_replaced(settings: Settings) -> None:
    shop = _Running(settings)
    with shop:
        gateway, *workers = _pids(settings)
        for stopped in (gateway, workers[0]):
            os.kill(stopped, signal.SIGSTOP)
        _until(lambda: len(_pids(settings)) == 3 and not {gateway, workers[0]} & set(_pids(settings)))
        assert workers[1] in _pids(settings)
        assert not any(is_alive(pid) for pid in (gateway, workers[0]))
    assert "worker 1 gave no sign of life for 1 s and is killed" in shop.errors
    assert "envoy gave no sign of life for 1 s and is killed" in shop.errors
    assert "worker 2" not in shop.errors


def test_a_shop_without_a_terminal_outlives_its_hang_up(settings: Settings) -> None:
    with _Running(settings) as shop:
        pids = _pids(settings)
        shop.process.send_signal(signal.SIGHUP)
        shop.process.send_signal(signal.SIGUSR1)  # answered afterwards: the first one ended nothing
        _until(lambda: len(set(_pids(settings)) - set(pids)) == 2)
    assert shop.process.returncode == 0


def test_a_shop_under_nohup_outlives_its_terminal(settings: Settings) -> None:
    ours, theirs = os.openpty()
    with _Running(settings, stdin=theirs, hang_up=signal.SIG_IGN) as shop:
        pids = _pids(settings)
        shop.process.send_signal(signal.SIGHUP)
        shop.process.send_signal(signal.SIGUSR1)
        _until(lambda: len(set(_pids(settings)) - set(pids)) == 2)
    for end in (ours, theirs):
        os.close(end)


def test_a_shop_ends_with_the_terminal_it_was_started_in(settings: Settings) -> None:
    ours, theirs = os.openpty()
    with _Running(settings, stdin=theirs) as shop:
        pids = _pids(settings)
        shop.process.send_signal(signal.SIGHUP)
        assert shop.process.wait(timeout=20) == 0
        assert not any(is_alive(pid) for pid in pids)
    for end in (ours, theirs):
        os.close(end)


def test_workers_are_restarted_in_turn(settings: Settings) -> None:
    with _Running(settings) as shop:
        gateway, *workers = _pids(settings)
        fork_server = _fork_server(settings)
        shop.process.send_signal(signal.SIGUSR1)
        _until(lambda: not set(_pids(settings)) & set(workers))
        assert _pids(settings)[0] == gateway
        _until(lambda: not is_alive(fork_server))  # the new one has imported what is installed now


def test_workers_go_on_where_what_is_installed_now_does_not_start(settings: Settings) -> None:
    program = settings.data_dir / "program.py"
    program.write_text(FORKED + WORKER)
    shop = _Running(settings, workers=[str(program)])
    with shop:
        before = [*_pids(settings), _fork_server(settings)]
        log = settings.data_dir / "log" / "worker-1.log"
        program.write_text(BROKEN)
        shop.process.send_signal(signal.SIGUSR1)
        _until(lambda: "the database is not there" in log.read_text())
        program.write_text(FORKED + WORKER)
        assert [*_pids(settings), _fork_server(settings)] == before
        shop.process.send_signal(signal.SIGUSR1)
        _until(lambda: len(set(_pids(settings)) - set(before)) == 2)
    assert "the workers are not restarted" in shop.errors


def test_workers_that_do_not_start_are_replaced_by_what_is_installed_next(settings: Settings) -> None:
    program = settings.data_dir / "program.py"
    program.write_text(FORKED + WORKER)
    with _Running(settings, workers=[str(program)]) as shop:
        before = _pids(settings)
        log = settings.data_dir / "log" / "worker-1.log"
        program.write_text(FORKED + BROKEN)
        shop.process.send_signal(signal.SIGUSR1)
        _until(lambda: "the database is not there" in log.read_text())
        program.write_text(FORKED + WORKER)
        assert set(_pids(settings)) < set(before), "the second worker serves on"
        shop.process.send_signal(signal.SIGUSR1)
        _until(lambda: len(set(_pids(settings)) - set(before)) == 2)


def test_nothing_survives_a_killed_supervisor(settings: Settings) -> None:
    with _Running(settings) as shop:
        pids = [*_pids(settings), _fork_server(settings)]
        shop.process.kill()
        _until(lambda: not any(is_alive(pid) for pid in pids))


def test_a_worker_that_does_not_drain_is_killed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _workers_run(monkeypatch, STUBBORN)
    began: list[float] = []

    def on_ready(ports: supervisor.Ports) -> None:
        began.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    supervisor.serve(settings, on_ready)
    assert 0.5 <= time.monotonic() - began[0] < 5


def test_a_second_signal_ends_everything_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _workers_run(monkeypatch, STUBBORN)
    monkeypatch.setattr(supervisor, "LEEWAY_SECONDS", 60.0)
    began = time.monotonic()

    def on_ready(ports: supervisor.Ports) -> None:
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"import os,time\nfor _ in '12': os.kill({os.getpid()}, 2); time.sleep(.2)",
            ]
        ).wait()

    supervisor.serve(settings, on_ready)
    assert time.monotonic() - began < 20


def test_workers_that_never_become_ready_stop_the_start_with_their_last_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _workers_run(monkeypatch, BROKEN)
    with pytest.raises(supervisor.ServeFailed, match=r"worker 1 did not start: the database is not there"):
        supervisor.serve(settings)
    assert is_free(LOOPBACK, settings.port)


def test_a_second_shop_in_the_same_directory_is_refused_in_one_line(settings: Settings) -> None:
    port, grpc_port = free_ports(2)
    other = settings.model_copy(update={"port": port, "grpc_port": grpc_port})
    with _Running(settings) as shop:
        before = (settings.data_dir / "run" / "envoy.yaml").read_text()
        with pytest.raises(
            supervisor.ServeFailed, match=rf"^DATA_DIR: a shop runs in .*{shop.process.pid}.*$"
        ):
            supervisor.serve(other)
        assert (settings.data_dir / "run" / "envoy.yaml").read_text() == before
        shop.process.kill()
        shop.process.wait()
        _until(lambda: not any(is_alive(pid) for pid in _pids(settings)))
        served: list[supervisor.Ports] = []

        def on_ready(ports: supervisor.Ports) -> None:
            served.append(ports)
            os.kill(os.getpid(), signal.SIGTERM)

        supervisor.serve(settings, on_ready)
        assert served, "a killed shop holds nothing"


@pytest.mark.parametrize("name", ["port", "grpc_port"])
def test_a_taken_port_is_named(settings: Settings, name: str) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, getattr(settings, name)))
        taken.listen()
        with pytest.raises(supervisor.ServeFailed, match=f"^{name.upper()}: .* in use"):
            supervisor.serve(settings)


def test_a_held_port_is_taken_for_all_but_its_workers() -> None:
    (port,) = free_ports(1)
    with reserve(LOOPBACK, port):
        assert not is_free(LOOPBACK, port)
        with socket.socket() as worker:
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            worker.bind((LOOPBACK, port))
            worker.listen()
    assert is_free(LOOPBACK, port)


class _Running:
    """A supervisor in a process of its own, with the same small programs."""

    def __init__(
        self,
        settings: Settings,
        *,
        workers: Sequence[str] = ("-c", FORKED + WORKER),
        stdin: int = subprocess.DEVNULL,
        hang_up: signal.Handlers = signal.SIG_DFL,
        report_seconds: float = 10,
    ) -> None:
        self.settings = settings
        self.errors = ""
        self._workers = workers
        self._stdin = stdin
        self._hang_up = hang_up
        self._report_seconds = report_seconds

    def __enter__(self) -> _Running:
        script = f"""
import signal, sys
signal.signal(signal.SIGHUP, signal.Handlers({self._hang_up.value}))
from server.process import child_process, forked_process, supervisor
from server.process.envoy import config as envoy
from server.settings import Settings
child_process.LIFE_SECONDS = 0.1
forked_process.REPORT_SECONDS = {self._report_seconds}
supervisor.workers_command = lambda: [sys.executable, *{tuple(self._workers)!r}]
envoy.command = lambda settings, path: [sys.executable, "-c", {GATEWAY!r}, str(settings.port), str(path)]
supervisor.NOTICE_SECONDS = 0.0
settings = Settings(_env_file=None, **{self.settings.model_dump(mode="json", include=_SET)!r})
supervisor.serve(settings, lambda ports: print("up", flush=True))
"""
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=self._stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "up\n":
            pytest.fail(self.process.communicate()[1])
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.errors = self.process.communicate(timeout=60)[1]


_SET = {"environment", "data_dir", "port", "grpc_port", "workers", "drain_seconds", "drain_notice_seconds"}


def _workers_run(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(supervisor, "workers_command", lambda: [sys.executable, "-c", FORKED + script])


def _pids(settings: Settings) -> list[int]:
    """The gateway's, then the workers'."""
    state = json.loads((settings.data_dir / "run" / "shop.json").read_text())
    return [each["pid"] for each in (state["envoy"], *state["workers"]) if each["pid"]]


def _fork_server(settings: Settings) -> int:
    pid: int = json.loads((settings.data_dir / "run" / "shop.json").read_text())["fork_server"]["pid"]
    return pid


def _until(holds: object) -> None:
    assert callable(holds)
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)
