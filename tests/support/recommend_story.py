"""What stories about models are made of: workers to play them in, models to begin with, and ways to look on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from sanset.v1 import model_pb2, model_service_pb2
from sanset.v1 import recommend_pb2 as pb
from support import recommend_data as data
from support.recommend_worker import ADMIN, Worker, customer, running

from server.clock import utc_now
from server.db.database import Database
from server.recommend.registry import trained_models
from server.recommend.registry.models import TrainedModel
from server.settings import Settings

Story = Callable[[Worker], Awaitable[None]]


def play(settings: Settings, story: Story) -> None:
    """Run a story in a worker."""

    async def run() -> None:
        async with running(settings) as worker:
            await story(worker)

    asyncio.run(run())


async def recommended_by(worker: Worker) -> str:
    """The version of the model that answers."""
    asked = pb.GetRecommendationsRequest()
    found = await worker.call("GetRecommendations", asked, customer(data.NEW_USER))
    return str(found.model_version)


async def watch(worker: Worker, training_id: int = 0) -> list[model_pb2.Training]:
    """How a training stood until its end, which the stream names last."""
    request = model_service_pb2.WatchTrainingRequest(training_id=training_id)
    messages = [message async for message in worker.stream("WatchTraining", request, ADMIN)]
    states = [message.training for message in messages if message.HasField("training")]
    assert messages[-1].end.status == states[-1].status
    return states


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.02)


def version_of(worker: Worker) -> str:
    """The version of the model that a worker has in memory; empty without one."""
    return worker.serving.models.active.version if worker.serving.models.active else ""


def clone(settings: Settings, recall: float, *, active: bool = False) -> TrainedModel:
    """Record one more model, with an artifact of the same content under another name's row."""
    db = Database(settings.url)
    metrics = {"users": 10, "blend": {"recall@20": recall}, "popularity": {}}
    with db.transaction() as tx:
        model_id = trained_models.register(
            tx, f"als_2026010{recall * 10:.0f}T000000Z", "ALS", metrics, utc_now()
        )
        if active:
            trained_models.activate(tx, model_id)
    db.close()
    return TrainedModel(id=model_id, version=f"als_2026010{recall * 10:.0f}T000000Z")


def break_artifact(settings: Settings, version: str) -> None:
    """Change one bit of a model."""
    path = settings.models_dir / version / "als_item_factors.npy"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(bytes(raw))
