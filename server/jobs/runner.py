"""Runs the scheduled work: each job on one worker of the cluster at a time, by a lease in the database."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

import structlog

from server.background import STOP_PATIENCE, BackgroundLoop
from server.clock import OFF, Clock, latest
from server.db.base import AnyRow
from server.db.database import Announcement
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import Topic
from server.jobs import queries

LEASE = timedelta(seconds=30)
"""The time after the death of its worker until another takes the job up."""
MIN_LOOK, MAX_LOOK = timedelta(seconds=1), timedelta(seconds=60)
RETRY = timedelta(minutes=5)
"""The time until a failed daily job is tried again."""
LOOK_RETRY = LEASE / 6
"""After a look that failed: the database is away, and the next look will show whether it is back."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """Recurring work: at an interval, or each day at a time (UTC, HH:MM; OFF: never).

    A worker that loses its lease, as when it hangs, may still be at work when the next one begins: `run` must be
    safe to run twice at once. An exception is logged, and the job is tried again.

    `pause` is the least time between the end of a run and the next; all wake-ups meanwhile share that one.
    A run that found nothing to wait for says how long it may rest instead of `every`, unless it is woken: by an
    event of a topic in `woken_by`, or after a run of another job that `wakes` it.
    """

    name: str
    run: Callable[[], Awaitable[timedelta | None]]
    every: timedelta | None = None
    daily_at: str = ""
    pause: timedelta = timedelta()
    woken_by: Sequence[type[Topic]] = ()
    wakes: str = ""

    @property
    def is_scheduled(self) -> bool:
        """True for a job that runs by itself."""
        return self.every is not None or self.daily_at not in ("", OFF)

    @property
    def is_frequent(self) -> bool:
        """True when its worker keeps the lease between the runs, and so writes nothing for most of them."""
        return self.every is not None and self.every < LEASE / 2


class Jobs:
    """Looks at the clock for every job; for use on a worker's event loop."""

    def __init__(self, work: Work, clock: Clock, jobs: Sequence[Job]) -> None:
        self._work = work
        self._clock = clock
        self.jobs = {job.name: job for job in jobs}
        if len(self.jobs) < len(jobs):
            raise ValueError("two jobs have one name")
        self._holder = f"{socket.gethostname()[:64]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._since = clock()
        self._leases: dict[str, datetime] = {}
        self._failed: set[str] = set()
        self._next: dict[str, datetime] = {}
        self._loops: dict[str, BackgroundLoop] = {}
        self._stopping = False

    def attach(self, follower: Follower) -> None:
        """Wake jobs by the events that they name."""
        for job in self.jobs.values():
            for topic in job.woken_by:
                follower.listen(topic.topic, partial(self._wake_for, job))

    def start(self) -> None:
        """Begin to look at the clock."""
        for job in self.jobs.values():
            if job.is_scheduled:
                self._loops[job.name] = loop = BackgroundLoop(
                    f"job_{job.name}",
                    partial(self._look_on, job),
                    every=MAX_LOOK,
                    pause=job.pause,
                    first_retry=LOOK_RETRY,
                    max_retry=LOOK_RETRY,
                )
                loop.start()

    def wake(self, name: str) -> None:
        """Run a frequent job now, if this worker is the one that runs it."""
        if name in self._leases and name in self._loops:
            self._loops[name].wake()

    async def stop(self) -> None:
        """Cancel what runs, start nothing more, and leave the jobs to the other workers."""
        self._stopping = True
        await asyncio.gather(*(loop.stop(STOP_PATIENCE) for loop in self._loops.values()))
        if self._loops:
            try:
                await self._work.write(queries.release, self._holder, self._clock(), vital=True)
            except Exception as error:  # the leases run out by themselves
                log.warning("jobs_not_released", error=type(error).__name__)

    async def look(self, job: Job) -> bool:
        """Run a job if it is due and no other worker has it; say whether it ran."""
        now = self._clock()
        if self._leases.get(job.name, now) - now > LEASE / 2:
            await self._perform(job, record=False)
            return True
        self._leases.pop(job.name, None)
        row = await self._read(job.name)
        due = self._time_of(job, row, now)
        if due > now:
            self._next[job.name] = due
            return False
        claim = (job.name, self._holder, row.last_started_at, now, now + LEASE)
        if not await self._work.write(queries.claim, *claim, vital=True):
            self._next[job.name] = now + LEASE / 2
            return False
        self._leases[job.name] = now + LEASE
        await self._perform(job, record=True)
        return True

    async def run(self, name: str) -> None:
        """Run a job by hand, whatever its time and whoever has its lease; raises what it raises."""
        await self.jobs[name].run()

    def _wake_for(self, job: Job, _: Announcement) -> None:
        self.wake(job.name)

    async def _look_on(self, job: Job) -> timedelta:
        """Look at a job, and return how long to rest before the next look."""
        await self.look(job)
        # In short steps: the clock may be set, and a sleeping machine's does not tick.
        return min(self._next[job.name] - self._clock(), MAX_LOOK)

    async def _perform(self, job: Job, *, record: bool) -> None:
        """Run a job under its lease, and set the time of the next look."""
        error, rest = "", None
        try:
            rest = await self._leased(job)
            self.wake(job.wakes)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"[:500]
            log.exception("job_failed", job=job.name)
        now = self._clock()
        recovered = not error and job.name in self._failed
        (self._failed.add if error else self._failed.discard)(job.name)
        if record or error or recovered:
            leased_until = self._leases.get(job.name, now) if job.is_frequent else now
            await self._work.write(
                queries.finish, job.name, self._holder, now, error, leased_until, vital=True
            )
        if not job.is_frequent:
            self._leases.pop(job.name, None)
        ahead = rest or job.every or (RETRY if error else MAX_LOOK)
        self._next[job.name] = now + ahead

    async def _leased(self, job: Job) -> timedelta | None:
        work = asyncio.ensure_future(job.run())
        renewing = asyncio.get_running_loop().create_task(self._renew(job, work))
        try:
            # Shielded, so that a cancelled run can be distinguished from a cancelled worker.
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if work.done() and not self._stopping:
                raise TimeoutError("the lease was lost") from None
            work.cancel()
            await asyncio.wait([work], timeout=STOP_PATIENCE.total_seconds())
            raise
        finally:
            renewing.cancel()

    async def _renew(self, job: Job, work: asyncio.Future[timedelta | None]) -> None:
        """Keep the lease of a run that takes long; cancel the run when that fails for too long."""
        while True:
            await asyncio.sleep((LEASE / 3).total_seconds())
            until = self._clock() + LEASE
            try:
                renewed = await self._work.write(queries.renew, job.name, self._holder, until, vital=True)
            except Exception as error:
                log.warning("job_lease_not_renewed", job=job.name, error=type(error).__name__)
                renewed = self._clock() < self._leases.get(job.name, until)
                until = self._leases.get(job.name, until)
            if not renewed:
                self._leases.pop(job.name, None)
                work.cancel()
                return
            self._leases[job.name] = until

    def _time_of(self, job: Job, row: AnyRow, now: datetime) -> datetime:
        """The time at which a job is due next, now or later."""
        if row.leased_until is not None and row.leased_until > now and row.holder != self._holder:
            until: datetime = row.leased_until
            return max(until, now + MIN_LOOK)
        started, finished = row.last_started_at, row.last_finished_at
        if job.every is not None:
            return max(started + job.every, now) if started is not None else now
        due = latest(time.fromisoformat(job.daily_at), now)
        if started is None:  # a new shop has missed no day
            return now if due >= self._since else due + timedelta(days=1)
        if started < due or finished is None or finished < started:
            return now  # its time has come, or its worker died over it
        return max(finished + RETRY, now) if row.last_error else due + timedelta(days=1)

    async def _read(self, name: str) -> AnyRow:
        row = await self._work.read(queries.job, name, vital=True)
        return row if row is not None else await self._work.write(queries.added, name, vital=True)
