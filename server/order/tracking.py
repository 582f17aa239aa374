"""Tracking: an order's steps so far, then each new one as it happens, whoever writes it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from server.events.follower import Follower
from server.events.order_steps import OrderStepped, Step
from server.order.status import FINAL

MAX_WAITING = 64
"""Steps held for a client that reads slowly; beyond it they are read from the database again."""


@dataclass(frozen=True, slots=True)
class StepsSoFar:
    """How an order stands: its status, its last sequence, and its steps after another."""

    status: str
    last_sequence: int
    steps: list[Step]


STOPPING: Final = "The server is about to stop."
LIVED_LONG: Final = "The stream has lived long enough."

ReadSteps = Callable[[int], Awaitable[StepsSoFar]]
"""Reads an order's steps after a sequence."""


@dataclass(frozen=True)
class Heartbeat:
    """Nothing happened for a while."""


@dataclass(frozen=True)
class Reconnect:
    """The stream ends before the order does: ask again after `sequence`."""

    sequence: int
    message: str


@dataclass(frozen=True)
class End:
    """No more steps follow."""

    status: str
    sequence: int


Message = Step | Heartbeat | Reconnect | End


class _Watcher:
    """The steps that came in for one stream and were not sent yet."""

    __slots__ = ("missed", "steps", "wake")

    def __init__(self) -> None:
        self.steps: deque[Step] = deque()
        self.missed = False
        self.wake = asyncio.Event()

    def offer(self, step: Step) -> None:
        if len(self.steps) < MAX_WAITING:
            self.steps.append(step)
        else:
            self.missed = True
        self.wake.set()


class Tracking:
    """Hands each step to the streams that watch its order, on the event loop."""

    def __init__(self, *, heartbeat_seconds: float, lifetime_seconds: float) -> None:
        self._heartbeat = heartbeat_seconds
        self._lifetime = lifetime_seconds
        self._watchers: defaultdict[int, set[_Watcher]] = defaultdict(set)
        self._draining = False

    def attach(self, follower: Follower) -> None:
        """Learn of every step that is written on this database."""
        follower.on(OrderStepped, self._offer)

    def drain(self) -> None:
        """Ask every stream to reconnect elsewhere: this worker is about to stop."""
        self._draining = True
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.wake.set()

    @property
    def open_streams(self) -> int:
        """How many streams are open."""
        return sum(len(watchers) for watchers in self._watchers.values())

    def _offer(self, event: OrderStepped) -> None:
        if event.step is not None:
            for watcher in self._watchers.get(event.order_id, ()):
                watcher.offer(event.step)

    async def watch(self, order_id: int, after: int, read: ReadSteps) -> AsyncIterator[Message]:
        """Yield an order's steps after a sequence, each once and in order, and what the stream itself has to say.

        A sequence that the order has not reached counts as its last one: nothing that comes is held back by it.
        It listens before it reads the history, so nothing falls between the two; a step that comes twice is
        known by its sequence, and a gap sends it back to the database.
        """
        watcher = _Watcher()
        self._watchers[order_id].add(watcher)
        try:
            async for message in self._follow(watcher, after, read):
                yield message
        finally:
            self._watchers[order_id].discard(watcher)
            if not self._watchers[order_id]:
                del self._watchers[order_id]

    async def _follow(self, watcher: _Watcher, after: int, read: ReadSteps) -> AsyncIterator[Message]:
        # Streams that were opened together must not all come back together.
        until = time.monotonic() + self._lifetime * random.uniform(0.8, 1.0)  # noqa: S311 - jitter
        so_far = await read(after)
        status, steps = so_far.status, so_far.steps
        sequence = min(after, so_far.last_sequence)
        live = False
        while True:
            for step in steps:
                if step.sequence <= sequence:
                    continue
                if live and step.sequence > sequence + 1:
                    watcher.missed = True
                    break
                sequence, status = step.sequence, step.status
                yield step
            if watcher.missed:
                watcher.missed = False
                watcher.steps.clear()
                so_far = await read(sequence)
                status, steps = so_far.status, so_far.steps
                live = False
                continue
            if status in FINAL and not watcher.steps:
                yield End(status, sequence)
                return
            if self._draining or time.monotonic() >= until:
                yield Reconnect(sequence, STOPPING if self._draining else LIVED_LONG)
                return
            if not watcher.steps and not await self._wait(watcher):
                yield Heartbeat()
            steps = [watcher.steps.popleft() for _ in range(len(watcher.steps))]
            live = True

    async def _wait(self, watcher: _Watcher) -> bool:
        """Wait for news; False when a heartbeat is due first."""
        watcher.wake.clear()
        if self._draining:
            return True
        try:
            async with asyncio.timeout(self._heartbeat):
                await watcher.wake.wait()
        except TimeoutError:
            return False
        return True
