"""The child process that trains: `python -m ml train`, its lines, and its end."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from server.process.parent_death import bound_to_parent
from server.recommend.registry.artifact_key import artifact_key
from server.recommend.registry.measures import Metrics
from server.recommend.registry.probe import KEY_VARIABLE
from server.recommend.training.assignment import Assignment
from server.settings import Settings

DATABASE_VARIABLE = "SANSET_DATABASE_URL"
LISTEN_SECONDS = 0.5
STOP_SECONDS = 3.0
LAST_WORDS_BYTES = 2_000

DONE, FAILED = "done", "failed"
"""The last stages of a training."""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """A line of the child: how far it is, or by the stage DONE or FAILED how it ended."""

    stage: str
    percent: int | None = None
    message: str = ""
    artifact: str = ""
    """The name of the artifact that it made; without one it is empty."""
    metrics: Metrics = field(default_factory=Metrics)


class TrainingProcess:
    """The running child."""

    def __init__(self, output: IO[bytes], errors: IO[bytes]) -> None:
        self._errors = errors
        self._arrived: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, args=(output,), name="training-output")
        self._listener.start()

    def reports(self) -> Iterator[TrainingReport | None]:
        """What it reports until it ends; None twice a second while it is silent."""
        while True:
            try:
                line = self._arrived.get(timeout=LISTEN_SECONDS)
            except queue.Empty:
                yield None
                continue
            if line is None:
                return
            try:
                said = json.loads(line)
            except ValueError:  # a library's chatter
                continue
            if isinstance(said, dict) and "stage" in said:
                yield _report(said)

    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - LAST_WORDS_BYTES))
        return self._errors.read().decode(errors="replace")

    def wait_for_output(self) -> None:
        """Wait until its output was read to the end; it must have ended."""
        self._listener.join()

    def _listen(self, output: IO[bytes]) -> None:
        for line in output:
            self._arrived.put(line)
        self._arrived.put(None)


def _report(line: dict[str, Any]) -> TrainingReport:
    names = ("stage", "percent", "message", "artifact", "metrics")
    return TrainingReport(**{name: line[name] for name in names if name in line})


@contextmanager
def running(settings: Settings, assignment: Assignment, serving: str | None) -> Iterator[TrainingProcess]:
    """Train in a child that ends with the block, or with the calling thread; raises OSError.

    `serving` is the artifact in use, which the new one is compared with and completed from.
    """
    command, environment = _command(settings, assignment, serving)
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
            bound_to_parent(command, signal.SIGTERM),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end it in good order
        ) as process,
    ):
        assert process.stdout is not None
        child = TrainingProcess(process.stdout, errors)
        try:
            yield child
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            child.wait_for_output()


def _command(
    settings: Settings, assignment: Assignment, serving: str | None
) -> tuple[list[str], dict[str, str]]:
    # Everyone on the machine may read a command line: what is secret goes into the environment.
    environment = os.environ | {
        KEY_VARIABLE: artifact_key(settings).hex(),
        DATABASE_VARIABLE: settings.url,
    }
    command = [sys.executable, "-m", "ml", "train", "--type", assignment.model_type.lower()]
    command += ["--models-dir", str(settings.models_dir)]
    if serving is not None:
        command += ["--serving", serving]
    for name, value in assignment.parameters.overrides().items():
        command += [f"--{name}", str(value).lower()]
    return command, environment
