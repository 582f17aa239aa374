"""Whose a request id is: a user's, or a guest's, who is known by a name such as the token of their cart."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from server.errors import InvalidField

SHARES: Final = 100
"""Among how many the request ids are divided of those who have no name, so that they are bounded in all."""

_RANDOM: Final = (4, 7)
"""The versions of UUIDs that nobody can guess."""


def guest(name: str) -> int:
    """The number that stands for a guest: negative, so that it is no user's."""
    digest = hashlib.sha256(name.encode()).digest()
    return -(int.from_bytes(digest[:8]) >> 1) - 1


def stranger(request_id: str, field: str) -> int:
    """The number under which a request id is kept of who has neither signed in nor a name, as before a first cart.

    Nothing but the id tells them apart: raises InvalidField, naming the `field` that brought it, for one that
    another could guess.
    """
    made = UUID(request_id)
    if made.version not in _RANDOM:
        problem = (
            "must be a random UUID (version 4 or 7) of a guest without a cart: who knows it gets the cart"
        )
        raise InvalidField((field, problem))
    return -(made.int % SHARES)


def is_stranger(owner: int) -> bool:
    """Whether a number stands for those who have no name."""
    return -SHARES < owner <= 0
