"""What complete days came to, kept in a worker's memory until one of them changes.

Different people cannot be added up from day to day, and a month of products is a row for each that sold on each
day: both are read once, and not for every look at the dashboard.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.events.cache import Bounded

Numbers: TypeAlias = NDArray[np.int64]

MAX_BYTES: Final = 32 * 1024 * 1024
ENTRY_BYTES: Final = 500
"""What an entry takes besides its numbers, of which it may have none."""


class _Entry(NamedTuple):
    stamp: Hashable
    numbers: Numbers


class DayMemory:
    """Numbers by what they are about, each as long as its stamp is the same; for use by many threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """What was used least lately is forgotten beyond `max_bytes`."""
        self._entries: Bounded[Hashable, _Entry] = Bounded(size=max_bytes, weigh=_weight)
        self._lock = Lock()

    def get(self, key: Hashable, stamp: Hashable, read: Callable[[], Numbers]) -> Numbers:
        """The numbers of a key, read anew where its stamp is another.

        The stamp is to be read before the numbers: what changes in between is then read again.
        """
        with self._lock:
            entry = self._entries.peek(key)
        if entry is not None and entry.stamp == stamp:
            return entry.numbers
        numbers = read()
        with self._lock:
            self._entries.put(key, _Entry(stamp, numbers))
        return numbers


def _weight(entry: _Entry) -> int:
    return ENTRY_BYTES + entry.numbers.nbytes
