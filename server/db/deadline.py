"""The deadline of the call that a thread works for, so that nothing is committed after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from server import errors


class Deadline:
    """When a call's time is over, on the monotonic clock, or that its caller has gone."""

    __slots__ = ("cancelled", "expires_at")

    def __init__(self, seconds: float) -> None:
        self.expires_at = time.monotonic() + seconds
        self.cancelled = False

    @property
    def remaining(self) -> float:
        """Seconds left; negative when over."""
        return self.expires_at - time.monotonic()

    def check(self) -> None:
        """Raise errors.Deadline when the time is over or the caller has gone."""
        if self.cancelled or self.remaining <= 0:
            raise errors.Deadline()


_current = threading.local()


@contextmanager
def working_for(deadline: Deadline | None) -> Iterator[None]:
    """Make `deadline` the one that `check` of this thread looks at."""
    _current.deadline = deadline
    try:
        yield
    finally:
        _current.deadline = None


def remaining() -> float | None:
    """Seconds left to the call that this thread works for; None when it works for none."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    return None if deadline is None else deadline.remaining


def check() -> None:
    """Raise errors.Deadline when the call that this thread works for is over."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is not None:
        deadline.check()
