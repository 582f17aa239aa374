"""Links and codes: how they are made, and what is stored of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Self

from server.crypto.purposes import Purpose
from server.crypto.ring import Derived
from server.settings import Settings
from server.user.lookup_key import lookup_key

CODE_DIGITS: Final = 6
LINK_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Hashes codes and addresses under keys of the shop: both are few enough to be guessed from a plain hash."""

    code_keys: Derived[bytes]
    address_keys: Derived[bytes]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Under the keys of `settings`."""
        return cls(
            Derived(settings.ring, Purpose.RECOVERY_CODES, bytes),
            Derived(settings.ring, Purpose.RECOVERY_ADDRESSES, bytes),
        )

    def hash_of_code(self, proof_id: str, code: str) -> str:
        """Return what is stored of a code: another for each proof, so that equal codes do not look alike."""
        return _hash_of_code(proof_id, code, self.code_keys.current)

    def matches(self, proof_id: str, code: str, stored: str) -> bool:
        """Whether a hash is that of a code, by any of the shop's keys."""
        hashes = [_hash_of_code(proof_id, code, key) for key in self.code_keys.all()]
        return any(hmac.compare_digest(each, stored) for each in hashes)

    def address_key(self, email: str) -> str:
        """Return what stands for an e-mail address, whatever its case, where it may be of no account.

        Always by the shop's first key, so that what is counted for an address goes on when another is taken up.
        """
        return hmac.new(self.address_keys.first, lookup_key(email).encode(), hashlib.sha256).hexdigest()


def _hash_of_code(proof_id: str, code: str, key: bytes) -> str:
    return hmac.new(key, f"{proof_id} {code}".encode(), hashlib.sha256).hexdigest()


def new_code() -> str:
    """Make a code that a person can type."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def new_link_token() -> str:
    """Make the token of a link."""
    return secrets.token_urlsafe(LINK_BYTES)


def hash_of_link(token: str) -> str:
    """Return what is stored of a link's token. It is random, so a plain hash cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_id() -> str:
    """Make the id of a proof or notice; random, as ids of rows that are gone must not come again."""
    return secrets.token_hex(16)
