"""Refusals of passkeys."""

from __future__ import annotations

from server.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Unauthenticated


class PasskeyInvalid(Unauthenticated):
    """One sentence for every flaw, so that nobody learns which passkeys there are."""

    message = "This passkey does not sign in; begin again, or sign in otherwise."


class PasskeyRefused(InvalidArgument):
    """One sentence for every flaw of a new passkey."""

    message = "This passkey cannot be registered; begin again."


class PasskeyTaken(AlreadyExists):
    """The same passkey once more."""

    message = "This passkey is registered already."


class PasskeyNotFound(NotFound):
    """No such passkey of the caller."""

    message = "You have no passkey {passkey_id}."


class PasskeysOff(FailedPrecondition):
    """The shop does not know on which site they are used."""

    message = "This shop has not set passkeys up."
