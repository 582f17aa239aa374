"""What a worker recommends from: the model in use, and in memory who bought what and what can be sold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from threadpoolctl import threadpool_limits

from ml.artifact import TIME_FORMAT, DamagedArtifact
from ml.content import ProductText
from ml.model import Model
from server.clock import Clock
from server.db.database import Announcement, Database
from server.db.deadline import Deadline
from server.errors import Refusal
from server.events import log as events
from server.events.cache import Cache
from server.events.follower import Follower
from server.keys import derived_key
from server.recommend import probe, queries, registry
from server.recommend.goods import Goods
from server.recommend.history import History, history_of
from server.recommend.trends import Trends
from server.rpc.pool import Pool
from server.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

MOST_HISTORIES = 20_000
MOST_TEXTS = 2_000
LOAD_SECONDS = 30.0
RETRY_SECONDS = 5.0

log = structlog.get_logger()


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
        self.goods = Goods(self._load_goods)
        self.trends = Trends(self._count_sales)
        self._histories: Cache[int, History] = Cache(self._load_histories, size=MOST_HISTORIES)
        self._texts: Cache[int, ProductText] = Cache(self._load_texts, size=MOST_TEXTS)

    def attach(self, follower: Follower) -> None:
        """Learn from the events of products, stock, orders, behaviour and models."""
        follower.listen(events.PRODUCT, self._product_changed)
        follower.listen(events.STOCK, self._stock_changed)
        follower.listen(events.CATEGORY, lambda event: self._texts.clear())
        follower.listen(events.CATALOG, lambda event: self._everything_changed())
        follower.listen(events.ORDER, self._order_stepped)
        follower.listen(events.BEHAVIOR, self._behaved)
        follower.listen(events.MODEL, lambda event: self._model_changed())

    async def start(self) -> None:
        """Read the goods, and load the model in use.

        When that one is damaged, the newest other one that is not takes its place, or none.
        """
        # The answers of many callers share this process: threads of BLAS would only spin.
        threadpool_limits(1, "blas")
        await self.goods.start()
        for version in await self._read(registry.candidates):
            if await self._load(version):
                return
        log.info("recommending_without_a_model")

    async def stop(self) -> None:
        """End what runs in the background."""
        await self.goods.stop()
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
        return await self._histories.get(user_id)

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

    async def follow_activation(self) -> None:
        """Serve the model that the database says is in use; keep the present one when it is damaged."""
        active = await self._read(registry.active)
        if active is not None:
            await self._load(active.version)

    async def _load(self, version: str) -> bool:
        """Serve `version`; False when its artifact is damaged."""
        async with self._loading:
            if self.model is not None and self.model.version == version:
                return True
            try:
                if version not in self._proven:
                    await self.verify(version)
                self.model = await asyncio.to_thread(probe.load, self._models_dir / version, self._key)
            except DamagedArtifact as error:
                self._proven.discard(version)
                log.error("model_damaged", version=version, problem=str(error))
                return False
        log.info("model_loaded", version=version, products=len(self.model))
        return True

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

    def _product_changed(self, event: Announcement) -> None:
        self._texts.drop(int(event.key))
        self.goods.change([int(event.key)])

    def _stock_changed(self, event: Announcement) -> None:
        self.goods.change((event.payload or {}).get("products", ()))

    def _order_stepped(self, event: Announcement) -> None:
        user_id = (event.payload or {}).get("user_id")
        if user_id is not None:
            self._histories.drop(int(user_id))

    def _behaved(self, event: Announcement) -> None:
        if event.key.isdigit():
            self._histories.drop(int(event.key))

    def _everything_changed(self) -> None:
        self._histories.clear()
        self._texts.clear()
        self.trends.clear()
        self.goods.change_all()

    async def _load_goods(self, product_ids: Collection[int] | None) -> Sequence[queries.Good]:
        return await self._read(queries.goods, product_ids)

    async def _load_histories(self, user_ids: Sequence[int]) -> dict[int, History]:
        found = {user_id: history_of(await self._read(queries.history, user_id)) for user_id in user_ids}
        return {user_id: history for user_id, history in found.items() if history is not None}

    async def _load_texts(self, product_ids: Sequence[int]) -> dict[int, ProductText]:
        found = {product_id: await self._read(queries.description, product_id) for product_id in product_ids}
        return {product_id: ProductText(*words) for product_id, words in found.items() if words is not None}

    async def _count_sales(self, hours: int) -> Mapping[int, int]:
        now = self._clock()
        return await self._read(queries.sales, now - timedelta(hours=hours), now)

    async def _read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kw: P.kwargs) -> T:
        def read() -> T:
            with self._db.read() as connection:
                return query(connection, *args, **kw)

        return await self._pool.run(Deadline(LOAD_SECONDS), read)


def artifact_key(settings: Settings) -> bytes:
    """The key that signs artifacts, derived from the shop's secret."""
    return derived_key(settings.secret_key.get_secret_value().encode(), "artifact")
