"""One child process that is kept alive: started, watched, started again, stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from server.background import backoff
from server.process.log_file import LogFile
from server.process.parent_death import bound_to_parent

START_ATTEMPTS = 3
READY_SECONDS = 60.0
STABLE_SECONDS = 10.0
"""A process that lived this long is started again at once; another one after a growing pause."""
FIRST_PAUSE, MAX_PAUSE = timedelta(seconds=0.1), timedelta(seconds=5)
LIFE_SECONDS = 1.0
"""Between two signs of life: a process is asked for one, or gives it by writing a line."""
SILENT_LOOKS = 10
"""A process that gave none so many times hangs. Looks are counted: while a machine sleeps there are none."""

READY = b"ready"
"""The line by which a program says on its standard output that it serves."""

_log = logging.getLogger(__name__)


class Process(Protocol):
    """A process that was started, as `asyncio.subprocess.Process` is one."""

    @property
    def pid(self) -> int:
        """The process id."""

    @property
    def returncode(self) -> int | None:
        """Its exit code, or the signal that ended it, below zero; None while it runs."""

    @property
    def stdout(self) -> asyncio.StreamReader | None:
        """What it writes to its standard output, where that is a pipe."""

    async def wait(self) -> int:
        """Wait for its end, and return its exit code."""


Launch = Callable[[BinaryIO], Awaitable[Process]]
"""Starts the process, whose errors go to the log that is passed; raises OSError where the system refuses."""


def execution(command: Sequence[str], environment: Mapping[str, str]) -> Launch:
    """Run a program, whose output goes to the log.

    Its standard input is a pipe that closes when we are gone, and where the system can do so it is told to end
    (see `parent_death`). It runs in a session of its own: Ctrl-C reaches us alone, and we stop it in good order.
    """

    async def launch(log: BinaryIO) -> Process:
        return await asyncio.create_subprocess_exec(
            *bound_to_parent(command, signal.SIGTERM),
            stdin=PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )

    return launch


class ChildProcessFailed(Exception):
    """A program did not become ready; the text says which and why in one line."""


class ChildProcess:
    """A child process with a name, a log file and a way to tell that it is ready, and that it still lives."""

    def __init__(
        self,
        name: str,
        launch: Launch,
        *,
        log: Path,
        answers: Callable[[], Awaitable[None]] | None = None,
        lives: Callable[[], Awaitable[bool]] | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Describe the process, without starting it.

        `answers` returns when the program serves; without it, the program is ready when it writes the line
        `ready` to its standard output. `lives` asks it for a sign of life; without it, every line that it writes
        to its standard output is one. `on_change` is called each time it has become ready or ended.
        """
        self.name = name
        self._launch = launch
        self.log = LogFile(log)
        self._answers = answers
        self._lives = lives
        self._heard = False
        self._on_change = on_change
        self._process: Process | None = None
        self._born = 0.0
        self.ready = asyncio.Event()
        """Set while it is ready."""

    @property
    def pid(self) -> int | None:
        """The process id, or None while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it is ready; raises ChildProcessFailed when several attempts fail."""
        for attempt in range(START_ATTEMPTS):
            await asyncio.sleep(attempt * FIRST_PAUSE.total_seconds())
            if await self._spawn():
                return
        raise ChildProcessFailed(f"{self.name} did not start: {self.log.last_words()} (see {self.log.path})")

    async def keep(self) -> None:
        """Start it again whenever it ends, for as long as this coroutine runs. Begin after `start`.

        It is ended when it hangs: stopped, or caught in something that does not end.
        """
        failures = 0
        while self._process is not None:
            code = await self._end_of(self._process)
            self.ready.clear()
            self._on_change()
            lived = time.monotonic() - self._born
            failures = 0 if lived > STABLE_SECONDS else failures + 1
            _log.warning("%s ended (%s) after %.1f s; it is started again", self.name, _reason(code), lived)
            if failures:
                await asyncio.sleep(backoff(failures, FIRST_PAUSE, MAX_PAUSE).total_seconds())
            await self._spawn()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._signal(signal.SIGKILL)

    async def stop(self, seconds: float) -> None:
        """Ask it to end, kill it when it takes longer than `seconds`, and wait for its end."""
        if self._process is None:
            return
        self.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            _log.warning("%s did not end within %.1f s and is killed", self.name, seconds)
            self.kill()
            await self._process.wait()

    async def _spawn(self) -> bool:
        """Start it once; True when it is ready, False when it ended or took too long."""
        self.ready.clear()
        with self.log.open(self.name) as log:
            self._born = time.monotonic()
            try:
                self._process = process = await self._launch(log)
            except OSError as error:  # no memory or process left: others may end soon
                _log.error("%s cannot be started: %s", self.name, error.strerror or error)
                return False
        ready = asyncio.ensure_future(self._becomes_ready(process))
        ended = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait({ready, ended}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if ready.done() and ready.result():
                self.ready.set()
                self._on_change()
                return True
            if not ended.done():
                self.kill()
                await process.wait()
            return False
        finally:
            ready.cancel()
            ended.cancel()

    async def _end_of(self, process: Process) -> int:
        """Wait for its end, hearing what it writes, which would block it once the pipe is full."""
        watching = [asyncio.create_task(self._end_when_silent())]
        if process.stdout is not None:
            watching.append(asyncio.create_task(self._hear(process.stdout)))
        try:
            return await process.wait()
        finally:
            for task in watching:
                task.cancel()

    async def _hear(self, stream: asyncio.StreamReader) -> None:
        while await stream.read(65536):
            self._heard = True

    async def _end_when_silent(self) -> None:
        silent = 0
        while silent < SILENT_LOOKS:
            await asyncio.sleep(LIFE_SECONDS)
            alive = await self._gives_an_answer() if self._lives else self._heard
            silent = 0 if alive else silent + 1
            self._heard = False
        _log.warning("%s gave no sign of life for %.0f s and is killed", self.name, silent * LIFE_SECONDS)
        self.kill()

    async def _gives_an_answer(self) -> bool:
        assert self._lives is not None
        try:
            return await asyncio.wait_for(self._lives(), LIFE_SECONDS)
        except TimeoutError:
            return False

    async def _becomes_ready(self, process: Process) -> bool:
        if self._answers is not None:
            await self._answers()
            return True
        assert process.stdout is not None
        async for line in process.stdout:
            if line.strip() == READY:
                return True
        return False

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                # Process.send_signal would first look whether it ended, and so take its exit code from asyncio
                os.kill(self._process.pid, number)


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
