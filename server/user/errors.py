"""Refusals of the users' own data."""

from __future__ import annotations

from server.errors import AlreadyExists, InvalidArgument, NotFound


class EmailTaken(AlreadyExists):
    """Another account has the e-mail address."""

    message = "Another account has this e-mail address; sign in instead."


class UsernameTaken(AlreadyExists):
    """Another account has the user name."""

    message = "The user name {username} is taken; choose another."


class AddressNotFound(NotFound):
    """No such address of the caller."""

    message = "You have no address {address_id}."


class PaymentMethodNotFound(NotFound):
    """No such saved payment method of the caller."""

    message = "You have no payment method {payment_method_id}."


class CardNumberRefused(InvalidArgument):
    """A card number where a token belongs. What was sent is not repeated, here or anywhere."""

    message = "This looks like a card number; send the token that the payment gateway gave for the card."
