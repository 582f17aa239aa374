"""The histories that this worker holds in memory: those of users, and those of visitors who are not signed in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from server.events.cache import Cache
from server.events.follower import Follower
from server.events.order_steps import OrderStepped
from server.events.topics import BehaviorRecorded, CartChanged, CatalogReplaced
from server.recommend.feedback.history import History, PastOrders, history_of, renewed, visit_of
from server.recommend.feedback.history_queries import HistoryRow

MAX_USERS_WEIGHT = 2_500_000
MAX_VISITORS_WEIGHT = 500_000
"""Apart from users: whoever invents visitors pushes out visitors only.

A history weighs what `_weight` says, in units of about 45 bytes: all users together take 110 MB at most.
"""
MAX_ORDERS_WEIGHT = 1_000_000
"""Of the past orders of users who did something since: most of them are those of the histories above."""

ReadUser = Callable[[int], Awaitable[Sequence[HistoryRow]]]
ReadVisitor = Callable[[str], Awaitable[Sequence[HistoryRow]]]


class Histories:
    """Reads a history once and keeps it until its owner does something. For use on one event loop."""

    def __init__(self, read_user: ReadUser, read_touched: ReadUser, read_visitor: ReadVisitor) -> None:
        """`read_user` reads the whole of a user's past, `read_touched` the part that orders do not change."""
        self._read_user = read_user
        self._read_touched = read_touched
        self._read_visitor = read_visitor
        self._past_orders: OrderedDict[int, PastOrders] = OrderedDict()
        self._orders_weight = 0
        self._users: Cache[int, History] = Cache(self._load_users, size=MAX_USERS_WEIGHT, weigh=_weight)
        self._visitors: Cache[str, History] = Cache(
            self._load_visitors, size=MAX_VISITORS_WEIGHT, weigh=_weight
        )

    def attach(self, follower: Follower) -> None:
        """Forget the histories that events change."""
        follower.on(OrderStepped, self._ordered)
        follower.on(BehaviorRecorded, self._behaved)
        follower.on(CartChanged, lambda event: self._touched(event.user_id))
        follower.on(CatalogReplaced, lambda _: self._clear())

    async def of_user(self, user_id: int) -> History | None:
        """A user's past; None when there is no such user."""
        return await self._users.get(user_id)

    async def of_visitor(self, visitor_id: str) -> History:
        """A visitor's past; empty for a stranger."""
        history = await self._visitors.get(visitor_id)
        if history is None:
            raise AssertionError("a loaded visit is never None")
        return history

    def _ordered(self, event: OrderStepped) -> None:
        if event.user_id is not None:
            self._users.drop(event.user_id)
            self._forget_orders(event.user_id)

    def _touched(self, user_id: int) -> None:
        """Have the history read again, but for what orders say: nothing else changes that."""
        history = self._users.peek(user_id)
        self._users.drop(user_id)
        if history is None:
            return
        self._forget_orders(user_id)
        self._past_orders[user_id] = history.past_orders
        self._orders_weight += _weight_of(history.past_orders)
        while self._orders_weight > MAX_ORDERS_WEIGHT:
            self._forget_orders(next(iter(self._past_orders)))

    def _forget_orders(self, user_id: int) -> None:
        past_orders = self._past_orders.pop(user_id, None)
        if past_orders is not None:
            self._orders_weight -= _weight_of(past_orders)

    def _behaved(self, event: BehaviorRecorded) -> None:
        if event.user_id is not None:
            self._touched(event.user_id)
        if event.visitor_id:
            self._visitors.drop(event.visitor_id)

    def _clear(self) -> None:
        self._users.clear()
        self._past_orders.clear()
        self._orders_weight = 0
        self._visitors.clear()

    async def _load_users(self, user_ids: Sequence[int]) -> dict[int, History]:
        histories = {user_id: await self._load_user(user_id) for user_id in user_ids}
        return {user_id: history for user_id, history in histories.items() if history is not None}

    async def _load_user(self, user_id: int) -> History | None:
        # It stays until the history is here: of two loads the second needs it too. An order takes it away.
        past_orders = self._past_orders.get(user_id)
        if past_orders is None:
            return history_of(await self._read_user(user_id))
        return renewed(past_orders, await self._read_touched(user_id))

    async def _load_visitors(self, visitor_ids: Sequence[str]) -> dict[str, History]:
        return {visitor_id: visit_of(await self._read_visitor(visitor_id)) for visitor_id in visitor_ids}


def _weight(history: History) -> int:
    return len(history.bought) + 2 * len(history.recent) + _weight_of(history.past_orders)


def _weight_of(past_orders: PastOrders) -> int:
    return 100 + 5 * len(past_orders.ever) + len(past_orders.purchases.product_ids)
