"""A user's history: what was bought is never proposed again, what was touched last shapes the list most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.recommend.feedback.history import RECENT, History, combined, history_of, visit_of
from server.recommend.feedback.history_queries import (
    BOUGHT,
    CARTED,
    ORDERED,
    RETURNED,
    SEEN,
    USER,
    HistoryRow,
)

START = datetime(2026, 6, 1, tzinfo=UTC)


def _row(kind: str, product_id: int, day: float, quantity: int = 0, order_id: int = 0) -> HistoryRow:
    return HistoryRow(kind, product_id, START + timedelta(days=day), quantity, order_id)


def _known(*rows: HistoryRow) -> History:
    history = history_of([_row(USER, 1, 0), *rows])
    assert history is not None
    return history


def _epoch(day: float) -> float:
    return (START + timedelta(days=day)).timestamp()


def test_there_is_no_history_without_the_user() -> None:
    assert history_of([]) is None


def test_a_new_user_has_an_empty_history() -> None:
    history = _known()
    assert history.bought == frozenset()
    assert history.recent == ()
    assert history.in_cart == frozenset()
    assert len(history.purchases.product_ids) == 0


def test_the_latest_comes_first_and_each_product_once() -> None:
    history = _known(_row(BOUGHT, 5, 1), _row(SEEN, 6, 3), _row(SEEN, 5, 4), _row(BOUGHT, 7, 2))
    assert history.recent == (5, 6, 7)
    assert history.recent_times == (_epoch(4), _epoch(3), _epoch(2))
    assert history.bought == {5, 7}


def test_what_was_bought_is_told_from_what_was_only_seen() -> None:
    history = _known(_row(BOUGHT, 5, 1), _row(SEEN, 6, 3), _row(RETURNED, 7, 2), _row(SEEN, 7, 4))
    assert history.recent == (7, 6, 5)
    assert history.recent_bought == {5}


def test_what_was_sent_back_is_left_out_and_no_sign_of_taste() -> None:
    history = _known(_row(RETURNED, 5, 1))
    assert history.bought == {5}
    assert history.recent == ()


def test_a_long_history_is_bought_in_full_but_only_its_latest_part_shapes_lists() -> None:
    history = _known(*(_row(BOUGHT, day, day) for day in range(1, 301)))
    assert len(history.bought) == 300
    assert history.recent == tuple(range(300, 300 - RECENT, -1))


def test_what_is_in_the_cart_counts_as_seen_when_it_came_into_it_or_else_when_the_cart_changed() -> None:
    history = _known(_row(CARTED, 5, 9), _row(CARTED, 6, 9), _row(SEEN, 5, 2), _row(SEEN, 7, 3))
    assert history.in_cart == {5, 6}
    assert history.recent == (6, 7, 5)
    assert history.recent_times == (_epoch(9), _epoch(3), _epoch(2))


def test_purchases_are_columns_with_an_entry_per_order_and_product() -> None:
    rows = [
        _row(ORDERED, 5, 3, 2, 12),
        _row(ORDERED, 5, 3, 1, 12),  # another variant of it
        _row(ORDERED, 6, 3, 4, 12),
        _row(ORDERED, 5, 1, 1, 11),
    ]
    purchases = _known(*rows).purchases
    assert purchases.product_ids.tolist() == [5, 6, 5]
    assert purchases.order_ids.tolist() == [12, 12, 11]
    assert purchases.times.tolist() == [_epoch(3), _epoch(3), _epoch(1)]
    assert purchases.quantities.tolist() == [3.0, 4.0, 1.0]


def test_a_visitor_needs_no_account() -> None:
    assert visit_of([]).recent == ()
    assert visit_of([_row(SEEN, 5, 1)]).recent == (5,)


def test_a_user_and_the_visitor_they_are_make_one_history_by_time() -> None:
    user = _known(_row(BOUGHT, 5, 1), _row(SEEN, 6, 3), _row(CARTED, 6, 3), _row(ORDERED, 5, 1, 1, 1))
    visitor = visit_of([_row(SEEN, 7, 2), _row(SEEN, 5, 4)])
    both = combined(user, visitor)
    assert both.recent == (5, 6, 7)
    assert both.recent_times == (_epoch(4), _epoch(3), _epoch(2))
    assert both.recent_bought == {5}
    assert both.bought == {5}
    assert both.in_cart == {6}
    assert both.purchases is user.purchases
    assert combined(user, visit_of([])) is user
