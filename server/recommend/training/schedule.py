"""The daily training: once a day in the whole cluster, however many workers there are."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta

import structlog
from sqlalchemy import ColumnElement, Connection, exists, select
from sqlalchemy.exc import SQLAlchemyError

from server.clock import OFF, Clock, latest
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.errors import Refusal
from server.recommend.training import runs
from server.recommend.training.assignment import Assignment
from server.recommend.training.errors import TooLittleData, TrainingRunning
from server.recommend.training.models import TrainingRun
from server.recommend.training.runs import Run
from server.recommend.training.trainer import Trainer

LOOK_SECONDS = 60.0
READ_SECONDS = 10.0

log = structlog.get_logger()


class Schedule:
    """Starts the day's training when its time has come; for use on a worker's event loop.

    The table of trainings decides among the workers. A day that was missed because no server ran is made up
    for, once; not so when the shop was never trained before. Where there is nothing new to learn, or too little,
    the day passes with a line in the log.
    """

    def __init__(self, at: str, db: Database, pool: Pool, trainer: Trainer, clock: Clock) -> None:
        """`at` is a time of the day in UTC, as HH:MM, or OFF."""
        self._at = None if at == OFF else time.fromisoformat(at)
        self._db = db
        self._pool = pool
        self._trainer = trainer
        self._clock = clock
        self._since = clock()
        self._settled: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to look at the clock."""
        if self._at is not None:
            self._task = asyncio.get_running_loop().create_task(self._keep(self._at))

    async def stop(self) -> None:
        """Start no more trainings; one that runs is the trainer's."""
        # Said as well, because a cancellation that meets the end of a query is lost.
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self, at: time) -> Run | None:
        """Start the latest training that is due, unless that was done, and return it."""
        due = latest(at, self._clock())
        if due == self._settled:
            return None
        obstacle = await self._pool.run(Deadline(READ_SECONDS), self._obstacle, due)
        if obstacle:
            self._settle(due, obstacle)
            return None
        try:
            run = await self._trainer.start(Deadline(READ_SECONDS), Assignment(scheduled_for=due))
        except TrainingRunning:  # this day's, on another worker, or one by hand: the next look tells
            return None
        except TooLittleData as refusal:
            self._settle(due, str(refusal))
            return None
        self._settle(due, "started here")
        return run

    async def _keep(self, at: time) -> None:
        while not self._stopping:
            try:
                await self.look(at)
            except (SQLAlchemyError, Refusal, TimeoutError) as error:
                log.warning("schedule_not_looked_at", error=type(error).__name__)
            if self._stopping:
                return
            now = self._clock()
            ahead = (latest(at, now) + timedelta(days=1) - now).total_seconds()
            # In short steps: the clock may be set, and a sleeping machine's does not tick.
            await asyncio.sleep(min(LOOK_SECONDS, max(ahead, 0.0) + 0.001))

    def _settle(self, due: datetime, how: str) -> None:
        self._settled = due
        log.info("daily_training", due=due.isoformat(), outcome=how)

    def _obstacle(self, due: datetime) -> str:
        """Why there is no training to be started; nothing when there is."""
        with self._db.read() as connection:
            if _any(connection, TrainingRun.scheduled_for == due):
                return "started already"
            learned = select(TrainingRun.data_mark).where(
                TrainingRun.state == runs.SUCCEEDED, TrainingRun.model_type == Assignment().model_type
            )
            if connection.execute(learned.where(TrainingRun.started_at >= due).limit(1)).first():
                return "trained since by hand"
            if due < self._since and not _any(connection, TrainingRun.started_at < due):
                return "never trained before, so nothing was missed"
            last = connection.scalar(learned.order_by(TrainingRun.id.desc()).limit(1))
            return "nothing new since the last training" if last == runs.data_mark(connection) else ""


def _any(connection: Connection, condition: ColumnElement[bool]) -> bool:
    return bool(connection.scalar(select(exists().where(condition))))
