"""What a list may hold: each filter follows the truth on the next call, and lists are filled up behind it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sanset.v1 import recommend_pb2 as pb
from sqlalchemy import delete, insert, update
from support import recommend_data as data
from support.raw_event import RawEvent
from support.recommend_story import play
from support.recommend_worker import Worker, customer

from server.cart.models import CartItem
from server.catalog.errors import CategoryNotFound
from server.catalog.models import Category, Product
from server.clock import utc_now
from server.errors import InvalidField
from server.events.log import CART, ORDER, PRODUCT, STOCK, publish
from server.recommend.registry import probe
from server.settings import Settings

pytestmark = pytest.mark.either

EVERYTHING = set(range(1, data.PRODUCTS + 1))
COFFEE, GARDEN = set(range(1, 7)), set(range(7, 13))


@pytest.fixture(autouse=True)
def _proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "prove", lambda path, key: None)


async def recommended(worker: Worker, user_id: int = data.NEW_USER, /, **asked: Any) -> list[int]:
    """The products recommended to a user, once what happened has been heard of; they are ordered and unique."""
    await asyncio.sleep(0)
    await worker.serving.availability.changes.settled()
    request = pb.GetRecommendationsRequest(**({"limit": 100} | asked))
    found = await worker.call("GetRecommendations", request, customer(user_id))
    scores = [item.score for item in found.items]
    assert scores == sorted(scores, reverse=True)
    ids = [item.product_id for item in found.items]
    assert len(set(ids)) == len(ids)
    return ids


def change(worker: Worker, product_id: int, **values: Any) -> None:
    """Change a product as the catalogue does."""
    with worker.db.transaction() as tx:
        tx.execute(update(Product).where(Product.id == product_id).values(**values))
        publish(tx, RawEvent(PRODUCT, str(product_id)))


def put_into_cart(worker: Worker, user_id: int, product_ids: list[int]) -> None:
    """Fill a cart as AddItem does."""
    with worker.db.transaction() as tx:
        data.fill_cart(tx, user_id, product_ids, utc_now())
        publish(tx, RawEvent(CART, str(user_id)))


def buy(worker: Worker, user_id: int, product_ids: list[int]) -> None:
    """Order as checkout does."""
    with worker.db.transaction() as tx:
        order_id = data.place_order(tx, user_id, product_ids, utc_now(), "CONFIRMED")
        publish(tx, RawEvent(ORDER, str(order_id), {"user_id": user_id, "status": "CONFIRMED"}))


@pytest.mark.parametrize("user_id", [1, data.NEW_USER])
def test_the_price_filter_follows_the_price(modelled: Settings, user_id: int) -> None:
    async def story(worker: Worker) -> None:
        wanted = {"min_price": "2.00", "max_price": "2.99", "include_repeat": True}
        assert await recommended(worker, user_id, **wanted) == []
        for product_id, price in ((3, 200), (9, 299), (15, 300), (16, 199)):
            change(worker, product_id, price_minor=price)
        assert set(await recommended(worker, user_id, **wanted)) == {3, 9}
        assert set(await recommended(worker, user_id, min_price="2.00", include_repeat=True)) == {3, 9, 15}
        cheap = set(await recommended(worker, user_id, max_price="1", include_repeat=True))
        assert cheap == EVERYTHING - {3, 9, 15, 16}
        change(worker, 3, price_minor=100)
        assert await recommended(worker, user_id, **wanted) == [9]
        change(worker, 9, currency="EUR")  # not a price in the shop's currency
        assert await recommended(worker, user_id, **wanted) == []
        assert 9 in await recommended(worker, user_id, include_repeat=True)

    play(modelled, story)


@pytest.mark.parametrize("user_id", [1, data.NEW_USER])
def test_the_category_filter_follows_the_category_and_takes_in_those_below(
    modelled: Settings, user_id: int
) -> None:
    async def story(worker: Worker) -> None:
        wanted: dict[str, Any] = {"include_repeat": True}
        assert set(await recommended(worker, user_id, category="coffee", **wanted)) == COFFEE
        change(worker, 7, category_id=1)
        assert set(await recommended(worker, user_id, category="Coffee", **wanted)) == COFFEE | {7}
        assert set(await recommended(worker, user_id, category="Garden", **wanted)) == GARDEN - {7}
        with worker.db.transaction() as tx:
            below = insert(Category).values(name="Beans", slug="beans", description="", parent_id=1)
            beans = tx.execute(below.returning(Category.id)).scalar_one()
        change(worker, 1, category_id=beans)
        assert await recommended(worker, user_id, category="beans", **wanted) == [1]
        assert set(await recommended(worker, user_id, category="coffee", **wanted)) == COFFEE | {7}
        with pytest.raises(CategoryNotFound):
            await recommended(worker, user_id, category="no such")

    play(modelled, story)


def test_filters_go_together(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        change(worker, 2, price_minor=500)
        change(worker, 8, price_minor=500)
        assert await recommended(worker, category="coffee", min_price="5.00") == [2]
        change(worker, 2, category_id=None)
        assert await recommended(worker, category="coffee", min_price="5.00") == []

    play(modelled, story)


def test_the_price_filter_takes_what_a_shopper_pays_now(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        now = utc_now()
        for product_id in EVERYTHING:
            change(worker, product_id, price_minor=10_000)
        change(worker, 3, discount_bp=9_000)
        change(worker, 4, discount_bp=9_000, discount_until=now - timedelta(days=1))
        change(worker, 5, discount_minor=9_000, discount_from=now + timedelta(days=1))
        change(worker, 6, discount_bp=9_000, discount_until=now + timedelta(days=1))
        assert set(await recommended(worker, max_price="10.009", include_repeat=True)) == {3, 6}
        dear = await recommended(worker, min_price="10.001", include_repeat=True)
        assert {3, 6}.isdisjoint(dear)

    play(modelled, story)


def test_a_price_range_that_is_upside_down_is_refused(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        with pytest.raises(InvalidField):
            await recommended(worker, min_price="3", max_price="2.99")

    play(modelled, story)


@pytest.mark.parametrize("user_id", [1, data.NEW_USER])
def test_what_is_in_the_cart_is_left_out_everywhere_until_it_is_taken_out(
    modelled: Settings, user_id: int
) -> None:
    async def story(worker: Worker) -> None:
        await recommended(worker, user_id)
        put_into_cart(worker, user_id, [4, 10])
        for place in ("HOMEPAGE", "PRODUCT", "CART"):
            found = await recommended(worker, user_id, context=place, product_id=16, include_repeat=True)
            left_out = {4, 10, 16} if place == "PRODUCT" else {4, 10}
            assert set(found) == EVERYTHING - left_out
        with worker.db.transaction() as tx:
            tx.execute(delete(CartItem).where(CartItem.product_id == 4))
            publish(tx, RawEvent(CART, str(user_id)))
        assert 4 in await recommended(worker, user_id, include_repeat=True)

    play(modelled, story)


@pytest.mark.both
def test_add_ons_go_with_what_is_in_the_cart(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        put_into_cart(worker, data.NEW_USER, [7, 8])
        found = await recommended(worker, context="CART")
        assert set(found[:2]) <= GARDEN
        worker.statements.clear()
        for limit in range(1, 20):
            await recommended(worker, context="CART", limit=limit)
        assert not [text for text in worker.statements if "cart" in text]

    play(modelled, story)


def test_lists_are_filled_up_while_there_are_products(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        with worker.db.transaction() as tx:
            new = data.add_product(tx, "Zither", "Books")
            publish(tx, RawEvent(PRODUCT, str(new)))
        buy(worker, data.NEW_USER, list(range(1, 7)))
        found = await recommended(worker)
        assert set(found) == EVERYTHING - COFFEE | {new}
        with worker.db.transaction() as tx:
            for product_id in GARDEN:
                data.set_stock(tx, product_id, 0)
            publish(tx, RawEvent(STOCK, "*", {"products": sorted(GARDEN)}))
        left = EVERYTHING - COFFEE - GARDEN | {new}
        assert set(await recommended(worker)) == left
        assert len(await recommended(worker, limit=len(left) - 1)) == len(left) - 1
        assert set(await recommended(worker, category="books")) == left
        assert await recommended(worker, category="garden") == []

    play(modelled, story)


@pytest.mark.parametrize("place", ["HOMEPAGE", "CART"])
def test_without_a_model_the_filters_hold_as_well(settings: Settings, place: str) -> None:
    async def story(worker: Worker) -> None:
        put_into_cart(worker, data.NEW_USER, [1])
        change(worker, 2, price_minor=500)
        buy(worker, data.NEW_USER, [3])
        found = await recommended(worker, context=place, category="coffee", max_price="4.99")
        assert set(found) == COFFEE - {1, 2, 3}

    play(settings, story)


@pytest.mark.parametrize(("asked", "length"), [(0, 10), (1, 1), (18, 18), (101, 18), (2**31 - 1, 18)])
def test_limits_are_coerced(modelled: Settings, asked: int, length: int) -> None:
    async def story(worker: Worker) -> None:
        assert len(await recommended(worker, limit=asked)) == length

    play(modelled, story)
