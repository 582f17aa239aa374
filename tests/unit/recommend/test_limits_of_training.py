"""What the server says training needs is what training needs."""

from __future__ import annotations

from ml import __main__ as command
from ml import interactions, train
from server.recommend import probe, queries, runs


def test_the_server_and_the_trainer_agree_on_too_little_data() -> None:
    assert (runs.MIN_ORDERS, runs.MIN_USERS) == (train.MIN_ORDERS, train.MIN_USERS)


def test_they_agree_on_which_orders_count() -> None:
    assert set(queries.UNSOLD) == set(interactions.UNSOLD)


def test_they_agree_on_where_the_key_is() -> None:
    assert probe.KEY_VARIABLE == command.KEY_VARIABLE
