"""RP3beta against a worked example."""

from __future__ import annotations

import numpy as np
import pytest
from small_shop import make_interactions

from ml.models import copurchase
from ml.models.neighbours import Neighbours


def neighbours(lines: list[tuple[int, int, int, float]], products: int, **parameters: float) -> Neighbours:
    baskets = copurchase.baskets(make_interactions(lines), np.arange(1, products + 1))
    arrays = copurchase.train(baskets, **parameters)
    return Neighbours(*(arrays[f"copurchase_{name}"] for name in ("indptr", "indices", "weights")))


# Baskets {1, 2}, {1, 2, 3}, {1}: product 1 is in three, 2 in two, 3 in one.
LINES = [(1, 1, 1, 0.0), (1, 1, 2, 0.0), (2, 2, 1, 0.0), (2, 2, 2, 0.0), (2, 2, 3, 0.0), (0, 3, 1, 0.0)]


def test_three_steps_of_the_walk_worked_by_hand():
    rows, weights = neighbours(LINES, 3, alpha=1.0, beta=0.5).of(0)
    # From 1: to each of its baskets 1/3; on to 2 by 1/2 or 1/3, to 3 by 1/3; discounted by the root of popularity.
    to_two = (1 / 3 * 1 / 2 + 1 / 3 * 1 / 3) / 2**0.5
    to_three = (1 / 3 * 1 / 3) / 1**0.5
    assert rows.tolist() == [1, 2]
    assert weights.tolist() == pytest.approx([to_two, to_three])


def test_alpha_bends_each_probability():
    rows, weights = neighbours(LINES, 3, alpha=0.5, beta=0.0).of(2)
    assert dict(zip(rows.tolist(), weights.tolist(), strict=True)) == pytest.approx(
        {0: (1 * 1 / 3) ** 0.5, 1: (1 * 1 / 3) ** 0.5}
    )


def test_no_product_is_its_own_neighbour_and_only_the_best_are_kept():
    for row in range(3):
        rows, _ = neighbours(LINES, 3, neighbours=1).of(row)
        assert len(rows) == 1
        assert row not in rows


def test_a_line_repeated_in_a_basket_counts_once():
    once, twice = neighbours(LINES, 3).of(0), neighbours(LINES + LINES[:2], 3).of(0)
    assert once[1].tolist() == twice[1].tolist()


def test_unsold_products_and_products_not_on_sale_do_no_harm():
    found = neighbours([*LINES, (1, 1, 99, 0.0)], 5)
    assert found.of(4)[0].tolist() == []
    assert found.of(0)[0].tolist() == [1, 2]


def test_neighbours_of_several_seeds_carry_their_importance():
    found = neighbours(LINES, 3)
    rows, weights, seeds = found.of_many(np.array([2, 0]), np.array([1.0, 0.5], np.float32))
    assert rows.tolist() == found.of(2)[0].tolist() + found.of(0)[0].tolist()
    assert weights.tolist() == pytest.approx(found.of(2)[1].tolist() + (found.of(0)[1] * 0.5).tolist())
    assert seeds.tolist() == [0, 0, 1, 1]
