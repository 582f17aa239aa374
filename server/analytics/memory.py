"""What complete days came to, kept in a worker's memory until one of them changes.

Different people cannot be added up from day to day, and a month of products is a row for each that sold on each
day: both are read once, and not for every look at the dashboard.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.int64]

MAX_BYTES: Final = 32 * 1024 * 1024


class _Entry(NamedTuple):
    stamp: Hashable
    numbers: Numbers


class DayMemory:
    """Numbers by what they are about, each as long as its stamp is the same; for use by many threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """What was used least lately is forgotten beyond `max_bytes`."""
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, stamp: Hashable, read: Callable[[], Numbers]) -> Numbers:
        """The numbers of a key, read anew where its stamp is another.

        The stamp is to be read before the numbers: what changes in between is then read again.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.stamp == stamp:
                self._entries.move_to_end(key)
                return entry.numbers
        numbers = read()
        with self._lock:
            self._drop(key)
            self._entries[key] = _Entry(stamp, numbers)
            self._bytes += numbers.nbytes
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))
        return numbers

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.numbers.nbytes
