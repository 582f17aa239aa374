"""Item-to-item models on data small enough to work out by hand, and how they are joined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from ml.models import affinity, calibration, ease, neighbourhood, rp3beta
from ml.models.neighbours import spread, strongest
from ml.training.tuning import CandidateTable, LabelledCandidates, climb


def matrix(*rows: list[int]) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.array(rows, dtype=np.float32))


USERS = matrix([1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1])


def test_the_largest_of_each_row_come_largest_first():
    kept = strongest(matrix([1, 5, 3], [0, 0, 0], [4, 4, -1]), 2)
    assert [kept.indices[a:b].tolist() for a, b in zip(kept.indptr, kept.indptr[1:], strict=False)] == [
        [1, 2],
        [],
        [0, 1],
    ]


def test_cosine_is_the_cosine():
    found = neighbourhood.cosine(USERS).toarray()
    assert found[0, 1] == pytest.approx(2 / (3 * 2) ** 0.5)
    assert found[0, 3] == 0
    assert not found.diagonal().any()


def test_bm25_says_less_of_users_who_have_everything():
    users = matrix([1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1, 0, 0, 0, 1, 1])
    found = neighbourhood.bm25(users).toarray()
    # Products 2 and 3 share a picky user and a greedy one, 4 and 5 two greedy ones.
    assert found[2, 3] > found[4, 5] > 0


def test_the_walk_ends_where_few_end():
    found = rp3beta.train(USERS, alpha=1.0, beta=1.0).toarray()
    assert found[3, 2] > 0
    assert found[3, 0] == 0


def test_a_regression_solves_its_normal_equations():
    whole = ease.train(USERS, None, neighbours=4).toarray()
    gram = (USERS.T @ USERS).toarray() + ease.WHOLE_PENALTY * np.eye(4)
    for target in range(4):
        others = [row for row in range(4) if row != target]
        expected = np.linalg.solve(gram[np.ix_(others, others)], gram[others, target])
        np.testing.assert_allclose(whole[others, target], np.maximum(expected, 0), rtol=1e-4)


def test_a_regression_on_all_neighbours_is_the_whole_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ease, "NEAR_PENALTY", ease.WHOLE_PENALTY)
    near = sparse.csr_matrix(np.ones((4, 4), np.float32) - np.eye(4, dtype=np.float32))
    apart = ease.train(USERS, near, whole_limit=0).toarray()
    np.testing.assert_allclose(apart, ease.train(USERS, None).toarray(), rtol=1e-3, atol=1e-7)


def test_large_shops_and_single_baskets_choose_among_fewer_models():
    assert affinity.candidates(6_000, baskets=True) == list(affinity.MODELS)
    assert affinity.candidates(6_001, baskets=True) == ["walk", "baskets", "ease"]
    assert affinity.candidates(6_001, baskets=False) == ["walk", "ease"]


def test_models_are_joined_on_one_scale():
    models = affinity.train(USERS, USERS, ("walk", "cosine"))
    assert [spread(model.data) for model in models.values()] == pytest.approx([1, 1])
    joined = affinity.joined(models, {"walk": 1.0, "cosine": 0.5})
    assert spread(joined["affinity_weights"]) == pytest.approx(1)
    alone = affinity.joined(models, {"walk": 0.0, "cosine": 2.0})
    assert alone["affinity_weights"] == pytest.approx(
        affinity.joined(models, {"cosine": 1.0})["affinity_weights"]
    )


def test_a_curve_never_falls_and_stays_a_probability():
    chance = np.random.default_rng(0)
    scores = chance.standard_normal(2_000)
    hits = (chance.random(2_000) < 1 / (1 + np.exp(2 - scores))).astype(float)
    drawn = calibration.train(scores, hits)
    curve = (drawn["calibration_scores"], drawn["calibration_chances"])
    found = calibration.chances(np.linspace(-5, 5, 101, dtype=np.float32), curve)
    assert (np.diff(found) >= 0).all()
    assert 0 <= found[0] < 0.1 < found[-1] <= 1
    assert calibration.chances(scores.astype(np.float32), curve).mean() == pytest.approx(
        hits.mean(), abs=0.01
    )


def test_without_a_curve_the_order_is_kept():
    drawn = calibration.train(np.arange(5.0), np.ones(5))
    found = calibration.chances(
        np.array([0.1, 2.0, 30.0], np.float32), (drawn["calibration_scores"], drawn["calibration_chances"])
    )
    assert (np.diff(found) > 0).all()


def test_weights_climb_to_the_feature_that_knows():
    chance = np.random.default_rng(1)
    users = []
    for _ in range(60):
        bought = chance.random(100) < 0.05
        bought[0] = True
        noise = chance.standard_normal((100, 2)).astype(np.float32)
        noise[:, 1] += 3 * bought
        users.append(LabelledCandidates(noise, bought, int(bought.sum())))
    table = CandidateTable(users)
    weights, worth = climb(table, {"blind": 1.0, "knowing": 0.0}, ["knowing"])
    assert weights["knowing"] >= 1
    assert worth > table.worth([1.0, 0.0]) + 0.2
