"""Refusals of signing in."""

from __future__ import annotations

from server.errors import FailedPrecondition, InvalidField, NotFound, ResourceExhausted, Unauthenticated


class WeakPassword(InvalidField):
    """The password is easy to guess; raise it with the field and what is wrong, as InvalidField."""


class InvalidCredentials(Unauthenticated):
    """One sentence for every reason, so that nobody learns which accounts exist."""

    message = "The e-mail, user name or password is wrong."


class RefreshTokenInvalid(Unauthenticated):
    """One sentence for every flaw, so that a thief learns nothing."""

    message = "The refresh token is not valid any more; sign in again."


class SessionNotFound(NotFound):
    """No such session of the caller."""

    message = "You have no session {session_id}."


class TooManyRefreshes(ResourceExhausted, reason="RATE_LIMITED"):
    """The caller's address has sent too many refresh tokens in this minute that were none."""

    message = "Too many refresh tokens from your address were not valid; try again in {seconds} seconds."


class TooManySignIns(ResourceExhausted):
    """The account, or the caller's address, has had its failed sign-ins of this minute."""

    message = "Too many sign-ins failed; try again in {seconds} seconds."


class TooManyCodes(ResourceExhausted, reason="TOO_MANY_SIGN_INS"):
    """The account, or the caller's address, has had its wrong codes of this minute."""

    message = "Too many codes were wrong; try again in {seconds} seconds."


class AccountLocked(ResourceExhausted):
    """Too many sign-ins of the account failed in a row; nobody learns by it whether there is such an account."""

    message = (
        "Too many attempts failed in a row. Try again in {seconds} seconds, or where you signed in before."
    )


class ReauthenticationRequired(FailedPrecondition):
    """Told of a session that was opened a while ago, and may have been left open."""

    message = "You signed in a while ago; sign in again first."


class LastWayToSignIn(FailedPrecondition):
    """Nobody could sign in to the account any more."""

    message = "This is the last way to sign in to your account; set a password first."
