"""A user's history: what was bought is never proposed again, what was touched last shapes the list most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.recommend.history import RECENT, history_of
from server.recommend.queries import BOUGHT, RETURNED, SEEN, USER

START = datetime(2026, 6, 1, tzinfo=UTC)


def _row(kind: str, product_id: int, day: int) -> tuple[str, int, datetime]:
    return kind, product_id, START + timedelta(days=day)


def test_there_is_no_history_without_the_user() -> None:
    assert history_of([]) is None


def test_a_new_user_has_an_empty_history() -> None:
    history = history_of([_row(USER, 1, 0)])
    assert history is not None
    assert history.bought == frozenset()
    assert history.recent == ()


def test_the_latest_comes_first_and_each_product_once() -> None:
    history = history_of(
        [_row(BOUGHT, 5, 1), _row(USER, 1, 0), _row(SEEN, 6, 3), _row(SEEN, 5, 4), _row(BOUGHT, 7, 2)]
    )
    assert history is not None
    assert history.recent == (5, 6, 7)
    assert history.bought == {5, 7}


def test_what_was_sent_back_is_left_out_and_no_sign_of_taste() -> None:
    history = history_of([_row(USER, 1, 0), _row(RETURNED, 5, 1)])
    assert history is not None
    assert history.bought == {5}
    assert history.recent == ()


def test_a_long_history_is_bought_in_full_but_only_its_latest_part_shapes_lists() -> None:
    history = history_of([_row(USER, 1, 0), *(_row(BOUGHT, day, day) for day in range(1, 301))])
    assert history is not None
    assert len(history.bought) == 300
    assert history.recent == tuple(range(300, 300 - RECENT, -1))
