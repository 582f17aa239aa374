"""The supervisor: starts the workers and the gateway, keeps them alive, and stops them in good order."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from pydantic import SecretStr

from server.errors import CommandError
from server.process import data_dir
from server.process.child_process import ChildProcess, ChildProcessFailed, execution
from server.process.envoy import config as envoy
from server.process.envoy.admin import Admin
from server.process.envoy.tls import CertificateHandover, CertificateUnusable, TlsFiles
from server.process.forked_process import Forks
from server.process.log_file import optional
from server.process.ports import LOOPBACK, free_ports, is_free, reserve
from server.process.readiness import answers_well, any_certificate
from server.settings import Settings, environment_of

GATEWAY_STOP_SECONDS = 3.0
LEEWAY_SECONDS = 3.0
"""For a worker to end, besides DRAIN_SECONDS and a last payment: its notice to the gateway, and to close."""
NOTICE_SECONDS = 10.0
"""Seconds that the gateway may take to see that a worker is back."""
LOG_CHECK_SECONDS = 10.0


_log = logging.getLogger(__name__)


class ServeFailed(CommandError):
    """The shop cannot be served; the text is one line that names the cause."""


@dataclass(frozen=True)
class Ports:
    """The ports on which a running shop listens."""

    json: int
    grpc: int
    admin: int
    workers: tuple[int, ...]
    metrics: tuple[int, ...]


def serve(settings: Settings, on_ready: Callable[[Ports], None] = lambda ports: None) -> None:
    """Serve the shop until SIGTERM, SIGINT or the end of its terminal, calling `on_ready` once when it answers.

    A worker or gateway that dies or hangs is started again. On the signal the workers get DRAIN_SECONDS for the
    calls they hold; on SIGTERM /readyz says no for DRAIN_NOTICE_SECONDS before that, so that no balancer sends
    another call. A second signal ends everything at once. SIGUSR1 restarts the workers one after the other,
    without refusing a call. Must be called from the main thread.

    Raises ServeFailed: another shop runs in DATA_DIR, a port is taken, or a worker or the gateway does not start.
    """
    with ExitStack() as resources:
        try:
            resources.enter_context(data_dir.only_one(settings.data_dir))
        except data_dir.InUse as error:
            raise ServeFailed(str(error)) from error
        except OSError as error:
            raise ServeFailed(f"DATA_DIR: cannot write {settings.data_dir}: {error.strerror}") from error
        ports = _pick_ports(settings, resources)
        try:
            shop = Shop(settings, ports)
            asyncio.run(shop.run(on_ready))
        except (ChildProcessFailed, envoy.GatewayUnusable, CertificateUnusable) as error:
            raise ServeFailed(str(error)) from error


def _pick_ports(settings: Settings, resources: ExitStack) -> Ports:
    try:
        for name, port in (("PORT", settings.port), ("GRPC_PORT", settings.grpc_port)):
            if not is_free(settings.host, port):
                raise ServeFailed(f"{name}: {port} is already in use; choose another, e.g. {name}={port + 1}")
        free = free_ports(1 + 2 * settings.workers)
        workers, metrics = free[1 : 1 + settings.workers], free[1 + settings.workers :]
        for port in workers:
            resources.enter_context(reserve(LOOPBACK, port))
    except OSError as error:
        raise ServeFailed(
            f"HOST, PORT or GRPC_PORT: cannot listen on {settings.host}: {error.strerror}"
        ) from error
    return Ports(settings.port, settings.grpc_port, free[0], tuple(workers), tuple(metrics))


def with_edge_token(settings: Settings) -> Settings:
    """The settings of one start, with a new token by which the workers know calls that came through Envoy."""
    return settings.model_copy(update={"edge_token": SecretStr(secrets.token_hex(16))})


def workers_command() -> list[str]:
    """Return the command of the fork server that makes the workers, each from the numbers of its two ports."""
    return [sys.executable, "-m", "server", "workers"]


class Shop:
    """The processes of one shop."""

    def __init__(self, settings: Settings, ports: Ports) -> None:
        """Describe the processes, and write the gateway's configuration.

        Raises GatewayUnusable, CertificateUnusable, and ServeFailed when DATA_DIR cannot be written.
        """
        self._settings = settings
        self._ports = ports
        self._directory = settings.data_dir.absolute()
        self._state_file = self._directory / "run" / "shop.json"
        # A worker is one thread of computing among several processes: a library that starts a thread per core
        # for each product of two matrices only makes them wait for each other.
        one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._forks = Forks(workers_command(), environment_of(settings) | one_thread)
        self._workers = [self._worker(number) for number in range(settings.workers)]
        self._certificates = _hand_over_certificates(settings)
        self._admin = Admin()
        self._gateway = self._envoy()
        self._children = [*self._workers, self._gateway]
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._announced = False
        self._restart_request = asyncio.Event()
        self._renewed = asyncio.Event()

    async def run(self, on_ready: Callable[[Ports], None]) -> None:
        """Start everything, call `on_ready`, keep everything alive until a signal, and stop everything.

        Raises ChildProcessFailed when a worker or the gateway does not become ready.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._on_announced_end)
        loop.add_signal_handler(signal.SIGINT, self._on_stop_signal)
        _mind_the_terminal(loop, self._on_stop_signal)
        loop.add_signal_handler(signal.SIGUSR1, self._restart_request.set)
        try:
            if await self._unless_stopped(self._start()):
                on_ready(self._ports)
                await self._unless_stopped(self._keep())
        finally:
            await self._drain()
            self._admin.close()
            with optional(f"{self._state_file} is left behind"):
                self._state_file.unlink(missing_ok=True)

    async def _start(self) -> None:
        starts = await asyncio.gather(*(worker.start() for worker in self._workers), return_exceptions=True)
        for failure in filter(None, starts):
            raise failure
        await self._gateway.start()

    async def _keep(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for child in self._children:
                tasks.create_task(child.keep())
            tasks.create_task(self._bound_logs())
            if self._certificates is not None:
                tasks.create_task(self._certificates.keep())
            tasks.create_task(self._renew_on_request())
            tasks.create_task(self._restart_renewed())

    async def _renew_on_request(self) -> None:
        """Import what is installed now, also while workers of what was before do not become ready."""
        while await self._restart_request.wait():
            self._restart_request.clear()
            if await self._renew():
                self._renewed.set()

    async def _restart_renewed(self) -> None:
        while await self._renewed.wait():
            self._renewed.clear()
            for worker, port in zip(self._workers, self._ports.workers, strict=True):
                for each in self._workers:
                    await each.ready.wait()  # else one that is just being replaced would be missed twice
                worker.ready.clear()
                await worker.stop(self._patience)
                await worker.ready.wait()  # its keeper starts it again
                await self._admin.sees(port, NOTICE_SECONDS)

    async def _renew(self) -> bool:
        """Import what is installed now; where that does not work, the workers that there are go on."""
        log = self._workers[0].log
        with log.open(self._workers[0].name) as file:
            try:
                await self._forks.renew(file)
            except OSError as error:
                _log.error(
                    "the workers are not restarted: %s (%s; see %s)", error, log.last_words(), log.path
                )
                return False
        return True

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(LOG_CHECK_SECONDS)
            for child in self._children:
                child.log.bound()

    async def _unless_stopped(self, work: Coroutine[None, None, None]) -> bool:
        """Do `work` until it is done (True) or a signal asks to stop (False)."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finished = working.done()
        working.cancel()
        stopping.cancel()
        with suppress(asyncio.CancelledError):
            await working
        return finished

    def _on_announced_end(self) -> None:
        """A service manager ends us: there may be others to send the callers to, who must be told first."""
        self._announced = not self._stop.is_set()
        self._on_stop_signal()

    def _on_stop_signal(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
            for child in self._children:
                child.kill()
            self._forks.kill()
        self._stop.set()

    async def _drain(self) -> None:
        """Give notice, stop the workers while the gateway still carries their last replies, then the gateway."""
        if self._announced and self._gateway.ready.is_set() and await self._admin.fail():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._settings.drain_notice_seconds)
        await asyncio.gather(*(worker.stop(self._patience) for worker in self._workers))
        await self._forks.stop()
        if self._gateway.ready.is_set():
            await self._admin.idle(GATEWAY_STOP_SECONDS)
        await self._gateway.stop(GATEWAY_STOP_SECONDS)

    @property
    def _patience(self) -> float:
        """Seconds a worker may take to end: an order whose caller was cut off is still paid and settled."""
        return self._settings.drain_seconds + self._settings.payment_timeout_seconds + LEEWAY_SECONDS

    def _worker(self, index: int) -> ChildProcess:
        ports = [str(self._ports.workers[index]), str(self._ports.metrics[index])]
        return ChildProcess(
            f"worker {index + 1}",
            lambda log: self._forks.fork(ports, log),
            log=self._directory / "log" / f"worker-{index + 1}.log",
            on_change=self._write_state,
        )

    def _envoy(self) -> ChildProcess:
        values = envoy.values(self._settings, self._ports.admin, self._ports.workers, self._admin.socket)
        text = envoy.render(envoy.TEMPLATE.read_text("utf-8"), values)
        try:
            rendered = data_dir.run_directory(self._directory) / "envoy.yaml"
            data_dir.write_private(rendered, text)  # it holds the edge token
        except OSError as error:
            raise ServeFailed(f"DATA_DIR: cannot write {self._directory}: {error.strerror}") from error
        return ChildProcess(
            "envoy",
            execution(envoy.command(self._settings, rendered), {"PATH": os.environ.get("PATH", os.defpath)}),
            log=self._directory / "log" / "envoy.log",
            answers=self._gateway_answers,
            lives=self._admin.lives,
            on_change=self._write_state,
        )

    async def _gateway_answers(self) -> None:
        """Wait until the gateway listens and sees a healthy worker."""
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(self._settings.host, self._settings.host)  # noqa: S104
        tls = any_certificate() if self._settings.tls_cert_file else None
        while not await answers_well(host, self._ports.json, "/readyz", tls):  # noqa: ASYNC110 - another process, no event of ours
            await asyncio.sleep(0.02)

    def _write_state(self) -> None:
        """Tell the operator which process is which, in DATA_DIR/run/shop.json."""
        workers = zip(self._workers, self._ports.workers, self._ports.metrics, strict=True)
        state = {
            "supervisor": {"pid": os.getpid()},
            "fork_server": {"pid": self._forks.pid},
            "envoy": {"pid": self._gateway.pid, "port": self._ports.json, "admin_port": self._ports.admin},
            "grpc_port": self._ports.grpc,
            "workers": [
                {"pid": worker.pid, "port": port, "metrics_port": metrics}
                for worker, port, metrics in workers
            ],
        }
        with optional(f"{self._state_file} is out of date"):
            data_dir.write_private(self._state_file, json.dumps(state, indent=2))


def _hand_over_certificates(settings: Settings) -> CertificateHandover | None:
    """Give the gateway its certificate, where the shop speaks TLS."""
    files = TlsFiles.of(settings)
    if files is None:
        return None
    try:
        handover = CertificateHandover(files, data_dir.run_directory(settings.data_dir.absolute()))
        handover.begin()
    except OSError as error:
        raise ServeFailed(f"DATA_DIR: cannot write {settings.data_dir}: {error.strerror}") from error
    return handover


def _mind_the_terminal(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """End with the terminal that the shop was started in by hand; else SIGHUP ends nothing.

    Under `nohup` the signal is ignored already, and stays so. Without a terminal nobody means the end by it.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return
    in_terminal = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    loop.add_signal_handler(signal.SIGHUP, stop if in_terminal else lambda: None)
