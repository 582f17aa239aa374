"""Refusals of signing in at providers, and of linking identities."""

from __future__ import annotations

from server.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Unauthenticated,
    Unavailable,
)


class FederatedSignInInvalid(Unauthenticated):
    """One sentence for every flaw, so that nobody learns what was expected."""

    message = "This sign-in cannot be finished; begin it again."


class IdentityLinkInvalid(InvalidArgument):
    """The same for a user who is signed in, and stays so."""

    message = "This link cannot be finished; begin it again."


class ProviderNotFound(NotFound):
    """The settings name no such provider."""

    message = "There is no provider {provider} to sign in at."


class ProviderUnavailable(Unavailable):
    """Or what it says is of no use."""

    message = "{provider} cannot be reached for a moment; sign in otherwise, or try again."
    retry_after_seconds: float | None = 10.0


class ProviderEmailUnverified(FailedPrecondition):
    """Told before it is looked whether anybody here has the address."""

    message = "{provider} does not say that your e-mail address is confirmed; confirm it there."


class IdentityNotLinked(FailedPrecondition):
    """Told only to who reads the mails of the account's address, as the provider says."""

    message = "Sign in as you did before, and link {provider} with your account."


class IdentityTaken(AlreadyExists):
    """Told only to whose identity it is."""

    message = "This identity signs in to another account."


class IdentityNotFound(NotFound):
    """No such identity of the caller."""

    message = "You have no identity {identity_id}."
