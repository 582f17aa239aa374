"""The probability of new products: learned from what was proposed, comparable with that of buying again."""

from __future__ import annotations

import numpy as np
import pytest
from small_shop import make_interactions

from ml.data.dataset import DAY
from ml.models import discovery, sales
from ml.models.discovery import FEATURES, Discovery
from ml.models.examples import Examples
from ml.models.reorder_features import Purchases, past_of
from ml.models.sales import Sales

START = 20_000 * DAY
IDS = np.array([1, 2, 3], dtype=np.int64)


def examples(count: int = 4_000) -> Examples:
    """The chance grows with the score and with what sold in the last month."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(count, len(FEATURES)))
    matrix[::3, FEATURES.index("repeat_share")] = np.nan
    logits = matrix[:, 0] + 0.5 * matrix[:, FEATURES.index("popularity_30_days")] - 2
    return Examples(matrix, (rng.random(count) < 1 / (1 + np.exp(-logits))).astype(np.int64))


@pytest.fixture(scope="module")
def counted() -> Sales:
    lines = [(5, 1, 1, START), (5, 2, 2, START + DAY), (6, 3, 2, START + DAY), (7, 4, 1, START + 2 * DAY)]
    return Sales(sales.train(make_interactions(lines), IDS))


@pytest.fixture(scope="module")
def served(counted: Sales) -> Discovery:
    return Discovery(discovery.train(examples()), counted)


def test_the_regression_finds_what_matters() -> None:
    weights = discovery.train(examples())["discovery_weights"]
    assert weights[0] == pytest.approx(1, abs=0.2)
    assert weights[FEATURES.index("popularity_30_days")] == pytest.approx(0.5, abs=0.2)
    assert abs(weights[FEATURES.index("orders")]) < 0.2
    assert weights[-1] == pytest.approx(-2, abs=0.2)


def test_a_higher_score_and_more_sales_are_more_probable(served: Discovery) -> None:
    rows, now = np.array([0, 0, 1]), START + 3 * DAY
    low, high, _ = served.probabilities(rows, np.array([0.1, 0.9, 0.1], np.float32), None, now)
    assert 0 < low < high < 1
    unsold, sold = served.probabilities(np.array([2, 1]), np.array([0.1, 0.1], np.float32), None, now)
    assert unsold < sold


def test_what_is_not_known_of_a_user_is_taken_as_the_mean(served: Discovery, counted: Sales) -> None:
    past = past_of(
        Purchases(np.array([1]), np.array([1]), np.array([START]), np.ones(1, np.float32)),
        START + DAY,
        catalogue=IDS,
        sales=counted,
    )
    for known in (None, past):
        told = served.probabilities(np.array([0]), np.ones(1, np.float32), known, START + DAY)
        assert np.isfinite(told).all()


def test_too_few_examples_or_a_worthless_score_teach_nothing(counted: Sales) -> None:
    everything = examples()
    few = Examples(everything.features[:500], everything.labels[:500])
    nobody = Examples(everything.features, np.zeros_like(everything.labels))
    upside_down = everything.features.copy()
    upside_down[:, 0] *= -1
    for case in (few, nobody, Examples(upside_down, everything.labels)):
        assert not Discovery(discovery.train(case), counted)
    assert Discovery(discovery.train(everything), counted)
