"""The other lists: what is bought again, what goes with a product, and what sells."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from ml.models.reasons import Reason, ReasonCode
from ml.models.reorder import Reordered
from ml.ranking.model import Model
from ml.ranking.selection import Recommendation, Source
from server.catalog.errors import ProductNotFound
from server.recommend.feedback.impressions import Kind
from server.recommend.serving import fallback
from server.recommend.serving.context import Contexts
from server.recommend.serving.list_cache import ListCache
from server.recommend.serving.query import ANYONE, MAX_LIMIT, UNFILTERED, Audience, Filters
from server.recommend.serving.recorder import Recommended, Recorder
from server.recommend.serving.served_models import Arm
from server.recommend.serving.state import ServingState


class OtherLists:
    """Makes them from a worker's memory, and records what it shows."""

    def __init__(self, state: ServingState, contexts: Contexts, recorder: Recorder) -> None:
        self._state = state
        self._contexts = contexts
        self._recorder = recorder
        self._cache = ListCache()

    async def reorder(self, user_id: int, limit: int, *, shown: bool = True) -> Recommended[Reordered]:
        """What a user is likely to buy again, of what can be ordered now; raises UserNotFound.

        Empty for who never ordered, and while no model can tell; without a model the version is empty.
        """
        past = await self._contexts.user(user_id)
        audience = Audience(user_id)
        arm = self._contexts.arm(audience)
        items: Sequence[Reordered] = ()
        if arm.model is not None:
            eligible = self._state.availability.choose()
            items = arm.model.repeats.reorder(
                past.purchases, self._contexts.now(), eligible=eligible, limit=limit
            )
        else:
            arm = Arm(None, None)
        return self._recorder.record(Kind.REORDER, items, arm, audience, shown=shown, without_model="")

    async def similar(
        self, product_id: int, limit: int, audience: Audience = ANYONE
    ) -> Recommended[Recommendation]:
        """Products like this one; of one that the model does not hold by its words. Raises ProductNotFound.

        Where likeness finds nothing, what sells best in the product's own category.
        """
        await self._require(product_id)
        arm, availability = self._contexts.arm(audience), self._state.availability
        items: Sequence[Recommendation] = ()
        if arm.model is not None and arm.model.knows(product_id):
            items = self._like(arm.model, product_id, limit)
        elif arm.model is not None:
            text = await self._state.texts.get(product_id)
            if text is not None:
                eligible = availability.choose(left_out=[product_id])
                items = arm.model.related.similar_to_text(
                    text, product_id=product_id, eligible=eligible, limit=limit
                )
        if not items:
            category = availability.category_of(product_id)
            filters = UNFILTERED if category is None else Filters(frozenset({category}))
            items = fallback.best_sellers(availability.choose(filters, [product_id]), limit, None)
        return self._recorder.record(Kind.SIMILAR, items, arm, audience)

    def _like(self, model: Model, product_id: int, limit: int) -> Sequence[Recommendation]:
        availability = self._state.availability
        key, origins = ("similar", product_id, limit), (weakref.ref(model), availability.arrival)
        items = self._cache.get(key, origins, availability.fits)
        if items is None:
            eligible = availability.choose(left_out=[product_id])
            items = model.related.similar(product_id, eligible=eligible, limit=limit)
            self._cache.put(key, origins, items)
        return items

    async def bought_together(
        self, product_id: int, limit: int, audience: Audience = ANYONE
    ) -> Recommended[Recommendation]:
        """Products often bought together with this one; raises ProductNotFound. Empty when there are none.

        Of a product newer than the model, and without a model, the shop's latest baskets are counted.
        """
        await self._require(product_id)
        arm = self._contexts.arm(audience)
        is_new = product_id in self._state.new_products
        if arm.model is not None and arm.model.knows(product_id) and not is_new:
            eligible = self._state.availability.choose(left_out=[product_id])
            items = arm.model.related.bought_together(product_id, eligible=eligible, limit=limit)
        else:
            items = await self._counted_together(product_id, limit)
        return self._recorder.record(Kind.TOGETHER, items, arm, audience)

    async def _counted_together(self, product_id: int, limit: int) -> list[Recommendation]:
        counted = await self._state.reads.bought_with(product_id, 2 * MAX_LIMIT)
        eligible = self._state.availability.choose(left_out=[product_id])
        reason = Reason(ReasonCode.BOUGHT_TOGETHER, product_id)
        items = [
            Recommendation(other, share, reason, Source.SIMILAR)
            for other, share in counted
            if eligible(other)
        ]
        return items[:limit]

    async def trending(
        self, category: str, hours: int, limit: int, audience: Audience = ANYONE, country: str = ""
    ) -> Recommended[Recommendation]:
        """What sells now, in the whole shop or in one category; raises CategoryNotFound.

        The shop's own last hours come first; what the model saw trending, and then what sold best of all time,
        fills the list up. With a country there is only what was ordered to it.
        """
        filters = await self._contexts.filters(UNFILTERED, category)
        arm = self._contexts.arm(audience)
        trends = await self._state.trends.of(hours, country)
        eligible = self._state.availability.choose(filters)
        rungs = [fallback.trending_now(trends)] if country else fallback.ladder(trends, arm.model, filters)
        items = fallback.fill([], rungs, eligible, limit)
        return self._recorder.record(Kind.TRENDING, items, arm, audience)

    async def _require(self, product_id: int) -> None:
        # A product of a moment ago may be known to the database before it is known here.
        availability, texts = self._state.availability, self._state.texts
        if product_id not in availability and await texts.get(product_id) is None:
            raise ProductNotFound(product_id=product_id)
