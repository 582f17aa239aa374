"""Composes the room of the recommendations."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sanset.v1.model_service_pb2_grpc import add_ModelServiceServicer_to_server
from sanset.v1.recommend_pb2_grpc import add_RecommendServiceServicer_to_server

from server.core import Core
from server.part import Gauge, Part
from server.recommend.feedback.attribution import Attributions
from server.recommend.feedback.impressions import Impressions
from server.recommend.feedback.reports import Reports
from server.recommend.feedback.tracking import Tracker
from server.recommend.serving.context import CategoryIds, Contexts
from server.recommend.serving.convert import Cards
from server.recommend.serving.other_lists import OtherLists
from server.recommend.serving.pipeline import Pipeline
from server.recommend.serving.recorder import Recorder
from server.recommend.serving.servicer import RecommendServicer
from server.recommend.serving.state import ServingState
from server.recommend.training.job import OnTrained
from server.recommend.training.schedule import Schedule
from server.recommend.training.servicer import ModelServicer
from server.recommend.training.trainer import Trainer

MODEL_AGE: Final = "sanset_model_age_seconds"


@dataclass(frozen=True, kw_only=True)
class RecommendPart(Part):
    """Recommendations, what they are made from, and what is learned from their effect."""

    serving: ServingState
    impressions: Impressions
    tracker: Tracker
    trainer: Trainer


def build(core: Core, category_ids: CategoryIds, on_trained: OnTrained | None = None) -> RecommendPart:
    """RecommendService and ModelService. `on_trained` stores what a training yields beside the model."""
    settings, attributions = core.settings, Attributions(core.ring)
    serving = ServingState(settings, core.work, core.clock)
    impressions = Impressions(
        attributions,
        core.work,
        core.clock,
        core.registry,
        keep=settings.recommendation_log,
        retention=timedelta(days=settings.recommendation_log_days),
    )
    tracker = Tracker.of(settings, attributions, core.clock)
    trainer = Trainer(settings, core.db, core.work, core.clock, on_trained)
    schedule = Schedule(settings.train_daily_at, core.work, trainer, core.clock)
    reports = Reports(tracker, core.work)
    recommendations = _servicer(
        core, serving, impressions, tracker, reports=reports, category_ids=category_ids
    )
    models = ModelServicer(core.db, core.work, core.pages, core.clock, serving, trainer)

    async def start() -> None:
        await asyncio.to_thread(tracker.load, core.db)
        await serving.start()
        impressions.start()
        schedule.start()

    async def drain() -> None:
        await schedule.stop()
        trainer.drain()

    async def stop() -> None:
        await reports.finish()
        await trainer.stop()
        await serving.stop()
        await impressions.stop()

    return RecommendPart(
        serving=serving,
        impressions=impressions,
        tracker=tracker,
        trainer=trainer,
        servicers=[
            partial(add_RecommendServiceServicer_to_server, recommendations),
            partial(add_ModelServiceServicer_to_server, models),
        ],
        listeners=[serving.attach, trainer.attach],
        gauges=[
            Gauge(MODEL_AGE, "Age of the model in use; 0 without one", partial(_model_age, serving)),
        ],
        start=start,
        drain=drain,
        stop=stop,
    )


def _servicer(
    core: Core,
    serving: ServingState,
    impressions: Impressions,
    tracker: Tracker,
    *,
    reports: Reports,
    category_ids: CategoryIds,
) -> RecommendServicer:
    contexts, recorder = Contexts(serving, category_ids, core.clock), Recorder(impressions)
    return RecommendServicer(
        core.db,
        core.pages,
        Pipeline(serving, contexts, recorder),
        OtherLists(serving, contexts, recorder),
        tracker,
        work=core.work,
        reports=reports,
        cards=Cards(serving.availability.card_of, core.clock),
        currency=core.settings.currency,
    )


def _model_age(serving: ServingState) -> float:
    return time.time() - serving.models.created_at if serving.models.active else 0.0
