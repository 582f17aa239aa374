"""Refusals of the accounts."""

from __future__ import annotations

from server.errors import AlreadyExists, InvalidArgument, InvalidField, NotFound, Unauthenticated


class WeakPassword(InvalidField):
    """The password is easy to guess; raise it with the field and what is wrong, as InvalidField."""


class EmailTaken(AlreadyExists):
    """Another account has the e-mail address."""

    message = "Another account has this e-mail address; sign in instead."


class UsernameTaken(AlreadyExists):
    """Another account has the user name."""

    message = "The user name {username} is taken; choose another."


class InvalidCredentials(Unauthenticated):
    """One sentence for every reason, so that nobody learns which accounts exist."""

    message = "The e-mail, user name or password is wrong."


class RefreshTokenInvalid(Unauthenticated):
    """One sentence for every flaw, so that a thief learns nothing."""

    message = "The refresh token is not valid any more; sign in again."


class SessionNotFound(NotFound):
    """No such session of the caller."""

    message = "You have no session {session_id}."


class AddressNotFound(NotFound):
    """No such address of the caller."""

    message = "You have no address {address_id}."


class PaymentMethodNotFound(NotFound):
    """No such saved payment method of the caller."""

    message = "You have no payment method {payment_method_id}."


class CardNumberRefused(InvalidArgument):
    """A card number where a token belongs. What was sent is not repeated, here or anywhere."""

    message = (
        "{field}: this looks like a card number; send the token that the payment gateway gave for the card."
    )
