"""Refusals of those who work for the shop."""

from __future__ import annotations

from server.errors import FailedPrecondition


class LastAdmin(FailedPrecondition):
    """Without the account nobody could run the shop."""

    message = "The account {user_id} is the last admin: make another one first."


class UserHasNoSecondFactor(FailedPrecondition, reason="SECOND_FACTOR_MISSING"):
    """There is nothing to reset."""

    message = "The account {user_id} has no second factor."


class OwnSecondFactor(FailedPrecondition, reason="SECOND_FACTOR_ACTIVE"):
    """Who still has it removes it themselves."""

    message = "This is your own account: remove its second factor with a code of it."
