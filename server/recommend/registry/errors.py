"""Refusals about models and experiments."""

from __future__ import annotations

from server.errors import FailedPrecondition, NotFound


class ModelNotFound(NotFound):
    """No such model or training, or none at all yet."""

    message = "There is no {what}."
    also = ("model_id", "training_id")
    prose = ("what",)

    def __init__(self, what: str, *, model_id: int | None = None, training_id: int | None = None) -> None:
        super().__init__(what=what, model_id=model_id, training_id=training_id)


class ModelDamaged(FailedPrecondition):
    """The artifact of a model is not what was published."""

    message = "The model {version} cannot be used; the one in use stays. {problem}"
    prose = ("problem",)


class ModelInUse(FailedPrecondition):
    """A model cannot be compared with itself."""

    message = "The model {model_id} is the one in use; compare another one with it."


class ExperimentNotFound(NotFound):
    """No such experiment."""

    message = "There is no experiment {experiment_id}."


class ExperimentRunning(FailedPrecondition):
    """One experiment runs at a time."""

    message = "An experiment is running already; end it first."
