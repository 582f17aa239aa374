"""Whose a request id is: a user's, or a guest's, who is known by a name such as the token of their cart."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from server.errors import InvalidField

NOBODY: Final = 0
"""Who has neither signed in nor a name yet, as a guest before their first cart."""

_RANDOM: Final = (4, 7)
"""The versions of UUIDs that nobody can guess."""


def guest(name: str) -> int:
    """The number that stands for a guest: negative, so that it is no user's."""
    if not name:
        return NOBODY
    digest = hashlib.sha256(name.encode()).digest()
    return -(int.from_bytes(digest[:8]) >> 1) - 1


def check_secret(request_id: str) -> None:
    """Raise InvalidField for a request id that a stranger could guess, where nothing else tells callers apart."""
    if UUID(request_id).version not in _RANDOM:
        problem = (
            "must be a random UUID (version 4 or 7) of a guest without a cart: who knows it gets the cart"
        )
        raise InvalidField(("request_id", problem))
