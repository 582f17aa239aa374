"""Whether a new model goes into use: not when it predicts the same held-out baskets worse than the one in use."""

from __future__ import annotations

import math
from dataclasses import dataclass

from server.recommend.registry.measures import Metrics, error, error_of, of_serving, recall, recall_of
from server.recommend.registry.trained_models import ModelRecord
from server.recommend.training.assignment import ALWAYS, NEVER


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a model, and a sentence that says why."""

    activate: bool
    message: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The recall@20 of two models, None where nobody could be measured.

    `error` is the standard error of the difference, 0 when it is not known.
    """

    recall: float | None
    other: float | None
    error: float = 0.0

    @property
    def is_worse(self) -> bool:
        """Whether the first is worse, beyond chance: by more than one standard error of the difference.

        One of them keeps a model that is just unlucky, at the price of keeping one in six that is truly the same.
        One that was not measured is not known to be as good as one that was.
        """
        if self.recall is None or self.other is None:
            return self.other is not None
        return self.other - self.recall > self.error


def decide(
    activation: str,
    version: str,
    metrics: Metrics,
    in_use: ModelRecord | None,
    *,
    in_use_works: bool = True,
    experiment_runs: bool = False,
) -> Verdict:
    """Decide about a new model; `in_use_works` says whether the artifact of the other one can be loaded."""
    own = _phrase(recall(metrics))
    if activation == NEVER:
        return Verdict(False, f"{version} was kept for later, as asked; its recall@20 {own}.")
    used = f"{version} is in use now; its recall@20 {own}"
    if in_use is None:
        return Verdict(True, f"{used}.")
    if activation == ALWAYS:
        return Verdict(True, f"{used}, as asked without comparison.")
    if not in_use_works:
        return Verdict(True, f"{used}; {in_use.version} before it is damaged.")
    if experiment_runs:
        return Verdict(
            False,
            f"{version} was kept but is not in use, so that it does not end the experiment that is running;"
            f" its recall@20 {own}.",
        )
    comparison = compare(metrics, in_use)
    if comparison.recall is None or comparison.other is None:
        if comparison.is_worse:
            return Verdict(
                False,
                f"{version} was kept but is not in use: its recall@20 {own}, so that nothing compares it with the"
                f" {comparison.other:.4f} of {in_use.version}, which stays.",
            )
        return Verdict(True, f"{used}; that of {in_use.version} before {_phrase(comparison.other)}.")
    if comparison.is_worse:
        chance = f" (± {comparison.error:.4f})" if comparison.error else ""
        return Verdict(
            False,
            f"{version} was kept but is not in use: its recall@20 of {comparison.recall:.4f} is below the"
            f" {comparison.other:.4f}{chance} of {in_use.version}, which stays.",
        )
    return Verdict(True, f"{used}, against {comparison.other:.4f} of {in_use.version} before.")


def _phrase(measured: float | None) -> str:
    return (
        "was not measured, for want of customers to measure it on"
        if measured is None
        else f"is {measured:.4f}"
    )


def compare(metrics: Metrics, in_use: ModelRecord) -> Comparison:
    """A new model beside the one in use: on the same baskets where the training measured both.

    Otherwise each by the baskets that its own training held out, which differ: the errors of both count.
    """
    serving = of_serving(metrics)
    if serving is not None and serving.version == in_use.version:
        own = recall(metrics) if serving.candidate is None else recall_of(serving.candidate)
        return Comparison(own, recall_of(serving.scores), error_of(serving.scores))
    return Comparison(
        recall(metrics), recall(in_use.metrics), math.hypot(error(metrics), error(in_use.metrics))
    )
