"""The cache: bounded, one load for many, and nothing kept that an event overtook."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from server.events.cache import Bounded, Cache


class Source:
    """Values by key, with a gate that holds loads back."""

    def __init__(self, **values: str) -> None:
        self.values = dict(values)
        self.loads: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failing = False

    async def load(self, keys: Sequence[str]) -> dict[str, str]:
        self.loads.append(list(keys))
        found = {key: self.values[key] for key in keys if key in self.values}
        await self.gate.wait()
        if self.failing:
            raise OSError("away")
        return found


def test_what_was_used_longest_ago_goes_first_and_what_is_too_heavy_at_once() -> None:
    store: Bounded[str, str] = Bounded(size=6, weigh=len)
    for key, value in (("a", "11"), ("b", "22"), ("c", "33")):
        store.put(key, value)
    assert store.peek("a") == "11"
    store.put("d", "44")
    assert [store.peek(key) for key in "abcd"] == ["11", None, "33", "44"]
    store.put("a", "1")
    store.put("e", "5")
    assert len(store) == 4
    store.put("f", "7777777")
    assert len(store) == 0


def test_a_value_is_loaded_once() -> None:
    async def story() -> None:
        source = Source(a="1")
        cache = Cache(source.load, size=10)
        assert [await cache.get("a"), await cache.get("a"), cache.peek("a")] == ["1", "1", "1"]
        assert source.loads == [["a"]]

    asyncio.run(story())


def test_what_does_not_exist_is_not_kept() -> None:
    async def story() -> None:
        source = Source()
        cache = Cache(source.load, size=10)
        assert await cache.get("a") is None
        source.values["a"] = "1"
        assert await cache.get("a") == "1"

    asyncio.run(story())


def test_many_missing_values_take_one_load_without_doubles() -> None:
    async def story() -> None:
        source = Source(a="1", b="2", c="3")
        cache = Cache(source.load, size=10)
        await cache.get("b")
        assert await cache.get_many(["a", "b", "c", "a", "x"]) == {"a": "1", "b": "2", "c": "3"}
        assert source.loads == [["b"], ["a", "c", "x"]]
        assert await cache.get_many([]) == {}
        assert len(source.loads) == 2

    asyncio.run(story())


@pytest.mark.parametrize("everything", [False, True])
def test_a_value_dropped_while_it_was_loaded_is_not_kept(everything: bool) -> None:
    async def story() -> None:
        source = Source(a="old", b="old")
        cache = Cache(source.load, size=10)
        source.gate.clear()
        loading = asyncio.create_task(cache.get_many(["a", "b"]))
        await asyncio.sleep(0)
        source.values = {"a": "new", "b": "new"}
        cache.clear() if everything else cache.drop("a")
        source.gate.set()
        assert (await loading)["a"] == "old", (
            "the call that asked before the event may see the state before it"
        )
        assert cache.peek("a") is None
        assert cache.peek("b") == (None if everything else "old")
        assert await cache.get("a") == "new"

    asyncio.run(story())


def test_a_load_begun_after_the_event_is_kept_whenever_the_older_one_ends() -> None:
    async def story() -> None:
        source = Source(a="old")
        cache = Cache(source.load, size=10)
        source.gate.clear()
        older = asyncio.create_task(cache.get("a"))
        await asyncio.sleep(0)
        cache.drop("a")
        source.values["a"] = "new"
        newer = asyncio.create_task(cache.get("a"))
        await asyncio.sleep(0)
        source.gate.set()
        assert [await older, await newer] == ["old", "new"]
        assert cache.peek("a") == "new"

    asyncio.run(story())


def test_a_failed_load_leaves_nothing_behind() -> None:
    async def story() -> None:
        source = Source(a="1")
        cache = Cache(source.load, size=10)
        source.failing = True
        with pytest.raises(OSError, match="away"):
            await cache.get("a")
        source.failing = False
        assert await cache.get("a") == "1"

    asyncio.run(story())


def test_the_least_recently_used_value_goes_first() -> None:
    async def story() -> None:
        source = Source(a="1", b="2", c="3")
        cache = Cache(source.load, size=2)
        for key in ("a", "b", "a", "c"):
            await cache.get(key)
        assert (len(cache), cache.peek("a"), cache.peek("b"), cache.peek("c")) == (2, "1", None, "3")

    asyncio.run(story())


def test_heavy_values_take_the_room_of_many() -> None:
    async def story() -> None:
        source = Source(a="1", b="1", c="333")
        cache = Cache(source.load, size=4, weigh=len)
        await cache.get_many(["a", "b"])
        await cache.get("c")
        assert [cache.peek(key) for key in "abc"] == [None, "1", "333"]
        cache.drop("c")
        await cache.get("a")
        assert [cache.peek(key) for key in "abc"] == ["1", "1", None]
        source.values["a"] = "too much"
        cache.drop("a")
        assert await cache.get("a") == "too much"
        assert len(cache) == 0

    asyncio.run(story())
