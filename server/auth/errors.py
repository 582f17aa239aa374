"""Refusals of signing in."""

from __future__ import annotations

from server.errors import InvalidField, NotFound, Unauthenticated


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
