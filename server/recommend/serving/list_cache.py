"""The lists that were just made: a user who turns pages sees the same one until something changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from ml.ranking.selection import Recommendation

MAX_LISTS = 5_000
MAX_ITEMS = 100_000
"""Of all lists together, at about 250 bytes each: lists may be ten times as long as usual."""


class _Made(NamedTuple):
    items: Sequence[Recommendation]
    origins: tuple[object, ...]


class ListCache:
    """Keeps lists by their query; the least recently used ones go. For use on one event loop.

    A list is used again only while what it was made from is the very same (the model, the history, the
    arrival of goods), and each of its products can still be in it: no event has to find and drop it.
    """

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, _Made] = OrderedDict()
        self._items = 0

    def get(
        self, key: Hashable, origins: tuple[object, ...], fits: Callable[[int], bool]
    ) -> Sequence[Recommendation] | None:
        """The list under this key, if it still holds."""
        made = self._made.get(key)
        if made is None:
            return None
        if any(old is not new for old, new in zip(made.origins, origins, strict=True)) or not all(
            fits(item.product_id) for item in made.items
        ):
            self._drop(key)
            return None
        self._made.move_to_end(key)
        return made.items

    def put(self, key: Hashable, origins: tuple[object, ...], items: Sequence[Recommendation]) -> None:
        """Keep a list that was made from `origins`."""
        self._drop(key)
        self._made[key] = _Made(items, origins)
        self._items += len(items)
        while len(self._made) > MAX_LISTS or self._items > MAX_ITEMS:
            self._drop(next(iter(self._made)))

    def _drop(self, key: Hashable) -> None:
        made = self._made.pop(key, None)
        if made is not None:
            self._items -= len(made.items)
