"""Trainings in a worker: runs at most one on a thread of its own, and wakes those who watch."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import TrainingMoved
from server.recommend.training import runs
from server.recommend.training.assignment import Assignment
from server.recommend.training.job import OnTrained, TrainingJob
from server.recommend.training.runs import Run
from server.settings import Settings

STOP_SECONDS = 8.0
LOOK_SECONDS = 5.0
CANCEL_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class WatchHeartbeat:
    """Nothing changed for a while."""


@dataclass(frozen=True, slots=True)
class WatchReconnect:
    """The stream ends before the training does: watch it again."""

    training_id: int


@dataclass(frozen=True, slots=True)
class WatchEnd:
    """Nothing follows."""

    state: str


WatchMessage = Run | WatchHeartbeat | WatchReconnect | WatchEnd


class Trainer:
    """Starts and watches trainings; for use on a worker's event loop."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        work: Work,
        clock: Clock,
        on_trained: OnTrained | None = None,
    ) -> None:
        self._settings = settings
        self._db = db
        self._work = work
        self._clock = clock
        self._on_trained = on_trained
        self._stopping = threading.Event()
        self._draining = False
        self._threads: list[threading.Thread] = []
        self._launching = threading.Lock()
        self._watchers: defaultdict[int, set[asyncio.Event]] = defaultdict(set)

    def attach(self, follower: Follower) -> None:
        """Learn how trainings move on, whichever worker runs them."""
        follower.on(TrainingMoved, self._moved_on)

    async def start(self, deadline: Deadline, assignment: Assignment) -> Run:
        """Start a training in this worker; raises TrainingRunning and TooLittleData."""
        return await self._work.run(self._begin, assignment, deadline=deadline)

    async def cancel(self, deadline: Deadline, training_id: int) -> Run:
        """End a training, whichever server runs it, and return it once it has ended.

        When its server takes its time, it is returned while it is still ending. Raises ModelNotFound.
        """
        run = await self._work.write(runs.request_cancel, training_id, self._clock(), deadline=deadline)
        if run.state != runs.RUNNING:
            return run
        patience = min(CANCEL_SECONDS, deadline.remaining)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience), contextlib.aclosing(self.watch(training_id)) as messages:
                async for message in messages:
                    run = message if isinstance(message, Run) else run
        return run

    async def watch(self, training_id: int) -> AsyncGenerator[WatchMessage, None]:
        """Yield how a training stands (0: the last one), now and after each change, until it has ended.

        A heartbeat comes every few seconds without a change. Raises ModelNotFound.
        """
        moved = asyncio.Event()
        run = await self._read(training_id)
        self._watchers[run.id].add(moved)
        try:
            # Read once more: it may have moved before it was watched.
            run = await self._read(run.id)
            yield run
            while run.state == runs.RUNNING:
                if self._draining:
                    yield WatchReconnect(run.id)
                    return
                shown, run = run, await self._next(run, moved)
                yield WatchHeartbeat() if run == shown else run
            yield WatchEnd(run.state)
        finally:
            self._watchers[run.id].discard(moved)
            if not self._watchers[run.id]:
                del self._watchers[run.id]

    def drain(self) -> None:
        """Send those who watch to another server, and have the training of this one end."""
        self._draining = True
        self._stopping.set()
        for watchers in self._watchers.values():
            for moved in watchers:
                moved.set()

    async def stop(self) -> None:
        """Wait for the end of the training of this worker, if there is one; it is recorded as failed."""
        self._stopping.set()
        with self._launching:
            threads = self._threads
        for thread in threads:
            await asyncio.to_thread(thread.join, STOP_SECONDS)

    def _begin(self, assignment: Assignment) -> Run:
        # In one go with the claim: a caller who leaves in between must not leave a claim that nobody works on.
        with self._db.transaction() as tx:
            run = runs.claim(tx, assignment, self._clock())
        self.launch(run, assignment)
        return run

    def launch(self, run: Run, assignment: Assignment) -> None:
        """Start working on a training that was claimed for this worker."""
        job = TrainingJob(self._settings, self._db, self._stopping, self._on_trained)
        thread = threading.Thread(target=job.run, args=(run, assignment), name=f"training-{run.id}")
        # Started before it is listed, as one that was not started can be neither waited for nor alive; under a
        # lock, so that a stop in between does not overlook it.
        with self._launching:
            thread.start()
            self._threads = [thread, *(old for old in self._threads if old.is_alive())]

    async def _next(self, run: Run, moved: asyncio.Event) -> Run:
        """Return how a training stands once it has moved, or after a while."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await moved.wait()
        except TimeoutError:
            await self._work.write(runs.give_up_silent, self._clock())
        moved.clear()
        return await self._read(run.id)

    async def _read(self, training_id: int) -> Run:
        if training_id:
            return await self._work.read(runs.get, training_id)
        return await self._work.read(runs.last)

    def _moved_on(self, event: TrainingMoved) -> None:
        for moved in self._watchers.get(event.id, ()):
            moved.set()
