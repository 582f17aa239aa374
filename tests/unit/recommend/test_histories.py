"""The histories in memory: what orders say is read again after an order only, the rest after whatever was done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from server.events.order_steps import OrderStepped
from server.events.topics import BehaviorRecorded, CartChanged, CatalogReplaced
from server.recommend.feedback.histories import Histories
from server.recommend.feedback.history_queries import BOUGHT, CARTED, CLAIMED, SEEN, USER, HistoryRow

NOW = datetime(2026, 11, 29, tzinfo=UTC)
BUYER = 7


class Records:
    """A database, and the follower that tells of it."""

    def __init__(self) -> None:
        self.orders = [_row(USER, 0), _row(BOUGHT, 1)]
        self.touched: list[HistoryRow] = []
        self.reads: list[str] = []
        self.listeners: dict[type, Callable[[Any], None]] = {}
        self.histories = Histories(self._read_user, self._read_touched, self._read_visitor)
        self.histories.attach(self)  # type: ignore[arg-type]  # a double

    def on(self, kind: type, listener: Callable[[Any], None]) -> None:
        """Take a listener."""
        self.listeners[kind] = listener

    def tell(self, event: object) -> None:
        """Tell the listener of an event."""
        self.listeners[type(event)](event)

    async def bought(self) -> frozenset[int]:
        """What the buyer bought, by their history."""
        history = await self.histories.of_user(BUYER)
        assert history is not None
        assert set(history.bought_ids.tolist()) == history.bought
        return history.bought

    async def _read_user(self, user_id: int) -> Sequence[HistoryRow]:
        self.reads.append("everything")
        return [*self.orders, *self.touched]

    async def _read_touched(self, user_id: int) -> Sequence[HistoryRow]:
        self.reads.append("touched")
        return list(self.touched)

    async def _read_visitor(self, visitor_id: str) -> Sequence[HistoryRow]:
        return []


def _row(kind: str, product_id: int) -> HistoryRow:
    return HistoryRow(kind, product_id, NOW, 0, 0)


def test_what_is_looked_at_does_not_have_the_orders_read_again() -> None:
    async def scenario() -> None:
        records = Records()
        assert await records.bought() == {1}
        records.touched.append(_row(SEEN, 2))
        records.tell(BehaviorRecorded(str(BUYER)))
        records.touched.append(_row(CARTED, 3))
        records.tell(CartChanged(BUYER))
        history = await records.histories.of_user(BUYER)
        assert history is not None
        assert (set(history.recent), history.in_cart, history.bought) == ({1, 2, 3}, {3}, {1})
        records.touched.append(_row(CLAIMED, 4))
        records.tell(BehaviorRecorded(str(BUYER)))
        assert await records.bought() == {1, 4}
        assert records.reads == ["everything", "touched", "touched"]

    asyncio.run(scenario())


def test_after_an_order_or_an_import_everything_is_read_again() -> None:
    async def scenario() -> None:
        records = Records()
        for number, event in enumerate((OrderStepped(order_id=5, user_id=BUYER), CatalogReplaced()), 2):
            await records.bought()
            records.tell(BehaviorRecorded(str(BUYER)))
            records.orders.append(_row(BOUGHT, number))
            records.tell(event)
            assert number in await records.bought()
        assert records.reads == ["everything"] * 3

    asyncio.run(scenario())


def test_an_order_that_comes_while_the_rest_is_read_is_not_missed() -> None:
    async def scenario() -> frozenset[int]:
        records = Records()
        await records.bought()
        records.tell(BehaviorRecorded(str(BUYER)))
        reading = asyncio.create_task(records.bought())
        await asyncio.sleep(0)
        records.orders.append(_row(BOUGHT, 2))
        records.tell(OrderStepped(order_id=5, user_id=BUYER))
        records.tell(CartChanged(BUYER))
        await reading
        return await records.bought()

    assert asyncio.run(scenario()) == {1, 2}
