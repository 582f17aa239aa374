"""Bounded in-process caches; one is refreshed by events and never keeps a value older than its last event."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Least-recently-used values by key, for use on one event loop or under a lock."""

    def __init__(self, *, size: int, weigh: Callable[[V], int] = lambda _: 1) -> None:
        """`size` is the most that all values together may weigh; `weigh` always says the same of one value."""
        self._size = size
        self._weigh = weigh
        self._weight = 0
        self._values: OrderedDict[K, V] = OrderedDict()

    def peek(self, key: K) -> V | None:
        """The value if it is here."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value, in place of those that were used longest ago."""
        self._forget(key)
        self._values[key] = value
        self._weight += self._weigh(value)
        while self._weight > self._size:
            self._forget(next(iter(self._values)))

    def values(self) -> Iterable[V]:
        """All that is here."""
        return self._values.values()

    def drop(self, key: K) -> None:
        """Forget one value."""
        self._forget(key)

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._weight = 0

    def _forget(self, key: K) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self._weight -= self._weigh(value)

    def __len__(self) -> int:
        return len(self._values)


class Cache(Bounded[K, V]):
    """Least-recently-used values by key, loaded when they are asked for.

    A value is kept only when no event dropped its key while it was being loaded: otherwise the load may have
    read the state from before the event, and would keep it for ever.
    """

    def __init__(
        self,
        load: Callable[[Sequence[K]], Awaitable[dict[K, V]]],
        *,
        size: int,
        weigh: Callable[[V], int] = lambda _: 1,
    ) -> None:
        """`load` reads many values at once; keys that it leaves out do not exist, and are not cached.

        `size` and `weigh` as in Bounded.
        """
        super().__init__(size=size, weigh=weigh)
        self._load = load
        self._loading: dict[K, object] = {}

    async def get(self, key: K) -> V | None:
        """The value, loaded when it is not here; None when there is none."""
        value = self.peek(key)
        if value is not None:
            return value
        return (await self.get_many([key])).get(key)

    async def get_many(self, keys: Sequence[K]) -> dict[K, V]:
        """The values that exist, with one load for all that are not here."""
        cached = {key: value for key in keys if (value := self.peek(key)) is not None}
        missing = [key for key in dict.fromkeys(keys) if key not in cached]
        if missing:
            cached |= await self._fetch(missing)
        return cached

    async def _fetch(self, missing: list[K]) -> dict[K, V]:
        ticket = object()
        for key in missing:
            self._loading[key] = ticket
        try:
            loaded = await self._load(missing)
        finally:
            current = [key for key in missing if self._loading.get(key) is ticket]
            for key in current:
                del self._loading[key]
        for key in current:
            if key in loaded:
                self.put(key, loaded[key])
        return loaded

    def drop(self, key: K) -> None:
        """Forget one value; a load of it that is under way will not be kept."""
        super().drop(key)
        self._loading.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._loading.clear()
