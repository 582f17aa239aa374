"""The calls under way: which of them take longer than they may, and how they are given up."""

from __future__ import annotations

import asyncio
import time
from asyncio import current_task
from typing import TypeAlias

from server import errors
from server.db.deadline import Deadline
from server.errors import Refusal, ServerStopping

LOOK_SECONDS = 0.02
"""How often overdue calls are looked for, while there are calls: one timer for each would cost more."""
LAST_WORDS_SECONDS = 1.0
"""How long calls that are given up may take to say so."""

Task: TypeAlias = asyncio.Task[object]


class Running:
    """The tasks of the calls under way, on the event loop."""

    def __init__(self) -> None:
        self._bound: dict[Task, Deadline] = {}
        self._unbound: set[Task] = set()
        self._interrupted: dict[Task, Refusal] = {}
        self._looking = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.stopping = False

    def begin(self, deadline: Deadline) -> Task:
        """Note the call of the current task, and give it up when its time is over."""
        # Without the loop it asks the system for the process id.
        task = current_task(self._loop or self._loop_that_runs())
        assert task is not None  # gRPC runs each call in a task
        self._bound[task] = deadline
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        return task

    def unbind(self, task: Task) -> None:
        """Let a call take as long as it likes."""
        del self._bound[task]
        self._unbound.add(task)

    def end(self, task: Task | None) -> None:
        """Forget a call; None: one that was never noted."""
        if task is not None:
            if self._bound.pop(task, None) is None:
                self._unbound.discard(task)
            if self._interrupted:
                self._interrupted.pop(task, None)

    def interruption(self, task: Task | None) -> Refusal | None:
        """Why the server interrupted a call; None when its caller has gone, or nobody interrupted it."""
        refusal = self._interrupted.get(task) if task is not None else None
        if task is not None and refusal is not None:
            while task.uncancel():
                pass
        return refusal

    async def stop(self, seconds: float) -> None:
        """Let the calls under way end within `seconds`, and give up those that do not."""
        self.stopping = True
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=seconds)
        for task in self._tasks():
            self._give_up(task, ServerStopping())
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=LAST_WORDS_SECONDS)

    def _tasks(self) -> set[Task]:
        return self._unbound.union(self._bound)

    def _loop_that_runs(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.get_running_loop()
        return self._loop

    def _look(self) -> None:
        now = time.monotonic()
        for task, deadline in self._bound.items():
            if deadline.expires_at + deadline.grace < now:
                self._give_up(task, errors.OutOfTime())
        # Nobody looks at the streams, which may be open for hours.
        self._looking = bool(self._bound)
        if self._looking:
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _give_up(self, task: Task, refusal: Refusal) -> None:
        if task not in self._interrupted:
            self._interrupted[task] = refusal
            task.cancel()
