"""Tracking: an order's steps so far, then each new one as it happens, whoever writes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from server.alarms import Alarms
from server.events.follower import Follower
from server.events.order_steps import OrderStepped, Step
from server.events.streams import Bell, Reconnect, life_ends, why_it_ends
from server.order.status import FINAL

MAX_WAITING = 64
"""Steps held for a client that reads slowly; beyond it they are read from the database again."""


@dataclass(frozen=True, slots=True)
class StepsSoFar:
    """How an order stands: its status, its last sequence, and its steps after another."""

    status: str
    last_sequence: int
    steps: list[Step]


ReadSteps = Callable[[int], Awaitable[StepsSoFar]]
"""Reads an order's steps after a sequence."""


@dataclass(frozen=True)
class Heartbeat:
    """Nothing happened for a while."""


@dataclass(frozen=True)
class End:
    """No more steps follow."""

    status: str
    sequence: int


Message = Step | Heartbeat | Reconnect | End


class _Watcher(Bell):
    """Where one stream stands: what it has sent, what it is to send, and the steps that came in since."""

    __slots__ = ("_history", "missed", "sequence", "status", "steps")

    def __init__(self) -> None:
        super().__init__()
        self.sequence = 0
        self.status = ""
        self.steps: list[Step] = []
        self.missed = False
        self._history: list[Step] | None = None

    def offer(self, step: Step) -> None:
        """Take a step that has just happened."""
        if len(self.steps) < MAX_WAITING:
            self.steps.append(step)
        else:
            self.missed = True
        self.wake()

    def stand_at(self, so_far: StepsSoFar, sequence: int) -> None:
        """Go on from the history after a sequence; one that the order has not reached counts as its last."""
        self._history, self.status = so_far.steps, so_far.status
        self.sequence = min(sequence, so_far.last_sequence)

    def take(self) -> list[Step]:
        """The steps that come next: of the history, or then of those that came in, up to one that is missing."""
        live = self._history is None
        steps, self._history = (self.steps if self._history is None else self._history), None
        if live:
            self.steps = []
        due = []
        for step in steps:
            if step.sequence <= self.sequence:
                continue
            if live and step.sequence > self.sequence + 1:
                self.missed = True
                break
            self.sequence, self.status = step.sequence, step.status
            due.append(step)
        return due


class Tracking:
    """Hands each step to the streams that watch its order, on the event loop."""

    def __init__(self, *, heartbeat_seconds: float, lifetime_seconds: float) -> None:
        self._heartbeat = heartbeat_seconds
        self._lifetime = lifetime_seconds
        self._watchers: defaultdict[int, set[_Watcher]] = defaultdict(set)
        self._alarms = Alarms()
        self._draining = False

    def attach(self, follower: Follower) -> None:
        """Learn of every step that is written on this database."""
        follower.on(OrderStepped, self._offer)

    def drain(self) -> None:
        """Ask every stream to reconnect elsewhere: this worker is about to stop."""
        self._draining = True
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.wake()

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
        until = life_ends(self._lifetime)
        watcher = _Watcher()
        self._watchers[order_id].add(watcher)
        try:
            watcher.stand_at(await read(after), after)
            while True:
                for step in watcher.take():
                    yield step
                if watcher.missed:
                    watcher.missed = False
                    watcher.steps.clear()
                    watcher.stand_at(await read(watcher.sequence), watcher.sequence)
                    continue
                if watcher.status in FINAL and not watcher.steps:
                    yield End(watcher.status, watcher.sequence)
                    return
                if reason := why_it_ends(until, is_draining=self._draining):
                    yield Reconnect(watcher.sequence, reason)
                    return
                if not watcher.steps and not await watcher.wait(self._alarms, self._heartbeat):
                    yield Heartbeat()
        finally:
            self._watchers[order_id].discard(watcher)
            if not self._watchers[order_id]:
                del self._watchers[order_id]
