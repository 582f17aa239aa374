"""Searches are counted by day: what followed from them, who searched, and what others may be shown of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, select, update
from support import recommend_data as data
from support.query_plans import Explained, nodes

from server.db.database import Database
from server.order.models import Order
from server.recommend.feedback import impressions
from server.recommend.feedback.impressions import Impression, Kind
from server.recommend.feedback.models import BehaviorEvent
from server.recommend.feedback.tracking import SEARCH_VERSION
from server.search.analytics import counting, counting_queries, report, search_log, sharing
from server.search.analytics.counting_queries import Day, DayCount, PositionRow, QueryRow
from server.search.analytics.models import SearchDay
from server.search.analytics.report import Period, PositionTotals, QueryTotals, SearchTotals
from server.search.analytics.search_log import RecordedSearch
from server.search.suggest.models import SuggestedQuery

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = Day(NOON.date())
ANN, BOB = 1, 2


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """The small shop without orders of the last days."""
    db = Database(database_url)
    with db.transaction() as tx:
        data.fill(tx, now=NOON - timedelta(days=60))
    yield db
    db.close()


class Story:
    """What happened, written as the shop writes it."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx
        self._lists = 0

    def search(
        self,
        query: str,
        *products: int,
        user: int | None = None,
        visitor: str | None = "visitor-1",
        origin: str = "",
        at: datetime = NOON,
        first: int = 0,
        corrected: bool = False,
    ) -> str:
        """Search, and return the id of the page of results."""
        self._lists += 1
        list_id = f"{self._lists:016x}"
        shown = Impression(list_id, SEARCH_VERSION, Kind.SEARCH, user, None, None, list(products), at)
        if products:
            impressions.write(self.tx, [shown])
        visitor = None if user else visitor
        total = first + len(products)
        row = RecordedSearch(
            list_id, query, total, len(products), first, corrected, user, visitor, origin, at
        )
        search_log.write(self.tx, [row])
        return list_id

    def touch(
        self, list_id: str, product: int, at: datetime, *, user: int | None = ANN, kind: str = "CLICK"
    ) -> None:
        """Follow a page of results to a product."""
        event = {
            "user_id": user,
            "visitor_id": None if user else "visitor-1",
            "kind": kind,
            "product_id": product,
            "query": "",
            "list_id": list_id,
            "model_version": SEARCH_VERSION,
            "occurred_at": at,
        }
        self.tx.execute(insert(BehaviorEvent), [event])

    def buy(self, *products: int, at: datetime, user: int = ANN, currency: str = "USD") -> None:
        """Order one unit each, at a price of 1.00."""
        order_id = data.place_order(self.tx, user, products, at, "CONFIRMED")
        self.tx.execute(update(Order).where(Order.id == order_id).values(currency=currency))

    def count(self, day: Day = TODAY, now: datetime = NOON) -> DayCount:
        """Count a day, and keep the count."""
        count = counting.count_day(self.tx, day, "USD", now, b"key")
        counting_queries.replace_day(self.tx, day, count)
        return count

    def shared(self, min_searchers: int = 2) -> list[str]:
        """What may be suggested, the most frequent first."""
        return list(sharing.shared_queries(self.tx, TODAY.date - timedelta(days=29), min_searchers))


@pytest.fixture
def story(db: Database) -> Iterator[Story]:
    """A story that nobody else reads."""
    with db.transaction() as tx:
        yield Story(tx)


def after(**time: float) -> datetime:
    """A moment after the first search."""
    return NOON + timedelta(**time)


def by_query(count: DayCount) -> dict[str, QueryRow]:
    """The rows of the queries by the query."""
    return {row.query: row for row in count.queries}


def test_searches_are_counted_with_what_they_found(story: Story) -> None:
    story.search("mug", 5, 7, user=ANN)
    story.search("mug", 5, 7, origin="a" * 16, corrected=True)
    story.search("unicorn", user=BOB)
    story.search("", 5)  # whose text nobody may keep
    story.search("mug", 5, at=NOON - timedelta(days=1))
    count = story.count()
    assert (count.day.searches, count.day.zero_results, count.day.corrected) == (4, 1, 1)
    rows = by_query(count)
    assert sorted(rows) == ["mug", "unicorn"]
    assert (rows["mug"].searches, rows["mug"].zero_results, len(rows["mug"].searchers)) == (2, 0, 2)
    assert (rows["unicorn"].searches, rows["unicorn"].zero_results, rows["unicorn"].searchers) == (1, 1, [])


def test_clicks_carts_and_orders_count_for_the_query_and_its_position(story: Story) -> None:
    first = story.search("mug", 5, 7, 9, user=ANN)
    story.touch(first, 7, after(minutes=1))
    story.touch(first, 7, after(minutes=2))
    story.touch(first, 7, after(minutes=3), kind="ADD_TO_CART")
    story.touch(first, 9, after(minutes=4))
    story.buy(7, 9, 8, at=after(days=3))
    count = story.count()
    row = by_query(count)["mug"]
    assert (row.clicks, row.cart_additions, row.orders, row.revenue_minor) == (2, 1, 1, 200)
    assert (count.day.clicks, count.day.cart_additions, count.day.orders) == (2, 1, 1)
    assert count.day.revenue_minor == 200
    assert list(count.positions) == [
        PositionRow(1, 1, 0, 0),
        PositionRow(2, 1, 1, 1),
        PositionRow(3, 1, 1, 1),
    ]


def test_turning_the_page_is_no_search_and_its_positions_go_on(story: Story) -> None:
    story.search("mug", 1, 2, user=ANN)
    second = story.search("mug", 3, 4, user=ANN, first=2, at=after(minutes=1))
    story.touch(second, 4, after(minutes=2))
    count = story.count()
    assert (count.day.searches, by_query(count)["mug"].clicks) == (1, 1)
    assert [(row.position, row.impressions, row.clicks) for row in count.positions] == [
        *((1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 1)),
    ]


def test_an_order_belongs_to_the_last_list_that_led_to_it_whichever_that_was(story: Story) -> None:
    search = story.search("mug", 7, user=ANN)
    story.touch(search, 7, after(minutes=1))
    other = Impression("f" * 16, "all_1", Kind.HOMEPAGE, ANN, None, None, [7], NOON)
    impressions.write(story.tx, [other])
    story.touch("f" * 16, 7, after(minutes=2))
    story.buy(7, at=after(minutes=3))
    assert by_query(story.count())["mug"].orders == 0


def test_revenue_in_another_currency_is_not_added_to_that_of_the_shop(story: Story) -> None:
    search = story.search("mug", 7, user=ANN)
    story.touch(search, 7, after(minutes=1))
    story.buy(7, at=after(minutes=3), currency="EUR")
    row = by_query(story.count())["mug"]
    assert (row.orders, row.revenue_minor) == (1, 0)


def test_counting_again_replaces_the_count(story: Story) -> None:
    search = story.search("mug", 7, user=ANN)
    assert story.count() == story.count()
    story.touch(search, 7, after(minutes=1))
    story.count()
    totals = report.totals(story.tx, Period.until(TODAY.date, 1))
    assert totals == SearchTotals(1, 0, 0, 1, 0, 0, 0)


def test_only_the_most_frequent_queries_of_a_day_have_a_row(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting_queries, "MAX_QUERIES", 2)
    for number in range(5):
        story.search(f"made up {number}", user=ANN, at=after(minutes=number))
    story.search("mug", 5, user=ANN)
    story.search("mug", 5, user=BOB)
    count = story.count()
    assert [row.query for row in count.queries] == ["mug", "made up 0"]
    assert count.day.searches == 7


def test_a_query_is_shared_when_several_people_found_something_with_it(story: Story) -> None:
    for user in (ANN, BOB):
        story.search("red mug", 5, user=user)
        story.search("unicorn", user=user)
        story.search("call me 0171 2345678", 5, user=user)
    for _ in range(5):
        story.search("my own words", 5, user=ANN)
    story.count()
    assert story.shared() == ["red mug"]
    assert story.shared(min_searchers=3) == []


def test_visitors_are_told_apart_by_their_ids_and_by_where_they_call_from(story: Story) -> None:
    for number in range(3):
        here, there = f"{0:016x}", f"{number:016x}"
        story.search("invented by one", 5, visitor=f"visitor-{number}", origin=here)
        story.search("of one on three networks", 5, visitor="visitor-1", origin=there)
        story.search("of nobody known", 5, visitor=None, origin=there)
        story.search("sought by three", 5, visitor=f"visitor-{number}", origin=there)
    story.count()
    assert story.shared() == ["sought by three"]


def test_who_searched_cannot_be_worked_out_without_the_key(story: Story) -> None:
    story.search("mug", 5, user=ANN)
    ours, theirs = (
        counting.count_day(story.tx, TODAY, "USD", NOON, key).queries[0].searchers for key in (b"one", b"two")
    )
    assert (len(ours), len(theirs)) == (1, 1)
    assert ours != theirs


def test_who_has_something_in_common_is_one_of_the_people() -> None:
    assert sharing.people_count(["u1", "u1", "u2"]) == 2
    assert sharing.people_count(["a.home", "a.train", "b.train", "c.home"]) == 1
    assert sharing.people_count(["a.home", "b.train", "a.train", "c.office", "u1"]) == 3


def test_the_same_people_on_two_days_are_as_many(story: Story) -> None:
    yesterday = Day(TODAY.date - timedelta(days=1))
    for at in (NOON, NOON - timedelta(days=1)):
        story.search("of one", 5, user=ANN, at=at)
        story.search("of two", 5, user=ANN if at == NOON else BOB, at=at)
    story.count()
    story.count(yesterday)
    assert story.shared() == ["of two"]


def test_what_is_shared_follows_the_counts_and_is_told(story: Story) -> None:
    sharing.replace(story.tx, {"mug": 5, "cup": 2})
    sharing.replace(story.tx, {"mug": 6, "jug": 3})
    rows = story.tx.execute(select(SuggestedQuery.query, SuggestedQuery.searcher_count))
    assert sorted(tuple(row) for row in rows) == [("jug", 3), ("mug", 6)]
    told = "SELECT count(*) FROM events WHERE topic = 'suggestions'"
    assert story.tx.exec_driver_sql(told).scalar() == 2
    sharing.replace(story.tx, {"mug": 6, "jug": 3})
    assert story.tx.exec_driver_sql(told).scalar() == 2


def test_a_search_of_somebody_known_stands_once_in_their_history(story: Story) -> None:
    story.search("mug", 5, user=ANN)
    story.search("mug", 5, user=ANN, at=after(minutes=10))
    story.search("mug", 5, user=ANN, first=5, at=after(minutes=11))
    story.search("mug", 5, user=ANN, at=after(hours=2))
    story.search("mug", 5, user=BOB)
    story.search("", 5, user=BOB)
    events = select(BehaviorEvent.user_id, BehaviorEvent.query).where(BehaviorEvent.kind == "SEARCH")
    assert sorted(tuple(row) for row in story.tx.execute(events)) == [
        (ANN, "mug"),
        (ANN, "mug"),
        (BOB, "mug"),
    ]


def test_days_are_counted_again_while_orders_may_follow(story: Story) -> None:
    def due(now: datetime) -> list[Day]:
        return counting.days_due(story.tx, now, timedelta(days=30))

    assert due(NOON) == []
    story.search("mug", 5)
    assert due(NOON) == [TODAY]
    story.count()
    tomorrow = NOON + timedelta(days=1)
    assert due(tomorrow) == [TODAY]  # what came after the last count
    story.count(now=tomorrow)
    assert due(tomorrow + timedelta(hours=1)) == []
    assert due(tomorrow + timedelta(days=1)) == [TODAY]
    story.count(now=NOON + timedelta(days=8))
    assert due(NOON + timedelta(days=8, hours=23)) == []


def test_a_day_whose_searches_were_deleted_in_part_is_not_counted_again(story: Story) -> None:
    story.search("mug", 5)
    story.count()
    assert counting.days_due(story.tx, NOON + timedelta(days=2), timedelta(days=3)) == [TODAY]
    assert counting.days_due(story.tx, NOON + timedelta(days=3), timedelta(days=3)) == []


def test_a_period_is_summed_page_by_page(story: Story) -> None:
    days = [TODAY.date - timedelta(days=back) for back in range(40)]
    for number, day in enumerate(days):
        _keep(story.tx, Day(day), {"mug": 2, f"only {number:02}": 1}, zero=f"only {number:02}")
    period = Period.until(TODAY.date, 0)
    assert report.totals(story.tx, period) == SearchTotals(90, 30, 0, 30, 0, 30, 3000)
    assert report.positions(story.tx, period) == [PositionTotals(1, 90, 30, 30)]
    top = _pages(story.tx, period, zero_results=False)
    assert top[0] == QueryTotals("mug", 60, 0, 30, 0, 30, 3000)
    assert [row.query for row in top[1:]] == [f"only {number:02}" for number in range(30)]
    nothing = _pages(story.tx, period, zero_results=True)
    assert [row.query for row in nothing] == [f"only {number:02}" for number in range(30)]


def _pages(tx: Connection, period: Period, *, zero_results: bool) -> list[QueryTotals]:
    rows: list[QueryTotals] = []
    after: tuple[int, str] | None = None
    while True:
        page = report.query_page(tx, period, after, 7, zero_results=zero_results)
        rows += page
        if len(page) < 7:
            return rows
        after = (page[-1].zero_results if zero_results else page[-1].searches, page[-1].query)


def _keep(tx: Connection, day: Day, queries: dict[str, int], zero: str) -> None:
    rows = []
    for query, count in queries.items():
        ordered = int(query != zero)
        rows.append(QueryRow(query, count, count * (1 - ordered), ordered, 0, ordered, 100 * ordered, []))
    total = counting_queries.DayRow(sum(queries.values()), 1, 0, 1, 0, 1, 100, NOON)
    positions = [PositionRow(1, sum(queries.values()), 1, 1)]
    counting_queries.replace_day(tx, day, DayCount(total, rows, positions))


def test_old_days_are_deleted_with_what_was_counted_of_them(story: Story) -> None:
    _keep(story.tx, TODAY, {"mug": 2}, zero="")
    story.tx.execute(SearchDay.__table__.delete().where(SearchDay.day == TODAY.date))
    assert report.query_page(story.tx, Period.until(TODAY.date, 1), None, 5, zero_results=False) == []


def test_counting_a_day_and_showing_a_period_look_at_no_other(story: Story) -> None:
    for back in range(60):
        day = Day(TODAY.date - timedelta(days=back))
        for number in range(20):
            story.search(f"query {number}", at=day.start + timedelta(hours=number))
        _keep(story.tx, day, {f"query {number}": 1 for number in range(50)}, zero="")
    story.tx.exec_driver_sql("ANALYZE")
    with Explained(story.tx) as plans:
        counting_queries.totals(story.tx, TODAY)
        report.query_page(story.tx, Period.until(TODAY.date, 2), None, 5, zero_results=False)
    for plan in plans:
        if story.tx.dialect.name == "sqlite":
            assert not any(detail.startswith("SCAN search") for *_, detail in plan), plan
        else:
            assert nodes(plan, "Seq Scan") == []
