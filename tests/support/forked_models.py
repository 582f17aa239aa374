"""Trainings and proofs of models in forks: what they read before they begin takes a process two seconds.

A child is a process of its own as ever, with its output, its exit status and its end by a signal; only its program
is not read anew. The model that all tests share is trained and proven by the real commands.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace, TracebackType
from typing import IO, Any, Self

import pytest
from support.forked_children import BINDING, Program
from support.forked_command import ForkedProgram
from support.model_programs import prove, train

from server.recommend.registry import probe
from server.recommend.training import process

HEAVY = (
    "server.cli.command_line", "server.recommend.registry.probe", "ml.__main__", "faiss", "lightgbm",
    "scipy.sparse.linalg", "sklearn.cluster", "sklearn.isotonic", "sklearn.linear_model", "sklearn.metrics",
)  # fmt: skip

_server = forkserver.ForkServer()
_server.set_forkserver_preload(list(HEAVY))
_starting = threading.Lock()


class ForkedChild:
    """A running child, held as `subprocess.Popen` holds one."""

    def __init__(self, program: Program, environment: Mapping[str, str], errors: int) -> None:
        """Start a function of a module, whose output is read from `stdout`."""
        mine, its = os.pipe()
        with Path(os.devnull).open("rb") as nothing, _heavy_server():
            files = {"stdin": nothing.fileno(), "stdout": its, "stderr": errors}
            self._program = ForkedProgram(program, environment, Path.cwd(), **files)
        os.close(its)
        self.stdout: IO[bytes] = os.fdopen(mine, "rb")

    @property
    def pid(self) -> int:
        """The process id."""
        return self._program.pid

    def terminate(self) -> None:
        """Ask it to end."""
        with suppress(ProcessLookupError):  # it ended just now
            if self._program.poll() is None:
                self._program.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._program.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends, and return its exit status."""
        try:
            return self._program.wait(timeout)
        except TimeoutError as error:
            raise subprocess.TimeoutExpired("a fork", timeout or 0) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stdout.close()
        self.wait()


@contextmanager
def _heavy_server() -> Iterator[None]:
    """Have processes that are started meanwhile forked from one that has read what models need."""
    with _starting, pytest.MonkeyPatch.context() as patch:
        patch.setattr(forkserver, "connect_to_new_process", _server.connect_to_new_process)
        yield


def _popen(command: Sequence[str], *, env: Mapping[str, str], stderr: IO[bytes], **options: Any) -> Any:
    training = [sys.executable, "-m", "ml"]
    words = list(command)[len(BINDING) :]
    if words[: len(training)] != training:
        return subprocess.Popen(command, env=env, stderr=stderr, **options)
    return ForkedChild(partial(train, words[len(training) :]), env, stderr.fileno())


def _run(command: Sequence[str], *, env: Mapping[str, str], timeout: float, **_: Any) -> Any:
    with TemporaryFile() as errors, ForkedChild(partial(prove, command[-1]), env, errors.fileno()) as child:
        said = child.stdout.read()
        return subprocess.CompletedProcess(list(command), child.wait(timeout), said, b"")


@pytest.fixture
def forked_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have trainings and proofs be forks."""
    monkeypatch.setattr(process, "subprocess", SimpleNamespace(**vars(subprocess) | {"Popen": _popen}))
    monkeypatch.setattr(probe, "subprocess", SimpleNamespace(**vars(subprocess) | {"run": _run}))
