"""A process that has imported a program, and is forked whenever the supervisor wants that program run.

Each fork shares the memory of what was imported, and starts in the time that its own work takes. A fork server has
one thread, and nothing in it may have made a gRPC object: so a fork is as good as a process of its own.

Its standard input is the socket on which the supervisor asks: see `forked_process` for that side. A message is a
list of arguments with three files, which become the standard ones of the fork. The answer is its pid, or below
zero the error that forbade it; "PID CODE" tells that it has ended, and a first "0" that forks can be made. The
socket's end is the end.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Final

from server.process.parent_death import PR_SET_PDEATHSIG

MESSAGE_BYTES: Final = 4096
_STDIN: Final = 0
_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A service manager may send them to each process of a shop: the forks end by themselves, then the socket."""


def next_fork() -> list[str]:
    """Fork at each message of the supervisor; returns in the forks alone, what each is started with.

    The process itself ends in here, when its supervisor is gone and its last fork has ended.
    """
    # What was imported lives as long as the forks. Left out of their collections, its pages stay shared.
    gc.collect()
    gc.freeze()
    return _ForkServer(socket.socket(fileno=os.dup(_STDIN))).serve()


class _ForkServer:
    def __init__(self, supervisor: socket.socket) -> None:
        self._supervisor = supervisor
        self._forks: set[int] = set()

    def serve(self) -> list[str]:
        """Return in a fork what it is started with."""
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: self._report_ends())
        self._tell("0")
        while True:
            message, files, *_ = socket.recv_fds(self._supervisor, MESSAGE_BYTES, 3)
            if not message:
                self._end()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # a pid is told before its end
            if self._fork() == 0:
                self._leave(files)
                return [str(each) for each in json.loads(message)]
            for file in files:
                os.close(file)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})

    def _fork(self) -> int:
        """Fork, and tell the pid; 0 in the fork."""
        try:
            pid = os.fork()
        except OSError as error:  # no memory or process left: others may end soon
            self._tell(str(-(error.errno or 1)))
            return -1
        if pid:
            self._forks.add(pid)
            self._tell(str(pid))
        return pid

    def _report_ends(self) -> None:
        while self._forks:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._forks.discard(pid)
            self._tell(f"{pid} {os.waitstatus_to_exitcode(status)}")

    def _tell(self, message: str) -> None:
        try:
            self._supervisor.send(message.encode())
        except ConnectionError:  # it is gone, which the next read tells
            return

    def _end(self) -> None:
        """Do what the system does where a supervisor's own children lose it: ask them to end."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for pid in self._forks:
            os.kill(pid, signal.SIGTERM)
        for pid in self._forks:
            os.waitpid(pid, 0)
        sys.exit()

    def _leave(self, files: Sequence[int]) -> None:
        """Become a process of its own: its files, its session, its signals."""
        os.setsid()
        # Without the fork server nobody would learn how it ended, or start it again on its ports
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        self._supervisor.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        for ending in (*_ENDING, signal.SIGCHLD):
            signal.signal(ending, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
