"""Availability: what can be sold, read again when events say so, and never older than the last event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta

import pytest

from server.errors import UnavailableNow
from server.recommend.serving import availability as module
from server.recommend.serving.availability import Availability
from server.recommend.serving.queries import ProductSnapshot


def _snapshot(
    product_id: int, category_id: int | None, *, available: int, sold: int, price: int = 100
) -> ProductSnapshot:
    return ProductSnapshot(product_id, category_id, available, sold, price, "USD")


class Shop:
    """A table of products that can be read, slowly, and be away."""

    def __init__(self) -> None:
        self.rows = {i: _snapshot(i, 1 if i < 3 else None, available=5, sold=i) for i in range(1, 5)}
        self.reads: list[Collection[int] | None] = []
        self.failures = 0

    async def read(self, product_ids: Collection[int] | None) -> Sequence[ProductSnapshot]:
        self.reads.append(product_ids)
        found = [row for row in self.rows.values() if product_ids is None or row.product_id in product_ids]
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise UnavailableNow()
        return found


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", timedelta())
    monkeypatch.setattr(module, "RETRY", timedelta())


def _run(story: Callable[[Shop, Availability], Awaitable[None]]) -> None:
    async def tell() -> None:
        shop = Shop()
        availability = Availability(shop.read, "USD")
        await availability.start()
        await story(shop, availability)
        await availability.stop()

    asyncio.run(tell())


def _ids(availability: Availability) -> list[int]:
    return [product_id for product_id in range(-1, 100) if product_id in availability]


def test_it_knows_what_exists_what_is_in_stock_and_what_sells_best() -> None:
    async def story(shop: Shop, availability: Availability) -> None:
        assert availability.choose().best_sellers(9) == [4, 3, 2, 1]
        assert _ids(availability) == [1, 2, 3, 4]
        assert 4 in availability
        assert 5 not in availability
        assert availability.category_of(1) == 1
        assert availability.category_of(3) is None

    _run(story)


def test_sold_out_deleted_and_new_products_are_noticed() -> None:
    async def story(shop: Shop, availability: Availability) -> None:
        shop.rows[1] = _snapshot(1, 1, available=0, sold=9)
        del shop.rows[2]
        shop.rows[9] = _snapshot(9, None, available=1, sold=0)
        availability.changes.add([1, 2, 9])
        await availability.changes.settled()
        assert availability.choose().best_sellers(9) == [4, 3, 9]
        assert 1 in availability
        assert 2 not in availability
        assert _ids(availability) == [1, 3, 4, 9]

    _run(story)


def test_only_an_arrival_is_told_as_one() -> None:
    async def story(shop: Shop, availability: Availability) -> None:
        at_first = availability.arrival
        shop.rows[1] = _snapshot(1, 1, available=0, sold=9)
        availability.changes.add([1, 2])
        await availability.changes.settled()
        assert availability.arrival is at_first
        shop.rows[1] = _snapshot(1, 1, available=1, sold=9)
        availability.changes.add([1])
        await availability.changes.settled()
        assert availability.arrival is not at_first

    _run(story)


@pytest.mark.parametrize("changed", [{"category_id": 2}, {"price": 300}])
def test_what_moved_to_another_shelf_or_price_has_arrived_there(changed: dict[str, int]) -> None:
    async def story(shop: Shop, availability: Availability) -> None:
        at_first = availability.arrival
        shop.rows[1] = _snapshot(1, **({"category_id": 1, "available": 5, "sold": 1} | changed))
        availability.changes.add([1])
        await availability.changes.settled()
        assert availability.arrival is not at_first

    _run(story)


def test_a_burst_of_events_is_read_at_once() -> None:
    async def story(shop: Shop, availability: Availability) -> None:
        for product_id in (1, 2, 3):
            availability.changes.add([product_id])
        await availability.changes.settled()
        assert shop.reads[1:] == [{1, 2, 3}]

    _run(story)


def test_an_event_during_a_read_leads_to_another_read() -> None:
    async def story(shop: Shop, availability: Availability) -> None:
        availability.changes.add([1])
        while len(shop.reads) == 1:  # noqa: ASYNC110 - the shop tells nobody of a read
            await asyncio.sleep(0)
        # The read has begun, and has seen the old row.
        shop.rows[1] = _snapshot(1, 1, available=0, sold=9)
        availability.changes.add([1])
        await availability.changes.settled()
        assert not availability.fits(1)

    _run(story)


def test_a_database_that_is_away_for_a_moment_loses_no_event() -> None:
    async def story(shop: Shop, availability: Availability) -> None:
        shop.rows[1] = _snapshot(1, 1, available=0, sold=9)
        shop.failures = 2
        availability.changes.add([1])
        await availability.changes.settled()
        assert not availability.fits(1)

    _run(story)


def test_very_many_changes_are_read_by_reading_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_ALL_FROM", 2)

    async def story(shop: Shop, availability: Availability) -> None:
        availability.changes.add([1, 2])
        await availability.changes.settled()
        availability.changes.add_all()
        await availability.changes.settled()
        assert shop.reads[1:] == [None, None]

    _run(story)
