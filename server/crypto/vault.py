"""Seals what must not lie in the database in plain: payment tokens, and codes of gift cards, which are money."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.crypto.keys import derived_key

_MARK: Final = "sealed1:"
"""Begins what is sealed. No token can: the contract takes letters, digits, "_" and "-" only."""
_NONCE_BYTES: Final = 12


class Unreadable(Exception):
    """It was sealed with another SECRET_KEY or for somebody else, or it is damaged."""


class Vault:
    """Encrypts and authenticates (AES-GCM) with a key of its own, made from the shop's secret."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(derived_key(secret, "vault"))
        self._names = derived_key(secret, "names")

    def seal(self, text: str, user_id: int) -> str:
        """Seal a text of this user's for storing: it opens for nobody else. Of nothing nothing is stored."""
        if not text:
            return ""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), _owner(user_id))
        return _MARK + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, stored: str, user_id: int) -> str:
        """The text that was sealed for this user. Raises Unreadable.

        What was stored before there was a vault carries no mark, and is the text itself.
        """
        if not stored.startswith(_MARK):
            return stored
        try:
            raw = base64.urlsafe_b64decode(stored.removeprefix(_MARK))
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _owner(user_id)).decode()
        except (ValueError, InvalidTag):
            raise Unreadable() from None

    def number_of(self, name: str) -> int:
        """A number that stands for a name, always the same, which only the shop can foresee."""
        return int.from_bytes(hmac.digest(self._names, name.encode(), hashlib.sha256)[:8])


def _owner(user_id: int) -> bytes:
    return f"user {user_id}".encode()
