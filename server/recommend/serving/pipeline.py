"""How a list of recommendations comes about: one method, a line for each step.

context → candidates → features → rank → filter → select → fallback → record
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from ml.ranking.eligibility import Eligible
from ml.ranking.model import Model
from ml.ranking.repeats import fresh_limit, unbought
from ml.ranking.selection import Recommendation
from server.recommend.feedback.history import History
from server.recommend.feedback.impressions import Kind
from server.recommend.serving import fallback
from server.recommend.serving.availability import EligibleProducts
from server.recommend.serving.context import Contexts, QueryContext
from server.recommend.serving.list_cache import ListCache
from server.recommend.serving.query import Query
from server.recommend.serving.recorder import Recommended, Recorder
from server.recommend.serving.state import ServingState
from server.recommend.serving.trending.trends import DEFAULT_HOURS

MAX_AGE_SECONDS = 3600
"""A list is made anew after an hour: what is due to be bought again depends on the time."""


class Pipeline:
    """Recommends from a worker's memory; every list is read off without a query once the worker is warm."""

    def __init__(self, state: ServingState, contexts: Contexts, recorder: Recorder) -> None:
        self._state = state
        self._contexts = contexts
        self._recorder = recorder
        self._cache = ListCache()

    async def recommend(self, query: Query, *, shown: bool = True) -> Recommended[Recommendation]:
        """Recommend to a user, a visitor, or anyone. Raises UserNotFound and CategoryNotFound.

        What the user bought (unless the query includes it), what is in their cart, and what stands on the page are
        left out. A user without a history is shown what trends, then what sold best. `shown` is False when an
        admin looks at the list of somebody else.
        """
        context = await self._contexts.of(query)
        model = context.arm.model
        items: Sequence[Recommendation]
        if model is None or context.is_cold_start:
            items = await self._impersonal(context)
        else:
            items = self._cached(model, context)
        kind = Kind(query.placement.name)
        return self._recorder.record(kind, items, context.arm, query.audience, shown=shown)

    def _cached(self, model: Model, context: QueryContext) -> Sequence[Recommendation]:
        """The list as it was made a moment ago, if everything that it was made from is still the same."""
        availability, filters = self._state.availability, context.filters
        key = (context.query, filters, context.now // MAX_AGE_SECONDS)
        # A weak one: a cached list shall not keep a model that was replaced.
        origins = (weakref.ref(model), context.user, context.visitor, availability.arrival)
        items = self._cache.get(key, origins, lambda product_id: availability.fits(product_id, filters))
        if items is None:
            items = self._personal(model, context)
            self._cache.put(key, origins, items)
        return items

    def _personal(self, model: Model, context: QueryContext) -> list[Recommendation]:
        query, past = context.query, context.past()
        eligible = self._eligible(context, past)
        if not eligible:
            return []
        if query.include_repeat:
            new, limit = unbought(past.purchases, eligible), fresh_limit(query.limit)
            ranked = self._ranked(model, context, past, eligible=new, limit=limit)
            items = model.repeats.next_basket(
                ranked,
                past.purchases,
                context.now,
                context=context.on_page(past),
                eligible=eligible,
                limit=query.limit,
            )
        else:
            items = self._ranked(model, context, past, eligible=eligible, limit=query.limit)
        return fallback.fill(items, [fallback.best_sellers], eligible, query.limit)

    def _ranked(
        self, model: Model, context: QueryContext, past: History, *, eligible: Eligible, limit: int
    ) -> list[Recommendation]:
        model_context = model.context(
            context.query.audience.user_id,
            history=past.recent,
            bought=past.recent_bought,
            context=context.on_page(past),
            now=context.now,
        )
        candidates = model.candidates(model_context, eligible)
        features = model.features(candidates)
        ranked = model.rank(features)
        return model.select(ranked, model_context, eligible, limit)

    async def _impersonal(self, context: QueryContext) -> list[Recommendation]:
        trends = await self._state.trends.of(DEFAULT_HOURS)
        eligible = self._eligible(context, context.past())
        rungs = fallback.ladder(trends, context.arm.model, context.filters)
        return fallback.fill([], rungs, eligible, context.query.limit)

    def _eligible(self, context: QueryContext, past: History) -> EligibleProducts:
        return self._state.availability.choose(context.filters, context.excluded(past))
