"""One training from claim to activation: runs `python -m ml train` as a child and takes over what it made.

The server and the command line come this way alike. It is synchronous: the server gives it a thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ml.artifact import DamagedArtifact
from server.clock import utc_now
from server.db.database import Database
from server.recommend import child, probe, registry, runs
from server.recommend.child import Parameters
from server.recommend.errors import TooLittleData, TrainingRunning
from server.recommend.serving import artifact_key
from server.settings import Settings

T = TypeVar("T")

NEWS_SECONDS = 0.25
"""Progress is written this often at most."""
BREATH_SECONDS = 10.0
WRITE_ATTEMPTS = 5

Progress = Callable[[str, int, str], None]
"""Told the stage, the percentage of the whole training that is done, and a sentence."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended. `version` is empty when it made no model; `message` is a sentence for people."""

    training_id: int
    succeeded: bool
    message: str
    model_id: int | None = None
    version: str = ""
    activated: bool = False
    metrics: Mapping[str, Any] = field(default_factory=dict)


class TrainingFailed(Exception):
    """The training ended without a model; the text is a sentence for the admin."""


def nobody(stage: str, percent: int, message: str) -> None:
    """A progress that is not looked at."""


def train_now(
    settings: Settings,
    db: Database,
    *,
    model_type: str = "ALL",
    parameters: Parameters | None = None,
    progress: Progress = nobody,
) -> Outcome:
    """Train in the foreground: claim, train, record, and activate what is not worse than the model in use.

    `model_type` is ALL, ALS, COPURCHASE or CONTENT. Raises TrainingFailed, with the reason, when no model came of
    it; too little data and a training that runs elsewhere are such reasons. When this thread is interrupted,
    the child is stopped and the training recorded as failed.
    """
    try:
        with db.transaction() as tx:
            run = runs.claim(tx, model_type, utc_now())
    except (TooLittleData, TrainingRunning) as refusal:
        raise TrainingFailed(str(refusal)) from None
    conductor = Conductor(settings, db, threading.Event())
    outcome = conductor.conduct(run.id, model_type, parameters or Parameters(), progress)
    if not outcome.succeeded:
        raise TrainingFailed(outcome.message)
    return outcome


class Conductor:
    """Carries out trainings that were claimed, until `stopping` is set."""

    def __init__(self, settings: Settings, db: Database, stopping: threading.Event) -> None:
        self._settings = settings
        self._db = db
        self._stopping = stopping
        self._key = artifact_key(settings)

    def conduct(
        self, training_id: int, model_type: str, parameters: Parameters, progress: Progress = nobody
    ) -> Outcome:
        """Train, record the model, activate it when it is not worse; the row of the training tells the end."""
        try:
            version, metrics = self._train(training_id, model_type, parameters, progress)
            return self._take_over(training_id, model_type, version, metrics)
        except TrainingFailed as error:
            return self._failed(training_id, str(error))
        except OSError as error:
            return self._failed(training_id, f"The training could not be run: {error.strerror}.")
        except BaseException as error:
            # Nobody else knows of this training: left alone, it would keep its place for a minute.
            self._failed(training_id, "The training was interrupted.")
            if not isinstance(error, Exception):
                raise
            log.exception("training_failed", training_id=training_id)
            return Outcome(training_id, succeeded=False, message="The training broke; see the server's log.")

    def _train(
        self, training_id: int, model_type: str, parameters: Parameters, progress: Progress
    ) -> tuple[str, Mapping[str, Any]]:
        """Run the child to its end; return its artifact's name and metrics. Raises TrainingFailed."""
        last: dict[str, Any] = {}
        logbook = Logbook(self._db, training_id)
        with child.running(self._settings, model_type, parameters) as pupil:
            for line in pupil.lines():
                if line is not None:
                    last = line
                    if "percent" in line:
                        progress(line["stage"], line["percent"], line["message"])
                if not logbook.write(line):
                    raise TrainingFailed("Another server gave this training up.")
                if self._stopping.is_set():
                    raise TrainingFailed("The server that ran it was stopped.")
            if last.get("stage") == "done":
                return str(last["artifact"]), last["metrics"]
            if last.get("stage") == "failed":
                raise TrainingFailed(str(last["message"]))
            log.error("training_child_died", training_id=training_id, stderr=pupil.last_words())
        raise TrainingFailed("The training process ended unexpectedly; the server's log says more.")

    def _take_over(
        self, training_id: int, model_type: str, version: str, metrics: Mapping[str, Any]
    ) -> Outcome:
        """Record the model, and put it into use unless the one in use predicts better and still works."""
        models_dir = self._settings.models_dir
        try:
            probe.prove(models_dir / version, self._key)
        except DamagedArtifact as error:
            raise TrainingFailed(str(error)) from None
        with self._db.read() as connection:
            in_use = registry.active(connection)
        better = in_use is not None and recall(in_use.metrics) > recall(metrics)
        if in_use is not None and better:
            try:
                probe.prove(models_dir / in_use.version, self._key)
            except DamagedArtifact:
                better = False

        def record(tx: Connection) -> int:
            model_id = registry.register(tx, version, model_type, metrics, utc_now())
            if not runs.succeed(tx, training_id, model_id, message, utc_now()):
                raise TrainingFailed("Another server gave this training up.")
            if not better:
                registry.activate(tx, model_id)
            return model_id

        message = f"{version} is in use now; its recall@20 is {recall(metrics):.4f}."
        if in_use is not None and better:
            message = (
                f"{version} was kept but is not in use: its recall@20 of {recall(metrics):.4f} is below the"
                f" {recall(in_use.metrics):.4f} of {in_use.version}, which stays."
            )
        model_id = self._write(record)
        log.info("training_succeeded", training_id=training_id, version=version, activated=not better)
        return Outcome(
            training_id,
            True,
            message,
            model_id=model_id,
            version=version,
            activated=not better,
            metrics=metrics,
        )

    def _failed(self, training_id: int, message: str) -> Outcome:
        log.warning("training_failed", training_id=training_id, problem=message)
        try:
            self._write(lambda tx: runs.fail(tx, training_id, message, utc_now()))
        except SQLAlchemyError as error:
            log.error("training_end_not_recorded", training_id=training_id, error=type(error).__name__)
        return Outcome(training_id, False, message)

    def _write(self, step: Callable[[Connection], T]) -> T:
        """Commit `step`; again when the database refuses: an hour's training must not be lost to a moment."""
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                with self._db.transaction() as tx:
                    return step(tx)
            except SQLAlchemyError:
                if attempt == WRITE_ATTEMPTS:
                    raise
                time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")


class Logbook:
    """Writes how far a training is into its row: news four times a second at most, a sign of life every 10 s."""

    def __init__(self, db: Database, training_id: int) -> None:
        self._db = db
        self._id = training_id
        self._news_at = 0.0
        self._breath_at = time.monotonic()

    def write(self, line: Mapping[str, Any] | None) -> bool:
        """Note a line of the child, or its silence; False when the training was given up by others."""
        now = time.monotonic()
        if line is not None and "percent" in line and now - self._news_at >= NEWS_SECONDS:
            self._news_at = self._breath_at = now
            return self._commit(
                lambda tx: runs.move_on(
                    tx, self._id, line["stage"], line["percent"], line["message"], utc_now()
                )
            )
        if now - self._breath_at >= BREATH_SECONDS:
            self._breath_at = now
            return self._commit(lambda tx: runs.breathe(tx, self._id, utc_now()))
        return True

    def _commit(self, step: Callable[[Connection], bool]) -> bool:
        try:
            with self._db.transaction() as tx:
                return step(tx)
        except SQLAlchemyError as error:  # no reason to stop: the next line tries again
            log.warning("training_progress_not_written", error=type(error).__name__)
            return True


def recall(metrics: Mapping[str, Any]) -> float:
    """How well a model predicts held-out baskets: recall among the first 20."""
    return float(metrics.get("blend", {}).get("recall@20", 0.0))
