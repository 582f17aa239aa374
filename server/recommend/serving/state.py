"""What a worker recommends from, in memory: models, who bought what, what can be sold, and what sells."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from ml.models.content import ProductText
from server.clock import Clock
from server.db.work import Work
from server.events.cache import Cache
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, CategoryChanged, ProductChanged, StockMoved
from server.recommend.feedback.histories import Histories
from server.recommend.registry.artifact_key import ArtifactKeys
from server.recommend.serving.availability import Availability
from server.recommend.serving.new_products import NewProducts
from server.recommend.serving.reads import Reads
from server.recommend.serving.served_models import ServedModels
from server.recommend.serving.trending.trends import Trends
from server.settings import Settings

MAX_TEXTS = 2_000


class ServingState:
    """The state behind recommendations in one worker; for use on its event loop.

    Order: `attach` before the follower starts, `start` after it, so that no event falls between.
    """

    def __init__(self, settings: Settings, work: Work, clock: Clock) -> None:
        self.reads = Reads(work, clock)
        self.new_products = NewProducts(self.reads.product_ids, self.reads.words)
        keys = ArtifactKeys(settings.ring)
        self.models = ServedModels(settings.models_dir, keys, self.reads, self.new_products)
        self.availability = Availability(self.reads.snapshots, settings.currency, clock)
        self.trends = Trends(self.reads.sales)
        self.histories = Histories(self.reads.user_history, self.reads.touched_by, self.reads.visitor_history)
        self.texts: Cache[int, ProductText] = Cache(self.reads.texts, size=MAX_TEXTS)

    def attach(self, follower: Follower) -> None:
        """Learn from the events of products, stock, orders, carts, behaviour and models."""
        self.histories.attach(follower)
        self.trends.attach(follower)
        follower.on(ProductChanged, self._product_changed)
        follower.on(StockMoved, lambda event: self.availability.changes.add(event.product_ids))
        follower.on(CategoryChanged, lambda _: self._words_changed())
        follower.on(CatalogReplaced, lambda _: self._everything_changed())
        self.models.attach(follower)

    async def start(self) -> None:
        """Read what can be sold, and load the models that are in use."""
        # The answers of many callers share this process: threads of BLAS would only spin.
        threadpool_limits(1, "blas")
        await self.availability.start()
        self.new_products.start()
        await self.models.start()

    async def stop(self) -> None:
        """End what runs in the background."""
        await self.availability.stop()
        await self.trends.stop()
        await self.models.stop()
        await self.new_products.stop()

    def _product_changed(self, event: ProductChanged) -> None:
        self.texts.drop(event.id)
        self.availability.changes.add([event.id])
        self.new_products.changes.add([event.id])

    def _words_changed(self) -> None:
        self.texts.clear()
        self.new_products.changes.add_all()

    def _everything_changed(self) -> None:
        self._words_changed()
        self.trends.clear()
        self.availability.changes.add_all()
