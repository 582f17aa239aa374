"""Seals what must not lie in the database in plain: personal values, payment tokens, replies that hold them.

A sealed text is "s2:", the id of its key, ":", and nonce and ciphertext (AES-256-GCM) in base64. It is bound to
its cell, a column and a row, so that it opens nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.crypto.keys import KEY_ID_LENGTH
from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing

MARK: Final = "s2:"
"""Begins a sealed text. No token of a gateway does: the contract takes letters, digits, "_" and "-" only."""
OLD_MARK: Final = "sealed1:"
"""Began what earlier releases sealed: for a user, whatever the row."""
BYTES_MARK: Final = b"\x00s2:"
"""Begins sealed bytes. No message does: a field's number is never 0."""
_NONCE_BYTES: Final = 12


class Unreadable(Exception):
    """It was sealed with a key that is not here or for another cell, or it is damaged."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a sealed value belongs: a column ("users.phone"), and what identifies the row."""

    column: str
    row: object

    def __bytes__(self) -> bytes:
        return f"{self.column} {self.row}".encode()


class Vault:
    """Encrypts and authenticates, with the key that the ring names for what is new."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._ciphers = Derived(ring, Purpose.SEALING, AESGCM)
        self._old_ciphers = Derived(ring, Purpose.SEALED_TOKENS, AESGCM)
        self._neighbours = Derived(ring, Purpose.NEIGHBOURS, bytes)
        self._phones = Derived(ring, Purpose.PHONE_INDEX, bytes)
        self._audits = Derived(ring, Purpose.AUDIT_LOG, bytes)

    @property
    def is_sealing(self) -> bool:
        """Whether personal values are sealed: not while a release that cannot read them may serve."""
        return self.ring.state.is_sealing

    @property
    def mark(self) -> str:
        """What a text begins with that is sealed with the key for what is new."""
        return f"{MARK}{self._ciphers.name}:"

    @property
    def bytes_mark(self) -> bytes:
        """What bytes begin with that are sealed with the key for what is new."""
        return BYTES_MARK + self._ciphers.name.encode()

    def seal(self, text: str, cell: Cell) -> str:
        """Seal a personal text for its cell. Of nothing nothing is stored, and what is sealed stays so."""
        if not text or not self.is_sealing or text.startswith((MARK, OLD_MARK)):
            return text
        name, sealed = self._encrypt(text.encode(), cell)
        return f"{MARK}{name}:{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, stored: str, cell: Cell) -> str:
        """The text that was sealed for a cell; one that carries no mark is the text itself. Raises Unreadable."""
        if not stored.startswith(MARK):
            return stored
        name, _, sealed = stored.removeprefix(MARK).partition(":")
        try:
            return self._decrypt(name, base64.urlsafe_b64decode(sealed), cell).decode()
        except ValueError:
            raise Unreadable() from None

    def seal_bytes(self, value: bytes, cell: Cell) -> bytes:
        """Seal bytes for their cell, as `seal` does."""
        if not value or not self.is_sealing:
            return value
        name, sealed = self._encrypt(value, cell)
        return BYTES_MARK + name.encode() + sealed

    def open_bytes(self, stored: bytes, cell: Cell) -> bytes:
        """The bytes that were sealed for a cell. Raises Unreadable."""
        if not stored.startswith(BYTES_MARK):
            return stored
        start = len(BYTES_MARK)
        name = stored[start : start + KEY_ID_LENGTH].decode("ascii", "replace")
        return self._decrypt(name, stored[start + KEY_ID_LENGTH :], cell)

    def seal_token(self, token: str, cell: Cell, owner: int) -> str:
        """Seal a user's token for its cell; as earlier releases did while one of them may serve."""
        if not token:
            return ""
        if self.is_sealing:
            return self.seal(token, cell)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._old_ciphers.current.encrypt(nonce, token.encode(), _owner(owner))
        return OLD_MARK + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open_token(self, stored: str, cell: Cell, owner: int) -> str:
        """The token that was sealed for a cell, or by an earlier release for its owner. Raises Unreadable."""
        if not stored.startswith(OLD_MARK):
            return self.open(stored, cell)
        try:
            raw = base64.urlsafe_b64decode(stored.removeprefix(OLD_MARK))
            for cipher in self._old_ciphers.all():
                opened = _opened(cipher, raw, _owner(owner))
                if opened is not None:
                    return opened.decode()
        except ValueError:
            pass
        raise Unreadable()

    def number_of(self, name: str) -> int:
        """A number that stands for a name, always the same, which only the shop can foresee.

        Always the same, whatever the key: who repeats a call across a rotation is the same caller.
        """
        return int.from_bytes(hmac.digest(self._neighbours.first, name.encode(), hashlib.sha256)[:8])

    def phone_keys(self, phone: str) -> list[str]:
        """What a phone number is found by, by each key, that for what is new first; none for no number."""
        digits = _digits(phone)
        if not digits:
            return []
        return [hmac.digest(key, digits.encode(), hashlib.sha256).hex()[:32] for key in self._phones.all()]

    def audit_signature(self, content: bytes) -> str:
        """What proves that the shop has written a content into its audit log: the id of a key, and an HMAC."""
        name, key = self._audits.named()
        return f"{name}:{hmac.digest(key, content, hashlib.sha256).hex()}"

    def is_audit_signature(self, content: bytes, signature: str) -> bool:
        """Whether a signature of the audit log is of this content."""
        name, _, sent = signature.partition(":")
        key = self._audits.of(name)
        return key is not None and hmac.compare_digest(
            hmac.digest(key, content, hashlib.sha256).hex().encode(), sent.encode()
        )

    def _encrypt(self, value: bytes, cell: Cell) -> tuple[str, bytes]:
        """The id of the key, and what it makes of a value."""
        name, cipher = self._ciphers.named()
        nonce = os.urandom(_NONCE_BYTES)
        return name, nonce + cipher.encrypt(nonce, value, bytes(cell))

    def _decrypt(self, name: str, raw: bytes, cell: Cell) -> bytes:
        cipher = self._ciphers.of(name)
        opened = None if cipher is None else _opened(cipher, raw, bytes(cell))
        if opened is None:
            raise Unreadable()
        return opened


def _opened(cipher: AESGCM, raw: bytes, cell: bytes) -> bytes | None:
    try:
        return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], cell)
    except (InvalidTag, ValueError):
        return None


def _owner(user_id: int) -> bytes:
    return f"user {user_id}".encode()


def _digits(phone: str) -> str:
    """A phone number in the form in which two that are written in different ways are the same."""
    digits = "".join(character for character in phone if character.isdecimal())
    return digits.removeprefix("00")
