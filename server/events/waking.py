"""Ends a wait for a socket from another thread."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager


class Waker:
    """A pair of sockets: one is waited for beside whatever else, writing to the other ends the wait."""

    def __init__(self) -> None:
        self._pair: tuple[socket.socket, socket.socket] | None = None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the sockets open; outside of it nobody waits, and `wake` does nothing."""
        waited_for, written_to = socket.socketpair()
        with waited_for, written_to:
            self._pair = waited_for, written_to
            try:
                yield
            finally:
                self._pair = None

    def fileno(self) -> int:
        """The descriptor to wait for. It stays readable once woken."""
        assert self._pair is not None
        return self._pair[0].fileno()

    def wake(self) -> None:
        """End the wait."""
        pair = self._pair
        if pair is not None:
            with contextlib.suppress(OSError):  # it was closed meanwhile: nobody waits any more
                pair[1].send(b"\0")
