"""Recommending: what users see, what they never see, and how soon what happens shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sanset.v1 import behavior_pb2
from sanset.v1 import recommend_pb2 as pb
from sqlalchemy import select, update
from support import recommend_data as data
from support.raw_event import RawEvent
from support.recommend_worker import ADMIN, Worker, customer, running

from server.catalog.errors import CategoryNotFound, ProductNotFound
from server.clock import utc_now
from server.errors import UserNotFound
from server.events.log import BEHAVIOR, CART, CATALOG, ORDER, PRODUCT, STOCK, publish
from server.order.models import Order, OrderLine
from server.recommend.registry import probe
from server.settings import Settings

pytestmark = pytest.mark.either

Story = Callable[[Worker], Awaitable[None]]
ALL = data.PRODUCTS


@pytest.fixture(autouse=True)
def _proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each worker the child that proves the model: the tests of training have it proven."""
    monkeypatch.setattr(probe, "prove", lambda path, key: None)


def play(settings: Settings, story: Story) -> None:
    """Run a story in a worker."""

    async def run() -> None:
        async with running(settings) as worker:
            await story(worker)

    asyncio.run(run())


async def recommend(worker: Worker, caller_id: int, /, **request: Any) -> pb.GetRecommendationsResponse:
    """Ask as the user."""
    asked = pb.GetRecommendationsRequest(**request)
    found: pb.GetRecommendationsResponse = await worker.call("GetRecommendations", asked, customer(caller_id))
    return found


def ids(found: pb.GetRecommendationsResponse) -> list[int]:
    """The products of a list."""
    return [item.product_id for item in found.items]


async def bought(worker: Worker, user_id: int) -> frozenset[int]:
    """What a user ever bought."""
    history = await worker.serving.histories.of_user(user_id)
    assert history is not None
    return history.bought


def sell(worker: Worker, user_id: int, product_ids: list[int]) -> None:
    """Place an order as checkout does."""
    with worker.db.transaction() as tx:
        order_id = data.place_order(tx, user_id, product_ids, utc_now(), "CONFIRMED")
        publish(tx, RawEvent(ORDER, str(order_id), {"user_id": user_id, "status": "CONFIRMED"}))


def test_what_was_bought_is_recommended_only_on_request(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        for user_id in range(1, data.USERS + 1):
            past = await bought(worker, user_id)
            assert past
            found = await recommend(worker, user_id, limit=100)
            assert not past & set(ids(found))
            assert set(ids(found)) == set(range(1, ALL + 1)) - past
            repeated = await recommend(worker, user_id, limit=100, include_repeat=True)
            assert set(ids(repeated)) == set(range(1, ALL + 1))

    play(modelled, story)


def test_a_list_is_ordered_scored_reasoned_and_signed(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        found = await recommend(worker, 1, limit=100)
        scores = [item.score for item in found.items]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert all(item.reason and item.reason_details.code and item.source for item in found.items)
        assert len(set(ids(found))) == len(ids(found))
        assert worker.serving.models.active is not None
        assert found.model_version == worker.serving.models.active.version
        token = worker.attributions.read(found.attribution_token)
        assert token is not None
        assert token.model_version == found.model_version

    play(modelled, story)


def test_without_a_model_it_recommends_what_sells(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        found = await recommend(worker, data.NEW_USER, limit=100)
        assert found.model_version == "popularity"
        assert set(ids(found)) == set(range(1, ALL + 1))
        assert {item.source for item in found.items} <= {"trending", "popular"}
        assert found.items[0].source == "trending"
        buyer = await recommend(worker, 1, limit=100)
        assert not set(ids(buyer)) & await bought(worker, 1)
        similar = await worker.call("GetSimilarProducts", pb.GetSimilarProductsRequest(product_id=1))
        assert set(ids(similar)) == {2, 3, 4, 5, 6}
        together = await worker.call(
            "GetFrequentlyBoughtTogether", pb.GetFrequentlyBoughtTogetherRequest(product_id=1)
        )
        assert together.items
        assert 1 not in ids(together)

    play(settings, story)


def test_the_list_of_a_new_user_is_as_long_as_asked(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        assert len((await recommend(worker, data.NEW_USER)).items) == 10
        assert len((await recommend(worker, data.NEW_USER, limit=3)).items) == 3

    play(modelled, story)


def test_a_purchase_shows_in_the_next_call(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        before = ids(await recommend(worker, data.NEW_USER))
        sell(worker, data.NEW_USER, before[:2])
        await asyncio.sleep(0)  # the commit has handed its event to the loop
        after = await recommend(worker, data.NEW_USER)
        assert not set(before[:2]) & set(ids(after))
        assert {item.source for item in after.items} & {"personal", "similar"}

    play(modelled, story)


def test_a_cancelled_order_bought_nothing_and_a_returned_one_is_not_offered_again(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        with worker.db.transaction() as tx:
            data.place_order(tx, data.NEW_USER, [1], utc_now(), "CANCELLED")
            data.place_order(tx, data.NEW_USER, [2], utc_now(), "RETURNED")
            data.place_order(tx, data.NEW_USER, [3], utc_now(), "PENDING_PAYMENT")
        history = await worker.serving.histories.of_user(data.NEW_USER)
        assert history is not None
        assert history.bought == {2}
        assert history.recent == ()

    play(settings, story)


def test_what_was_kept_of_a_returned_order_is_bought_again_and_what_came_back_is_not(
    modelled: Settings,
) -> None:
    async def reorder(worker: Worker) -> set[int]:
        found = await worker.call("GetReorder", pb.GetReorderRequest(limit=100), customer(data.NEW_USER))
        return {item.product_id for item in found.items}

    async def story(worker: Worker) -> None:
        kept, back = 1, 2
        with worker.db.transaction() as tx:
            for days in (1, 8, 15):
                data.place_order(tx, data.NEW_USER, [kept, back], utc_now() - timedelta(days=days))
        assert await reorder(worker) == {kept, back}
        with worker.db.transaction() as tx:
            mine = select(Order.id).where(Order.user_id == data.NEW_USER)
            tx.execute(update(Order).where(Order.id.in_(mine)).values(status="RETURNED"))
            line = update(OrderLine).where(OrderLine.order_id.in_(mine), OrderLine.product_id == back)
            tx.execute(line.values(returned_quantity=OrderLine.quantity))
            publish(tx, RawEvent(ORDER, "1", {"user_id": data.NEW_USER}))
        await asyncio.sleep(0)
        assert await reorder(worker) == {kept}

    play(modelled, story)


def test_views_shape_the_next_list(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        await recommend(worker, data.NEW_USER)
        views = [
            behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.VIEW, product_id=i) for i in (13, 14)
        ]
        await worker.call("TrackEvent", behavior_pb2.TrackEventRequest(events=views), customer(data.NEW_USER))
        after = await recommend(worker, data.NEW_USER, limit=3)
        assert after.items[0].source in ("personal", "similar")
        # What was looked at may be recommended; what goes with it comes from the same shelf.
        assert {13, 14, 15, 16, 17, 18} & set(ids(after))

    play(modelled, story)


def test_what_is_sold_out_or_deleted_disappears_and_comes_back(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        first, second = ids(await recommend(worker, data.NEW_USER))[:2]
        with worker.db.transaction() as tx:
            data.set_stock(tx, first, 0)
            data.delete_product(tx, second)
            publish(tx, RawEvent(STOCK, "*", {"products": [first]}), RawEvent(PRODUCT, str(second)))
        await asyncio.sleep(0)
        await worker.serving.availability.changes.settled()
        found = ids(await recommend(worker, data.NEW_USER, limit=100))
        assert not {first, second} & set(found)
        for method in ("GetTrending", "GetSimilarProducts", "GetFrequentlyBoughtTogether"):
            request = getattr(pb, f"{method}Request")(limit=100)
            if method != "GetTrending":
                request.product_id = first  # sold out, but its page is still there
            assert not {first, second} & set(ids(await worker.call(method, request)))
        with pytest.raises(ProductNotFound):
            await worker.call("GetSimilarProducts", pb.GetSimilarProductsRequest(product_id=second))
        with worker.db.transaction() as tx:
            data.set_stock(tx, first, 1)
            publish(tx, RawEvent(STOCK, "*", {"products": [first]}))
        await asyncio.sleep(0)
        await worker.serving.availability.changes.settled()
        assert first in ids(await recommend(worker, data.NEW_USER, limit=100))

    play(modelled, story)


def test_a_product_newer_than_the_model_is_recommended_and_has_similar_ones(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        with worker.db.transaction() as tx:
            product_id = data.add_product(tx, "Decaf Espresso Beans", "Coffee")
            publish(tx, RawEvent(PRODUCT, str(product_id)))
        # Before the event was even heard of:
        request = pb.GetSimilarProductsRequest(product_id=product_id, limit=3)
        similar = await worker.call("GetSimilarProducts", request)
        assert {1, 2} <= set(ids(similar))
        await asyncio.sleep(0)
        await worker.serving.availability.changes.settled()
        assert product_id in ids(await recommend(worker, data.NEW_USER, limit=100))
        sell(worker, 1, [product_id, 7])
        request = pb.GetFrequentlyBoughtTogetherRequest(product_id=product_id)
        together = await worker.call("GetFrequentlyBoughtTogether", request)
        assert ids(together) == [7]

    play(modelled, story)


def test_nothing_is_empty_while_something_can_be_sold(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        with worker.db.transaction() as tx:
            for product_id in range(1, ALL + 1):
                data.set_stock(tx, product_id, 0)
            new = data.add_product(tx, "Zither", "Books")
            publish(tx, RawEvent(CATALOG))
        await asyncio.sleep(0)
        await worker.serving.availability.changes.settled()
        assert ids(await recommend(worker, 1)) == [new]
        assert ids(await worker.call("GetTrending", pb.GetTrendingRequest())) == [new]

    play(modelled, story)


def test_other_users_lists_are_for_admins_only(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        with pytest.raises(UserNotFound):
            await recommend(worker, 1, user_id=2)
        with pytest.raises(UserNotFound):
            await recommend(worker, 1, user_id=999_999)
        assert (await recommend(worker, 1, user_id=1)).items
        asked = pb.GetRecommendationsRequest(user_id=2)
        of_admin = await worker.call("GetRecommendations", asked, ADMIN)
        assert ids(of_admin) == ids(await recommend(worker, 2))
        unknown = pb.GetRecommendationsRequest(user_id=999_999)
        with pytest.raises(UserNotFound):
            await worker.call("GetRecommendations", unknown, ADMIN)

    play(modelled, story)


def test_a_page_and_a_cart_lead_the_list_but_are_not_in_it(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        context = pb.GetRecommendationsRequest.PRODUCT
        on_page = await recommend(worker, data.NEW_USER, context=context, product_id=13, limit=3)
        assert 13 not in ids(on_page)
        assert set(range(14, 19)) & set(ids(on_page))
        with worker.db.transaction() as tx:
            data.fill_cart(tx, data.NEW_USER, [7, 8], utc_now())
            publish(tx, RawEvent(CART, str(data.NEW_USER)))
        await asyncio.sleep(0)
        context = pb.GetRecommendationsRequest.CART
        in_cart = await recommend(worker, data.NEW_USER, context=context, limit=100)
        assert not {7, 8} & set(ids(in_cart))
        assert set(ids(in_cart)[:2]) & set(range(9, 13))

    play(modelled, story)


def test_trending_follows_what_was_sold_since_training(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        request = pb.GetTrendingRequest(window_hours=1, limit=5)
        before = await worker.call("GetTrending", request)
        assert before.items  # nothing sold this hour: what the model saw
        worker.serving.trends.clear()
        for user_id in (1, 2, 3):
            sell(worker, user_id, [18])
        after = await worker.call("GetTrending", request)
        assert ids(after)[0] == 18
        assert after.items[0].source == "trending"
        assert len(after.items) == 5
        scores = [item.score for item in after.items]
        assert scores == sorted(scores, reverse=True)

    play(modelled, story)


def test_trending_counts_a_visitor_once_and_an_order_more(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        view = behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.VIEW, product_id=17)
        request = behavior_pb2.TrackEventRequest(events=[view] * 100, visitor_id="visitor-1")
        await worker.call("TrackEvent", request)
        sell(worker, 1, [18])
        found = await worker.call("GetTrending", pb.GetTrendingRequest(window_hours=1))
        assert ids(found)[:2] == [18, 17]

    play(settings, story)


@pytest.mark.parametrize("name", ["garden", "Garden", "GARDEN"])
def test_trending_keeps_to_its_category(modelled: Settings, name: str) -> None:
    async def story(worker: Worker) -> None:
        found = await worker.call("GetTrending", pb.GetTrendingRequest(category=name, limit=100))
        assert set(ids(found)) == set(range(7, 13))
        with pytest.raises(CategoryNotFound):
            await worker.call("GetTrending", pb.GetTrendingRequest(category="no such"))

    play(modelled, story)


def test_unknown_products_are_not_found(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        with pytest.raises(ProductNotFound):
            await worker.call("GetSimilarProducts", pb.GetSimilarProductsRequest(product_id=2**62))
        request = pb.GetFrequentlyBoughtTogetherRequest(product_id=2**62)
        with pytest.raises(ProductNotFound):
            await worker.call("GetFrequentlyBoughtTogether", request)
        context = pb.GetRecommendationsRequest.PRODUCT
        assert (await recommend(worker, 1, context=context, product_id=2**62)).items

    play(modelled, story)


@pytest.mark.both
def test_a_warm_worker_recommends_without_a_query(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        await recommend(worker, 1)
        worker.statements.clear()
        for limit in range(1, 50):
            await recommend(worker, 1, limit=limit)
            await worker.call("GetSimilarProducts", pb.GetSimilarProductsRequest(product_id=limit % ALL + 1))
        assert not [text for text in worker.statements if "product" in text]

    play(modelled, story)


@pytest.mark.both
def test_a_cold_call_is_one_query(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        await recommend(worker, 1)
        worker.statements.clear()
        await recommend(worker, 2)
        assert len([text for text in worker.statements if "behavior_events" in text]) == 1

    play(modelled, story)


def test_another_workers_events_are_heard(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        async with running(modelled) as other:
            first = ids(await recommend(worker, data.NEW_USER))[0]
            await recommend(other, data.NEW_USER)
            sell(worker, data.NEW_USER, [first])
            with worker.db.transaction() as tx:
                publish(tx, RawEvent(BEHAVIOR, "v:someone"))
            for _ in range(50):
                await asyncio.sleep(0.01)
                if first not in ids(await recommend(other, data.NEW_USER, limit=100)):
                    return
            pytest.fail("not heard of within half a second")

    play(modelled, story)
