"""The last moments of the shop: what was bought and visited, as the events tell it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from server.events.follower import Follower
from server.events.order_steps import OrderStepped
from server.events.topics import BehaviorRecorded, CartChanged
from server.recommend.serving.trending.trend_queries import NEWEST, ORDER_WORTH, WORTH

MAX_INTERACTIONS = 10_000

VISITOR = "v:"
"""How the actor of an event begins who is not signed in."""


class Interaction(NamedTuple):
    """Something that makes a product trend.

    `actor` identifies who did it, `origin` where they called from, if they are not signed in or new;
    `country` is the country that an order goes to, None for all that is no order.
    """

    product_id: int
    worth: int
    actor: str
    origin: str
    country: str | None

    @property
    def is_visitors(self) -> bool:
        """Whether a visitor did it who is not signed in."""
        return self.actor.startswith(VISITOR)


class Journal:
    """The latest interactions, numbered from the first one. For use on one event loop."""

    def __init__(self, size: int = MAX_INTERACTIONS) -> None:
        self._interactions: deque[Interaction] = deque(maxlen=size)
        self.position = 0
        """How many interactions there were so far."""

    def attach(self, follower: Follower) -> None:
        """Write down what the events of orders, carts and behaviour tell."""
        follower.on(OrderStepped, lambda event: self.add(_bought(event)))
        follower.on(CartChanged, lambda event: self.add(_carted(event)))
        follower.on(BehaviorRecorded, lambda event: self.add(_seen(event)))

    def add(self, interactions: Iterable[Interaction]) -> None:
        """Write interactions down."""
        for interaction in interactions:
            self._interactions.append(interaction)
            self.position += 1

    def since(self, position: int) -> Sequence[Interaction] | None:
        """The interactions after the first `position`; None when some of them are not kept any more."""
        count = self.position - position
        if count > len(self._interactions):
            return None
        return list(islice(self._interactions, len(self._interactions) - count, None))


def _bought(event: OrderStepped) -> Iterable[Interaction]:
    return [
        Interaction(product_id, ORDER_WORTH * NEWEST, f"order:{event.order_id}:{line}", "", event.country)
        for line, product_id in enumerate(event.product_ids)
    ]


def _carted(event: CartChanged) -> Iterable[Interaction]:
    if event.added is None:
        return []
    return [Interaction(event.added, WORTH["ADD_TO_CART"] * NEWEST, event.key, event.origin, None)]


def _seen(event: BehaviorRecorded) -> Iterable[Interaction]:
    return [
        Interaction(product_id, WORTH.get(kind, 0) * NEWEST, event.key, event.origin, None)
        for product_id, kind in event.seen
    ]
