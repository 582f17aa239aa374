"""Training and models: one at a time, watched to its end, activated when not worse, and refused when damaged."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sanset.v1 import model_pb2
from sanset.v1 import model_service_pb2 as pb
from sqlalchemy import select, update
from support.recommend_fixtures import Trained
from support.recommend_story import break_artifact, clone, play, recommended_by, until, version_of, watch
from support.recommend_worker import ADMIN, Worker, running, settings_of

from ml.__main__ import DATABASE_VARIABLE
from server.clock import utc_now
from server.db.database import Database
from server.recommend.registry import trained_models
from server.recommend.registry.errors import ModelDamaged, ModelNotFound
from server.recommend.registry.models import TrainedModel
from server.recommend.training import process, runs, trainer
from server.recommend.training.assignment import Assignment, Parameters
from server.recommend.training.errors import TooLittleData, TrainingRunning
from server.recommend.training.job import TrainingFailed, TrainingJob, train_now
from server.recommend.training.models import TrainingRun
from server.recommend.training.runs import Run
from server.settings import Settings

pytestmark = [pytest.mark.usefixtures("proven_once"), pytest.mark.either]


@pytest.mark.both
def test_a_training_is_watched_from_another_worker_and_both_serve_its_model(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        async with running(settings) as other:
            assert await recommended_by(worker) == "popularity"
            started = await worker.call(
                "TrainModel", pb.TrainModelRequest(model_type=model_pb2.Model.ALL), ADMIN
            )
            assert started.status == model_pb2.Training.RUNNING
            with pytest.raises(TrainingRunning):
                await other.call("TrainModel", pb.TrainModelRequest(model_type=model_pb2.Model.ALL), ADMIN)
            states, local = await asyncio.gather(watch(other), watch(worker, started.id))
            assert states[-1].status == local[-1].status == model_pb2.Training.SUCCEEDED
            assert states[-1].id == started.id
            assert states[-1].progress_percent == 100
            assert states[-1].HasField("end_time")
            assert len(states) > 2
            percents = [state.progress_percent for state in states]
            assert percents == sorted(percents)
            models = (await worker.call("ListModels", pb.ListModelsRequest(), ADMIN)).items
            assert [(model.id, model.active, model.type) for model in models] == [
                (states[-1].model_id, True, model_pb2.Model.ALL)
            ]
            request = pb.GetModelRequest(model_id=states[-1].model_id)
            assert await other.call("GetModel", request, ADMIN) == models[0]
            got = await other.call("GetTraining", pb.GetTrainingRequest(training_id=started.id), ADMIN)
            trainings = await other.call("ListTrainings", pb.ListTrainingsRequest(page_size=5), ADMIN)
            assert [got, got] == [states[-1], *trainings.items]
            for place in (worker, other):
                await until(lambda place=place: place.serving.models.active is not None)
                assert await recommended_by(place) == models[0].version

    play(settings, story)


def test_measures_are_told_of_one_model_and_of_the_one_in_use(modelled: Settings, trained: Trained) -> None:
    async def story(worker: Worker) -> None:
        of_active = await worker.call("GetModelMetrics", pb.GetModelMetricsRequest(), ADMIN)
        of_first = await worker.call("GetModelMetrics", pb.GetModelMetricsRequest(model_id=1), ADMIN)
        # Both look back from now.
        of_first.online.start_time.CopyFrom(of_active.online.start_time)
        assert of_active == of_first
        assert of_active.model_version == trained.outcome.version
        assert of_active.model.recall_at_20 == trained.outcome.metrics["blend"]["recall@20"]
        assert of_active.user_count == trained.outcome.metrics["users"]
        with pytest.raises(ModelNotFound):
            await worker.call("GetModelMetrics", pb.GetModelMetricsRequest(model_id=99), ADMIN)
        with pytest.raises(ModelNotFound):
            await watch(worker)

    play(modelled, story)


def test_without_models_there_are_none_to_measure(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        with pytest.raises(ModelNotFound):
            await worker.call("GetModelMetrics", pb.GetModelMetricsRequest(), ADMIN)
        assert not (await worker.call("ListModels", pb.ListModelsRequest(), ADMIN)).items

    play(settings, story)


def test_models_come_in_pages_newest_first(modelled: Settings, trained: Trained) -> None:
    for recall in (0.1, 0.2, 0.3):
        clone(modelled, recall)

    async def story(worker: Worker) -> None:
        seen: list[int] = []
        request = pb.ListModelsRequest(page_size=3)
        while True:
            page = await worker.call("ListModels", request, ADMIN)
            seen += [model.id for model in page.items]
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert seen == [4, 3, 2, 1]

    play(modelled, story)


@pytest.mark.both
def test_too_little_data_is_told_at_once_and_leaves_no_training(database_url: str, tmp_path: Path) -> None:
    async def story(worker: Worker) -> None:
        with pytest.raises(TooLittleData, match="at least 20 orders, and there are 0"):
            await worker.call("TrainModel", pb.TrainModelRequest(model_type=model_pb2.Model.ALL), ADMIN)
        with pytest.raises(ModelNotFound):
            await watch(worker)
        with pytest.raises(TrainingFailed, match="at least 20 orders"):
            train_now(settings_of(database_url, tmp_path), worker.db)

    play(settings_of(database_url, tmp_path), story)


@pytest.mark.usefixtures("copying")
def test_a_worse_model_is_kept_but_not_used(modelled: Settings) -> None:
    db = Database(modelled.url)
    with db.transaction() as tx:
        better = {"users": 30, "blend": {"recall@20": 1.1}, "popularity": {}}
        tx.execute(update(TrainedModel).values(metrics=better))
    outcome = train_now(modelled, db, Assignment(model_type="COPURCHASE"))
    assert not outcome.activated
    assert "not in use" in outcome.message
    with db.read() as connection:
        rows = connection.execute(select(TrainedModel.id, TrainedModel.model_type, TrainedModel.is_active))
        assert sorted(map(tuple, rows)) == [(1, "ALL", True), (2, "COPURCHASE", False)]
        assert runs.last(connection).model_id == 2
    db.close()


def test_a_better_model_takes_over_and_so_does_one_that_replaces_a_damaged_one(
    modelled: Settings, request: pytest.FixtureRequest
) -> None:
    db = Database(modelled.url)
    told: list[tuple[str, int]] = []
    outcome = train_now(
        modelled,
        db,
        Assignment(parameters=Parameters(factors=8, regularization=0.0, iterations=2)),
        progress=lambda stage, percent, message: told.append((stage, percent)),
    )
    assert outcome.activated
    assert {"read", "evaluate", "als", "publish"} <= {stage for stage, _ in told}
    with db.transaction() as tx:
        better = {"users": 30, "blend": {"recall@20": 1.1}, "popularity": {}}
        tx.execute(update(TrainedModel).where(TrainedModel.is_active).values(metrics=better))
    break_artifact(modelled, outcome.version)
    request.getfixturevalue("copying")  # one real training is enough
    assert train_now(modelled, db).activated
    db.close()


def test_a_silent_training_is_given_up_and_its_place_taken(settings: Settings) -> None:
    db = Database(settings.url)
    now = utc_now()
    with db.transaction() as tx:
        lost = runs.claim(tx, Assignment(), now - timedelta(seconds=40))
    with pytest.raises(TrainingRunning), db.transaction() as tx:
        runs.claim(tx, Assignment(), now - timedelta(seconds=21))
    with db.transaction() as tx:
        taken = runs.claim(tx, Assignment(), now)
        assert not runs.beat(tx, lost.id, now)
        assert not runs.move_on(tx, lost.id, "als", 50, "late news", now)
        assert not runs.fail(tx, lost.id, "late end", now)
    with db.read() as connection:
        assert runs.get(connection, lost.id).state == runs.FAILED
        assert runs.last(connection).id == taken.id
    db.close()


@pytest.mark.both
def test_one_of_many_at_once_gets_to_train(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        claims = (worker.work.write(runs.claim, Assignment(), utc_now()) for _ in range(8))
        results = await asyncio.gather(*claims, return_exceptions=True)
        assert len([result for result in results if isinstance(result, Run)]) == 1
        assert len([result for result in results if isinstance(result, TrainingRunning)]) == 7

    play(settings, story)


def test_a_stopping_worker_ends_its_training_and_sends_watchers_away(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        started = await worker.call("TrainModel", pb.TrainModelRequest(model_type=model_pb2.Model.ALL), ADMIN)
        watching = asyncio.create_task(watch(worker))
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await worker.trainer.stop()
        assert time.monotonic() - begun < 6
        states = await watching
        assert states[-1].status == model_pb2.Training.FAILED
        assert states[-1].message == "The server that ran it was stopped."
        with worker.db.read() as connection:
            assert runs.get(connection, started.id).state == runs.FAILED

    play(settings, story)
    assert not list(settings.models_dir.glob("*"))


def test_a_stream_of_a_training_shows_that_it_lives_and_names_where_to_go_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "LOOK_SECONDS", 0.05)

    async def story(worker: Worker) -> None:
        run = await worker.work.write(runs.claim, Assignment(), utc_now())  # nobody works on it
        stream = worker.stream("WatchTraining", pb.WatchTrainingRequest(training_id=run.id), ADMIN)
        first, second = await anext(stream), await anext(stream)
        assert (first.training.id, first.training.status) == (run.id, model_pb2.Training.RUNNING)
        assert second.HasField("heartbeat")
        worker.trainer.drain()
        last = [message async for message in stream][-1]
        assert last.reconnect.training_id == run.id
        with worker.db.transaction() as tx:
            runs.fail(tx, run.id, "Given up.", utc_now())
        with pytest.raises(ModelNotFound):
            await worker.call("GetTraining", pb.GetTrainingRequest(training_id=99), ADMIN)

    play(settings, story)


def test_a_child_that_lacks_a_library_names_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "raise ImportError('libstdc++.so.6: cannot open shared object file')"
    monkeypatch.setattr(process, "_command", lambda *_: ([sys.executable, "-c", code], dict(os.environ)))
    db = Database(settings.url)
    with pytest.raises(
        TrainingFailed, match=r"could not load what it needs: libstdc\+\+\.so\.6: cannot open"
    ):
        train_now(settings, db)
    db.close()


def test_a_child_that_dies_is_a_failed_training(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        process, "_command", lambda *_: (["/bin/sh", "-c", "echo oops >&2; exit 9"], dict(os.environ))
    )
    db = Database(settings.url)
    with pytest.raises(TrainingFailed, match="ended unexpectedly"):
        train_now(settings, db)
    with db.read() as connection:
        assert runs.last(connection).state == runs.FAILED
    db.close()


def test_a_training_that_breaks_gives_its_place_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(TrainingJob, "_train", broken)
    db = Database(settings.url)
    with pytest.raises(TrainingFailed):
        train_now(settings, db)
    with db.read() as connection:
        assert runs.last(connection).state == runs.FAILED
    db.close()


@pytest.mark.both
def test_the_databases_address_is_not_on_the_command_line(tmp_path: Path) -> None:
    settings = settings_of("postgresql://shop:hush-hush@localhost/shop", tmp_path)
    wanted = Assignment(parameters=Parameters(preset="tuned", factors=8))
    command, environment = process._command(settings, wanted, "all_20260601T120000Z")
    assert "hush-hush" not in " ".join(command)
    assert environment[DATABASE_VARIABLE] == settings.url
    options = dict(zip(command[4::2], command[5::2], strict=True))
    assert options["--factors"] == "8"
    assert options["--preset"] == "tuned"
    assert options["--serving"] == "all_20260601T120000Z"


def test_a_damaged_model_is_not_activated_and_the_one_in_use_stays(
    modelled: Settings, trained: Trained
) -> None:
    second = clone(modelled, 0.5)
    shutil.copytree(modelled.models_dir / trained.outcome.version, modelled.models_dir / second.version)

    async def story(worker: Worker) -> None:
        in_use = await recommended_by(worker)
        with pytest.raises(ModelDamaged, match="published as"):
            await worker.call("ActivateModel", pb.ActivateModelRequest(model_id=second.id), ADMIN)
        with pytest.raises(ModelNotFound):
            await worker.call("ActivateModel", pb.ActivateModelRequest(model_id=99), ADMIN)
        assert await recommended_by(worker) == in_use
        models = (await worker.call("ListModels", pb.ListModelsRequest(), ADMIN)).items
        assert [model.id for model in models if model.active] == [1]

    play(modelled, story)


def test_a_worker_starts_with_the_last_good_model_or_with_none(modelled: Settings, trained: Trained) -> None:
    clone(modelled, 0.9, active=True)  # in use, and its artifact is missing

    async def falls_back(worker: Worker) -> None:
        assert await recommended_by(worker) == trained.outcome.version

    async def does_without(worker: Worker) -> None:
        assert await recommended_by(worker) == "popularity"

    play(modelled, falls_back)
    break_artifact(modelled, trained.outcome.version)
    play(modelled, does_without)


@pytest.mark.both
@pytest.mark.usefixtures("copying")
def test_rolling_back_reaches_every_worker_without_a_failed_call(
    modelled: Settings, trained: Trained
) -> None:
    async def story(worker: Worker) -> None:
        async with running(modelled) as other:
            outcome = await asyncio.to_thread(train_now, modelled, worker.db)
            await until(lambda: version_of(other) == outcome.version)
            request = pb.ActivateModelRequest(model_id=1)
            calls = asyncio.create_task(_call_on(other))
            activated = await worker.call("ActivateModel", request, ADMIN)
            assert activated.active
            assert await recommended_by(worker) == trained.outcome.version
            await until(lambda: version_of(other) == trained.outcome.version)
            calls.cancel()
            assert (await asyncio.gather(calls, return_exceptions=True))[
                0
            ].__class__ is asyncio.CancelledError
            again = await worker.call("ActivateModel", request, ADMIN)
            assert again == activated

    play(modelled, story)


async def _call_on(worker: Worker) -> None:
    while True:
        await recommended_by(worker)
        await asyncio.sleep(0.02)  # without a rest it would starve the worker that it shares a processor with


@pytest.mark.both
def test_activations_at_once_leave_one_model_in_use(modelled: Settings, trained: Trained) -> None:
    ids = [1, *(clone(modelled, recall).id for recall in (0.1, 0.2, 0.3))]
    db = Database(modelled.url, pool_size=len(ids))

    def activate(model_id: int) -> None:
        with db.transaction() as tx:
            trained_models.activate(tx, model_id)

    # Without a worker, which would load each of them, and keep transactions waiting with their locks
    with ThreadPoolExecutor(len(ids)) as threads:
        for _ in range(5):
            assert len(list(threads.map(activate, ids))) == len(ids)
    with db.read() as connection:
        active = connection.execute(select(TrainedModel.id).where(TrainedModel.is_active)).all()
        assert len(active) == 1
        assert connection.execute(select(TrainingRun.id)).all() == []
    db.close()
