"""The lists that were just made: a user who turns pages sees the same one until something changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Hashable, Sequence
from typing import NamedTuple

from ml.blend import Recommendation

MOST_LISTS = 5_000


class _Made(NamedTuple):
    items: Sequence[Recommendation]
    origins: tuple[object, ...]


class Lists:
    """Keeps lists by what was asked, least recently used ones go. For use on one event loop.

    A list is given out again only while what it was made from is the very same (the model, the history, the
    arrival of goods), and each of its products can still be sold: no event has to find and drop it.
    """

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, _Made] = OrderedDict()

    def get(
        self, asked: Hashable, origins: tuple[object, ...], sellable: Container[int]
    ) -> Sequence[Recommendation] | None:
        """The list for what was asked, if it still holds."""
        made = self._made.get(asked)
        if (
            made is None
            or any(old is not new for old, new in zip(made.origins, origins, strict=True))
            or any(item.product_id not in sellable for item in made.items)
        ):
            return None
        self._made.move_to_end(asked)
        return made.items

    def put(self, asked: Hashable, origins: tuple[object, ...], items: Sequence[Recommendation]) -> None:
        """Keep a list that was made from `origins`."""
        self._made[asked] = _Made(items, origins)
        self._made.move_to_end(asked)
        if len(self._made) > MOST_LISTS:
            self._made.popitem(last=False)
