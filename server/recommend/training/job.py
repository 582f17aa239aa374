"""One training from claim to activation: runs `python -m ml train` as a child and takes over what it made.

The server and the command line come this way alike. It is synchronous: the server gives it a thread.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ml.artifacts import artifact
from ml.artifacts.artifact import DamagedArtifact
from ml.artifacts.manifest import Manifest
from ml.artifacts.schema import Contents
from server.background import backoff
from server.db.database import Database
from server.recommend.registry import experiments, probe, trained_models
from server.recommend.registry.artifact_key import ArtifactKeys
from server.recommend.registry.measures import Metrics
from server.recommend.registry.trained_models import ModelRecord
from server.recommend.training import process, pruning, runs
from server.recommend.training.assignment import Assignment
from server.recommend.training.errors import TooLittleData, TrainingRunning
from server.recommend.training.heartbeat import TrainingCancelled, TrainingFailed, TrainingHeartbeat
from server.recommend.training.process import TrainingReport
from server.recommend.training.promotion import Verdict, compare, decide
from server.recommend.training.runs import Run
from server.settings import Settings

T = TypeVar("T")

WRITE_ATTEMPTS = 5
FIRST_RETRY, MAX_RETRY = timedelta(seconds=0.4), timedelta(seconds=3)
SEGMENTED = ("ALL", "SEGMENTS")
"""The trainings that make segments."""

Progress = Callable[[str, int, str], None]
"""A listener: it gets the stage, the percentage of the whole training that is done, and a sentence."""

OnTrained = Callable[[Connection, Contents], None]
"""Takes what a training found out about the shop into a transaction of its own."""

_MISSING = re.compile(r"^(?:ImportError|ModuleNotFoundError|OSError): (.+)\s*\Z", re.MULTILINE)
"""How Python ends where a library is not there."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """How a training ended. `version` is empty when it made no model; `message` is a sentence for people."""

    training_id: int
    succeeded: bool
    message: str
    model_id: int | None = None
    version: str = ""
    activated: bool = False
    metrics: Metrics = field(default_factory=Metrics)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a training made, proven to be sound; not recorded yet."""

    version: str
    metrics: Metrics
    manifest: Manifest


def nobody(stage: str, percent: int, message: str) -> None:
    """Ignore the progress."""


def train_now(
    settings: Settings,
    db: Database,
    assignment: Assignment | None = None,
    *,
    progress: Progress = nobody,
    on_trained: OnTrained | None = None,
) -> TrainingOutcome:
    """Train in the foreground: claim, train, record, and activate what is not worse than the model in use.

    Raises TrainingFailed, with the reason, when no model came of it; too little data and a training that runs
    elsewhere are such reasons. When this thread is interrupted, the child is stopped and the training recorded
    as cancelled.
    """
    assignment = assignment or Assignment()
    try:
        with db.transaction() as tx:
            run = runs.claim(tx, assignment, db.clock())
    except (TooLittleData, TrainingRunning) as refusal:
        raise TrainingFailed(str(refusal)) from None
    job = TrainingJob(settings, db, threading.Event(), on_trained)
    outcome = job.run(run, assignment, progress)
    if not outcome.succeeded:
        raise TrainingFailed(outcome.message)
    return outcome


class TrainingJob:
    """Carries out trainings that were claimed, until `stopping` is set."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        stopping: threading.Event,
        on_trained: OnTrained | None = None,
    ) -> None:
        self._settings = settings
        self._models_dir = settings.models_dir
        self._db = db
        self._stopping = stopping
        self._on_trained = on_trained
        self._keys = ArtifactKeys(settings.ring)

    def run(self, run: Run, assignment: Assignment, progress: Progress = nobody) -> TrainingOutcome:
        """Train, record the model, activate it when it is not worse; the row of the training records the end."""
        try:
            with TrainingHeartbeat(self._db, run.id, self._stopping) as heartbeat:
                version, metrics = self._train(run.id, assignment, heartbeat, progress)
                outcome = self._take_over(run, assignment, version, metrics, heartbeat)
        except TrainingFailed as error:
            return self._ended(run.id, error)
        except OSError as error:
            return self._ended(run.id, TrainingFailed(f"The training could not be run: {error.strerror}."))
        except Exception:
            # Nobody else knows of this training: left alone, it would keep its place for a while.
            log.exception("training_broke", training_id=run.id)
            return self._ended(run.id, TrainingFailed("The training broke; the server's log says more."))
        except BaseException:
            self._ended(run.id, TrainingCancelled("Interrupted."))
            raise
        pruning.prune(self._db, self._models_dir, keep=self._settings.models_kept)
        return outcome

    def _train(
        self, training_id: int, assignment: Assignment, heartbeat: TrainingHeartbeat, progress: Progress
    ) -> tuple[str, Metrics]:
        """Run the child to its end; return its artifact's name and metrics. Raises TrainingFailed."""
        last = TrainingReport("start")
        in_use = self._in_use()
        with process.running(self._settings, assignment, in_use.version if in_use else None) as child:
            for report in child.reports():
                if report is not None:
                    last = report
                    if report.percent is not None:
                        progress(report.stage, report.percent, report.message)
                        heartbeat.report(report.stage, report.percent, report.message)
                heartbeat.check()
            if last.stage == process.DONE:
                return last.artifact, last.metrics
            if last.stage == process.FAILED:
                raise TrainingFailed(last.message)
            words = child.last_words()
            log.error("training_child_died", training_id=training_id, stderr=words)
            if missing := _MISSING.search(words):
                raise TrainingFailed(f"The training process could not load what it needs: {missing[1]}.")
        raise TrainingFailed("The training process ended unexpectedly; the server's log says more.")

    def _take_over(
        self, run: Run, assignment: Assignment, version: str, metrics: Metrics, heartbeat: TrainingHeartbeat
    ) -> TrainingOutcome:
        """Prove the artifact, record the model, and put it into use unless the one in use predicts better."""
        try:
            candidate = self._prove(version, metrics)
            damaged = self._damaged_in_use(metrics)
            heartbeat.check()
            self._hand_over(assignment.model_type, version)
            model_id, decision = self._write(lambda tx: self._record(tx, run, assignment, candidate, damaged))
        except BaseException:
            pruning.discard(self._db, self._models_dir, version)
            raise
        log.info("training_succeeded", training_id=run.id, version=version, activated=decision.activate)
        return TrainingOutcome(
            run.id,
            succeeded=True,
            message=decision.message,
            model_id=model_id,
            version=version,
            activated=decision.activate,
            metrics=metrics,
        )

    def _prove(self, version: str, metrics: Metrics) -> Candidate:
        path = self._models_dir / version
        try:
            key = self._keys.of(path)
            probe.prove(path, key)
            return Candidate(version, metrics, artifact.manifest_of(path, key))
        except DamagedArtifact as error:
            raise TrainingFailed(str(error)) from None

    def _damaged_in_use(self, metrics: Metrics) -> str:
        """The version of the model in use if it predicts better and cannot be loaded; else nothing."""
        in_use = self._in_use()
        if in_use is None or not compare(metrics, in_use).is_worse:
            return ""
        try:
            path = self._models_dir / in_use.version
            probe.prove(path, self._keys.of(path))
        except DamagedArtifact as error:
            log.warning("model_in_use_damaged", version=in_use.version, problem=str(error))
            return in_use.version
        return ""

    def _hand_over(self, model_type: str, version: str) -> None:
        """Tell others what was found out; should that fail, the recommendations are no worse for it."""
        on_trained = self._on_trained
        if on_trained is None or model_type not in SEGMENTED:
            return
        path = self._models_dir / version
        contents = artifact.load(path, self._keys.of(path)).contents
        try:
            self._write(lambda tx: on_trained(tx, contents))
        except SQLAlchemyError:
            log.exception("training_not_handed_over", version=version)

    def _record(
        self, tx: Connection, run: Run, assignment: Assignment, candidate: Candidate, damaged: str
    ) -> tuple[int, Verdict]:
        """Raises TrainingFailed when the training was cancelled or given up: nothing is written then."""
        now = self._db.clock()
        trained_models.lock(tx)
        in_use = trained_models.active(tx)
        decision = decide(
            assignment.activation,
            candidate.version,
            candidate.metrics,
            in_use,
            in_use_works=in_use is None or in_use.version != damaged,
            experiment_runs=experiments.running(tx) is not None,
        )
        model_id = trained_models.register(
            tx,
            candidate.version,
            assignment.model_type,
            candidate.metrics,
            now,
            manifest=candidate.manifest,
            training_seconds=(now - run.started_at).total_seconds(),
        )
        if not runs.succeed(tx, run.id, model_id, decision.message, now):
            if runs.get(tx, run.id).cancel_requested:
                raise TrainingCancelled("Cancelled.")
            raise TrainingFailed("Another server gave this training up.")
        if decision.activate:
            trained_models.activate(tx, model_id)
        return model_id, decision

    def _ended(self, training_id: int, failure: TrainingFailed) -> TrainingOutcome:
        message = str(failure)
        cancelled = isinstance(failure, TrainingCancelled)
        end = runs.cancel if cancelled else runs.fail
        log.warning("training_ended", training_id=training_id, cancelled=cancelled, problem=message)
        try:
            self._write(lambda tx: end(tx, training_id, message, self._db.clock()))
        except SQLAlchemyError as error:
            log.error("training_end_not_recorded", training_id=training_id, error=type(error).__name__)
        return TrainingOutcome(training_id, succeeded=False, message=message)

    def _in_use(self) -> ModelRecord | None:
        with self._db.read() as connection:
            return trained_models.active(connection)

    def _write(self, step: Callable[[Connection], T]) -> T:
        """Commit `step`; again when the database refuses: an hour's training must not be lost to a moment."""
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                with self._db.transaction() as tx:
                    return step(tx)
            except SQLAlchemyError:
                if attempt == WRITE_ATTEMPTS:
                    raise
                time.sleep(backoff(attempt, FIRST_RETRY, MAX_RETRY).total_seconds())
        raise AssertionError("unreachable")
