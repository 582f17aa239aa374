"""Links and codes: how they are made, and what is stored of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Self

from server.auth.keys import account_key
from server.settings import Settings
from server.user.lookup_key import lookup_key

CODE_DIGITS: Final = 6
LINK_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Hashes codes and addresses under keys of the shop: both are few enough to be guessed from a plain hash."""

    code_key: bytes
    address_hash_key: bytes

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Under the keys of `settings`."""
        secret = settings.secret_key.get_secret_value()
        return cls(account_key(secret, "recovery-code"), account_key(secret, "recovery-address"))

    def hash_of_code(self, proof_id: str, code: str) -> str:
        """Return what is stored of a code: another for each proof, so that equal codes do not look alike."""
        return hmac.new(self.code_key, f"{proof_id} {code}".encode(), hashlib.sha256).hexdigest()

    def address_key(self, email: str) -> str:
        """Return what stands for an e-mail address, whatever its case, where it may be of no account."""
        return hmac.new(self.address_hash_key, lookup_key(email).encode(), hashlib.sha256).hexdigest()


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
