"""Lists that were just made are given out again only while they are still true."""

from __future__ import annotations

import pytest

from ml.ranking.selection import Recommendation, Source
from server.recommend.serving import list_cache
from server.recommend.serving.list_cache import ListCache

ITEMS = [Recommendation(product_id, 0.5, "Because", Source.PERSONAL) for product_id in (1, 2)]
MODEL, HISTORY = object(), object()


def _with_one_list() -> ListCache:
    kept = ListCache()
    kept.put((7, 10), (MODEL, HISTORY), ITEMS)
    return kept


def test_the_same_question_gets_the_same_list() -> None:
    assert _with_one_list().get((7, 10), (MODEL, HISTORY), {1, 2, 3}.__contains__) is ITEMS


def test_another_question_gets_none() -> None:
    assert _with_one_list().get((8, 10), (MODEL, HISTORY), {1, 2, 3}.__contains__) is None


@pytest.mark.parametrize("origins", [(object(), HISTORY), (MODEL, object())])
def test_a_new_model_or_history_ends_a_list(origins: tuple[object, object]) -> None:
    assert _with_one_list().get((7, 10), origins, {1, 2, 3}.__contains__) is None


def test_a_product_that_cannot_be_sold_any_more_ends_a_list() -> None:
    assert _with_one_list().get((7, 10), (MODEL, HISTORY), {1, 3}.__contains__) is None


def test_the_least_recently_used_list_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_cache, "MAX_LISTS", 2)
    kept = ListCache()
    for user_id in (1, 2):
        kept.put(user_id, (MODEL,), ITEMS)
    assert kept.get(1, (MODEL,), {1, 2}.__contains__) is ITEMS
    kept.put(3, (MODEL,), ITEMS)
    assert kept.get(2, (MODEL,), {1, 2}.__contains__) is None
    assert kept.get(1, (MODEL,), {1, 2}.__contains__) is ITEMS


def test_long_lists_take_the_room_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_cache, "MAX_ITEMS", 5)
    kept = ListCache()
    for user_id in (1, 2, 3):
        kept.put(user_id, (MODEL,), ITEMS)
    found = [kept.get(user_id, (MODEL,), {1, 2}.__contains__) for user_id in (1, 2, 3)]
    assert found == [None, ITEMS, ITEMS]


def test_a_list_that_ended_leaves_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_cache, "MAX_ITEMS", 4)
    kept = ListCache()
    for user_id in (1, 2):
        kept.put(user_id, (MODEL,), ITEMS)
    assert kept.get(2, (object(),), {1, 2}.__contains__) is None
    kept.put(3, (MODEL,), ITEMS)
    assert kept.get(1, (MODEL,), {1, 2}.__contains__) is ITEMS
