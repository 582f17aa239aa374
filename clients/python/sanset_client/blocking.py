"""Runs the coroutines that both clients share where there is no event loop.

What waits in them waits by blocking the thread, so they never suspend: one step takes each to its end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Generator, Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(work: Coroutine[object, None, Result]) -> Result:
    """Run a coroutine that does not suspend, and return what it returns."""
    try:
        work.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    work.close()
    raise RuntimeError("A client without an event loop was made to wait for one.")


def iterate(items: AsyncGenerator[Item, None]) -> Generator[Item, None, None]:
    """Yield what an async generator that does not suspend yields; closes it when the caller leaves."""
    try:
        while True:
            try:
                item = run(_next(items))
            except StopAsyncIteration:
                return
            yield item
    finally:
        run(_close(items))


class Blocking(Generic[Item]):
    """An iterator for `async for`, which blocks the thread for each item."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: Iterator[Item] = iter(items)

    def __aiter__(self) -> Blocking[Item]:
        return self

    async def __anext__(self) -> Item:
        for item in self._items:
            return item
        raise StopAsyncIteration


async def _next(items: AsyncGenerator[Item, None]) -> Item:
    return await anext(items)


async def _close(items: AsyncGenerator[Item, None]) -> None:
    await items.aclose()
