"""Composes the room of the recommendations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import grpc
from sanset.v1.model_pb2_grpc import add_ModelServiceServicer_to_server
from sanset.v1.recommend_pb2_grpc import add_RecommendServiceServicer_to_server

from server.core import Core
from server.part import Gauge, Part
from server.recommend.feedback.attribution import Attributions
from server.recommend.feedback.impressions import Impressions
from server.recommend.feedback.tracking import Tracker
from server.recommend.serving.context import CategoryIds
from server.recommend.serving.recommender import Recommender
from server.recommend.serving.recorder import Recorder
from server.recommend.serving.servicer import RecommendServicer
from server.recommend.serving.state import ServingState
from server.recommend.training.job import OnTrained
from server.recommend.training.schedule import Schedule
from server.recommend.training.servicer import ModelServicer
from server.recommend.training.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class RecommendPart(Part):
    """Recommendations, what they are made from, and what is learned from their effect."""

    serving: ServingState
    impressions: Impressions
    tracker: Tracker
    trainer: Trainer


def build(core: Core, category_ids: CategoryIds, on_trained: OnTrained | None = None) -> RecommendPart:
    """RecommendService and ModelService. `on_trained` stores what a training yields beside the model."""
    settings, attributions = core.settings, Attributions(core.secret)
    serving = ServingState(settings, core.work, core.clock)
    impressions = Impressions(
        attributions, core.work, core.clock, core.registry, keep=settings.recommendation_log
    )
    tracker = Tracker.of(settings, attributions, core.clock)
    trainer = Trainer(settings, core.db, core.work, core.clock, on_trained)
    schedule = Schedule(settings.train_daily_at, core.work, trainer, core.clock)
    recommender = Recommender(serving, Recorder(impressions), category_ids, core.clock)

    async def start() -> None:
        await asyncio.to_thread(tracker.load, core.db)
        await serving.start()
        impressions.start()
        schedule.start()

    async def drain() -> None:
        await schedule.stop()
        trainer.drain()

    async def stop() -> None:
        await trainer.stop()
        await serving.stop()
        await impressions.stop()

    return RecommendPart(
        serving=serving,
        impressions=impressions,
        tracker=tracker,
        trainer=trainer,
        servicers=_servicers(core, recommender, tracker, serving, trainer),
        listeners=[serving.attach, trainer.attach],
        gauges=[
            Gauge(
                "sanset_model_age_seconds",
                "Age of the model in use; 0 without one",
                partial(_model_age, serving),
            )
        ],
        start=start,
        drain=drain,
        stop=stop,
    )


def _servicers(
    core: Core, recommender: Recommender, tracker: Tracker, serving: ServingState, trainer: Trainer
) -> list[Callable[[grpc.aio.Server], None]]:
    lists = RecommendServicer(core.db, core.pages, recommender, tracker, currency=core.settings.currency)
    models = ModelServicer(core.db, core.work, core.pages, core.clock, serving, trainer)
    return [
        partial(add_RecommendServiceServicer_to_server, lists),
        partial(add_ModelServiceServicer_to_server, models),
    ]


def _model_age(serving: ServingState) -> float:
    return time.time() - serving.models.created_at if serving.models.active else 0.0
