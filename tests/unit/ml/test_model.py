"""What the serving model promises: the ladder, refilling, diversity, freshness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import GARDEN, KITCHEN, OPTIONS, PRODUCTS, Only

from ml.artifacts.schema import Contents
from ml.models.content import ProductText
from ml.models.reasons import ReasonCode
from ml.ranking.eligibility import Everything
from ml.ranking.model import Model
from ml.ranking.selection import Recommendation, Source
from ml.training.fit import parameters_of

Change = Callable[[Contents], Contents]


anything = Everything()


def ids(recommendations: list[Recommendation]) -> list[int]:
    return [recommendation.product_id for recommendation in recommendations]


def check_list(recommendations: list[Recommendation]) -> None:
    scores = [recommendation.score for recommendation in recommendations]
    assert all(0 <= score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)
    assert len(set(ids(recommendations))) == len(recommendations)
    assert all(recommendation.reason for recommendation in recommendations)


def without(contents: Contents, *parts: str) -> Model:
    """A model that learned nothing for these parts."""
    arrays = dict(contents.arrays)
    for part in parts:
        if part == "als":
            arrays["als_item_factors"] = np.zeros_like(arrays["als_item_factors"])
            arrays["als_user_ids"] = arrays["als_user_ids"][:0]
            arrays["als_user_factors"] = arrays["als_user_factors"][:0]
            arrays["als_indptr"] = np.zeros(1, np.int64)
        elif part == "copurchase":
            for table in ("copurchase", "affinity"):
                arrays[f"{table}_indptr"] = np.zeros_like(arrays[f"{table}_indptr"])
        else:
            arrays[part] = np.zeros_like(arrays[part])
    return Model("test", Contents(arrays, contents.texts), parameters_of(OPTIONS))


def test_a_known_user_gets_what_they_like(model: Model):
    found = model.recommend(1, eligible=anything, limit=4)
    check_list(found)
    assert {recommendation.source for recommendation in found} == {Source.PERSONAL}
    odd = [product for product in ids(model.recommend(1, eligible=anything, limit=20)) if product % 2]
    assert len(odd) >= 8, "user 1 buys kitchen goods, and no category may fill more than two fifths"


def test_a_stranger_gets_what_is_trending_and_then_popular(model: Model):
    found = model.recommend(10_000, eligible=anything, limit=PRODUCTS)
    check_list(found)
    assert {recommendation.source for recommendation in found} <= {Source.TRENDING, Source.POPULAR}
    assert found[0].source is Source.TRENDING
    assert len(found) == PRODUCTS


def test_a_stranger_with_a_history_is_understood_at_once(model: Model):
    kitchen = ids(
        model.recommend(0, history=[1, 3, 5, 7], eligible=Only(lambda product: product > 8), limit=4)
    )
    garden = ids(
        model.recommend(0, history=[2, 4, 6, 8], eligible=Only(lambda product: product > 8), limit=4)
    )
    assert kitchen[0] % 2 == 1
    assert garden[0] % 2 == 0


def test_an_event_after_training_changes_the_next_list_of_a_known_user(model: Model):
    before = ids(model.recommend(1, eligible=anything, limit=10))
    after = ids(model.recommend(1, history=[30, 32, 34], eligible=anything, limit=10))
    assert before != after
    assert sum(product % 2 for product in after) < sum(product % 2 for product in before)


def test_without_factors_the_neighbours_of_the_history_lead(contents: Contents):
    found = without(contents, "als").recommend(1, history=[1], eligible=anything, limit=2)
    assert {recommendation.source for recommendation in found} == {Source.PERSONAL}
    reasons = {(one.reason.code, one.reason.product_name) for one in found}
    assert reasons == {(ReasonCode.BOUGHT_RELATED, "cup model0")}


def test_without_behaviour_likeness_of_words_leads(contents: Contents):
    found = without(contents, "als", "copurchase").recommend(1, history=[1], eligible=anything, limit=3)
    check_list(found)
    assert {recommendation.source for recommendation in found} == {Source.SIMILAR}
    assert {recommendation.reason.code for recommendation in found} == {ReasonCode.SIMILAR}


def test_without_anything_learned_popularity_remains(contents: Contents):
    model = without(contents, "als", "copurchase", "content_vectors", "trending_scores")
    found = model.recommend(1, history=[1], eligible=anything, limit=5)
    assert {recommendation.source for recommendation in found} == {Source.POPULAR}
    assert len(found) == 5


def test_unsold_products_fill_a_list_before_it_stays_short(contents: Contents):
    model = without(contents, "als", "copurchase", "content_vectors", "trending_scores", "popular_scores")
    assert len(model.recommend(0, eligible=anything, limit=PRODUCTS)) == PRODUCTS


@settings(max_examples=40)
@given(
    st.integers(0, 60),
    st.lists(st.integers(-5, 80), max_size=12),
    st.lists(st.integers(1, 60), max_size=3),
    st.sets(st.integers(1, 60)),
    st.integers(0, 70),
)
def test_lists_are_as_long_as_the_eligible_products_allow(
    model: Model, user: int, history: list[int], context: list[int], refused: set[int], limit: int
):
    eligible = Only(lambda product: product not in refused)
    found = model.recommend(user, history=history, context=context, eligible=eligible, limit=limit)
    check_list(found)
    possible = set(range(1, PRODUCTS + 1)) - refused - set(context)
    assert len(found) == min(limit, len(possible))
    assert set(ids(found)) <= possible
    asked = Counter(product for call in eligible.calls for product in call)
    assert max(asked.values(), default=0) <= 2, "once before the best are chosen, and once for the list"


def test_no_category_fills_the_list_while_there_are_others(model: Model):
    for user in range(1, 20):
        found = ids(model.recommend(user, eligible=anything, limit=10))
        assert max(Counter(product % 2 for product in found).values()) <= 6


def test_a_category_fills_the_list_when_there_is_no_other(model: Model):
    found = ids(model.recommend(1, eligible=Only(lambda product: product % 2 == 1), limit=10))
    assert len(found) == 10


def test_the_product_on_the_page_shapes_the_list_and_is_not_in_it(model: Model):
    found = model.recommend(0, context=[1], eligible=anything, limit=10)
    check_list(found)
    assert 1 not in ids(found)
    assert found[0].source is not Source.TRENDING


def test_similar_products_share_words_and_buyers(model: Model):
    found = model.related.similar(1, eligible=anything, limit=10)
    check_list(found)
    assert 1 not in ids(found)
    assert sum(product % 2 for product in ids(found)) >= 8
    assert len(model.related.similar(1, eligible=Only(lambda product: product > 40), limit=3)) == 3


def test_a_product_that_training_did_not_know_finds_its_like_by_words(model: Model):
    found = model.related.similar_to_text(ProductText("spade deluxe", "Garden"), eligible=anything, limit=5)
    check_list(found)
    assert all(product % 2 == 0 for product in ids(found))
    assert found[0].score > 0.5
    assert model.related.similar_to_text(ProductText("zzz"), eligible=anything, limit=5) == []
    assert not model.related.embed(ProductText("zzz")).any()


def test_bought_together_tells_only_what_baskets_say(model: Model):
    found = model.related.bought_together(1, eligible=anything, limit=5)
    check_list(found)
    assert found[0].score == 1
    assert all(product % 2 == 1 for product in ids(found))


def test_unknown_products_have_neither_likeness_nor_company(model: Model):
    assert not model.knows(777)
    assert model.related.similar(777, eligible=anything, limit=5) == []
    assert model.related.bought_together(777, eligible=anything, limit=5) == []


def test_trending_keeps_to_its_categories_and_refills(model: Model):
    found = model.bestsellers.trending(category_ids=[KITCHEN], eligible=anything, limit=100)
    check_list(found)
    assert sorted(ids(found)) == list(range(1, PRODUCTS + 1, 2))
    assert found[0].reason.category == "Kitchen"
    assert model.bestsellers.trending(category_ids=[12345], eligible=anything, limit=5) == []
    assert model.bestsellers.trending(category_ids=[], eligible=anything, limit=5) == []
    both = model.bestsellers.trending(category_ids=[KITCHEN, GARDEN], eligible=anything, limit=7)
    assert ids(both) == ids(model.bestsellers.trending(eligible=anything, limit=7))


def test_popular_lists_the_whole_catalogue(model: Model):
    found = model.bestsellers.popular(eligible=anything, limit=1000)
    check_list(found)
    assert len(found) == PRODUCTS == len(model)


@pytest.mark.parametrize("limit", [0, -1])
def test_nothing_asked_is_nothing_given(model: Model, limit: int):
    assert model.recommend(1, eligible=anything, limit=limit) == []
    assert model.related.similar(1, eligible=anything, limit=limit) == []
    assert model.bestsellers.trending(eligible=anything, limit=limit) == []
