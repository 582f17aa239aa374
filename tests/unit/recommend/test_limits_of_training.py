"""What the server says training needs is what training needs."""

from __future__ import annotations

from ml import __main__ as command
from ml.data import interactions
from ml.training import train
from ml.training.options import Options
from server.order import line_facts
from server.recommend.registry import probe
from server.recommend.training import process, runs
from server.recommend.training.assignment import Parameters


def test_the_server_and_the_trainer_agree_on_too_little_data() -> None:
    assert (runs.MIN_ORDERS, runs.MIN_USERS) == (train.MIN_ORDERS, train.MIN_USERS)


def test_they_agree_on_which_orders_count() -> None:
    assert set(line_facts.NEVER_SOLD) == set(interactions.NEVER_SOLD)


def test_they_agree_on_where_the_key_is() -> None:
    assert probe.KEY_VARIABLE == command.KEY_VARIABLE


def test_they_agree_on_where_the_database_is() -> None:
    assert process.DATABASE_VARIABLE == command.DATABASE_VARIABLE


def test_every_parameter_that_a_training_may_be_given_is_an_option_of_the_trainer() -> None:
    given = Parameters("tuned", factors=3, regularization=0.5, iterations=4, alpha=2.0).overrides()
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    options = command._options(command._parser().parse_args(["train", "--models-dir", "m", *words]))
    assert (options.factors, options.regularization, options.iterations, options.alpha) == (3, 0.5, 4, 2.0)
    preset = command._options(
        command._parser().parse_args(["train", "--models-dir", "m", "--preset", "tuned"])
    )
    assert preset != Options()
