"""Refusals of trainings."""

from __future__ import annotations

from server.errors import FailedPrecondition, Unavailable


class TooLittleData(FailedPrecondition):
    """The shop has not sold enough to learn from."""

    message = "There is too little data to train on: {missing}."
    prose = ("missing",)


class TrainingRunning(FailedPrecondition):
    """One training runs at a time."""

    message = "A training is running already; watch it, or try again when it has ended."


class StreamInterrupted(Unavailable, reason="UNAVAILABLE_NOW"):
    """A stream that ends with its server."""

    message = "This server is stopping; call again to go on."
