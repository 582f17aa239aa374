"""The rules of recommending: what is left out, who falls back to what, and how lists are filled up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ml.blend import Recommendation, Source
from ml.model import Eligible, Model
from server.catalog.errors import ProductNotFound
from server.errors import UserNotFound
from server.recommend.history import NEW_USER, History
from server.recommend.lists import Lists
from server.recommend.serving import Serving
from server.recommend.trends import DEFAULT_HOURS, Trend

DEFAULT_LIMIT = 10
MOST = 100

POPULARITY = "popularity"
"""The version that lists carry while no model is in use."""

POPULAR_CEILING = 0.1
TRENDED_FLOOR = 0.3
"""Scores: trends of the shop's last days lie above this, what fills the list up below."""

CategoryIds = Callable[[str], Awaitable[frozenset[int]]]
"""The ids of the category with this slug or name and of those below it; raises CategoryNotFound."""


class Place(Enum):
    """Where a list is shown."""

    HOMEPAGE = "homepage"
    PRODUCT = "product"
    CART = "cart"


@dataclass(frozen=True, slots=True)
class Recommended:
    """A list, best first, and the version of the model that made it."""

    items: Sequence[Recommendation]
    model_version: str


def size(asked: int) -> int:
    """How many products a list holds at most: 0 means the default, too many are coerced."""
    return min(asked, MOST) if asked > 0 else DEFAULT_LIMIT


class Recommender:
    """Recommends from a worker's memory; every list is read off without a query once the worker is warm."""

    def __init__(self, serving: Serving, category_ids: CategoryIds) -> None:
        self._serving = serving
        self._category_ids = category_ids
        self._lists = Lists()

    async def for_caller(
        self, user_id: int, context: Sequence[int], limit: int, *, include_repeat: bool
    ) -> Recommended:
        """Recommend to the caller, who exists."""
        history = await self._serving.history(user_id) or NEW_USER
        return await self._for_user(user_id, history, context, limit, include_repeat=include_repeat)

    async def for_other(
        self, user_id: int, context: Sequence[int], limit: int, *, include_repeat: bool
    ) -> Recommended:
        """Recommend to a user whom an admin asks about; raises UserNotFound."""
        history = await self._serving.history(user_id)
        if history is None:
            raise UserNotFound(user_id=user_id)
        return await self._for_user(user_id, history, context, limit, include_repeat=include_repeat)

    async def similar(self, product_id: int, limit: int) -> Recommended:
        """Products like this one; of one newer than the model by its words. Raises ProductNotFound.

        Where likeness finds nothing, what sells best in the product's own category.
        """
        await self._require(product_id)
        model, eligible = self._serving.model, self._eligible({product_id})
        items: list[Recommendation] = []
        if model is not None and model.knows(product_id):
            items = model.similar(product_id, eligible=eligible, limit=limit)
        elif model is not None:
            text = await self._serving.text(product_id)
            if text is not None:
                items = model.similar_to_text(text, eligible=eligible, limit=limit)
        if not items:
            category = self._serving.goods.category_of(product_id)
            items = self._popular(eligible, limit, None if category is None else {category})
        return _made_by(model, items)

    async def bought_together(self, product_id: int, limit: int) -> Recommended:
        """Products often bought together with this one; raises ProductNotFound. Empty when there are none.

        Of a product newer than the model, and without a model, the shop's latest baskets are counted.
        """
        await self._require(product_id)
        model, eligible = self._serving.model, self._eligible({product_id})
        if model is not None and model.knows(product_id):
            return _made_by(model, model.bought_together(product_id, eligible=eligible, limit=limit))
        counted = await self._serving.bought_with(product_id, 2 * MOST)
        reason = "Often bought together"
        items = [
            Recommendation(other, share, reason, Source.SIMILAR)
            for other, share in counted
            if eligible(other)
        ]
        return _made_by(model, items[:limit])

    async def trending(self, category: str, hours: int, limit: int) -> Recommended:
        """What sells now, in the whole shop or in one category; raises CategoryNotFound.

        The shop's own last hours come first; what the model saw trending, and then what sold best of all time,
        fills the list up.
        """
        within = await self._category_ids(category) if category else None
        eligible = self._eligible(())
        items = self._picked(await self._serving.trends.of(hours), eligible, limit, within)
        model = self._serving.model
        if model is not None and len(items) < limit:
            fresh = self._without(eligible, items)
            older = model.trending(category_ids=within, eligible=fresh, limit=limit - len(items))
            scale = TRENDED_FLOOR if items else 1.0
            items += [replace(item, score=item.score * scale) for item in older]
        return _made_by(model, self._filled(items, eligible, limit, within))

    async def _for_user(
        self, user_id: int, history: History, context: Sequence[int], limit: int, *, include_repeat: bool
    ) -> Recommended:
        model = self._serving.model
        left_out = {*context} if include_repeat else history.bought.union(context)
        eligible = self._eligible(left_out)
        if model is None:
            trends = await self._serving.trends.of(DEFAULT_HOURS)
            return _made_by(
                None, self._filled(self._picked(trends, eligible, limit, None), eligible, limit, None)
            )
        goods = self._serving.goods
        asked = (user_id, tuple(context), limit, include_repeat)
        origins = (model, history, goods.arrival)
        items = self._lists.get(asked, origins, goods.sellable)
        if items is None:
            found = model.recommend(
                user_id, history=history.recent, context=context, eligible=eligible, limit=limit
            )
            items = self._filled(found, eligible, limit, None)
            self._lists.put(asked, origins, items)
        return _made_by(model, items)

    async def _require(self, product_id: int) -> None:
        # A product of a moment ago may be known to the database before it is known here.
        if product_id not in self._serving.goods and await self._serving.text(product_id) is None:
            raise ProductNotFound(product=product_id)

    def _eligible(self, left_out: Collection[int]) -> Eligible:
        sellable = self._serving.goods.sellable
        return lambda product_id: product_id in sellable and product_id not in left_out

    def _without(self, eligible: Eligible, items: Iterable[Recommendation]) -> Eligible:
        taken = {item.product_id for item in items}
        return lambda product_id: product_id not in taken and eligible(product_id)

    def _picked(
        self, trends: Iterable[Trend], eligible: Eligible, limit: int, within: Collection[int] | None
    ) -> list[Recommendation]:
        """The first `limit` of these trends that are eligible and in one of the categories."""
        category_of = self._serving.goods.category_of
        items: list[Recommendation] = []
        for product_id, strength in trends:
            if len(items) == limit:
                break
            if eligible(product_id) and (within is None or category_of(product_id) in within):
                score = TRENDED_FLOOR + (1 - TRENDED_FLOOR) * strength
                items.append(Recommendation(product_id, score, "Trending now", Source.TRENDING))
        return items

    def _filled(
        self,
        items: list[Recommendation],
        eligible: Eligible,
        limit: int,
        within: Collection[int] | None,
    ) -> list[Recommendation]:
        """The same list filled up with what sells best: products newer than the model have no other way in."""
        if len(items) >= limit:
            return items
        ceiling = min(POPULAR_CEILING, items[-1].score) if items else POPULAR_CEILING
        more = self._popular(self._without(eligible, items), limit - len(items), within, ceiling)
        return [*items, *more]

    def _popular(
        self,
        eligible: Eligible,
        limit: int,
        within: Collection[int] | None,
        ceiling: float = POPULAR_CEILING,
    ) -> list[Recommendation]:
        goods = self._serving.goods
        found: dict[int, None] = {}
        for product_id in goods.by_sales:
            if len(found) == limit:
                break
            if eligible(product_id) and (within is None or goods.category_of(product_id) in within):
                found[product_id] = None
        step = ceiling / (limit + 1)
        return [
            Recommendation(product_id, ceiling - step * (place + 1), "Popular in this shop", Source.POPULAR)
            for place, product_id in enumerate(found)
        ]


def _made_by(model: Model | None, items: Sequence[Recommendation]) -> Recommended:
    return Recommended(items, model.version if model is not None else POPULARITY)
