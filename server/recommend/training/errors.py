"""Refusals of trainings."""

from __future__ import annotations

from server.errors import Aborted, FailedPrecondition


class TooLittleData(FailedPrecondition):
    """The shop has not sold enough to learn from."""

    message = "There is too little data to train on: {missing}."
    prose = ("missing",)


class TrainingRunning(Aborted):
    """One training runs at a time."""

    message = "A training is running already; watch it, or try again when it has ended."
