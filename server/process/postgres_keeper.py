"""Keeps a PostgreSQL of our own alive: one that ends is started again, and so is one that hangs."""

from __future__ import annotations

import logging
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from server.background import backoff
from server.process.ports import LOOPBACK

LOOK_SECONDS = 0.5
"""Between two looks at the process."""
ASK_EVERY = 10
"""Every so many looks it is asked for an answer."""
ANSWER_SECONDS = 2.0
SILENT_ANSWERS = 2
"""A server that did not answer so many times in a row hangs."""
FIRST_PAUSE, MAX_PAUSE = timedelta(seconds=0.1), timedelta(seconds=5)

_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
"""PostgreSQL's own question whether it speaks TLS: the shortest one that a server answers, without a password."""

_log = logging.getLogger(__name__)


class NotStarted(Exception):
    """It did not start this time; the text is its last line."""


class Keeper:
    """Watches a server on a thread of its own until it is stopped."""

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, start: Callable[[], subprocess.Popen[bytes]]
    ) -> None:
        """`start` starts the server again on the same port, and returns when it answers; it raises NotStarted."""
        self._process = process
        self._port = port
        self._start = start
        self._stopping = threading.Event()
        # What it starts is told to end with this thread (see `parent_death`), which ends by `stop` alone.
        self._thread = threading.Thread(target=self._watch, name="postgres-keeper", daemon=True)
        self._thread.start()

    def stop(self) -> subprocess.Popen[bytes]:
        """Watch no longer; returns the process that runs now, to be stopped."""
        self._stopping.set()
        self._thread.join()
        return self._process

    def _watch(self) -> None:
        looks = silent = 0
        while not self._stopping.wait(LOOK_SECONDS):
            code = self._process.poll()
            looks += 1
            if code is not None:
                _log.warning("PostgreSQL ended (%s); it is started again", _reason(code))
                self._restart()
                looks = silent = 0
            elif looks % ASK_EVERY == 0:
                silent = 0 if answers(self._port) else silent + 1
                if silent >= SILENT_ANSWERS:
                    _log.warning("PostgreSQL does not answer and is killed")
                    self._process.kill()
                    self._process.wait()

    def _restart(self) -> None:
        """Start it again, for as long as that takes: what is left of the old one may have to end first."""
        attempts, reported = 1, ""
        while not self._stopping.wait(backoff(attempts, FIRST_PAUSE, MAX_PAUSE).total_seconds()):
            try:
                self._process = self._start()
            except (NotStarted, OSError) as error:
                if str(error) != reported:
                    reported = str(error)
                    _log.warning("PostgreSQL did not start: %s", reported)
                attempts += 1
            else:
                _log.warning("PostgreSQL answers again")
                return


def answers(port: int) -> bool:
    """Tell whether the server on `port` answers a question, at its limit of connections too."""
    try:
        with socket.create_connection((LOOPBACK, port), ANSWER_SECONDS) as connection:
            connection.sendall(_SSL_REQUEST)
            return bool(connection.recv(1))
    except OSError:
        return False


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
