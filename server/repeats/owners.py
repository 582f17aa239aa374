"""Whose a request id is: a user's, or a guest's, who is known by a name such as the token of their cart."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from server.errors import InvalidField

SHARES: Final = 100
"""Among how many the networks of guests without a name are divided, so that these are bounded in all."""

_RANDOM: Final = (4, 7)
"""The versions of UUIDs that nobody can guess."""


def guest(name: str) -> int:
    """The number that stands for a guest: negative, so that it is no user's."""
    digest = hashlib.sha256(name.encode()).digest()
    return -(int.from_bytes(digest[:8]) >> 1) - 1


def registering(email_key: str) -> str:
    """The name of a guest who registers with an e-mail address."""
    return f"register {email_key}"


def mailbox(email_key: str) -> str:
    """The name of a guest who has a code that was mailed to an address."""
    return f"mailbox {email_key}"


def stranger(number: int) -> int:
    """The number under which request ids are kept of who has neither signed in nor a name, as before a first cart.

    `number` stands for their network: who floods the shop from one fills its share, and can aim at no other.
    """
    return -(number % SHARES)


def check_unguessable(request_id: str, field: str) -> None:
    """Raise InvalidField, naming the `field` that brought it, for a request id that another could guess.

    Nothing but the id tells those apart who call from one network.
    """
    if UUID(request_id).version not in _RANDOM:
        problem = (
            "must be a random UUID (version 4 or 7) of a guest without a cart: who knows it gets the cart"
        )
        raise InvalidField((field, problem))


def is_stranger(owner: int) -> bool:
    """Whether a number stands for those who have no name."""
    return -SHARES < owner <= 0
