"""A `sanset` command in a fork of a process that has imported the shop: it costs what the command does.

What Python reads before that takes a process over a second. gRPC and every thread begin in the fork.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import reduction
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from support.forked_children import Program, fork_children, take_over

from server.cli import command_line

PATIENCE = 120.0
FORKS = multiprocessing.get_context("forkserver")
COMMANDS = ("config", "export", "import_data", "migrate", "serve", "train", "verify", "workers")
FORKS.set_forkserver_preload(["support.forked_command", *(f"server.cli.{command}" for command in COMMANDS)])


@dataclass(frozen=True)
class Descriptor:
    """An open file that is handed on to a fork."""

    number: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.number),)  # type: ignore[no-untyped-call]


def _received(sent: Any) -> Descriptor:
    return Descriptor(sent.detach())


class ForkedProgram:
    """A running program, held as `subprocess.Popen` holds one."""

    def __init__(
        self,
        program: Program,
        environment: Mapping[str, str],
        directory: Path,
        *,
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> None:
        """Start a function of a module in a directory; the files are descriptors, which it has of its own."""
        files = [Descriptor(number) for number in (stdin, stdout, stderr)]
        self._process = FORKS.Process(target=_become, args=(program, dict(environment), directory, files))
        self._process.start()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None) -> int:
        """Wait until it ends, and return its exit status; raises TimeoutError when that takes longer."""
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise TimeoutError(f"it runs on after {timeout} s")
        return status

    def kill(self) -> None:
        """End it at once: no handler runs, nothing is flushed."""
        self._process.kill()

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)


class ForkedCommand(ForkedProgram):
    """A running `sanset` command."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], directory: Path, **files: int
    ) -> None:
        """Start `sanset` with `arguments`, as any program."""
        super().__init__(partial(_sanset, ["sanset", *arguments]), environment, directory, **files)


class Conversation:
    """A program that reads lines and answers in lines; what it says besides goes where ours does."""

    def __init__(self, program: Program, environment: Mapping[str, str]) -> None:
        """Start a function of a module."""
        stdin, mine = os.pipe()
        its, stdout = os.pipe()
        self._process = ForkedProgram(
            program, environment, Path.cwd(), stdin=stdin, stdout=stdout, stderr=sys.__stderr__.fileno()
        )
        for handed_on in (stdin, stdout):
            os.close(handed_on)
        self._to, self._from = os.fdopen(mine, "w"), os.fdopen(its)

    def say(self, line: str) -> None:
        """Write a line."""
        print(line, file=self._to, flush=True)

    def hear(self) -> str:
        """Read a line; empty when it has ended."""
        return self._from.readline().strip()

    def end(self) -> None:
        """Let it end, as nothing more is said."""
        self._to.close()
        self._process.wait(PATIENCE)
        self._from.close()


def completed(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    *,
    stdin: Path = Path(os.devnull),
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, and return what it said."""
    with stdin.open("rb") as read, TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr:
        files = {"stdin": read.fileno(), "stdout": stdout.fileno(), "stderr": stderr.fileno()}
        status = ForkedCommand(arguments, environment, directory, **files).wait(PATIENCE)
        said = [_whole(stdout), _whole(stderr)]
    return subprocess.CompletedProcess(list(arguments), status, *said)


def _whole(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _become(program: Program, environment: dict[str, str], directory: Path, files: list[Descriptor]) -> None:
    """Become the process that would have been started for the program."""
    os.chdir(directory)
    for number, file in enumerate(files):
        os.dup2(file.number, number)
        os.close(file.number)
    take_over(environment)
    fork_children(_program_of)
    program()


def _program_of(command: Sequence[str]) -> Program | None:
    """What a worker runs."""
    interpreter = [sys.executable, "-m", "server"]
    if list(command[: len(interpreter)]) != interpreter:
        return None
    return partial(_sanset, ["sanset", *command[len(interpreter) :]])


def _sanset(command: list[str]) -> None:
    sys.argv = command
    command_line.main()
