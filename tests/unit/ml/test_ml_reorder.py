"""The probability of buying again: it follows the user's rhythm, and tells nothing of what it cannot know."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from small_shop import make_interactions

from ml.data.dataset import DAY, GUEST, Interactions
from ml.models import reorder, sales
from ml.models.reasons import Reason, ReasonCode
from ml.models.reorder import Reorder
from ml.models.reorder_features import FEATURES, LINES_LIMIT, Purchases, past_of
from ml.models.sales import Sales

START = 20_000 * DAY
WEEK = 7 * DAY
REFILL, RHYTHM = 1, 4
"""Everybody buys this product with every fourth weekly order, beside things that come by chance."""

IDS = np.arange(1, 41, dtype=np.int64)


def regular_buyers(users: int = 60, orders: int = 24) -> Interactions:
    rng = np.random.default_rng(0)
    lines = []
    for user in range(1, users + 1):
        for number in range(orders):
            order, time = user * 1000 + number, START + WEEK * number
            basket = (rng.choice(len(IDS) - 1, 4, replace=False) + 2).tolist()
            if (number + user) % RHYTHM == 0:
                basket.append(REFILL)
            lines += [(user, order, product, time) for product in basket]
    return make_interactions(lines)


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    return regular_buyers()


@pytest.fixture(scope="module")
def counted(interactions: Interactions) -> Sales:
    return Sales(sales.train(interactions, IDS))


@pytest.fixture(scope="module")
def trees(interactions: Interactions, counted: Sales) -> list[str]:
    return reorder.train(interactions, IDS, counted)


@pytest.fixture(scope="module")
def served(trees: list[str], counted: Sales) -> Reorder:
    return Reorder(trees, counted, IDS)


def purchases(lines: list[tuple[int, int, float]]) -> Purchases:
    """Of (order, product, time)."""
    orders, products, times = (np.array(column) for column in zip(*lines, strict=True))
    return Purchases(products, orders, times.astype(np.float64), np.ones(len(lines), np.float32))


def buyer(weeks_since_refill: int, weeks: int = 20) -> tuple[Purchases, float]:
    """A regular buyer who got the refill so many weeks ago, as they come for their next order."""
    rng = np.random.default_rng(1)
    lines = []
    for number in range(weeks):
        basket = (rng.choice(len(IDS) - 1, 4, replace=False) + 2).tolist()
        if (weeks - number) % RHYTHM == weeks_since_refill % RHYTHM:
            basket.append(REFILL)
        lines += [(number + 1, product, START + WEEK * number) for product in basket]
    return purchases(lines), START + WEEK * weeks


def probability(served: Reorder, weeks_since_refill: int) -> float:
    history, now = buyer(weeks_since_refill)
    chances = served.chances(history, now)
    assert chances is not None
    place = chances.rows.tolist().index(REFILL - 1)
    return float(chances.probabilities[place])


def test_the_probability_rises_as_the_gap_completes(served: Reorder) -> None:
    early, due = probability(served, 1), probability(served, RHYTHM)
    assert early < 0.2
    assert due > 0.8


def test_the_likeliest_comes_first(served: Reorder) -> None:
    chances = served.chances(*buyer(RHYTHM))
    assert chances is not None
    assert chances.rows[0] == REFILL - 1
    assert (np.diff(chances.probabilities) <= 0).all()
    assert (chances.probabilities > 0).all()
    assert (chances.probabilities < 1).all()
    first = chances.reordered(0)
    assert (first.product_id, first.reason.order_count) == (REFILL, 5)
    assert first.reason == Reason(
        ReasonCode.BOUGHT_BEFORE, order_count=5, interval_days=28, days_since_order=28
    )
    assert first.last_time == START + WEEK * 16


def test_probabilities_are_calibrated_on_orders_not_learned_from(counted: Sales) -> None:
    everything = regular_buyers()
    last = everything.times == everything.times.max()
    known = everything.where(~last)
    served = Reorder(reorder.train(known, IDS, Sales(sales.train(known, IDS))), counted, IDS)
    told, happened = [], []
    for user in range(1, 61):
        mine = known.where(known.user_ids == user)
        chances = served.chances(
            Purchases(mine.product_ids, mine.order_ids, mine.times, mine.quantities), everything.times.max()
        )
        assert chances is not None
        basket = everything.where(last & (everything.user_ids == user)).product_ids
        told += chances.probabilities.tolist()
        happened += np.isin(IDS[chances.rows], basket).tolist()
    assert np.mean(told) == pytest.approx(np.mean(happened), abs=0.02)


def test_the_same_seed_and_data_give_the_same_trees(
    interactions: Interactions, counted: Sales, trees: list[str]
) -> None:
    assert reorder.train(interactions, IDS, counted) == trees
    shuffled = np.random.default_rng(2).permutation(len(interactions))
    columns = ("user_ids", "product_ids", "order_ids", "quantities", "times")
    other = Interactions(*(getattr(interactions, column)[shuffled] for column in columns))
    assert reorder.train(other, IDS, counted) == trees


def test_too_little_data_gives_no_trees_and_a_share_of_the_orders(counted: Sales) -> None:
    assert reorder.train(regular_buyers(users=2, orders=3), IDS, counted) == []
    chances = Reorder([], counted, IDS).chances(
        purchases([(1, 5, START), (1, 6, START), (2, 5, START + WEEK)]), START + 2 * WEEK
    )
    assert chances is not None
    assert [chances.reordered(place).product_id for place in (0, 1)] == [5, 6]
    assert chances.probabilities.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_guests_teach_nothing(interactions: Interactions, counted: Sales) -> None:
    guests = Interactions(
        np.full(len(interactions), GUEST),
        interactions.product_ids,
        interactions.order_ids,
        interactions.quantities,
        interactions.times,
    )
    assert len(reorder.examples_of(guests, IDS, counted).labels) == 0
    assert reorder.train(guests, IDS, counted) == []


def test_examples_know_only_what_came_before_their_order(counted: Sales) -> None:
    lines = [(1, 1, 5, START), (1, 1, 6, START), (1, 2, 5, START + WEEK), (1, 3, 7, START + 2 * WEEK)]
    learned = reorder.examples_of(make_interactions(lines), IDS, counted)
    orders = learned.features[:, FEATURES.index("orders")]
    assert orders.tolist() == [1, 1, 2, 2]
    assert learned.labels.tolist() == [1, 0, 0, 0]


def test_a_product_no_longer_sold_counts_in_the_past_and_is_not_offered(served: Reorder) -> None:
    gone = int(IDS[-1]) + 7
    chances = served.chances(purchases([(1, 5, START), (2, gone, START + WEEK)]), START + 2 * WEEK)
    assert chances is not None
    assert [chances.reordered(0).product_id] == [5]
    assert chances.past.matrix[:, FEATURES.index("orders")].tolist() == [2, 2]
    assert served.chances(purchases([(1, gone, START)]), START + WEEK) is None


def test_nothing_bought_gives_nothing(served: Reorder) -> None:
    empty = Purchases(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.float32))
    assert served.chances(empty, START) is None


def test_only_the_latest_purchases_are_looked_at(counted: Sales) -> None:
    history = purchases([(number, 5, START + number * DAY) for number in range(LINES_LIMIT + 50)])
    past = past_of(history, START + 600 * DAY, catalogue=IDS, sales=counted)
    assert past.counts.tolist() == [LINES_LIMIT]


def test_the_matrix_has_a_column_for_each_feature(counted: Sales) -> None:
    past = past_of(
        purchases(
            [(1, 5, START), (2, 5, START + 10 * DAY), (2, 6, START + 10 * DAY), (3, 5, START + 40 * DAY)]
        ),
        START + 50 * DAY,
        catalogue=IDS,
        sales=counted,
    )
    assert past.matrix.shape == (2, len(FEATURES))
    described = dict(zip(FEATURES, past.matrix.T.tolist(), strict=True))
    assert described["orders_with_it"] == [3, 1]
    assert described["days_since_it"] == [10, 40]
    assert described["days_since_first"] == [50, 40]
    assert described["orders_since_it"] == [0, 1]
    assert described["mean_gap"][0] == 20
    assert described["last_gap"][0] == 30
    assert described["gap_deviation"][0] == pytest.approx(10)
    assert np.isnan(described["mean_gap"][1])
    assert described["share_of_orders_since_first"] == [1, 0.5]
    assert described["order_gap"] == [20, 20]
    assert described["mean_basket"] == pytest.approx([4 / 3, 4 / 3])
    assert described["repeat_share"] == pytest.approx([2 / 3, 2 / 3])


def test_trees_of_another_server_are_done_without_where_their_library_is_missing(
    trees: list[str], counted: Sales, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def absent(name: str) -> None:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", absent)
    bought = purchases([(1, REFILL, START), (2, REFILL, START + WEEK), (2, 7, START + WEEK)])
    chances = Reorder(trees, counted, IDS).chances(bought, START + 2 * WEEK)
    assert chances is not None
    assert chances.probabilities.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert "libgomp1" in caplog.text
