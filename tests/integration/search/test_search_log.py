"""From a search to what the staff sees of it, through the public interface."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Iterator

import pytest
from sanset.v1 import behavior_pb2, cart_pb2, product_pb2, search_admin_pb2
from sanset.v1 import search_pb2 as pb
from support.cart_shop import cents
from support.page_by_page import page_by_page
from support.payment_shop import eventually
from support.running_shop import Account, RunningShop, test_settings

from server.clock import utc_now
from server.recommend.feedback.tracking import SEARCH_VERSION
from server.rpc.call import Call
from server.search.analytics import counting, counting_queries, search_log
from server.search.analytics.counting_queries import Day

pytestmark = pytest.mark.either

EVENT = behavior_pb2.BehaviorEvent
ANALYTICS = search_admin_pb2.GetSearchAnalyticsRequest


@pytest.fixture(scope="module", name="shop")
def own_shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop in which only these tests search."""
    running = RunningShop(test_settings(module_database_url, tmp_path_factory.mktemp("searches")))
    yield running
    running.stop()


def word() -> str:
    """A word that no other test has, of letters alone."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:16])


def search(
    shop: RunningShop, text: str, account: Account | None = None, **fields: object
) -> pb.SearchProductsResponse:
    """Search, and have it recorded."""
    request = pb.SearchProductsRequest(q=text, **fields)  # type: ignore[arg-type]
    reply = shop.search.SearchProducts(request, metadata=account.metadata if account else None)
    assert reply.attribution_token
    shop.run(shop.app.rooms.search.log.flush())
    shop.run(shop.app.rooms.recommend.impressions.flush())
    return reply


def products(shop: RunningShop, name: str, count: int) -> list[int]:
    """Create products of a name, and wait until they are found."""
    ids = [shop.product(name=f"{name} {number}").id for number in range(count)]
    request = product_pb2.ListProductsRequest(q=name)  # which is not recorded
    eventually(lambda: shop.catalog.ListProducts(request).total_size == count)
    return ids


def track(shop: RunningShop, account: Account, *events: EVENT) -> int:
    """Report events; returns how many were accepted."""
    request = behavior_pb2.TrackEventRequest(events=events)
    return shop.recommend.TrackEvent(request, metadata=account.metadata).accepted_count


def history(shop: RunningShop, account: Account) -> list[str]:
    """What somebody searched for, the latest first."""
    request = behavior_pb2.GetHistoryRequest(kind=EVENT.SEARCH)
    return [event.query for event in shop.recommend.GetHistory(request, metadata=account.metadata).items]


def count(shop: RunningShop) -> None:
    """Count today as the job does."""
    now = utc_now()
    day = Day(now.date())
    with shop.app.db.read() as connection:
        counted = counting.count_day(connection, day, "USD", now, b"key")
    with shop.app.db.transaction() as tx:
        counting_queries.replace_day(tx, day, counted)


def queries(shop: RunningShop, **fields: object) -> dict[str, search_admin_pb2.SearchAnalytics.Totals]:
    """The queries of today by their words, page by page."""

    def read(token: str) -> search_admin_pb2.GetSearchAnalyticsResponse:
        request = ANALYTICS(days=1, page_size=3, page_token=token, **fields)  # type: ignore[arg-type]
        return shop.search.GetSearchAnalytics(request, metadata=shop.admin.metadata)

    return {item.query: item.totals for page in page_by_page(read) for item in page.items}


def test_a_result_that_is_clicked_and_bought_is_revenue_of_its_query(shop: RunningShop) -> None:
    name, buyer = word(), shop.customer()
    products(shop, name, 3)
    reply = search(shop, name.upper(), buyer)
    second = reply.items[1].product.id
    click = EVENT(kind=EVENT.CLICK, product_id=second, attribution_token=reply.attribution_token)
    assert track(shop, buyer, click) == 1
    shop.cart.AddItem(
        cart_pb2.AddItemRequest(product_id=second, quantity=2, attribution_token=reply.attribution_token),
        metadata=buyer.metadata,
    )
    order = shop.checkout(buyer).order
    count(shop)
    totals = queries(shop)[name]
    assert (totals.search_count, totals.zero_result_count) == (1, 0)
    assert (totals.click_count, totals.cart_addition_count, totals.order_count) == (1, 1, 1)
    assert (totals.click_through_rate, totals.conversion_rate) == (1, 1)
    assert cents(totals.revenue) == cents(order.items[0].price) * 2


def test_the_jobs_count_and_share_and_may_run_again(shop: RunningShop) -> None:
    name = word()
    products(shop, name, 1)
    for _ in range(shop.settings.suggest_min_searchers):
        buyer = shop.customer(address=False)
        _grow_old(shop, buyer)
        search(shop, name, buyer)
    jobs = {job.name: job for job in shop.app.rooms.search.jobs}
    for _ in range(2):
        shop.run(jobs["count searches"].run())
        shop.run(jobs["choose suggestions"].run())
        assert queries(shop)[name].search_count == shop.settings.suggest_min_searchers
        shared = shop.sql("SELECT searcher_count FROM suggested_queries WHERE query = :name", name=name)
        assert [row[0] for row in shared] == [shop.settings.suggest_min_searchers]


def test_positions_and_totals_are_of_the_whole_shop(shop: RunningShop) -> None:
    name, buyer = word(), shop.customer()
    products(shop, name, 2)
    reply = search(shop, name, buyer)
    click = EVENT(
        kind=EVENT.CLICK, product_id=reply.items[1].product.id, attribution_token=reply.attribution_token
    )
    track(shop, buyer, click)
    count(shop)
    request = ANALYTICS(days=1)
    analytics = shop.search.GetSearchAnalytics(request, metadata=shop.admin.metadata).analytics
    assert analytics.totals.search_count >= 1
    assert analytics.count_time.ToDatetime(utc_now().tzinfo) <= utc_now()
    by_position = {each.position: each for each in analytics.positions}
    assert by_position[2].click_count >= 1
    assert by_position[2].impression_count >= by_position[2].click_count


def test_what_found_nothing_is_listed_by_itself(shop: RunningShop) -> None:
    name, nothing = word(), word()
    products(shop, name, 1)
    for _ in range(2):
        search(shop, name)
    filtered = search(shop, nothing, brands=[word()])
    assert filtered.total_size == 0
    count(shop)
    assert queries(shop)[name].zero_result_count == 0
    zero = queries(shop, queries=ANALYTICS.ZERO_RESULTS)
    assert name not in zero
    assert zero[nothing].zero_result_count == 1


def test_a_search_stands_in_the_history_once(shop: RunningShop) -> None:
    name, buyer = word(), shop.customer()
    products(shop, name, 2)
    first = search(shop, name, buyer, page_size=1)
    search(shop, name, buyer, page_size=1, page_token=first.next_page_token)
    search(shop, f"{name} ", buyer)
    reported = EVENT(kind=EVENT.SEARCH, query=name, attribution_token=first.attribution_token)
    assert track(shop, buyer, reported) == 1
    assert history(shop, buyer) == [name]
    assert track(shop, buyer, EVENT(kind=EVENT.SEARCH, query="elsewhere")) == 1
    assert history(shop, buyer) == ["elsewhere", name]


def test_what_a_visitor_searched_for_becomes_the_users_who_they_are(shop: RunningShop) -> None:
    name, visitor, buyer = word(), f"visitor-{uuid.uuid4().hex}", shop.customer()
    search(shop, name, visitor_id=visitor)
    view = EVENT(kind=EVENT.VIEW, product_id=shop.product().id)
    request = behavior_pb2.TrackEventRequest(events=[view], visitor_id=visitor)
    shop.recommend.TrackEvent(request, metadata=buyer.metadata)
    assert history(shop, buyer) == [name]


def test_what_names_a_person_is_searched_for_and_not_recorded(shop: RunningShop) -> None:
    buyer, secret = shop.customer(), f"{word()}@shop.test"
    before = _recorded(shop, "")
    search(shop, secret, buyer)
    assert _recorded(shop, secret) == 0
    assert _recorded(shop, "") == before + 1
    assert history(shop, buyer) == []


def test_a_list_of_everything_is_no_search(shop: RunningShop) -> None:
    before = shop.sql("SELECT count(*) FROM searches")[0][0]
    assert search(shop, " ").items
    assert shop.sql("SELECT count(*) FROM searches")[0][0] == before


def test_of_a_flood_some_are_recorded_and_all_are_answered(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer, name = shop.customer(), word()
    flood = shop.app.rooms.search.log._flood
    monkeypatch.setattr(flood, "_per_minute", 1)
    for _ in range(search_log.SEARCHES_PER_MINUTE + 60):
        request = pb.SearchProductsRequest(q=name)
        assert shop.search.SearchProducts(request, metadata=buyer.metadata).attribution_token
    shop.run(shop.app.rooms.search.log.flush())
    assert 0 < _recorded(shop, name) < search_log.SEARCHES_PER_MINUTE + 60


def test_a_search_that_is_not_recorded_leaves_nothing_to_the_cyclic_collector(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.app.rooms.search.log._flood, "_per_minute", 1)
    buyer, request = shop.customer(), pb.SearchProductsRequest(q=word())
    for _ in range(search_log.SEARCHES_PER_MINUTE + 60):
        shop.search.SearchProducts(request, metadata=buyer.metadata)

    def searches() -> list[Call]:
        calls = [each for each in gc.get_objects() if isinstance(each, Call)]
        return [call for call in calls if call.method.endswith("/SearchProducts")]

    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            shop.search.SearchProducts(request, metadata=buyer.metadata)
        eventually(lambda: searches() == [])
    finally:
        gc.enable()


@pytest.mark.both
def test_a_search_waits_for_no_write(shop: RunningShop) -> None:
    name = word()
    search(shop, name)
    with shop.counted_queries() as statements:
        shop.search.SearchProducts(pb.SearchProductsRequest(q=name))
    assert statements == []


def test_the_token_is_of_a_search(shop: RunningShop) -> None:
    token = search(shop, word()).attribution_token
    attribution = shop.app.rooms.recommend.tracker._attributions.read(token)
    assert attribution is not None
    assert attribution.model_version == SEARCH_VERSION


@pytest.mark.both
def test_analytics_take_a_few_statements(shop: RunningShop) -> None:
    with shop.counted_queries() as statements:
        queries(shop)
    assert len(statements) % (4 + 1) == 0  # one of them for the audit log
    with shop.counted_queries() as statements:
        shop.search.GetSearchAnalytics(ANALYTICS(page_size=1), metadata=shop.admin.metadata)
    assert len(statements) == 4 + 1


def _grow_old(shop: RunningShop, account: Account) -> None:
    """Make an account, and all that were made before, too old to count by where they call from."""
    shop.app.rooms.recommend.tracker._new._first = account.user_id + 1


def _recorded(shop: RunningShop, text: str) -> int:
    return int(shop.sql("SELECT count(*) FROM searches WHERE query = :text", text=text)[0][0])
