"""Refusals of the deletion of an account."""

from __future__ import annotations

from server.errors import FailedPrecondition


class DeletionNeedsCode(FailedPrecondition):
    """The password alone does not prove who has a second factor."""

    message = "Your account has a second factor: send a code of it."


class PasswordMissing(FailedPrecondition):
    """The account has nothing by which its user could prove to be it."""

    message = "Your account has no password yet: set one first, with a code that is mailed to you."


class VendorHasProducts(FailedPrecondition):
    """Somebody must go on selling them, or nobody."""

    message = "There are still products of yours: delete them first, or have the shop take them over."
    also = ("products",)
