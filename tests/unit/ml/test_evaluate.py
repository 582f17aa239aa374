"""The measures, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_shop import make_dataset, make_interactions, make_products, no_events

from ml.data.dataset import GUEST, Dataset, Events
from ml.data.split import cases, histories, hold_out
from ml.evaluation.evaluate import ServingEvaluation, evaluate
from ml.evaluation.measures import average_precision_at_k, coverage_at_k, ndcg_at_k, recall_at_k
from ml.ranking.model import Model


def test_recall_is_the_share_of_the_relevant_that_was_found():
    assert recall_at_k([1, 2, 3, 4], {2, 4, 9}, 4) == pytest.approx(2 / 3)
    assert recall_at_k([1, 2, 3, 4], {2, 4, 9}, 2) == pytest.approx(1 / 3)


def test_ndcg_discounts_by_place():
    # Hits on places 2 and 4, three relevant.
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    best = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg_at_k([1, 2, 3, 4], {2, 4, 9}, 4) == pytest.approx(gained / best)


def test_the_ideal_of_ndcg_is_cut_at_k():
    assert ndcg_at_k([5, 6], {5, 6, 7, 8}, 2) == pytest.approx(1.0)


def test_average_precision_is_the_mean_precision_at_the_hits():
    assert average_precision_at_k([1, 2, 3, 4], {2, 4, 9}, 4) == pytest.approx((1 / 2 + 2 / 4) / 3)


def test_coverage_counts_the_catalogue_that_was_shown():
    assert coverage_at_k([[1, 2, 3], [2, 4, 5]], 10, 2) == pytest.approx(0.3)


def test_nothing_relevant_measures_zero():
    assert (
        recall_at_k([1], set(), 5) == ndcg_at_k([1], set(), 5) == average_precision_at_k([1], set(), 5) == 0
    )


@given(
    st.lists(st.integers(0, 30), unique=True, max_size=20), st.sets(st.integers(0, 30)), st.integers(1, 25)
)
def test_measures_stay_between_zero_and_one(ranked: list[int], relevant: set[int], k: int):
    for measure in (recall_at_k, ndcg_at_k, average_precision_at_k):
        assert 0 <= measure(ranked, relevant, k) <= 1 + 1e-12


def test_the_last_basket_of_users_with_two_orders_is_held_out():
    lines = [
        (1, 10, 1, 5.0),
        (1, 11, 2, 9.0),
        (1, 11, 3, 9.0),
        (2, 12, 4, 1.0),
        (GUEST, 13, 5, 1.0),
        (GUEST, 14, 6, 2.0),
    ]
    split = hold_out(Dataset(make_products(), make_interactions(lines), no_events()))
    assert split.baskets == {1: frozenset({2, 3})}
    assert sorted(split.training.interactions.order_ids.tolist()) == [10, 12, 13, 14]


def test_of_two_orders_at_one_time_the_higher_id_is_the_last():
    split = hold_out(
        Dataset(make_products(), make_interactions([(1, 11, 2, 5.0), (1, 10, 1, 5.0)]), no_events())
    )
    assert split.baskets == {1: frozenset({2})}


def test_what_led_to_the_held_out_basket_is_left_out_of_training():
    lines = [(1, 10, 1, 5.0), (1, 11, 2, 9.0), (2, 12, 4, 1.0)]
    events = Events(
        np.array([1, 1, 2]), np.array([3, 2, 2]), np.zeros(3, np.uint8), np.array([4.0, 8.0, 50.0])
    )
    kept = hold_out(Dataset(make_products(), make_interactions(lines), events)).training.events
    assert kept.times.tolist() == [4.0, 50.0]


def test_a_shop_without_orders_has_nothing_to_hold_out():
    empty = make_interactions([(1, 1, 1, 1.0)]).where(np.array([False]))
    assert hold_out(Dataset(make_products(), empty, no_events())).baskets == {}


def test_a_history_names_each_product_once_latest_first():
    lines = make_interactions([(1, 10, 1, 5.0), (1, 11, 2, 9.0), (1, 12, 1, 12.0), (2, 13, 7, 1.0)])
    assert histories(lines, {1}) == {1: [1, 2]}


def test_the_blend_beats_popularity_where_tastes_differ(model: Model):
    split = hold_out(make_dataset(seed=0))
    metrics = evaluate(model, cases(split, 1000), split.training.interactions)
    blend, popularity = metrics.blend, metrics.popularity
    assert metrics.users > 0
    assert isinstance(blend, dict)
    assert isinstance(popularity, dict)
    assert blend["recall@20"] > popularity["recall@20"]


def test_nobody_to_measure_on_makes_no_figures(model: Model):
    split = hold_out(make_dataset(seed=0))
    metrics = evaluate(model, [], split.training.interactions)
    assert (metrics.users, metrics.blend, metrics.popularity) == (0, {}, {})
    assert all(scores == {} for scores in metrics.sources.values())


def test_the_model_in_use_is_told_with_the_error_of_the_difference():
    serving = ServingEvaluation(
        version="all_1",
        users=40,
        unseen=True,
        standard_error=0.01,
        candidate={"recall@20": 0.31, "standard_error": 0.04},
        serving={"recall@20": 0.3, "standard_error": 0.05},
    )
    manifest = serving.to_json()
    assert (manifest["recall@20"], manifest["standard_error"]) == (0.3, 0.01)
    assert manifest["candidate"] == {"recall@20": 0.31, "standard_error": 0.04}
