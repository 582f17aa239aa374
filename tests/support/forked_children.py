"""Children of a supervisor as forks of it: where it has imported what they are, a start costs a tenth.

A child is started as any other, up to the moment at which it would become its program: there it calls it instead.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
import traceback
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from server.process.parent_death import PR_SET_PDEATHSIG, bound_to_parent

Program = Callable[[], None]
Programs = Callable[[Sequence[str]], Program | None]
"""What a command would run; None for one that is a program of its own."""

BINDING = bound_to_parent((), signal.SIGTERM)
"""Words by which a child may be bound to its parent, before those of its command."""


def fork_children(programs: Programs) -> None:
    """Have this process's supervisor fork the children that are among `programs`, from now on."""
    execute = asyncio.create_subprocess_exec

    async def start(*command: str, env: Mapping[str, str], **options: Any) -> Process:
        bound = command[: len(BINDING) - 1] == tuple(BINDING[:-1])
        program = programs(command[len(BINDING) :] if bound else command)
        if program is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            options["preexec_fn"] = partial(_run, program, dict(env), os.getpid())
        return await execute(*command, env=env, **options)

    asyncio.create_subprocess_exec = start  # type: ignore[assignment]


def _run(program: Program, environment: dict[str, str], parent: int) -> None:
    """Run a program in the fork, and end with it: nothing of what the parent was doing goes on."""
    status = 1
    try:
        _leave_the_parent(parent)
        take_over(environment)
        program()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _leave_the_parent(parent: int) -> None:
    """Leave behind what another program would not have: the parent's files, signals and event loop."""
    gc.freeze()  # whatever closes a file when it is collected would close one of ours
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # with it the parent learns that we have begun
    asyncio._set_running_loop(None)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:  # it died before it was asked for
        sys.exit(1)


def take_over(environment: Mapping[str, str]) -> None:
    """Make this process's environment another one, and its streams those of its first three descriptors."""
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
