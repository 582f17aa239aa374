"""What a query means at this moment: who is meant, what they did, and which model serves them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml.data.arrays import Ids
from server.clock import Clock
from server.errors import UserNotFound
from server.recommend.feedback.history import NEW_USER, History, combined
from server.recommend.registry.experiments import split_key
from server.recommend.serving.query import Audience, Filters, Placement, Query
from server.recommend.serving.served_models import Arm
from server.recommend.serving.state import ServingState

CategoryIds = Callable[[str], Awaitable[frozenset[int]]]
"""The ids of the category with this slug or name and of those below it; raises CategoryNotFound."""


@dataclass(frozen=True, slots=True, eq=False)
class QueryContext:
    """A query with all that its list depends on."""

    query: Query
    filters: Filters
    """The query's, its category looked up."""
    user: History
    visitor: History
    arm: Arm
    now: float
    """Seconds since the epoch."""

    @property
    def is_cold_start(self) -> bool:
        """Whether nothing is known that a list could be made for."""
        return not (self.user.recent or self.visitor.recent or self.query.product_id)

    def past(self) -> History:
        """What the user did, under the visitor id too."""
        return combined(self.user, self.visitor)

    def on_page(self, past: History) -> Sequence[int]:
        """The products that stand where the list does, of a cart the latest first."""
        if self.query.placement is Placement.PRODUCT:
            return (self.query.product_id,)
        if self.query.placement is Placement.CART:
            latest = [product_id for product_id in past.recent if product_id in past.in_cart]
            return [*latest, *sorted(past.in_cart.difference(latest))]
        return ()

    def excluded(self, past: History) -> Ids:
        """What the list must not hold, whatever else: the cart, the page, and what was bought."""
        on_page = [self.query.product_id] if self.query.placement is Placement.PRODUCT else []
        in_view = np.array([*past.in_cart, *on_page], dtype=np.int64)
        return in_view if self.query.include_repeat else np.concatenate([in_view, past.bought_ids])


class Contexts:
    """Looks up the context of a query, in a worker's memory."""

    def __init__(self, state: ServingState, category_ids: CategoryIds, clock: Clock) -> None:
        self._state = state
        self._category_ids = category_ids
        self._clock = clock

    async def of(self, query: Query) -> QueryContext:
        """The context of a query; raises UserNotFound and CategoryNotFound."""
        filters = await self.filters(query.prices, query.category)
        user = await self.user(query.audience.user_id)
        visitor = await self._visitor(query.audience.visitor_id)
        return QueryContext(query, filters, user, visitor, self.arm(query.audience), self.now())

    async def filters(self, prices: Filters, category: str) -> Filters:
        """The filters of prices and a category ("": all); raises CategoryNotFound."""
        if not category:
            return prices
        return replace(prices, category_ids=await self._category_ids(category))

    def now(self) -> float:
        """This moment, in seconds since the epoch."""
        return self._clock().timestamp()

    async def user(self, user_id: int) -> History:
        """What a user did, nothing for 0; raises UserNotFound."""
        if not user_id:
            return NEW_USER
        history = await self._state.histories.of_user(user_id)
        if history is None:
            raise UserNotFound(user_id=user_id)
        return history

    async def _visitor(self, visitor_id: str) -> History:
        return await self._state.histories.of_visitor(visitor_id) if visitor_id else NEW_USER

    def arm(self, audience: Audience) -> Arm:
        """The model that serves these."""
        return self._state.models.arm(split_key(audience.user_id or None, audience.visitor_id))
