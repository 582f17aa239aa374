"""The life of a model: cancelled trainings, what is recorded, what goes into use, and what is deleted at last."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sanset.v1 import model_pb2
from sanset.v1 import model_service_pb2 as pb
from sqlalchemy import select, update
from support.forked_command import ForkedCommand
from support.recommend_fixtures import Trained
from support.recommend_story import clone, play, recommended_by, until, watch
from support.recommend_worker import ADMIN, Worker, running

from ml.artifacts import artifact
from ml.artifacts.schema import Contents
from server.clock import utc_now
from server.db.database import Database
from server.recommend.registry import experiments, probe, trained_models
from server.recommend.registry.artifact_key import artifact_key
from server.recommend.registry.errors import ModelDamaged, ModelNotFound
from server.recommend.registry.models import TrainedModel
from server.recommend.training import pruning, runs
from server.recommend.training.assignment import ALWAYS, NEVER, Assignment, Parameters
from server.recommend.training.heartbeat import TrainingCancelled
from server.recommend.training.job import TrainingFailed, train_now
from server.recommend.training.models import TrainingRun
from server.settings import Settings, environment_of

pytestmark = [pytest.mark.usefixtures("proven_once"), pytest.mark.either]

QUICK = Assignment(parameters=Parameters(factors=4, iterations=2))


def names(settings: Settings) -> list[str]:
    """What lies where the models are."""
    directory = settings.models_dir
    return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []


@pytest.mark.both
def test_any_worker_cancels_a_training_and_the_next_begins_at_once(
    settings: Settings, request: pytest.FixtureRequest
) -> None:
    async def story(worker: Worker) -> None:
        async with running(settings) as other:
            train = pb.TrainModelRequest(model_type=model_pb2.Model.ALL, request_id=str(uuid.uuid4()))
            started = await worker.call("TrainModel", train, ADMIN)
            assert await other.call("TrainModel", train, ADMIN) == started
            watching = asyncio.create_task(watch(worker))
            cancel = pb.CancelTrainingRequest(training_id=started.id)
            reply = await other.call("CancelTraining", cancel, ADMIN)
            cancelled = (await watching)[-1]
            assert (cancelled.id, cancelled.status) == (started.id, model_pb2.Training.CANCELLED)
            assert cancelled.message == "Cancelled."
            assert cancelled.HasField("end_time")
            assert reply == cancelled or reply.status == model_pb2.Training.RUNNING, (
                "a busy machine takes long"
            )
            assert names(settings) == []
            assert await other.call("CancelTraining", cancel, ADMIN) == cancelled
            assert await worker.call("TrainModel", train, ADMIN) == started, "nothing is begun anew"
            with pytest.raises(ModelNotFound):
                await other.call("CancelTraining", pb.CancelTrainingRequest(training_id=99), ADMIN)
            request.getfixturevalue("copying")  # how that one learns is of no interest here
            await other.call("TrainModel", pb.TrainModelRequest(model_type=model_pb2.Model.ALL), ADMIN)
            done = (await watch(worker))[-1]
            assert done.status == model_pb2.Training.SUCCEEDED
            late = pb.CancelTrainingRequest(training_id=done.id)
            assert await worker.call("CancelTraining", late, ADMIN) == done

    play(settings, story)


def test_the_cancelled_training_of_a_server_that_went_away_counts_as_cancelled(settings: Settings) -> None:
    db = Database(settings.url)
    now = utc_now()
    with db.transaction() as tx:
        lost = runs.claim(tx, Assignment(), now - timedelta(seconds=30))
        assert runs.request_cancel(tx, lost.id, lost.started_at).state == runs.RUNNING
        runs.give_up_silent(tx, now)
        assert runs.get(tx, lost.id).state == runs.CANCELLED
    db.close()


Meanwhile = Callable[[Any, int], bool]


@pytest.mark.usefixtures("copying")
@pytest.mark.parametrize(
    ("meanwhile", "end", "message"),
    [
        (lambda tx, run_id: runs.request_cancel(tx, run_id, utc_now()), runs.CANCELLED, "Cancelled"),
        (
            lambda tx, run_id: runs.fail(tx, run_id, "Given up.", utc_now()),
            runs.FAILED,
            "gave this training up",
        ),
    ],
)
def test_what_ends_at_the_last_moment_publishes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, meanwhile: Meanwhile, end: str, message: str
) -> None:
    db = Database(settings.url)

    def proven_meanwhile(path: Path, key: bytes) -> None:
        with db.transaction() as tx:
            meanwhile(tx, runs.last(tx).id)

    monkeypatch.setattr(probe, "prove", proven_meanwhile)
    with pytest.raises(TrainingFailed, match=message):
        train_now(settings, db, QUICK)
    with db.read() as connection:
        assert runs.last(connection).state == end
        assert connection.execute(select(TrainedModel.id)).all() == []
    assert names(settings) == []
    db.close()


# A signal each: the databases differ in what is written, and not in how the command hears of it.
@pytest.mark.parametrize(
    ("settings", "number"),
    [("sqlite", signal.SIGINT), ("postgres", signal.SIGTERM)],
    indirect=["settings"],
)
def test_an_interrupted_command_leaves_a_cancelled_training(
    settings: Settings, number: signal.Signals
) -> None:
    with _command(settings) as process:
        db = Database(settings.url)
        _until_running(db, process)
        process.send_signal(number)
        assert process.wait(20) == 130
    with db.read() as connection:
        run = runs.last(connection)
    assert (run.state, run.message) == (runs.CANCELLED, "Interrupted.")
    assert names(settings) == []
    db.close()


def test_a_killed_command_blocks_the_next_training_for_seconds_only(settings: Settings) -> None:
    with _command(settings) as process:
        db = Database(settings.url)
        _until_running(db, process)
        process.kill()
        process.wait(20)
    with db.read() as connection:
        beat = connection.execute(select(TrainingRun.heartbeat_at)).scalar_one()
    with db.transaction() as tx:
        assert runs.claim(tx, Assignment(), beat + timedelta(seconds=20.1)).state == runs.RUNNING
    # Its child went along, and did not publish anything later.
    time.sleep(1.5)
    assert [name for name in names(settings) if artifact.NAME.fullmatch(name)] == []
    db.close()


@contextmanager
def _command(settings: Settings) -> Iterator[ForkedCommand]:
    settings.data_dir.mkdir(exist_ok=True)
    arguments = ["train", "--iterations", "500", "--factors", "200"]
    with Path(os.devnull).open("r+b") as nothing:
        files = dict.fromkeys(("stdin", "stdout", "stderr"), nothing.fileno())
        process = ForkedCommand(arguments, environment_of(settings), settings.data_dir, **files)
    try:
        yield process
    finally:
        process.kill()


def _until_running(db: Database, process: ForkedCommand) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with db.read() as connection:
            if connection.scalar(select(TrainingRun.stage)) not in (None, "start"):
                return
        time.sleep(0.02)
    raise AssertionError("it did not begin")


def test_a_command_that_is_cancelled_by_an_admin_says_so(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        command = asyncio.create_task(asyncio.to_thread(train_now, settings, worker.db))
        await until(lambda: _running_id(worker) is not None)
        request = pb.CancelTrainingRequest(training_id=_running_id(worker) or 0)
        assert (await worker.call("CancelTraining", request, ADMIN)).status == model_pb2.Training.CANCELLED
        with pytest.raises(TrainingFailed, match="Cancelled"):
            await command

    play(settings, story)


def _running_id(worker: Worker) -> int | None:
    with worker.db.read() as connection:
        found: int | None = connection.scalar(select(TrainingRun.id).where(TrainingRun.state == runs.RUNNING))
    return found


def test_the_record_of_a_model_says_how_it_was_made(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        parameters = pb.TrainModelRequest.Parameters(factors=6, alpha=3, iterations=2)
        request = pb.TrainModelRequest(model_type=model_pb2.Model.ALL, parameters=parameters)
        started = await worker.call("TrainModel", request, ADMIN)
        assert (started.model_type, started.HasField("metrics")) == (model_pb2.Model.ALL, False)
        ended = (await watch(worker))[-1]
        [model] = (await worker.call("ListModels", pb.ListModelsRequest(), ADMIN)).items
        manifest = artifact.manifest_of(settings.models_dir / model.version, artifact_key(settings))
        assert model.data_fingerprint == manifest.data_fingerprint
        assert len(model.data_fingerprint) == 64
        assert (model.parameters["als.factors"], model.parameters["als.alpha"]) == ("6", "3.0")
        assert model.library_versions == manifest.library_versions
        assert "numpy" in model.library_versions
        assert 0 < model.training_duration.ToTimedelta().total_seconds() < 60
        assert model.available
        assert ended.metrics == model.metrics
        assert model.metrics.user_count > 0
        with worker.db.read() as connection:
            asked = connection.execute(select(TrainingRun.parameters, TrainingRun.activation)).one()
        assert tuple(asked) == ({"factors": 6, "alpha": 3.0, "iterations": 2}, "IF_NOT_WORSE")

    play(settings, story)


def _in_use_is_perfect(db: Database) -> None:
    with db.transaction() as tx:
        perfect = {"users": 30, "blend": {"recall@20": 1.1}, "popularity": {}}
        tx.execute(update(TrainedModel).where(TrainedModel.is_active).values(metrics=perfect))


@pytest.mark.usefixtures("copying")
def test_a_worse_model_goes_into_use_when_told_to_and_a_better_one_does_not(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        request = pb.TrainModelRequest(model_type=model_pb2.Model.ALL, activation=pb.TrainModelRequest.NEVER)
        await worker.call("TrainModel", request, ADMIN)
        kept = (await watch(worker))[-1]
        assert kept.status == model_pb2.Training.SUCCEEDED
        assert "kept for later" in kept.message
        assert (await _active(worker)).id == 1
        await asyncio.to_thread(_in_use_is_perfect, worker.db)
        request = pb.TrainModelRequest(model_type=model_pb2.Model.ALL, activation=pb.TrainModelRequest.ALWAYS)
        await worker.call("TrainModel", request, ADMIN)
        used = (await watch(worker))[-1]
        assert (await _active(worker)).id == used.model_id
        await until(
            lambda: (
                worker.serving.models.active is not None
                and worker.serving.models.active.version in used.message
            )
        )

    play(modelled, story)


async def _active(worker: Worker) -> model_pb2.Model:
    models = (await worker.call("ListModels", pb.ListModelsRequest(), ADMIN)).items
    [active] = [model for model in models if model.active]
    return active


@pytest.mark.usefixtures("copying")
def test_an_experiment_is_ended_by_activation_but_not_by_a_training_in_passing(modelled: Settings) -> None:
    challenger = clone(modelled, 0.5)
    db = Database(modelled.url)
    with db.transaction() as tx:
        trial = experiments.start(tx, challenger.id, 50, utc_now())
    outcome = train_now(modelled, db, QUICK)
    assert not outcome.activated
    with db.transaction() as tx:
        assert experiments.running(tx) == trial
        assert outcome.model_id is not None
        trained_models.activate(tx, outcome.model_id)
        assert experiments.running(tx) is None
    db.close()


def _kept(settings: Settings, count: int) -> Settings:
    return settings.model_copy(update={"models_kept": count})


def _with_artifact(settings: Settings, trained: Trained, recall: float) -> TrainedModel:
    """One more model, with a directory that is there to be deleted."""
    model = clone(settings, recall)
    shutil.copytree(settings.models_dir / trained.outcome.version, settings.models_dir / model.version)
    return model


@pytest.mark.usefixtures("copying")
def test_old_models_are_deleted_but_not_those_in_use(modelled: Settings, trained: Trained) -> None:
    old, tested, recent = (_with_artifact(modelled, trained, recall) for recall in (0.1, 0.2, 0.3))
    leftover = modelled.models_dir / f"{pruning.REMOVED}als_20250101T000000Z"
    leftover.mkdir()
    db = Database(modelled.url)
    with db.transaction() as tx:
        experiments.start(tx, tested.id, 50, utc_now())
    outcome = train_now(_kept(modelled, 2), db, QUICK)
    assert names(modelled) == sorted(
        [trained.outcome.version, tested.version, recent.version, outcome.version]
    )
    db.close()

    async def story(worker: Worker) -> None:
        models = (await worker.call("ListModels", pb.ListModelsRequest(), ADMIN)).items
        assert {model.id for model in models if not model.available} == {old.id}
        in_use = await recommended_by(worker)
        for method, request in (
            ("ActivateModel", pb.ActivateModelRequest(model_id=old.id)),
            ("StartExperiment", pb.StartExperimentRequest(challenger_model_id=old.id)),
        ):
            with pytest.raises(ModelDamaged, match="only the newest models are kept"):
                await worker.call(method, request, ADMIN)
        with pytest.raises(ModelDamaged), worker.db.transaction() as tx:
            trained_models.activate(tx, old.id)
        assert await recommended_by(worker) == in_use

    play(modelled, story)


@pytest.mark.usefixtures("copying")
def test_what_could_not_be_deleted_is_deleted_the_next_time(modelled: Settings, trained: Trained) -> None:
    old = _with_artifact(modelled, trained, 0.1)
    aside = modelled.data_dir / "aside"
    (modelled.models_dir / old.version).rename(aside)
    db = Database(modelled.url)
    train_now(_kept(modelled, 1), db, QUICK)
    aside.rename(modelled.models_dir / old.version)
    last = train_now(_kept(modelled, 1), db, Assignment(activation=ALWAYS))
    assert names(modelled) == [last.version]
    db.close()


@pytest.mark.usefixtures("copying")
def test_a_directory_that_is_no_model_is_left_alone(modelled: Settings) -> None:
    (modelled.models_dir / "notes").mkdir()
    with pytest.raises(ValueError, match="no name of an artifact"):
        pruning.delete(modelled.models_dir, "../models/notes")
    db = Database(modelled.url)
    train_now(_kept(modelled, 1), db, QUICK)
    assert "notes" in names(modelled)
    db.close()


@pytest.mark.usefixtures("copying")
@pytest.mark.parametrize(("model_type", "told"), [("ALL", 1), ("CONTENT", 0)])
def test_what_was_found_out_about_the_shop_is_handed_over(
    settings: Settings, model_type: str, told: int
) -> None:
    heard: list[Contents] = []
    db = Database(settings.url)
    assignment = Assignment(model_type=model_type, activation=NEVER)
    outcome = train_now(settings, db, assignment, on_trained=lambda tx, contents: heard.append(contents))
    assert outcome.succeeded
    assert len(heard) == told
    assert all("product_ids" in contents.arrays for contents in heard)
    db.close()


def test_cancelling_is_a_way_of_failing_to_train() -> None:
    # The command tells both with the same line.
    assert issubclass(TrainingCancelled, TrainingFailed)
