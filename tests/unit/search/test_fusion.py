"""What was found by words and by meaning becomes one list, by the ranks in both."""

from __future__ import annotations

import numpy as np
import pytest
from support.search_index import named

from ml.models.packed_index import Nearest
from server.search.engine.engine import Engine
from server.search.engine.fusion import DAMPING, Closeness, fused, leaders
from server.search.engine.matching import NO_MATCHES, Matches
from server.search.meaning.leg import FLOOR, closeness_of

NAN = float("nan")


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Five products, of which document i has the id i + 1."""
    return named("red mug", "blue mug", "green cup", "white bowl", "black jug")


def matches(**scores: float) -> Matches:
    """Products by their ids (p1, p2 …), as they match by words."""
    docs = [int(name[1:]) - 1 for name in scores]
    return Matches(np.array(docs, np.int32), np.array(list(scores.values()), np.float32))


def close(**cosines: float) -> Closeness:
    """Products by their ids, as they are close."""
    ids = [int(name[1:]) for name in cosines]
    return Closeness(np.array(ids, np.int64), np.array(list(cosines.values()), np.float32))


def order(engine: Engine, found: Matches, closeness: Closeness, share: float) -> list[int]:
    """The ids of the products in the order in which both legs put them."""
    both = fused(engine.goods, found, closeness, share)
    ids: list[int] = engine.goods.index.columns.product_ids[both.docs[np.argsort(-both.scores)]].tolist()
    return ids


def test_a_product_that_both_rank_high_is_first(engine: Engine) -> None:
    assert order(engine, matches(p1=9, p2=8, p3=1), close(p2=0.9, p4=0.8, p3=0.4, p1=0.1), 0.4)[0] == 2


def test_scores_are_ranks_and_not_amounts(engine: Engine) -> None:
    closeness = close(p1=0.3, p2=0.2)
    assert np.allclose(
        fused(engine.goods, matches(p1=9, p2=1), closeness, 0.4).scores,
        fused(engine.goods, matches(p1=9, p2=8.9), closeness, 0.4).scores,
    )


def test_the_best_of_both_scores_one_and_what_one_leg_lacks_gets_nothing_from_it(engine: Engine) -> None:
    both = fused(engine.goods, matches(p1=5, p2=4), close(p1=0.9, p4=0.8), 0.4)
    second = (DAMPING + 1) / (DAMPING + 2)
    assert np.allclose(both.scores, [1.0, 0.6 * second, 0.4 * second])


def test_equal_words_are_told_apart_by_their_meaning(engine: Engine) -> None:
    assert order(engine, matches(p1=2, p2=2, p3=2), close(p3=0.7, p1=0.6, p2=0.5), 0.1) == [3, 1, 2]


def test_meaning_alone_and_words_alone(engine: Engine) -> None:
    assert order(engine, NO_MATCHES, close(p3=0.9, p2=0.8), 1.0) == [3, 2]
    assert order(engine, matches(p1=2, p2=1), close(), 0.4) == [1, 2]
    assert len(fused(engine.goods, NO_MATCHES, close(), 0.4)) == 0


def test_what_the_index_does_not_know_is_left_out(engine: Engine) -> None:
    assert order(engine, NO_MATCHES, close(p99=0.9, p2=0.8), 1.0) == [2]


def test_the_leaders_are_the_best_by_words(engine: Engine) -> None:
    assert sorted(leaders(engine.goods, matches(p1=3, p5=1)).tolist()) == [1, 5]


def test_what_was_just_created_is_taken_for_an_average_hit() -> None:
    ids = np.array([4, 7, 9], np.int64)
    nearest = Nearest(np.array([9, 8], np.int64), np.array([0.9, 0.6], np.float32))
    closeness = closeness_of(ids, np.array([0.2, NAN, 0.6], np.float32), nearest)
    assert closeness.product_ids.tolist() == [4, 7, 9, 8]
    assert np.allclose(closeness.values, [0.2, 0.4, 0.6, 0.6])


def test_what_is_hardly_near_is_not_found() -> None:
    none = np.empty(0, np.int64)
    near = Nearest(np.array([1, 2], np.int64), np.array([FLOOR + 0.01, FLOOR - 0.01], np.float32))
    assert closeness_of(none, np.empty(0, np.float32), near).product_ids.tolist() == [1]
