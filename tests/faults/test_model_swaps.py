"""Models are trained, activated and rolled back while two workers serve: no call fails, and both follow.

`SANSET_FAULT_ROUNDS` says how often to swap (`make faults` sets it high).
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from model_caller import PATIENCE, Caller
from sanset.v1 import model_pb2
from sanset.v1 import model_service_pb2 as pb
from support import recommend_data as data
from support.forked_models import forked_models as forked_models
from support.running_shop import RunningShop, test_settings

from server.clock import utc_now
from server.db.database import Database
from server.settings import Settings

SWAPS = min(20, max(2, int(os.environ.get("SANSET_FAULT_ROUNDS", "2"))))


def selling(url: str, home: Path) -> Settings:
    """A small shop that has sold enough to learn from."""
    settings = test_settings(url, home, rate_limit_signed_in=1_000_000)
    db = Database(settings.url)
    with db.transaction() as tx:
        data.fill(tx, now=utc_now())
    db.close()
    return settings


def trained(shop: RunningShop) -> model_pb2.Training:
    """Train a model and put it into use."""
    quick = pb.TrainModelRequest.Parameters(factors=8, iterations=2)
    request = pb.TrainModelRequest(
        model_type=model_pb2.Model.ALL, parameters=quick, activation=pb.TrainModelRequest.ALWAYS
    )
    started = shop.models.TrainModel(request, metadata=shop.admin.metadata)
    watched = pb.WatchTrainingRequest(training_id=started.id)
    *_, last, _ = shop.models.WatchTraining(watched, metadata=shop.admin.metadata, timeout=PATIENCE)
    ended = last.training
    assert ended.status == model_pb2.Training.SUCCEEDED, ended.message
    return ended


def follow(shops: list[RunningShop], version: str) -> float:
    """Wait until every worker serves this version; how long that took, in seconds."""
    began = time.monotonic()
    for shop in shops:
        models = shop.app.rooms.recommend.serving.models
        while models.active is None or models.active.version != version:
            assert time.monotonic() - began < PATIENCE, f"{version} is not followed"
            time.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.either
@pytest.mark.usefixtures("forked_models")
def test_no_call_fails_while_models_are_trained_activated_and_rolled_back(
    database_url: str, tmp_path: Path
) -> None:
    settings = selling(database_url, tmp_path)
    with ExitStack() as closing:
        shops = [RunningShop(settings) for _ in range(2)]
        for shop in shops:
            closing.callback(shop.stop)
        models = [trained(shops[0])]
        follow(shops, models[0].metrics.model_version)
        enough = threading.Event()
        callers = [Caller(shop, enough, seed) for seed, shop in enumerate(2 * shops)]
        for caller in callers:
            caller.start()
        models.append(trained(shops[1]))
        for turn in range(SWAPS):
            model = models[turn % 2]
            shop = shops[turn // 2 % 2]
            request = pb.ActivateModelRequest(model_id=model.model_id)
            activated = shop.models.ActivateModel(request, metadata=shop.admin.metadata, timeout=PATIENCE)
            assert activated.active
            follow(shops, model.metrics.model_version)
        enough.set()
        for caller in callers:
            caller.join(PATIENCE)
            assert not caller.is_alive()
    assert [fault for caller in callers for fault in caller.faults] == []
    for caller in callers:
        assert set(caller.versions) == {model.metrics.model_version for model in models}
        assert caller.versions.total() > 3 * SWAPS
