"""What a worker recommends from: the model in use, and in memory who bought what and what can be sold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from threadpoolctl import threadpool_limits

from ml.artifacts.artifact import TIME_FORMAT, DamagedArtifact
from ml.models.content import ProductText
from ml.ranking.model import Model
from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.errors import Refusal
from server.events.cache import Cache
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, CategoryChanged, ModelsChanged, ProductChanged, StockMoved
from server.recommend.feedback import history_queries
from server.recommend.feedback.histories import Histories
from server.recommend.feedback.history import History
from server.recommend.feedback.history_queries import Row
from server.recommend.registry import experiments, probe, trained_models
from server.recommend.registry.artifact_key import artifact_key
from server.recommend.registry.experiments import Split, Trial
from server.recommend.serving import queries
from server.recommend.serving.availability import Availability
from server.recommend.serving.new_products import NewProducts, text_of
from server.recommend.serving.trending import ranked
from server.recommend.serving.trending.ranked import Ranked
from server.recommend.serving.trending.trends import Trends
from server.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

MOST_TEXTS = 2_000
LOAD_SECONDS = 30.0
RETRY_SECONDS = 5.0

log = structlog.get_logger()


class Arm(NamedTuple):
    """The model that serves someone, and the experiment that it was chosen by, if any."""

    model: Model | None
    experiment_id: int | None


class Serving:
    """The state behind recommendations in one worker; for use on its event loop.

    Order: `attach` before the follower starts, `start` after it, so that no event falls between.
    """

    def __init__(self, settings: Settings, db: Database, pool: Pool, clock: Clock) -> None:
        self._models_dir = settings.models_dir
        self._key = artifact_key(settings)
        self._db = db
        self._pool = pool
        self._clock = clock
        self._proven: set[str] = set()
        self._loading = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._stale = False
        self.model: Model | None = None
        """The model in use. It never changes; another one takes its place."""
        self.challenger: Model | None = None
        """What the running experiment compares with it; None as well when it cannot be served here."""
        self._split: Split | None = None
        self.goods = Availability(self._load_goods, settings.currency, clock)
        self.trends = Trends(self._count_sales)
        self._newcomers = NewProducts(self._list_products, self._describe)
        self._histories = Histories(self._read_user, self._read_visitor)
        self._texts: Cache[int, ProductText] = Cache(self._load_texts, size=MOST_TEXTS)

    def attach(self, follower: Follower) -> None:
        """Learn from the events of products, stock, orders, carts, behaviour and models."""
        self._histories.attach(follower)
        self.trends.attach(follower)
        follower.on(ProductChanged, self._product_changed)
        follower.on(StockMoved, lambda event: self.goods.change(event.product_ids))
        follower.on(CategoryChanged, lambda _: self._words_changed())
        follower.on(CatalogReplaced, lambda _: self._everything_changed())
        follower.on(ModelsChanged, lambda _: self._model_changed())

    async def start(self) -> None:
        """Read the goods, and load the model in use.

        When that one is damaged, the newest other one that is not takes its place, or none.
        """
        # The answers of many callers share this process: threads of BLAS would only spin.
        threadpool_limits(1, "blas")
        await self.goods.start()
        async with self._loading:
            for version in await self._read(trained_models.candidates):
                if await self._load(version):
                    break
            else:
                log.info("recommending_without_a_model")
            await self._challenge(await self._read(experiments.running))
            self._forget_replaced()

    async def stop(self) -> None:
        """End what runs in the background."""
        await self.goods.stop()
        await self._newcomers.stop()
        await self.trends.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def model_created_at(self) -> float:
        """When the model in use was trained, in seconds since the epoch; 0 without one."""
        if self.model is None:
            return 0.0
        made = self.model.version.rpartition("_")[2]
        return datetime.strptime(made, TIME_FORMAT).replace(tzinfo=UTC).timestamp()

    async def history(self, user_id: int) -> History | None:
        """A user's past; None when there is no such user."""
        return await self._histories.of_user(user_id)

    async def visitor_history(self, visitor_id: str) -> History:
        """The past of a visitor, empty for a stranger."""
        return await self._histories.of_visitor(visitor_id)

    def is_new(self, product_id: int) -> bool:
        """Whether a model that is served was trained before there was this product."""
        return product_id in self._newcomers

    async def text(self, product_id: int) -> ProductText | None:
        """The words of a product; None when there is none such."""
        return await self._texts.get(product_id)

    async def bought_with(self, product_id: int, limit: int) -> Sequence[tuple[int, float]]:
        """What shares baskets with a product, straight from the orders."""
        return await self._read(queries.bought_with, product_id, limit)

    async def verify(self, version: str) -> None:
        """Raise DamagedArtifact unless the artifact of `version` can be served."""
        await asyncio.to_thread(probe.prove, self._models_dir / version, self._key)
        self._proven.add(version)

    def model_for(self, key: str) -> Arm:
        """The model that serves who has this `experiments.split_key`; nobody in particular gets the one in use."""
        split = self._split
        if split is None or not key:
            return Arm(self._whole(self.model), None)
        if not split.challenges(key):
            return Arm(self._whole(self.model), split.experiment_id)
        if self.challenger is None:
            # Served by the wrong model, they would blur the comparison: they are not counted in it.
            return Arm(self._whole(self.model), None)
        return Arm(self._whole(self.challenger), split.experiment_id)

    def _whole(self, model: Model | None) -> Model | None:
        """The model with the products that are newer than it."""
        return self._newcomers.of(model) if model is not None else None

    async def follow_activation(self) -> None:
        """Serve the models that the database says are in use; keep the present one when it is damaged."""
        # Read under the lock: of two who follow at once, the later one has the later news.
        async with self._loading:
            active = await self._read(trained_models.active)
            trial = await self._read(experiments.running)
            if active is not None:
                await self._load(active.version)
            await self._challenge(trial)
            self._forget_replaced()

    def _forget_replaced(self) -> None:
        self._newcomers.keep_only(model for model in (self.model, self.challenger) if model is not None)

    async def _load(self, version: str) -> bool:
        """Serve `version`; False when its artifact is damaged. The caller holds `_loading`."""
        model = await self._open(version)
        if model is None:
            return False
        if model is not self.model:
            self.model = model
            log.info("model_loaded", version=version, products=len(model))
        return True

    async def _challenge(self, trial: Trial | None) -> None:
        """Split the users as the running experiment says, if this worker serves what it compares."""
        if trial is None or self.model is None or self.model.version != trial.control_version:
            self._split = self.challenger = None
            return
        if self._split != trial.split:
            self._split = self.challenger = None
        self.challenger = await self._open(trial.challenger_version)
        self._split = trial.split

    async def _open(self, version: str) -> Model | None:
        """The model `version`; None when its artifact is damaged."""
        for loaded in (self.model, self.challenger):
            if loaded is not None and loaded.version == version:
                return loaded
        try:
            if version not in self._proven:
                await self.verify(version)
            model = await asyncio.to_thread(probe.load, self._models_dir / version, self._key)
        except DamagedArtifact as error:
            self._proven.discard(version)
            log.error("model_damaged", version=version, problem=str(error))
            return None
        await self._newcomers.take_in(model)
        return model

    def _model_changed(self) -> None:
        self._stale = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._catch_up())

    async def _catch_up(self) -> None:
        while self._stale:
            self._stale = False
            try:
                await self.follow_activation()
            except (SQLAlchemyError, Refusal, TimeoutError) as error:
                log.warning("model_load_retries", error=type(error).__name__)
                self._stale = True
                await asyncio.sleep(RETRY_SECONDS)

    def _product_changed(self, event: ProductChanged) -> None:
        self._texts.drop(event.id)
        self.goods.change([event.id])
        self._newcomers.change(event.id)

    def _words_changed(self) -> None:
        self._texts.clear()
        self._newcomers.change_all()

    def _everything_changed(self) -> None:
        self._words_changed()
        self.trends.clear()
        self.goods.change_all()

    async def _load_goods(self, product_ids: Collection[int] | None) -> Sequence[queries.Offer]:
        return await self._read(queries.goods, product_ids, self._clock())

    async def _read_user(self, user_id: int) -> Sequence[Row]:
        return await self._read(history_queries.of_user, user_id)

    async def _read_visitor(self, visitor_id: str) -> Sequence[Row]:
        return await self._read(history_queries.of_visitor, visitor_id)

    async def _list_products(self) -> Sequence[int]:
        return await self._read(queries.product_ids)

    async def _describe(self, product_ids: Sequence[int]) -> Mapping[int, queries.ProductWords]:
        return await self._read(queries.descriptions, product_ids)

    async def _load_texts(self, product_ids: Sequence[int]) -> dict[int, ProductText]:
        found = await self._describe(product_ids)
        return {product_id: text_of(described) for product_id, described in found.items()}

    async def _count_sales(self, hours: int, by_country: bool) -> Mapping[str, Ranked]:
        now = self._clock()
        count = ranked.by_country if by_country else ranked.everywhere
        return await self._read(count, now - timedelta(hours=hours), now)

    async def _read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kw: P.kwargs) -> T:
        def read() -> T:
            with self._db.read() as connection:
                return query(connection, *args, **kw)

        return await self._pool.run(Deadline(LOAD_SECONDS), read)
