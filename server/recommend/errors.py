"""Refusals of the recommendations."""

from __future__ import annotations

from server.errors import FailedPrecondition, NotFound, ResourceExhausted, Unavailable


class ModelNotFound(NotFound):
    """No such model or training, or none at all yet."""

    message = "There is no {what}."


class TooLittleData(FailedPrecondition):
    """The shop has not sold enough to learn from."""

    message = "There is too little data to train on: {missing}."


class TrainingRunning(FailedPrecondition):
    """One training runs at a time."""

    message = "A training is running already; watch it, or try again when it has ended."


class ModelDamaged(FailedPrecondition):
    """The artifact of a model is not what was published."""

    message = "The model {version} cannot be used; the one in use stays. {problem}"


class ModelInUse(FailedPrecondition):
    """A model cannot be compared with itself."""

    message = "The model {model_id} is the one in use; compare another one with it."


class ExperimentNotFound(NotFound):
    """No such experiment, or none at all yet."""

    message = "There is no {what}."


class ExperimentRunning(FailedPrecondition):
    """One experiment runs at a time."""

    message = "An experiment is running already; end it first."


class RateLimited(ResourceExhausted):
    """Someone reports more events than a person makes."""

    message = "Too many events: {limit} a minute are taken. Try again in {seconds} seconds; nothing was kept."


class UnavailableNow(Unavailable):
    """A stream that ends with its server."""

    message = "This server is stopping; call again to go on."
