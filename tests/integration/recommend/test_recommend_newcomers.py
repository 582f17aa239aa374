"""A product created after training has neighbours, is one, and is recommended, on every worker, in a second."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref

import pytest
from sanset.v1 import recommend_pb2 as pb
from sqlalchemy import update
from support import recommend_data as data
from support.raw_event import RawEvent
from support.recommend_story import play
from support.recommend_worker import Worker, customer, running

from server.catalog.models import Product
from server.clock import utc_now
from server.events.log import CATALOG, ORDER, PRODUCT, publish
from server.recommend.registry import probe
from server.settings import Settings
from server.text.languages import speak

pytestmark = pytest.mark.either

PROMISED_SECONDS = 1.0
ESPRESSO = 1


@pytest.fixture(autouse=True)
def _proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "prove", lambda path, key: None)


def create(worker: Worker, name: str = "Decaf Espresso Beans", category: str = "Coffee") -> int:
    """Create a product as the catalogue does."""
    with worker.db.transaction() as tx:
        product_id = data.add_product(tx, name, category)
        publish(tx, RawEvent(PRODUCT, str(product_id)))
    return product_id


async def similar(worker: Worker, product_id: int) -> list[int]:
    """The products like another."""
    request = pb.GetSimilarProductsRequest(product_id=product_id, limit=5)
    return [item.product_id for item in (await worker.call("GetSimilarProducts", request)).items]


async def found_by_peers(worker: Worker, product_id: int, seconds: float = PROMISED_SECONDS) -> bool:
    """Whether a product comes up among those like its peer within some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if product_id in await similar(worker, ESPRESSO):
            return True
        await asyncio.sleep(0.02)
    return False


@pytest.mark.both
def test_it_is_found_both_ways_on_every_worker_within_a_second(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        async with running(modelled) as other:
            new = create(worker)
            for each in (worker, other):
                assert await found_by_peers(each, new)
                assert ESPRESSO in await similar(each, new)

    play(modelled, story)


def test_who_buys_its_peers_is_recommended_it_with_a_reason(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        new = create(worker)
        assert await found_by_peers(worker, new)
        with worker.db.transaction() as tx:
            order_id = data.place_order(tx, data.NEW_USER, [ESPRESSO], utc_now(), "CONFIRMED")
            publish(tx, RawEvent(ORDER, str(order_id), {"user_id": data.NEW_USER, "status": "CONFIRMED"}))
        await asyncio.sleep(0)
        request = pb.GetRecommendationsRequest(limit=10)
        found = await worker.call("GetRecommendations", request, customer(data.NEW_USER))
        item = {item.product_id: item for item in found.items}[new]
        assert item.reason.endswith("Espresso Beans")
        details = item.reason_details
        assert (details.product_id, details.product_name) == (ESPRESSO, "Espresso Beans")
        speak("de")
        found = await worker.call("GetRecommendations", request, customer(data.NEW_USER))
        said = {item.product_id: item.reason for item in found.items}[new]
        assert "Espresso Beans" in said
        assert said != item.reason

    play(modelled, story)


def test_its_own_baskets_are_counted(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        new = create(worker)
        assert await found_by_peers(worker, new)
        with worker.db.transaction() as tx:
            data.place_order(tx, 1, [new, 7], utc_now(), "CONFIRMED")
        request = pb.GetFrequentlyBoughtTogetherRequest(product_id=new)
        found = await worker.call("GetFrequentlyBoughtTogether", request)
        assert [item.product_id for item in found.items] == [7]

    play(modelled, story)


def test_a_change_and_the_end_of_a_newcomer_are_followed(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        new = create(worker, "Zither", "Books")
        assert not await found_by_peers(worker, new, seconds=0.5)
        with worker.db.transaction() as tx:
            values = {"name": "Espresso Beans Decaf", "category_id": 1}
            tx.execute(update(Product).where(Product.id == new).values(values))
            publish(tx, RawEvent(PRODUCT, str(new)))
        assert await found_by_peers(worker, new)
        with worker.db.transaction() as tx:
            data.delete_product(tx, new)
            publish(tx, RawEvent(PRODUCT, str(new)))
        await asyncio.sleep(0)
        await worker.serving.availability.changes.settled()
        assert not await found_by_peers(worker, new, seconds=0.1)

    play(modelled, story)


@pytest.mark.both
def test_an_import_is_taken_in_at_once(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        with worker.db.transaction() as tx:
            new = [data.add_product(tx, f"Espresso Beans No {i}", "Coffee") for i in range(30)]
            publish(tx, RawEvent(CATALOG))
        end = time.monotonic() + PROMISED_SECONDS
        while not set(new) & set(await similar(worker, ESPRESSO)):
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        assert set(await similar(worker, new[-1])) & {ESPRESSO, *new}

    play(modelled, story)


def test_a_worker_that_starts_later_knows_them(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        new = create(worker)
        async with running(modelled) as later:
            assert new in await similar(later, ESPRESSO)

    play(modelled, story)


def test_a_model_that_was_replaced_leaves_the_memory(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        first = create(worker)
        assert await found_by_peers(worker, first)
        for user_id in range(1, data.USERS + 1):
            await worker.call("GetRecommendations", pb.GetRecommendationsRequest(), customer(user_id))
        replaced = weakref.ref(worker.serving.models.arm("").model)
        second = create(worker, "Espresso Beans Extra")
        assert await found_by_peers(worker, second)
        gc.collect()
        assert replaced() is None

    play(modelled, story)
