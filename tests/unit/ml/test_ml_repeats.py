"""What the model recommends when bought products may come again, and what it says is bought again."""

from __future__ import annotations

import numpy as np
import pytest
from small_shop import ORDERS_EACH, PRODUCTS, make_dataset

from ml.data.dataset import DAY
from ml.models.reasons import ReasonCode
from ml.models.reorder import by_user
from ml.models.reorder_features import Purchases
from ml.ranking.eligibility import Everything, Without
from ml.ranking.model import Model
from ml.ranking.selection import Source

USER = 3
NOW = 1_700_000_000 + DAY * (ORDERS_EACH * 7 + 3)


@pytest.fixture(scope="module")
def purchases() -> Purchases:
    users, everything = by_user(make_dataset().interactions)
    return everything.at(slice(*np.searchsorted(users, [USER, USER + 1]).tolist()))


def nothing() -> Purchases:
    return Purchases(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.float32))


def test_bought_and_new_products_stand_in_one_order(model: Model, purchases: Purchases) -> None:
    bought = set(purchases.product_ids.tolist())
    items = model.recommend_with_repeats(
        USER, purchases, NOW, history=list(bought), eligible=Everything(), limit=PRODUCTS
    )
    ids = [item.product_id for item in items]
    scores = [item.score for item in items]
    assert len(set(ids)) == len(ids) == PRODUCTS
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    for item in items:
        assert (item.source is Source.REORDER) == (item.product_id in bought)
        assert (item.reason.code is ReasonCode.BOUGHT_BEFORE) == (item.product_id in bought)


def test_what_is_bought_again_comes_likeliest_first_and_only_if_eligible(
    model: Model, purchases: Purchases
) -> None:
    everything = model.repeats.reorder(purchases, NOW, eligible=Everything(), limit=100)
    assert {item.product_id for item in everything} == set(purchases.product_ids.tolist())
    chances = [item.probability for item in everything]
    assert chances == sorted(chances, reverse=True)
    first, second, third = everything[:3]
    assert model.repeats.reorder(purchases, NOW, eligible=Without({first.product_id}), limit=2) == [
        second,
        third,
    ]
    assert model.repeats.reorder(purchases, NOW, eligible=Everything(), limit=0) == []
    assert model.repeats.reorder(nothing(), NOW, eligible=Everything(), limit=5) == []


def test_neither_the_context_nor_what_may_not_is_repeated(model: Model, purchases: Purchases) -> None:
    here, sold_out, *_ = dict.fromkeys(purchases.product_ids.tolist())
    items = model.recommend_with_repeats(
        USER, purchases, NOW, context=[here], eligible=Without({sold_out}), limit=PRODUCTS
    )
    assert not {here, sold_out} & {item.product_id for item in items}
    assert len(items) == PRODUCTS - 2


def test_a_user_without_purchases_gets_what_is_new(model: Model) -> None:
    told = model.recommend_with_repeats(0, nothing(), NOW, history=[1], eligible=Everything(), limit=10)
    new = model.recommend(0, history=[1], eligible=Everything(), limit=60, now=NOW)
    assert told == new[:10]
    assert model.recommend_with_repeats(0, nothing(), NOW, eligible=Everything(), limit=0) == []
