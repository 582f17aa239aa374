"""RecommendService over gRPC: envelopes around recommending, tracking and training."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sanset.v1 import recommend_pb2 as pb
from sanset.v1 import recommend_pb2_grpc

from ml.artifact import DamagedArtifact
from server.clock import Clock
from server.countries import country_code
from server.db.database import Database
from server.db.pool import Pool
from server.errors import UserNotFound
from server.paging import Pages
from server.recommend import convert
from server.recommend.activity import behavior
from server.recommend.activity.behavior import Tracker
from server.recommend.asking import ANYONE, Audience, size
from server.recommend.effect import experiments, online, online_convert
from server.recommend.effect.experiments import Trial
from server.recommend.effect.online import Scope
from server.recommend.effect.shown import Kind, ShownLists
from server.recommend.errors import ModelDamaged
from server.recommend.lifecycle import model_convert, registry
from server.recommend.lifecycle.registry import Listed
from server.recommend.lifecycle.trainer import Trainer
from server.recommend.service import CategoryIds, Recommended, Recommender
from server.recommend.serving import Serving
from server.rpc.access import TokenMissing
from server.rpc.call import Call


class RecommendServicer(recommend_pb2_grpc.RecommendServiceServicer):
    """Recommends products and learns from every purchase."""

    def __init__(
        self,
        db: Database,
        pool: Pool,
        pages: Pages,
        clock: Clock,
        serving: Serving,
        trainer: Trainer,
        tracker: Tracker,
        shown: ShownLists,
        *,
        currency: str,
        category_ids: CategoryIds,
    ) -> None:
        self._db = db
        self._pool = pool
        self._pages = pages
        self._clock = clock
        self._serving = serving
        self._trainer = trainer
        self._tracker = tracker
        self._shown = shown
        self._currency = currency
        self._recommender = Recommender(serving, category_ids, clock)

    async def GetRecommendations(
        self, request: pb.GetRecommendationsRequest, call: Call
    ) -> pb.RecommendationList:
        user_id = _subject(request.user_id, call)
        asked = convert.asked_from_wire(request, user_id or 0, self._currency)
        found = await self._recommender.recommend(asked)
        if user_id != _user_id(call):
            # An admin looks at it, not the customer: it is not counted as shown.
            return convert.list_to_wire(found, self._shown.sign(found.model_version))
        return self._shown_list(Kind(asked.place.name), found, user_id, request.visitor_id)

    async def GetReorder(self, request: pb.GetReorderRequest, call: Call) -> pb.ReorderList:
        user_id = _subject(request.user_id, call)
        found = await self._recommender.reorder(user_id or 0, size(request.limit))
        if user_id != _user_id(call):
            return convert.reorder_to_wire(found, self._shown.sign(found.model_version))
        token = self._shown.show(
            Kind.REORDER,
            found.model_version,
            [item.product_id for item in found.items],
            user_id=user_id,
            experiment_id=found.experiment_id,
        )
        return convert.reorder_to_wire(found, token)

    async def GetSimilarProducts(
        self, request: pb.GetSimilarProductsRequest, call: Call
    ) -> pb.RecommendationList:
        found = await self._recommender.similar(request.product_id, size(request.limit), _audience(call))
        return self._shown_list(Kind.SIMILAR, found, _user_id(call))

    async def GetFrequentlyBoughtTogether(
        self, request: pb.GetFrequentlyBoughtTogetherRequest, call: Call
    ) -> pb.RecommendationList:
        found = await self._recommender.bought_together(
            request.product_id, size(request.limit), _audience(call)
        )
        return self._shown_list(Kind.TOGETHER, found, _user_id(call))

    async def GetTrending(self, request: pb.GetTrendingRequest, call: Call) -> pb.RecommendationList:
        region = country_code(request.region, "region")
        found = await self._recommender.trending(
            request.category, request.window_hours, size(request.limit), _audience(call), region
        )
        return self._shown_list(Kind.TRENDING, found, _user_id(call))

    def TrackEvent(self, request: pb.TrackEventRequest, call: Call) -> pb.TrackEventResponse:
        deeds = [convert.deed_from_wire(event) for event in request.events]
        actor = self._tracker.admit(_user_id(call), request.visitor_id, call.address, len(deeds))
        with self._db.transaction() as tx:
            tracked = self._tracker.track(tx, actor, deeds)
        return convert.tracked_to_wire(tracked)

    def GetHistory(self, request: pb.GetHistoryRequest, call: Call) -> pb.GetHistoryResponse:
        user_id = _subject(request.user_id, call) or 0
        kind = convert.kind_from_wire(request.kind)
        size = self._pages.size(request.page_size)
        scope = ("GetHistory", call.identity.user_id, user_id, kind)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            done = behavior.done_by(connection, user_id, kind, after, size + 1)
        items, token = self._pages.page(
            done, size, convert.done_to_wire, lambda one: [one.at, one.id], *scope
        )
        return pb.GetHistoryResponse(items=items, next_page_token=token)

    async def TrainModel(self, request: pb.TrainModelRequest, call: Call) -> pb.Training:
        run = await self._trainer.start(call.deadline, model_convert.assignment_from_wire(request))
        return model_convert.training_to_wire(run)

    async def CancelTraining(self, request: pb.CancelTrainingRequest, call: Call) -> pb.Training:
        return model_convert.training_to_wire(await self._trainer.cancel(call.deadline, request.training_id))

    async def WatchTraining(self, request: pb.WatchTrainingRequest, call: Call) -> AsyncIterator[pb.Training]:
        async for run in self._trainer.watch(request.training_id):
            yield model_convert.training_to_wire(run)

    def ListModels(self, request: pb.ListModelsRequest, call: Call) -> pb.ListModelsResponse:
        size = self._pages.size(request.page_size)
        scope = ("ListModels", call.identity.user_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            models = registry.page(connection, after[0] if after else None, size + 1)
        items, token = self._pages.page(
            models, size, model_convert.model_to_wire, lambda model: [model.id], *scope
        )
        return pb.ListModelsResponse(items=items, next_page_token=token)

    def GetModelMetrics(self, request: pb.GetModelMetricsRequest, call: Call) -> pb.ModelMetrics:
        with self._db.read() as connection:
            if request.model_id:
                model = registry.get(connection, request.model_id)
            else:
                model = registry.active_or_refuse(connection)
            scope = Scope([model.version], online.lookback(self._clock(), request.days))
            measured = online.measure(connection, scope)
        metrics = model_convert.metrics_to_wire(model)
        metrics.online.CopyFrom(online_convert.online_to_wire(measured[model.version]))
        return metrics

    async def ActivateModel(self, request: pb.ActivateModelRequest, call: Call) -> pb.Model:
        model = await self._pool.run(call.deadline, self._model, request.model_id)
        registry.require_kept(model)
        try:
            await self._serving.verify(model.version)
        except DamagedArtifact as error:
            raise ModelDamaged(version=model.version, problem=error) from None
        model = await self._pool.run(call.deadline, self._activate, model.id)
        await self._serving.follow_activation()
        return model_convert.model_to_wire(model)

    async def StartExperiment(self, request: pb.StartExperimentRequest, call: Call) -> pb.Experiment:
        challenger = await self._pool.run(call.deadline, self._model, request.challenger_model_id)
        registry.require_kept(challenger)
        try:
            await self._serving.verify(challenger.version)
        except DamagedArtifact as error:
            raise ModelDamaged(version=challenger.version, problem=error) from None
        trial = await self._pool.run(call.deadline, self._start_experiment, challenger.id, request.percent)
        await self._serving.follow_activation()
        return online_convert.experiment_to_wire(trial)

    def GetExperiment(self, request: pb.GetExperimentRequest, call: Call) -> pb.Experiment:
        with self._db.read() as connection:
            if request.experiment_id:
                trial = experiments.get(connection, request.experiment_id)
            else:
                trial = experiments.last(connection)
            measured = online.measure(connection, Scope.of_trial(trial))
        return online_convert.experiment_to_wire(trial, measured)

    async def EndExperiment(self, request: pb.EndExperimentRequest, call: Call) -> pb.Experiment:
        trial = await self._pool.run(call.deadline, self._end_experiment, request.experiment_id)
        await self._serving.follow_activation()
        return online_convert.experiment_to_wire(trial)

    def _shown_list(
        self, kind: Kind, found: Recommended, user_id: int | None, visitor_id: str = ""
    ) -> pb.RecommendationList:
        """The reply, and a note of what it showed to whom."""
        token = self._shown.show(
            kind,
            found.model_version,
            [item.product_id for item in found.items],
            user_id=user_id,
            visitor_id=visitor_id,
            experiment_id=found.experiment_id,
        )
        return convert.list_to_wire(found, token)

    def _model(self, model_id: int) -> Listed:
        with self._db.read() as connection:
            return registry.get(connection, model_id)

    def _start_experiment(self, challenger_id: int, percent: int) -> Trial:
        with self._db.transaction() as tx:
            return experiments.start(tx, challenger_id, percent, self._clock())

    def _end_experiment(self, experiment_id: int) -> Trial:
        with self._db.transaction() as tx:
            return experiments.end(tx, experiment_id, self._clock())

    def _activate(self, model_id: int) -> Listed:
        with self._db.transaction() as tx:
            return registry.activate(tx, model_id)


def _subject(asked: int, call: Call) -> int | None:
    """The user whom a call is about: the caller unless another is named, None when nobody is signed in.

    Raises UserNotFound for another's, unless the caller is an admin, and TokenMissing.
    """
    if call.caller is None:
        if asked:
            raise TokenMissing()
        return None
    if asked and asked != call.caller.user_id and not call.caller.is_admin:
        raise UserNotFound(user_id=asked)
    return asked or call.caller.user_id


def _audience(call: Call) -> Audience:
    return Audience(call.caller.user_id) if call.caller is not None else ANYONE


def _user_id(call: Call) -> int | None:
    return call.caller.user_id if call.caller is not None else None
