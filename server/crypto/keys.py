"""Keys: one for each purpose, all from the shop's one secret."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.crypto.purposes import HKDF_PURPOSES, Purpose

KEY_ID_LENGTH: Final = 8
"""Hexadecimal digits of the name of a secret."""


def purpose_key(secret: bytes, purpose: Purpose) -> bytes:
    """The 32-byte key for one purpose that follows from a secret."""
    if purpose in HKDF_PURPOSES:
        return _expanded(secret, purpose)
    return derived_key(secret, purpose)


def derived_key(secret: bytes, purpose: str) -> bytes:
    """The 32-byte key that follows from another one, by what it is for."""
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)


def key_id(secret: bytes) -> str:
    """The name of a secret: eight hexadecimal digits, which tell nothing of it."""
    return _expanded(secret, "key id").hex()[:KEY_ID_LENGTH]


def _expanded(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=f"sanset {purpose}".encode()).derive(secret)
