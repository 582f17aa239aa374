"""A new model goes into use unless it is worse beyond chance, or something was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from server.recommend.registry.trained_models import ModelRecord
from server.recommend.training.assignment import ALWAYS, IF_NOT_WORSE, NEVER
from server.recommend.training.promotion import Verdict, decide

IN_USE = ModelRecord(
    1, "all_20260601T120000Z", "ALL", {"blend": {"recall@20": 0.30}}, True, datetime(2026, 6, 1, tzinfo=UTC)
)
VERSION = "all_20260602T120000Z"


def decision(metrics: dict[str, Any], activation: str = IF_NOT_WORSE, **circumstances: Any) -> Verdict:
    return decide(activation, VERSION, metrics, circumstances.pop("in_use", IN_USE), **circumstances)


def measured(recall: float, **serving: Any) -> dict[str, Any]:
    beside = {"serving": {"version": IN_USE.version} | serving} if serving else {}
    return {"blend": {"recall@20": recall}} | beside


def test_the_first_model_goes_into_use() -> None:
    assert decision(measured(0.0), in_use=None).activate


@pytest.mark.parametrize(("recall", "activate"), [(0.31, True), (0.30, True), (0.29, False)])
def test_without_a_common_measure_the_recorded_ones_are_compared(recall: float, activate: bool) -> None:
    assert decision(measured(recall)).activate is activate


@pytest.mark.parametrize(("recall", "activate"), [(0.26, True), (0.24, True), (0.235, True), (0.22, False)])
def test_on_the_same_baskets_chance_is_allowed_for(recall: float, activate: bool) -> None:
    found = decision(measured(recall, **{"recall@20": 0.25, "standard_error": 0.02}))
    assert found.activate is activate


def test_without_an_error_every_difference_counts() -> None:
    assert not decision(measured(0.2499, **{"recall@20": 0.25})).activate


def test_a_measure_of_a_model_that_is_no_longer_in_use_is_left_aside() -> None:
    other = measured(0.29, version="all_20200101T000000Z", **{"recall@20": 0.1})
    assert not decision(other).activate


def test_baskets_that_the_model_in_use_knows_by_heart_do_not_count_against_the_new_one() -> None:
    known = {"recall@20": 0.9, "standard_error": 0.01, "unseen": False, "candidate": {"recall@20": 0.31}}
    assert decision(measured(0.31, **known)).activate
    assert not decision(measured(0.29, **known)).activate


def test_of_younger_baskets_both_sides_count_those_alone() -> None:
    younger = {"recall@20": 0.25, "standard_error": 0.01, "unseen": True, "candidate": {"recall@20": 0.2}}
    assert not decision(measured(0.5, **younger)).activate


def test_of_two_trainings_the_errors_of_both_are_allowed_for() -> None:
    before = ModelRecord(
        1,
        IN_USE.version,
        "ALL",
        {"blend": {"recall@20": 0.30, "standard_error": 0.03}},
        True,
        IN_USE.created_at,
    )
    new = {"blend": {"recall@20": 0.26, "standard_error": 0.04}}
    assert decision(new, in_use=before).activate
    assert not decision({"blend": {"recall@20": 0.24, "standard_error": 0.04}}, in_use=before).activate


def test_what_is_said_names_both_models_and_both_figures() -> None:
    kept = decision(measured(0.2, **{"recall@20": 0.25, "standard_error": 0.02})).message
    assert VERSION in kept
    assert IN_USE.version in kept
    assert "0.2000" in kept
    assert "0.2500 (± 0.0200)" in kept
    used = decision(measured(0.4)).message
    assert (
        used
        == f"{VERSION} is in use now; its recall@20 is 0.4000, against 0.3000 of {IN_USE.version} before."
    )


def test_a_worse_model_is_used_when_that_was_asked_for_or_the_other_is_damaged() -> None:
    assert decision(measured(0.1), ALWAYS).activate
    assert decision(measured(0.1), in_use_works=False).activate


def test_a_model_is_kept_when_that_was_asked_for() -> None:
    assert not decision(measured(0.9), NEVER).activate
    assert not decision(measured(0.9), NEVER, in_use=None).activate


def test_an_experiment_is_not_ended_by_a_training_that_did_not_ask_for_it() -> None:
    kept = decision(measured(0.9), experiment_runs=True)
    assert not kept.activate
    assert "experiment" in kept.message
    assert decision(measured(0.9), ALWAYS, experiment_runs=True).activate


NOBODY: dict[str, Any] = {"users": 0, "blend": {}}
OLDER_NOBODY: dict[str, Any] = {"users": 0, "blend": {"recall@20": 0.0}}


@pytest.mark.parametrize("metrics", [NOBODY, OLDER_NOBODY])
@pytest.mark.parametrize("activation", [NEVER, ALWAYS, IF_NOT_WORSE])
def test_what_was_measured_on_nobody_has_no_figure(metrics: dict[str, Any], activation: str) -> None:
    for in_use in (None, IN_USE):
        found = decision(metrics, activation, in_use=in_use)
        assert "was not measured" in found.message
        assert "0.0000" not in found.message


@pytest.mark.parametrize("metrics", [NOBODY, OLDER_NOBODY])
def test_what_was_not_measured_takes_no_ones_place_who_was(metrics: dict[str, Any]) -> None:
    found = decision(metrics)
    assert not found.activate
    assert "0.3000" in found.message
    unmeasured = replace(IN_USE, metrics=metrics)
    assert decision(metrics, in_use=unmeasured).activate
    better = decision(measured(0.1), in_use=unmeasured)
    assert better.activate
    assert "0.1000" in better.message
    assert "0.0000" not in better.message
