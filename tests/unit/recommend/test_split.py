"""The split of an experiment: stable, as large as asked, and another one for each experiment."""

from __future__ import annotations

import pytest

from server.recommend.registry.experiments import TrafficSplit, split_key

USERS = [split_key(user_id) for user_id in range(1, 2001)]


def challenged(split: TrafficSplit) -> set[str]:
    """The users whom the challenger serves."""
    return {key for key in USERS if split.challenges(key)}


@pytest.mark.parametrize("percent", [1, 10, 50, 90, 99])
def test_the_share_is_about_what_was_asked_for(percent: int) -> None:
    share = len(challenged(TrafficSplit(7, percent))) / len(USERS)
    assert share == pytest.approx(percent / 100, abs=0.035)  # three standard errors at the widest


def test_a_user_is_on_one_side_for_good() -> None:
    assert challenged(TrafficSplit(7, 50)) == challenged(TrafficSplit(7, 50))
    # Known answers: another way of hashing would move users to the other side in the middle of an experiment.
    known = {"u1": False, "u2": True, "u3": False, "vvisitor-1": True}
    assert {key: TrafficSplit(1, 50).challenges(key) for key in known} == known


def test_a_larger_share_keeps_those_of_a_smaller_one() -> None:
    assert challenged(TrafficSplit(7, 10)) < challenged(TrafficSplit(7, 50))


def test_two_experiments_split_independently() -> None:
    both = challenged(TrafficSplit(1, 50)) & challenged(TrafficSplit(2, 50))
    assert len(both) / len(USERS) == pytest.approx(0.25, abs=0.03)


def test_a_user_counts_before_a_visitor_and_nobody_has_no_key() -> None:
    assert split_key(7, "visitor-1") == split_key(7) == "u7"
    assert split_key(None, "u7") == "vu7"
    assert split_key(None) == ""
