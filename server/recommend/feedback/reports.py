"""Reports of behaviour that arrive together are recorded together: one transaction, an INSERT for all.

The first one is recorded at once. Those that come meanwhile wait for it, and are recorded by the next transaction;
so a single caller waits no longer than alone, and a crowd pays for few commits. Answers come after the commit;
what a caller reported who hangs up before that may be recorded all the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from sqlalchemy.exc import DataError, IntegrityError

from server.db.deadline import Deadline
from server.db.faults import refusal_of
from server.db.work import Work
from server.errors import Conflict, OutOfTime, Overloaded
from server.recommend.feedback.tracking import BehaviorReport, Tracker, TrackingResult

MAX_TOGETHER = 32
MAX_WAITING = 1_000
MIN_SECONDS = 1.0
"""Whoever has less time is recorded alone: what a transaction takes is bounded by the least patient caller."""


class _Waiting:
    """A report whose caller waits for the result."""

    __slots__ = ("deadline", "report", "result")

    def __init__(self, report: BehaviorReport, deadline: Deadline) -> None:
        self.report = report
        self.deadline = deadline
        self.result: asyncio.Future[TrackingResult] = asyncio.get_running_loop().create_future()


class Reports:
    """Records reports; for use on a worker's event loop."""

    def __init__(self, tracker: Tracker, work: Work) -> None:
        self._tracker = tracker
        self._work = work
        self._waiting: deque[_Waiting] = deque()
        self._recording: asyncio.Task[None] | None = None

    async def record(self, report: BehaviorReport, deadline: Deadline) -> TrackingResult:
        """Record a report by its deadline. Raises Overloaded when too many wait, and as `Work.write` does."""
        if len(self._waiting) >= MAX_WAITING:
            raise Overloaded()
        waiting = _Waiting(report, deadline)
        self._waiting.append(waiting)
        if self._recording is None:
            self._recording = asyncio.create_task(self._record_all())
        return await waiting.result

    async def finish(self) -> None:
        """Wait for what is being recorded."""
        if self._recording is not None:
            await asyncio.wait([self._recording])

    async def _record_all(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), MAX_TOGETHER)
                together = [self._waiting.popleft() for _ in range(count)]
                # Whoever has hung up, or is out of time, is not recorded any more.
                await self._record([each for each in together if not each.result.done()])
        finally:
            self._recording = None

    async def _record(self, waiting: Sequence[_Waiting]) -> None:
        hurried = [each for each in waiting if each.deadline.remaining < MIN_SECONDS]
        patient = [each for each in waiting if each not in hurried]
        # At the same time: who has little time takes none of the others'.
        settling = [self._settle([each], each.deadline) for each in hurried]
        if patient:
            least = min(each.deadline.remaining for each in patient)
            settling.append(self._settle(patient, Deadline(least)))
        await asyncio.gather(*settling)

    async def _settle(self, together: Sequence[_Waiting], deadline: Deadline) -> None:
        """Record reports and give their callers the results, or what it raises instead."""
        reports = [each.report for each in together]
        try:
            results = await self._work.write(self._tracker.track, reports, deadline=deadline)
        except Exception as error:
            if len(together) > 1 and _may_succeed_alone(error):
                await self._settle_alone(together)
            else:
                for each in together:
                    if not each.result.done():
                        each.result.set_exception(error)
            return
        for each, result in zip(together, results, strict=True):
            if not each.result.done():
                each.result.set_result(result)

    async def _settle_alone(self, together: Sequence[_Waiting]) -> None:
        await asyncio.gather(
            *(self._settle([each], each.deadline) for each in together if not each.result.done())
        )


def _may_succeed_alone(error: Exception) -> bool:
    """Whether nothing was written of several reports, and it may be the fault of one, or of who has least time."""
    if isinstance(error, TimeoutError):  # a commit may be under way
        return False
    return isinstance(error, IntegrityError | DataError) or isinstance(
        refusal_of(error), OutOfTime | Conflict
    )
