"""The rules of recommending: whose past counts, what is left out, and who falls back to what."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from ml.models.reorder import Reordered
from ml.ranking.model import Model
from ml.ranking.selection import Recommendation, Source
from server.catalog.errors import ProductNotFound
from server.clock import Clock
from server.errors import UserNotFound
from server.recommend.feedback.history import NEW_USER as NOBODY
from server.recommend.feedback.history import History, combined
from server.recommend.registry.experiments import split_key
from server.recommend.serving import fallback
from server.recommend.serving.availability import EligibleProducts
from server.recommend.serving.list_cache import ListCache
from server.recommend.serving.product_table import UNFILTERED, Filters
from server.recommend.serving.query import ANYONE, MOST, Audience, Placement, Query
from server.recommend.serving.state import Arm, Serving
from server.recommend.serving.trending.trends import DEFAULT_HOURS

POPULARITY = "popularity"
"""The version that lists carry while no model is in use."""

KEPT_SECONDS = 3600
"""A list is made anew after an hour at most: what is due to be bought again depends on the time."""

CategoryIds = Callable[[str], Awaitable[frozenset[int]]]
"""The ids of the category with this slug or name and of those below it; raises CategoryNotFound."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """A list, best first, the version of the model that made it, and the experiment that chose that model."""

    items: Sequence[Recommendation]
    model_version: str
    experiment_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReorderList:
    """What may be bought again, the likeliest first, and what told so; without a model the version is empty."""

    items: Sequence[Reordered]
    model_version: str
    experiment_id: int | None = None


class _Known(TypedDict):
    """What a model is told of whoever it recommends to."""

    history: Sequence[int]
    bought: Collection[int]
    context: Sequence[int]
    eligible: EligibleProducts
    limit: int
    now: float


class Recommender:
    """Recommends from a worker's memory; every list is read off without a query once the worker is warm."""

    def __init__(self, serving: Serving, category_ids: CategoryIds, clock: Clock) -> None:
        self._serving = serving
        self._clock = clock
        self._category_ids = category_ids
        self._lists = ListCache()

    async def recommend(self, asked: Query) -> Recommended:
        """Recommend to a user, a visitor, or anyone. Raises UserNotFound and CategoryNotFound.

        What the user bought (unless it was asked for), what is in their cart, and what stands on the page are
        left out. Whoever has no history is shown what trends, then what sold best.
        """
        wish = await self._wish(asked)
        user, visitor = await self._user(asked.audience.user_id), await self._visitor(asked.audience)
        arm = self._arm(asked.audience)
        if arm.model is None or not (user.recent or visitor.recent or asked.product_id):
            return await self._what_sells(arm, wish, _left_out(asked, combined(user, visitor)), asked.limit)
        goods, now = self._serving.goods, self._clock().timestamp()
        question = (asked, wish, now // KEPT_SECONDS)
        # A weak one: a kept list shall not keep a model that was replaced.
        origins = (weakref.ref(arm.model), user, visitor, goods.arrival)
        items = self._lists.get(question, origins, lambda product_id: goods.fits(product_id, wish))
        if items is None:
            items = self._recommended(arm.model, asked, combined(user, visitor), wish, now)
            self._lists.put(question, origins, items)
        return _made_by(arm, items)

    def _recommended(
        self, model: Model, asked: Query, past: History, wish: Filters, now: float
    ) -> list[Recommendation]:
        user_id, context = asked.audience.user_id, _context(asked, past)
        choice = self._serving.goods.choose(wish, _left_out(asked, past))
        if not choice:
            return []
        known: _Known = {
            "history": past.recent,
            "bought": past.recent_bought,
            "context": context,
            "eligible": choice,
            "limit": asked.limit,
            "now": now,
        }
        if asked.include_repeat:
            found = model.recommend_with_repeats(user_id, past.purchases, **known)
        else:
            found = model.recommend(user_id, **known)
        return fallback.filled(found, choice, asked.limit)

    async def reorder(self, user_id: int, limit: int) -> ReorderList:
        """What a user is likely to buy again, of what can be ordered now; raises UserNotFound.

        Empty for who never ordered, and while no model can tell.
        """
        past = await self._user(user_id)
        arm = self._arm(Audience(user_id))
        if arm.model is None:
            return ReorderList((), "")
        choice = self._serving.goods.choose()
        items = arm.model.repeats.reorder(
            past.purchases, self._clock().timestamp(), eligible=choice, limit=limit
        )
        return ReorderList(items, arm.model.version, arm.experiment_id)

    async def similar(self, product_id: int, limit: int, audience: Audience = ANYONE) -> Recommended:
        """Products like this one; of one that the model does not hold by its words. Raises ProductNotFound.

        Where likeness finds nothing, what sells best in the product's own category.
        """
        await self._require(product_id)
        arm, goods = self._arm(audience), self._serving.goods
        items: Sequence[Recommendation] = ()
        if arm.model is not None and arm.model.knows(product_id):
            items = self._like(arm.model, product_id, limit)
        elif arm.model is not None:
            text = await self._serving.text(product_id)
            if text is not None:
                choice = goods.choose(left_out=[product_id])
                items = arm.model.related.similar_to_text(text, eligible=choice, limit=limit)
        if not items:
            category = goods.category_of(product_id)
            wish = UNFILTERED if category is None else Filters(frozenset({category}))
            items = fallback.popular(goods.choose(wish, [product_id]), limit)
        return _made_by(arm, items)

    def _like(self, model: Model, product_id: int, limit: int) -> Sequence[Recommendation]:
        goods = self._serving.goods
        question, origins = ("similar", product_id, limit), (weakref.ref(model), goods.arrival)
        items = self._lists.get(question, origins, goods.fits)
        if items is None:
            choice = goods.choose(left_out=[product_id])
            items = model.related.similar(product_id, eligible=choice, limit=limit)
            self._lists.put(question, origins, items)
        return items

    async def bought_together(self, product_id: int, limit: int, audience: Audience = ANYONE) -> Recommended:
        """Products often bought together with this one; raises ProductNotFound. Empty when there are none.

        Of a product newer than the model, and without a model, the shop's latest baskets are counted.
        """
        await self._require(product_id)
        arm = self._arm(audience)
        if arm.model is not None and arm.model.knows(product_id) and not self._serving.is_new(product_id):
            choice = self._serving.goods.choose(left_out=[product_id])
            return _made_by(arm, arm.model.related.bought_together(product_id, eligible=choice, limit=limit))
        counted = await self._serving.bought_with(product_id, 2 * MOST)
        choice = self._serving.goods.choose(left_out=[product_id])
        items = [
            Recommendation(other, share, "Often bought together", Source.SIMILAR)
            for other, share in counted
            if choice(other)
        ]
        return _made_by(arm, items[:limit])

    async def trending(
        self, category: str, hours: int, limit: int, audience: Audience = ANYONE, region: str = ""
    ) -> Recommended:
        """What sells now, in the whole shop or in one category; raises CategoryNotFound.

        The shop's own last hours come first; what the model saw trending, and then what sold best of all time,
        fills the list up. With a region, the code of a country, there is only what was ordered to it.
        """
        wish = Filters(await self._category_ids(category)) if category else UNFILTERED
        arm = self._arm(audience)
        if region:
            trends = await self._serving.trends.of(hours, region)
            return _made_by(arm, fallback.trending(trends, self._serving.goods.choose(wish), limit))
        return await self._what_sells(arm, wish, (), limit, hours)

    async def _what_sells(
        self, arm: Arm, wish: Filters, left_out: Collection[int], limit: int, hours: int = DEFAULT_HOURS
    ) -> Recommended:
        trends = await self._serving.trends.of(hours)
        choice = self._serving.goods.choose(wish, left_out)
        items = fallback.trending(trends, choice, limit)
        if arm.model is not None and len(items) < limit:
            choice.leave_out([item.product_id for item in items])
            older = arm.model.bestsellers.trending(
                category_ids=wish.category_ids, eligible=choice, limit=limit - len(items)
            )
            scale = fallback.TRENDED_FLOOR if items else 1.0
            items += [replace(item, score=item.score * scale) for item in older]
        return _made_by(arm, fallback.filled(items, choice, limit))

    async def _wish(self, asked: Query) -> Filters:
        if not asked.category:
            return asked.prices
        return replace(asked.prices, category_ids=await self._category_ids(asked.category))

    async def _user(self, user_id: int) -> History:
        if not user_id:
            return NOBODY
        history = await self._serving.history(user_id)
        if history is None:
            raise UserNotFound(user_id=user_id)
        return history

    async def _visitor(self, audience: Audience) -> History:
        return await self._serving.visitor_history(audience.visitor_id) if audience.visitor_id else NOBODY

    async def _require(self, product_id: int) -> None:
        # A product of a moment ago may be known to the database before it is known here.
        if product_id not in self._serving.goods and await self._serving.text(product_id) is None:
            raise ProductNotFound(product=product_id)

    def _arm(self, audience: Audience) -> Arm:
        return self._serving.model_for(split_key(audience.user_id or None, audience.visitor_id))


def _context(asked: Query, past: History) -> Sequence[int]:
    """The products that stand where the list does, of a cart the latest first."""
    if asked.place is Placement.PRODUCT:
        return (asked.product_id,)
    if asked.place is Placement.CART:
        latest = [product_id for product_id in past.recent if product_id in past.in_cart]
        return [*latest, *sorted(past.in_cart.difference(latest))]
    return ()


def _left_out(asked: Query, past: History) -> Collection[int]:
    on_page = {asked.product_id} if asked.place is Placement.PRODUCT else ()
    gone = past.in_cart.union(on_page)
    return gone if asked.include_repeat else gone | past.bought


def _made_by(arm: Arm, items: Sequence[Recommendation]) -> Recommended:
    version = arm.model.version if arm.model is not None else POPULARITY
    return Recommended(items, version, arm.experiment_id)
