"""Products created after training, calibrated scores, and lists that are the same wherever they are made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from small_shop import KEY, OPTIONS, PRODUCTS, Only

from ml.artifacts.schema import Contents
from ml.models.blend_weights import BlendWeights
from ml.models.content import ProductText
from ml.models.reasons import Reason, ReasonCode
from ml.ranking.eligibility import Everything, Without
from ml.ranking.model import Model
from ml.training.blend import Recipe
from ml.training.fit import parameters_of

NEWCOMER = (ProductText("mug model0", "Home Kitchen", "acme"), 7)


def test_a_newcomer_is_found_in_both_directions(model: Model):
    extended = model.extended({900: NEWCOMER, 3: NEWCOMER})
    assert len(extended) == PRODUCTS + 1
    assert extended.product_ids[-1] == 900
    assert extended.knows(900)
    assert not model.knows(900)
    likes = [item.product_id for item in extended.related.similar(900, eligible=Everything(), limit=3)]
    assert all(product % 2 for product in likes)
    assert any(
        900 in [item.product_id for item in extended.related.similar(product, eligible=Everything(), limit=8)]
        for product in likes
    )


def test_a_newcomer_takes_no_more_than_its_share_of_a_list(model: Model):
    extended = model.extended({900 + number: NEWCOMER for number in range(30)})
    bought = Without({1, 3, 5})
    items = extended.recommend(1, history=[1, 3, 5], eligible=bought, limit=20)
    new = [item for item in items if item.product_id >= 900]
    assert len(items) == 20
    assert 1 <= len(new) <= 2
    assert {item.reason.code for item in new} == {ReasonCode.NEW_AND_SIMILAR}
    assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)


def test_what_training_knew_is_recommended_as_before(model: Model):
    extended = model.extended({900: (ProductText("zzz"), None)})
    for user in (0, 1, 2):
        before, after = (
            each.recommend(user, history=[5, 7], eligible=Without({900}), limit=10)
            for each in (model, extended)
        )
        assert [item.product_id for item in after] == [item.product_id for item in before]


def test_a_stored_model_makes_the_same_lists(model: Model, contents: Contents, publish: Callable[..., Path]):
    loaded = Model.load(publish(), KEY)
    for user in range(1, 41):
        for history in ([], [3, 8], [1, 2, 3, 4]):
            first, second = (
                each.recommend(user, history=history, eligible=Everything(), limit=20)
                for each in (model, loaded)
            )
            assert first == second


def test_the_weights_come_with_the_artifact(contents: Contents):
    def listed(**weights: float) -> list[int]:
        recipe = Recipe(weights=BlendWeights(**weights))
        model = Model("x", contents, parameters_of(OPTIONS, recipe))
        return [
            item.product_id for item in model.recommend(1, history=[2, 4, 6], eligible=Everything(), limit=20)
        ]

    assert listed(taste=0.0) != listed(taste=50.0)


def test_calibrated_scores_are_chances_and_the_rungs_below_stay_below(contents: Contents):
    curve = {
        "calibration_scores": np.array([0.0, 10.0], np.float32),
        "calibration_chances": np.array([0.01, 0.03], np.float32),
    }
    model = Model("x", contents | Contents(curve, {}), parameters_of(OPTIONS))
    items = model.recommend(1, history=[1, 3], eligible=Everything(), limit=PRODUCTS)
    scores = [item.score for item in items]
    assert scores == sorted(scores, reverse=True)
    assert 0.01 <= scores[0] <= 0.03
    assert len(items) == PRODUCTS


def test_nothing_eligible_is_found_out_in_few_calls(model: Model):
    nothing = Only(lambda product: False)
    assert model.recommend(1, history=[1, 2, 3], eligible=nothing, limit=10) == []
    assert sum(map(len, nothing.calls)) <= 2 * PRODUCTS
    assert len(nothing.calls) <= 8


def test_reasons_tell_bought_from_looked_at(model: Model):
    def reasons(**known: object) -> set[ReasonCode]:
        items = model.recommend(0, eligible=Without({1, 3}), limit=3, **known)  # type: ignore[arg-type]
        assert {item.reason.product_id for item in items} <= {1, 3}
        return {item.reason.code for item in items} - {ReasonCode.SIMILAR}

    assert reasons(history=[1, 3], bought=[1, 3]) == {ReasonCode.BOUGHT_RELATED}
    assert reasons(history=[1, 3], bought=[]) == {ReasonCode.VIEWED_RELATED}
    assert reasons(context=[1, 3]) == {ReasonCode.BOUGHT_TOGETHER}


def test_a_look_at_what_nobody_bought_yet_is_answered_by_likeness(model: Model):
    extended = model.extended({900: NEWCOMER})
    garden = [2, 4, 6, 8, 10, 12]
    others = Without({900, *garden})

    like_the_mug = Reason(ReasonCode.SIMILAR, 900, "mug model0")

    def mugs(history: list[int]) -> list[Reason]:
        items = extended.recommend(2, history=history, bought=garden, eligible=others, limit=20)
        scores = [item.score for item in items]
        assert scores == sorted(scores, reverse=True)
        return [item.reason for item in items if item.reason == like_the_mug]

    assert not mugs(garden)
    assert len(mugs([900, *garden])) >= 3
    on_page = extended.recommend(2, history=garden, context=[900], eligible=others, limit=20)
    assert any(item.reason == like_the_mug for item in on_page[:10])


def test_who_bought_nearly_everything_that_goes_together_still_gets_what_is_left(model: Model):
    rest = {58, 59, 60}
    found = model.recommend(1, history=range(1, PRODUCTS + 1), eligible=Only(rest.__contains__), limit=10)
    assert {item.product_id for item in found} == rest
    assert all(item.score > 0 for item in found)
