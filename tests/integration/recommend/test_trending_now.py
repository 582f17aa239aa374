"""What trends: told by events within a second, by country, and not moved by floods."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import grpc
import pytest
from sanset.v1 import behavior_pb2
from sanset.v1 import recommend_pb2 as pb
from sqlalchemy import update
from support import recommend_data as data
from support.recommend_worker import Worker, customer, running
from support.running_shop import RunningShop, refused

from server.clock import utc_now
from server.db.engine import connect
from server.identity import Identity
from server.order.models import Order
from server.recommend.serving.trending import trend_queries
from server.recommend.serving.trending.trends import WINDOWS
from server.settings import Settings
from server.user.models import User

pytestmark = pytest.mark.either

VIEW, CARTED = behavior_pb2.BehaviorEvent.VIEW, behavior_pb2.BehaviorEvent.ADD_TO_CART
PROMISED_SECONDS = 1.0


def _play(settings: Settings, story: Callable[[Worker], Awaitable[None]]) -> None:
    async def run() -> None:
        async with running(settings) as worker:
            await story(worker)

    asyncio.run(run())


async def _trending(worker: Worker, **fields: Any) -> list[int]:
    found = await worker.call("GetTrending", pb.GetTrendingRequest(limit=100, **fields))
    return [item.product_id for item in found.items]


async def _track(
    worker: Worker,
    product_ids: Sequence[int],
    *,
    caller: Identity | None = None,
    visitor_id: str = "",
    kind: behavior_pb2.BehaviorEvent.Kind.ValueType = VIEW,
) -> None:
    events = [behavior_pb2.BehaviorEvent(kind=kind, product_id=product_id) for product_id in product_ids]
    await worker.call(
        "TrackEvent", behavior_pb2.TrackEventRequest(events=events, visitor_id=visitor_id), caller
    )


def _sales(worker: Worker, hours: int = 24) -> Mapping[int, int]:
    now = utc_now()
    with worker.db.read() as connection:
        return trend_queries.sales(connection, now - timedelta(hours=hours), now)


def _sales_to(worker: Worker, hours: int = 24) -> Mapping[str, Mapping[int, int]]:
    now = utc_now()
    with worker.db.read() as connection:
        return trend_queries.sales_by_country(connection, now - timedelta(hours=hours), now)


def _order_to(worker: Worker, country: str, product_ids: list[int], user_id: int = 1) -> None:
    with worker.db.transaction() as tx:
        order_id = data.place_order(tx, user_id, product_ids, utc_now(), "CONFIRMED")
        tx.execute(update(Order).where(Order.id == order_id).values(address={"country": country}))


def test_a_thousand_invented_visitors_of_one_address_count_as_three(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        before = _sales(worker)
        for number in range(40):
            await _track(worker, [18] * 5, visitor_id=f"invented-{number}")
        assert _sales(worker).get(18, 0) == before.get(18, 0) + 3 * trend_queries.NEWEST

    _play(settings, story)


def test_visitors_of_many_addresses_and_customers_all_count(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        before = _sales(worker).get(18, 0)
        worker.address = "203.0.113.1"
        await _track(worker, [18], visitor_id="visitor-a")
        worker.address = "203.0.113.2"
        await _track(worker, [18], visitor_id="visitor-b")
        for user_id in range(1, 6):
            await _track(worker, [18], caller=customer(user_id))
        assert _sales(worker)[18] == before + 7 * trend_queries.NEWEST

    _play(settings, story)


def test_someone_who_signs_in_counts_once(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        before = _sales(worker).get(18, 0)
        await _track(worker, [18], visitor_id="visitor-a")
        await _track(worker, [18], visitor_id="visitor-a", caller=customer(1))
        assert _sales(worker)[18] == before + trend_queries.NEWEST

    _play(settings, story)


def test_a_flood_does_not_move_what_trends_neither_now_nor_when_it_is_counted_anew(
    settings: Settings,
) -> None:
    async def story(worker: Worker) -> None:
        # Six orders of 40 against three views of 4: the flooded product must stay below
        for _ in range(6):
            _order_to(worker, "US", [1])
        worker.serving.trends.clear()
        assert (await _trending(worker, window_hours=1))[0] == 1
        for number in range(30):
            await _track(worker, [18], visitor_id=f"invented-{number}", kind=CARTED)
        await asyncio.sleep(0.25)
        assert (await _trending(worker, window_hours=1))[:2] == [1, 18]
        worker.serving.trends.clear()
        assert (await _trending(worker, window_hours=1))[:2] == [1, 18]

    _play(settings, story)


def test_thirty_new_accounts_of_one_address_count_as_five_views_whatever_they_say(settings: Settings) -> None:
    engine = connect(settings.database_url)
    with engine.begin() as connection:  # before the worker looks, which it does once in ten minutes
        connection.execute(update(User).where(User.id > 5).values(created_at=utc_now()))
    engine.dispose()

    async def story(worker: Worker) -> None:
        before = _sales(worker).get(18, 0)
        for user_id in range(6, data.USERS + 1):
            await _track(worker, [18], caller=customer(user_id), kind=CARTED)
            await _track(worker, [18], caller=customer(user_id), kind=behavior_pb2.BehaviorEvent.PURCHASE)
        five_views = 5 * trend_queries.NEWEST
        assert _sales(worker)[18] == before + five_views
        assert five_views < trend_queries.ORDER_WORTH * trend_queries.NEWEST, "less than one order"
        for user_id in range(1, 6):  # who has been here for a while counts, wherever they call from
            await _track(worker, [18], caller=customer(user_id), kind=CARTED)
        worth = trend_queries.WORTH["ADD_TO_CART"] * trend_queries.NEWEST
        assert _sales(worker)[18] == before + five_views + 5 * worth

    _play(settings, story)


def test_what_new_accounts_put_into_carts_counts_for_few_of_an_address_too(shop: RunningShop) -> None:
    product = shop.product()
    buyers = [shop.customer(address=False) for _ in range(8)]
    for buyer in buyers:
        shop.add(buyer, product.id)
    rows = shop.sql("SELECT origin FROM behavior_events WHERE product_id = :id", id=product.id)
    assert len({row.origin for row in rows}) == 1
    assert all(row.origin for row in rows)
    now = utc_now()
    with shop.app.db.read() as connection:
        sales = trend_queries.sales(connection, now - timedelta(hours=1), now)
    assert sales[product.id] == 5 * trend_queries.NEWEST


@pytest.mark.either
@pytest.mark.parametrize("hours", [2, 5, 12, 48, 167, 169, 8759, 8761, 2**31 - 1])
def test_a_window_that_is_not_declared_is_refused_and_the_declared_ones_are_named(
    shop: RunningShop, hours: int
) -> None:
    answer = refused(shop.recommend.GetTrending, pb.GetTrendingRequest(window_hours=hours))
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["window_hours"])
    assert "1, 6, 24, 72, 168, 720 or 8,760" in answer.message


@pytest.mark.parametrize("hours", [0, *WINDOWS])
def test_every_declared_window_is_served(shop: RunningShop, hours: int) -> None:
    shop.recommend.GetTrending(pb.GetTrendingRequest(window_hours=hours))


def test_a_country_shows_only_what_is_ordered_to_it(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        _order_to(worker, "DE", [2, 3])
        _order_to(worker, "DE", [2])
        _order_to(worker, "FR", [4])
        await _track(worker, [5], caller=customer(1))
        assert await _trending(worker, country="DE") == [2, 3]
        assert await _trending(worker, country="FR") == [4]
        assert await _trending(worker, country="SE") == []
        assert await _trending(worker, country="DE", category="Garden") == []
        assert _sales_to(worker)["DE"] == {2: 80, 3: 40}

    _play(settings, story)


@pytest.mark.both
@pytest.mark.parametrize("hours", [1, 0, 8760])
def test_a_view_trends_within_a_second_on_every_worker(settings: Settings, hours: int) -> None:
    async def run() -> None:
        async with running(settings) as one, running(settings) as two:
            found = await one.serving.trends.of(hours)
            weakest = found[-1].product_id if found else 18
            before = {worker: await _strength(worker, weakest, hours) for worker in (one, two)}
            assert max(before.values()) < 1.0
            await _track(one, [weakest], caller=customer(1))
            began = time.monotonic()
            for worker in (one, two):
                while await _strength(worker, weakest, hours) <= before[worker]:
                    assert time.monotonic() - began < PROMISED_SECONDS
                    await asyncio.sleep(0.01)

    asyncio.run(run())


async def _strength(worker: Worker, product_id: int, hours: int) -> float:
    """How much a product trends, against the best one; 0 when it does not at all."""
    found = await worker.serving.trends.of(hours)
    return {trend.product_id: trend.strength for trend in found}.get(product_id, 0.0)


@pytest.mark.both
def test_an_order_trends_at_once_in_the_shop_and_in_its_country(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product()
    others = [shop.product() for _ in range(2)]

    def trending(**fields: Any) -> list[int]:
        request = pb.GetTrendingRequest(limit=100, window_hours=1, **fields)
        return [item.product_id for item in shop.recommend.GetTrending(request).items]

    for country in ("", "US", "GB"):
        trending(country=country)  # counted: from now on events are added
    for one in (product, *others):
        shop.add(buyer, one.id)
    shop.checkout(buyer)
    give_up = time.monotonic() + PROMISED_SECONDS
    wanted = {product.id, *(other.id for other in others)}
    while not wanted <= set(trending(country="US")):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    assert not wanted & set(trending(country="GB"))


@pytest.mark.parametrize("code", ["UK", "zz", "EU"])
def test_what_is_no_country_is_refused(shop: RunningShop, code: str) -> None:
    said = refused(shop.recommend.GetTrending, pb.GetTrendingRequest(country=code))
    assert (said.code, said.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["country"])
    shop.recommend.GetTrending(pb.GetTrendingRequest(country="gb"))
