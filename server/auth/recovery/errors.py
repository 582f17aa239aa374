"""Refusals of links, codes and changed passwords. None says whether there is an account."""

from __future__ import annotations

from server.errors import FailedPrecondition, InvalidArgument, ResourceExhausted


class LinkInvalid(InvalidArgument):
    """No link of ours, or one that was voided."""

    message = "This link is not valid."


class LinkExpired(FailedPrecondition):
    """The link's time is over."""

    message = "This link is too old; ask for another."


class LinkUsed(FailedPrecondition):
    """A link works once."""

    message = "This link was used already."


class CodeInvalid(InvalidArgument):
    """Another code, or one for another address, or of an address of nobody."""

    message = "The code is wrong."


class CodeExpired(FailedPrecondition):
    """The code's time is over."""

    message = "The code is too old; ask for another."


class CodeUsed(FailedPrecondition):
    """A code works once."""

    message = "The code was used already; ask for another."


class CodeExhausted(FailedPrecondition):
    """The code has had its tries."""

    message = "Too many wrong codes; ask for another code."


class CurrentPasswordWrong(InvalidArgument):
    """Not UNAUTHENTICATED: the caller is signed in, and stays so."""

    message = "The current password is wrong."


class EmailNotVerified(FailedPrecondition):
    """Told only to whoever has the password, or is signed in."""

    message = "Confirm your e-mail address first, by the link that was mailed to it."


class TooManyMails(ResourceExhausted):
    """Of an address, or from one."""

    message = "Too many mails were asked for; try again in {seconds} seconds."
