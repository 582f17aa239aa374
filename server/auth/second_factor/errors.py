"""Refusals of the second factor."""

from __future__ import annotations

from server.errors import FailedPrecondition, InvalidArgument, Unauthenticated


class SecondFactorRequired(Unauthenticated):
    """The password was right; a code is needed, too."""

    message = "Send the code of your authenticator, or a recovery code, with the password."


class SecondFactorWrong(Unauthenticated):
    """One sentence for every flaw of a code at a sign-in."""

    message = "The code is wrong, too old, or was used before."


class SecondFactorCodeWrong(InvalidArgument):
    """The same for a user who is signed in."""

    message = "The code is wrong, too old, or was used before."


class SecondFactorActive(FailedPrecondition):
    """There is a second factor already; it is removed before another is set up."""

    message = "Your account has a second factor already; remove it first."


class SecondFactorMissing(FailedPrecondition):
    """There is no second factor to confirm, use or remove."""

    message = "Your account has no second factor."
