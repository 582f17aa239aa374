"""The daily training: once a day in the whole cluster, however many workers there are."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, Connection, exists, select

from server.background import BackgroundLoop
from server.clock import OFF, Clock, latest
from server.db.deadline import Deadline
from server.db.work import WRITE_SECONDS, Work
from server.recommend.training import runs
from server.recommend.training.assignment import Assignment
from server.recommend.training.errors import TooLittleData, TrainingRunning
from server.recommend.training.models import TrainingRun
from server.recommend.training.runs import Run
from server.recommend.training.trainer import Trainer

MAX_LOOK = timedelta(minutes=1)

log = structlog.get_logger()


class Schedule:
    """Starts the day's training when its time has come; for use on a worker's event loop.

    The table of trainings decides among the workers. A day that was missed because no server ran is made up
    for, once; not so when the shop was never trained before. Where there is nothing new to learn, or too little,
    the day passes with a line in the log.
    """

    def __init__(self, at: str, work: Work, trainer: Trainer, clock: Clock) -> None:
        """`at` is a time of the day in UTC, as HH:MM, or OFF."""
        self._work = work
        self._trainer = trainer
        self._clock = clock
        self._since = clock()
        self._settled: datetime | None = None
        self._loop: BackgroundLoop | None = None
        if at != OFF:
            look = partial(self._look_on, time.fromisoformat(at))
            self._loop = BackgroundLoop(
                "daily_training", look, every=MAX_LOOK, first_retry=MAX_LOOK, max_retry=MAX_LOOK
            )

    def start(self) -> None:
        """Begin to look at the clock."""
        if self._loop is not None:
            self._loop.start()

    async def stop(self) -> None:
        """Start no more trainings; one that runs is the trainer's."""
        if self._loop is not None:
            await self._loop.stop()

    async def look(self, at: time) -> Run | None:
        """Start the latest training that is due, unless that was done, and return it."""
        due = latest(at, self._clock())
        if due == self._settled:
            return None
        obstacle = await self._work.read(self._obstacle, due)
        if obstacle:
            self._settle(due, obstacle)
            return None
        try:
            run = await self._trainer.start(Deadline(WRITE_SECONDS), Assignment(scheduled_for=due))
        except TrainingRunning:  # this day's, on another worker, or one by hand: the next look will show
            return None
        except TooLittleData as refusal:
            self._settle(due, str(refusal))
            return None
        self._settle(due, "started here")
        return run

    async def _look_on(self, at: time) -> timedelta:
        """Look, and return how long to rest before the next look."""
        await self.look(at)
        now = self._clock()
        ahead = latest(at, now) + timedelta(days=1) - now
        # In short steps: the clock may be set, and a sleeping machine's does not tick.
        return min(MAX_LOOK, max(ahead, timedelta()))

    def _settle(self, due: datetime, how: str) -> None:
        self._settled = due
        log.info("daily_training", due=due.isoformat(), outcome=how)

    def _obstacle(self, connection: Connection, due: datetime) -> str:
        """Why there is no training to be started; nothing when there is."""
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
