"""The sign of life of a running training in its row, its progress, and the request to end that it finds there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from server.db.database import Database
from server.errors import CommandError
from server.recommend.training import runs

NEWS_SECONDS = 0.25
"""Progress is written this often at most."""
BEAT_SECONDS = 5.0
LOOK_SECONDS = 0.5

log = structlog.get_logger()


class TrainingFailed(CommandError):
    """The training ended without a model; the text is a sentence for the admin."""


class TrainingCancelled(TrainingFailed):
    """The training ended because it was cancelled."""


class TrainingHeartbeat:
    """Keeps the row of a training alive while it is entered, whatever the training is busy with.

    `check` raises once the training should end: it was cancelled, given up by others, or `stopping` was set.
    """

    def __init__(self, db: Database, training_id: int, stopping: threading.Event) -> None:
        self._db = db
        self._id = training_id
        self._stopping = stopping
        self._over = threading.Event()
        self._end: TrainingFailed | None = None
        self._news_at = 0.0
        self._thread = threading.Thread(target=self._beat, name=f"training-{training_id}-heartbeat")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """Raise TrainingCancelled or TrainingFailed when the training should end."""
        if self._end is not None:
            raise self._end
        if self._stopping.is_set():
            raise TrainingFailed("The server that ran it was stopped.")

    def report(self, stage: str, percent: int, message: str) -> None:
        """Write how far the training is, unless that was just done."""
        if time.monotonic() - self._news_at < NEWS_SECONDS:
            return
        self._news_at = time.monotonic()
        self._write(lambda tx: runs.move_on(tx, self._id, stage, percent, message, self._db.clock()))

    def _beat(self) -> None:
        beat_at = time.monotonic()
        while self._end is None and not self._over.wait(LOOK_SECONDS):
            if time.monotonic() - beat_at >= BEAT_SECONDS:
                beat_at = time.monotonic()
                self._write(lambda tx: runs.beat(tx, self._id, self._db.clock()))
            self._look()

    def _look(self) -> None:
        try:
            with self._db.read() as connection:
                run = runs.get(connection, self._id)
        except SQLAlchemyError as error:  # no reason to stop: the next look tries again
            log.warning("training_not_looked_at", training_id=self._id, error=type(error).__name__)
            return
        if run.state != runs.RUNNING:
            self._end = TrainingFailed("Another server gave this training up.")
        elif run.cancel_requested:
            self._end = TrainingCancelled("Cancelled.")

    def _write(self, step: Callable[[Connection], bool]) -> None:
        try:
            with self._db.transaction() as tx:
                step(tx)
        except SQLAlchemyError as error:
            log.warning("training_progress_not_written", training_id=self._id, error=type(error).__name__)
