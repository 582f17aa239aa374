"""Run a program that dies with the process that started it.

A supervisor killed with SIGKILL cannot stop its children; on Linux the kernel does it for us. This file, run
as a script, asks for that and becomes the program (same pid). A fork hook would do, but a parent with threads
cannot use one safely.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


def bound_to_parent(command: Sequence[str | os.PathLike[str]], on_parent_death: signal.Signals) -> list[str]:
    """Return the command that runs `command` and sends it `on_parent_death` when its parent is gone.

    "Parent" is, to Linux, the *thread* that starts it: use one that lives as long as the program should.
    Elsewhere than on Linux the program runs without it.
    """
    parent = str(os.getpid())
    # -I -S: no site packages, no environment: 10 ms, and nothing of ours can break it
    prefix = [sys.executable, "-I", "-S", __file__, on_parent_death.name, parent]
    return [*prefix, *(os.fspath(part) for part in command)]


def _exec(signal_name: str, parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        on_death = signal.Signals[signal_name]
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(on_death), 0, 0, 0)
        if os.getppid() != parent:  # it died before it was asked for
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - becoming the program is the purpose


if __name__ == "__main__":
    _exec(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
