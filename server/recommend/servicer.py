"""RecommendService over gRPC: envelopes around recommending, tracking and training."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from sanset.v1 import recommend_pb2 as pb
from sanset.v1 import recommend_pb2_grpc

from ml.artifact import DamagedArtifact
from server.clock import Clock
from server.db.database import Database
from server.errors import UserNotFound
from server.paging import Pages
from server.recommend import behavior, convert, registry
from server.recommend.attribution import Attributions
from server.recommend.errors import ModelDamaged
from server.recommend.registry import Listed
from server.recommend.service import CategoryIds, Place, Recommender, size
from server.recommend.serving import Serving
from server.recommend.trainer import Trainer
from server.rpc.call import Call
from server.rpc.pool import Pool

CartProducts = Callable[[int], Sequence[int]]
"""The products in a user's cart; asks the database, and is called on the pool."""


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
        attributions: Attributions,
        *,
        cart_products: CartProducts,
        category_ids: CategoryIds,
    ) -> None:
        self._db = db
        self._pool = pool
        self._pages = pages
        self._clock = clock
        self._serving = serving
        self._trainer = trainer
        self._attributions = attributions
        self._cart_products = cart_products
        self._recommender = Recommender(serving, category_ids)

    async def GetRecommendations(
        self, request: pb.GetRecommendationsRequest, call: Call
    ) -> pb.RecommendationList:
        caller = call.identity
        user_id = request.user_id or caller.user_id
        if user_id != caller.user_id and not caller.is_admin:
            raise UserNotFound(user_id=user_id)
        recommend = self._recommender.for_caller if user_id == caller.user_id else self._recommender.for_other
        context = await self._context(request, user_id, call)
        recommended = await recommend(
            user_id, context, size(request.limit), include_repeat=request.include_repeat
        )
        return convert.list_to_wire(recommended, self._attributions)

    async def GetSimilarProducts(
        self, request: pb.GetSimilarProductsRequest, call: Call
    ) -> pb.RecommendationList:
        found = await self._recommender.similar(request.product_id, size(request.limit))
        return convert.list_to_wire(found, self._attributions)

    async def GetFrequentlyBoughtTogether(
        self, request: pb.GetFrequentlyBoughtTogetherRequest, call: Call
    ) -> pb.RecommendationList:
        found = await self._recommender.bought_together(request.product_id, size(request.limit))
        return convert.list_to_wire(found, self._attributions)

    async def GetTrending(self, request: pb.GetTrendingRequest, call: Call) -> pb.RecommendationList:
        found = await self._recommender.trending(request.category, request.window_hours, size(request.limit))
        return convert.list_to_wire(found, self._attributions)

    def TrackEvent(self, request: pb.TrackEventRequest, call: Call) -> pb.TrackEventResponse:
        deeds = [convert.deed_from_wire(event) for event in request.events]
        user_id = call.caller.user_id if call.caller is not None else None
        with self._db.transaction() as tx:
            tracked = behavior.track(
                tx, user_id, request.visitor_id, deeds, self._attributions, self._clock()
            )
        return convert.tracked_to_wire(tracked)

    async def TrainModel(self, request: pb.TrainModelRequest, call: Call) -> pb.Training:
        run = await self._trainer.start(
            call.deadline,
            convert.model_type_from_wire(request.model_type),
            convert.parameters_from_wire(request.parameters),
        )
        return convert.training_to_wire(run)

    async def WatchTraining(self, request: pb.WatchTrainingRequest, call: Call) -> AsyncIterator[pb.Training]:
        async for run in self._trainer.watch(request.training_id):
            yield convert.training_to_wire(run)

    def ListModels(self, request: pb.ListModelsRequest, call: Call) -> pb.ListModelsResponse:
        size = self._pages.size(request.page_size)
        scope = ("ListModels", call.identity.user_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            models = registry.page(connection, after[0] if after else None, size + 1)
        more = self._pages.seal([models[size - 1].id], *scope) if len(models) > size else ""
        return pb.ListModelsResponse(
            items=[convert.model_to_wire(model) for model in models[:size]], next_page_token=more
        )

    def GetModelMetrics(self, request: pb.GetModelMetricsRequest, call: Call) -> pb.ModelMetrics:
        with self._db.read() as connection:
            if request.model_id:
                model = registry.get(connection, request.model_id)
            else:
                model = registry.active_or_refuse(connection)
        return convert.metrics_to_wire(model)

    async def ActivateModel(self, request: pb.ActivateModelRequest, call: Call) -> pb.Model:
        model = await self._pool.run(call.deadline, self._model, request.model_id)
        try:
            await self._serving.verify(model.version)
        except DamagedArtifact as error:
            raise ModelDamaged(version=model.version, problem=error) from None
        model = await self._pool.run(call.deadline, self._activate, model.id)
        await self._serving.follow_activation()
        return convert.model_to_wire(model)

    async def _context(
        self, request: pb.GetRecommendationsRequest, user_id: int, call: Call
    ) -> Sequence[int]:
        place = convert.place_from_wire(request)
        if place is Place.PRODUCT:
            return [request.product_id]
        if place is Place.CART:
            return await self._pool.run(call.deadline, self._cart_products, user_id)
        return ()

    def _model(self, model_id: int) -> Listed:
        with self._db.read() as connection:
            return registry.get(connection, model_id)

    def _activate(self, model_id: int) -> Listed:
        with self._db.transaction() as tx:
            return registry.activate(tx, model_id)
