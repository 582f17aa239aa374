"""A/B tests of models: who is served by which, on every worker, and how a test begins and ends."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sanset.v1 import behavior_pb2, model_pb2, model_service_pb2
from sanset.v1 import recommend_pb2 as pb
from support import recommend_data as data
from support.raw_event import RawEvent
from support.recommend_fixtures import Trained, copied
from support.recommend_story import until, version_of
from support.recommend_worker import ADMIN, Worker, customer, running

from ml.artifacts.artifact import DamagedArtifact
from server.clock import utc_now
from server.db.database import Database
from server.errors import Refusal
from server.events.log import ORDER, publish
from server.recommend.registry import probe, trained_models
from server.recommend.registry.errors import (
    ExperimentNotFound,
    ExperimentRunning,
    ModelDamaged,
    ModelInUse,
    ModelNotFound,
)
from server.recommend.registry.experiments import TrafficSplit, split_key
from server.repeats.errors import IdempotencyMismatch
from server.settings import Settings

pytestmark = pytest.mark.either

CONTROL, CHALLENGER = 1, 2
USERS = range(1, data.USERS + 1)

Story = Callable[[Worker, Worker], Awaitable[None]]


@dataclass(frozen=True)
class Rivals:
    """Two models, alike but for their names."""

    models_dir: Path
    versions: tuple[str, str]


@pytest.fixture(scope="module")
def rivals(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Rivals:
    """Two models of the small shop."""
    models_dir = tmp_path_factory.mktemp("rivals")
    first, second = (copied(trained, models_dir).name for _ in range(2))
    assert first != second
    return Rivals(models_dir, (first, second))


@pytest.fixture
def shop(settings: Settings, rivals: Rivals, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The small shop with two models, of which the first is in use."""
    # Spare each worker the child that proves a model: the tests of training have it proven.
    monkeypatch.setattr(probe, "prove", lambda path, key: None)
    shutil.copytree(rivals.models_dir, settings.models_dir)
    db = Database(settings.url)
    with db.transaction() as tx:
        for version in rivals.versions:
            trained_models.register(tx, version, "ALL", {}, utc_now())
        trained_models.activate(tx, CONTROL)
    db.close()
    return settings


@asynccontextmanager
async def both(settings: Settings) -> AsyncIterator[tuple[Worker, Worker]]:
    """Two workers of one shop."""
    async with running(settings) as first, running(settings) as second:
        yield first, second


def play(settings: Settings, story: Story) -> None:
    """Run a story in two workers."""

    async def run() -> None:
        async with both(settings) as workers:
            await story(*workers)

    asyncio.run(run())


async def start(
    worker: Worker, challenger: int = CHALLENGER, percent: int = 50, *, request_id: str = ""
) -> model_pb2.Experiment:
    """Start an experiment."""
    request = model_service_pb2.StartExperimentRequest(
        challenger_model_id=challenger, challenger_percent=percent, request_id=request_id
    )
    experiment: model_pb2.Experiment = await worker.call("StartExperiment", request, ADMIN)
    return experiment


async def end(worker: Worker, experiment_id: int) -> model_pb2.Experiment:
    """End an experiment."""
    request = model_service_pb2.EndExperimentRequest(experiment_id=experiment_id)
    experiment: model_pb2.Experiment = await worker.call("EndExperiment", request, ADMIN)
    return experiment


async def results(worker: Worker, experiment_id: int = 1) -> model_pb2.Experiment:
    """What an experiment found, once what was shown is in the log."""
    await worker.shown.flush()
    request = model_service_pb2.GetExperimentRequest(experiment_id=experiment_id)
    experiment: model_pb2.Experiment = await worker.call("GetExperiment", request, ADMIN)
    return experiment


async def served(worker: Worker, user_id: int) -> pb.GetRecommendationsResponse:
    """What a user is recommended."""
    found: pb.GetRecommendationsResponse = await worker.call(
        "GetRecommendations", pb.GetRecommendationsRequest(), customer(user_id)
    )
    return found


async def split_of(worker: Worker) -> set[int]:
    """The users whom the challenger serves."""
    control = version_of(worker)
    return {user_id for user_id in USERS if (await served(worker, user_id)).model_version != control}


async def refusal(attempt: Awaitable[Any]) -> type[Refusal]:
    """How an attempt was refused."""
    with pytest.raises(Refusal) as caught:
        await attempt
    return caught.type


@pytest.mark.both
def test_every_worker_serves_each_user_by_the_same_model(shop: Settings, rivals: Rivals) -> None:
    async def story(first: Worker, second: Worker) -> None:
        experiment = await start(first)
        assert experiment.status == model_pb2.Experiment.RUNNING
        assert (experiment.control_model_id, experiment.challenger_model_id) == (CONTROL, CHALLENGER)
        assert experiment.challenger_percent == 50
        assert not experiment.HasField("end_time")
        split = TrafficSplit(experiment.id, 50)
        expected = {user_id for user_id in USERS if split.challenges(split_key(user_id))}
        assert 0 < len(expected) < len(USERS)
        assert await split_of(first) == expected
        await until(lambda: second.serving.models.challenger is not None)
        assert await split_of(second) == expected
        user_id = min(expected)
        assert (await served(second, user_id)).model_version == rivals.versions[1]
        # Whoever cannot be told from others is served by the model in use.
        nobody = await first.call("GetRecommendations", pb.GetRecommendationsRequest())
        assert nobody.model_version == rivals.versions[0]

    play(shop, story)


def test_a_visitor_stays_on_one_side_too(shop: Settings) -> None:
    async def story(first: Worker, second: Worker) -> None:
        experiment = await start(first)
        await until(lambda: second.serving.models.challenger is not None)
        split = TrafficSplit(experiment.id, 50)
        for number in range(20):
            visitor = f"visitor-{number}"
            request = pb.GetRecommendationsRequest(visitor_id=visitor)
            versions = {
                (await worker.call("GetRecommendations", request)).model_version for worker in (first, second)
            }
            challenged = split.challenges(split_key(None, visitor))
            assert len(versions) == 1
            assert (versions != {version_of(first)}) == challenged

    play(shop, story)


def test_a_started_worker_takes_part(shop: Settings) -> None:
    async def begin(first: Worker, second: Worker) -> None:
        await start(first, percent=99)

    async def go_on(first: Worker, second: Worker) -> None:
        assert first.serving.models.challenger is not None
        assert await split_of(first) == await split_of(second)
        assert len(await split_of(first)) > len(USERS) / 2

    play(shop, begin)
    play(shop, go_on)


def test_ending_it_serves_everybody_by_the_model_in_use(shop: Settings) -> None:
    async def story(first: Worker, second: Worker) -> None:
        request_id = str(uuid.uuid4())
        experiment = await start(first, request_id=request_id)
        assert await start(second, request_id=request_id) == experiment
        await until(lambda: second.serving.models.challenger is not None)
        ended = await end(second, experiment.id)
        assert ended.status == model_pb2.Experiment.ENDED
        assert ended.HasField("end_time")
        assert await split_of(second) == set()
        await until(lambda: first.serving.models.challenger is None)
        assert await split_of(first) == set()
        assert await end(first, experiment.id) == ended
        assert await start(first, request_id=request_id) == experiment
        again = await start(first)
        assert again.id != experiment.id

    play(shop, story)


@pytest.mark.parametrize("winner", [CHALLENGER, 3])
def test_activating_a_model_ends_it(shop: Settings, rivals: Rivals, winner: int) -> None:
    async def story(first: Worker, second: Worker) -> None:
        with first.db.transaction() as tx:
            trained_models.register(tx, "other", "ALL", {}, utc_now())
        shutil.copytree(shop.models_dir / rivals.versions[1], shop.models_dir / "other")
        experiment = await start(first)
        await until(lambda: second.serving.models.challenger is not None)
        if winner == CHALLENGER:
            request = model_service_pb2.ActivateModelRequest(model_id=winner)
            await second.call("ActivateModel", request, ADMIN)
        else:  # as a training does
            with second.db.transaction() as tx:
                trained_models.activate(tx, winner)
        assert (await results(first, experiment.id)).status == model_pb2.Experiment.ENDED
        await until(
            lambda: first.serving.models.challenger is None and second.serving.models.challenger is None
        )
        if winner == CHALLENGER:
            await until(lambda: version_of(first) == version_of(second) == rivals.versions[1])
        assert await split_of(first) == set()

    play(shop, story)


def test_activating_the_model_in_use_again_changes_nothing(shop: Settings) -> None:
    async def story(first: Worker, _: Worker) -> None:
        experiment = await start(first)
        await first.call("ActivateModel", model_service_pb2.ActivateModelRequest(model_id=CONTROL), ADMIN)
        assert (await results(first, experiment.id)).status == model_pb2.Experiment.RUNNING

    play(shop, story)


@pytest.mark.both
def test_what_cannot_be_started_is_refused(shop: Settings) -> None:
    async def story(first: Worker, second: Worker) -> None:
        assert await refusal(start(first, 99)) is ModelNotFound
        assert await refusal(start(first, CONTROL)) is ModelInUse
        assert await refusal(results(first)) is ExperimentNotFound
        assert await refusal(end(first, 1)) is ExperimentNotFound
        begun = await asyncio.gather(start(first), start(second), return_exceptions=True)
        refused = [result for result in begun if isinstance(result, BaseException)]
        assert [type(error) for error in refused] == [ExperimentRunning]
        assert await refusal(start(second)) is ExperimentRunning

    play(shop, story)


def test_a_repeat_is_answered_although_the_challenger_was_lost_meanwhile(
    shop: Settings, rivals: Rivals, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(_version: str) -> None:
        raise DamagedArtifact("its directory is gone")

    async def story(first: Worker, second: Worker) -> None:
        request_id = str(uuid.uuid4())
        begun = await start(first, request_id=request_id)
        for worker in (first, second):
            monkeypatch.setattr(worker.serving.models, "verify", lost)
        assert await refusal(start(first)) is ModelDamaged
        assert await start(second, request_id=request_id) == begun
        assert await refusal(start(second, percent=7, request_id=request_id)) is IdempotencyMismatch

    play(shop, story)


def test_without_a_model_in_use_there_is_nothing_to_compare_with(settings: Settings, rivals: Rivals) -> None:
    async def story(first: Worker, _: Worker) -> None:
        with first.db.transaction() as tx:
            trained_models.register(tx, rivals.versions[0], "ALL", {}, utc_now())
        shutil.copytree(rivals.models_dir, settings.models_dir)
        assert await refusal(start(first, 1)) is ModelNotFound

    play(settings, story)


def test_a_damaged_challenger_is_refused(
    shop: Settings, rivals: Rivals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # it is proven for real
    shutil.rmtree(shop.models_dir / rivals.versions[1])

    async def story(first: Worker, _: Worker) -> None:
        assert await refusal(start(first)) is ModelDamaged
        assert await refusal(results(first)) is ExperimentNotFound
        assert version_of(first) == rivals.versions[0]

    play(shop, story)


def test_a_worker_that_cannot_load_the_challenger_serves_the_model_in_use(
    shop: Settings, rivals: Rivals
) -> None:
    async def begin(first: Worker, _: Worker) -> None:
        await start(first)

    async def go_on(first: Worker, second: Worker) -> None:
        assert first.serving.models.challenger is None
        split = TrafficSplit(1, 50)
        for user_id in USERS:
            assert (await served(first, user_id)).model_version == rivals.versions[0]
            # Those who should have been served by the other one are left out of the comparison.
            arm = first.serving.models.arm(split_key(user_id))
            assert arm.experiment_id == (None if split.challenges(split_key(user_id)) else 1)
        assert await refusal(start(second)) is not None

    play(shop, begin)
    shutil.rmtree(shop.models_dir / rivals.versions[1])
    play(shop, go_on)


def test_what_customers_did_is_told_for_each_side_and_each_model(shop: Settings, rivals: Rivals) -> None:
    async def story(worker: Worker, _: Worker) -> None:
        experiment = await start(worker)
        split = TrafficSplit(experiment.id, 50)
        challenged = next(user for user in USERS if split.challenges(split_key(user)))
        other = next(user for user in USERS if not split.challenges(split_key(user)))
        for user_id, buys in ((challenged, True), (other, False)):
            found = await served(worker, user_id)
            second = found.items[1].product_id
            event = behavior_pb2.BehaviorEvent(
                kind=behavior_pb2.BehaviorEvent.CLICK,
                product_id=second,
                attribution_token=found.attribution_token,
            )
            forged = behavior_pb2.BehaviorEvent(
                kind=behavior_pb2.BehaviorEvent.CLICK,
                product_id=found.items[0].product_id,
                attribution_token=found.attribution_token[::-1],
            )
            request = behavior_pb2.TrackEventRequest(events=[event, event, forged])
            await worker.call("TrackEvent", request, customer(user_id))
            if buys:
                with worker.db.transaction() as tx:
                    order_id = data.place_order(tx, user_id, [second], utc_now(), "CONFIRMED")
                    publish(tx, RawEvent(ORDER, str(order_id), {"user_id": user_id}))
        nobody = await worker.call("GetTrending", pb.GetTrendingRequest(limit=3))
        assert nobody.model_version == rivals.versions[0]
        told = await results(worker, experiment.id)
        listed = await worker.call(
            "ListExperiments", model_service_pb2.ListExperimentsRequest(page_size=1), ADMIN
        )
        assert list(listed.items) == [experiment]
        assert told.id == experiment.id
        assert (told.control.list_count, told.control.impression_count, told.control.click_count) == (
            1,
            10,
            1,
        )
        assert (told.control.purchase_count, list(told.control.revenue)) == (0, [])
        assert (told.challenger.list_count, told.challenger.click_count, told.challenger.purchase_count) == (
            1,
            1,
            1,
        )
        assert told.challenger.click_through_rate == pytest.approx(0.1)
        assert told.challenger.conversion_rate == 1
        assert [(money.currency_code, money.units) for money in told.challenger.revenue] == [("USD", 1)]
        assert [place.click_count for place in told.challenger.positions] == [0, 1, *[0] * 8]
        # By model, the list of nobody in particular counts as well.
        metrics = await worker.call(
            "GetModelMetrics", model_service_pb2.GetModelMetricsRequest(days=1), ADMIN
        )
        assert metrics.model_version == rivals.versions[0]
        assert (metrics.online.list_count, metrics.online.click_count) == (2, 1)

    play(shop, story)
