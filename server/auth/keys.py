"""The keys of the accounts: one for each purpose, and those that sign access tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from server.crypto.purposes import Purpose
from server.crypto.ring import Derived
from server.settings import InvalidSettings, Settings

PrivateKey: TypeAlias = bytes | Ed25519PrivateKey | RSAPrivateKey
PublicKey: TypeAlias = bytes | Ed25519PublicKey | RSAPublicKey
"""A secret of ours is both."""

MIN_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A key and the one algorithm it is used with: a token cannot choose another."""

    algorithm: str
    key: PublicKey


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The key that signs, its `kid`, and by `kid` every key that is accepted."""

    kid: str
    algorithm: str
    signer: PrivateKey | Derived[bytes]
    """A secret of the shop's changes with its key ring."""
    files: Mapping[str, VerifyingKey]

    @property
    def signing_key(self) -> PrivateKey:
        """The key that signs."""
        return self.signer.current if isinstance(self.signer, Derived) else self.signer

    def accepted(self, kid: str) -> Sequence[VerifyingKey]:
        """The keys that a token may be signed with which names this one. Raises KeyError when there is none.

        The shop's secrets have one name together: a token tells the newest from those before by its signature.
        """
        if isinstance(self.signer, Derived) and kid == self.kid:
            return [VerifyingKey(self.algorithm, key) for key in self.signer.all()]
        return [self.files[kid]]

    @classmethod
    def of(cls, settings: Settings) -> TokenKeys:
        """The keys that `settings` name.

        Raises InvalidSettings when a file is missing or holds another kind of key.
        """
        files = {kid: _public_key(path) for kid, path in settings.jwt_previous_keys.items()}
        if settings.jwt_key_file is None or settings.algorithm == "HS256":
            secrets = Derived(settings.ring, Purpose.ACCESS_TOKENS, bytes)
            return cls(settings.jwt_key_id, settings.algorithm, secrets, files)
        pair = _private_key(settings.jwt_key_file, settings.algorithm)
        files[settings.jwt_key_id] = VerifyingKey(settings.algorithm, pair.public_key())
        return cls(settings.jwt_key_id, settings.algorithm, pair, files)


def _private_key(path: Path, algorithm: str) -> Ed25519PrivateKey | RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidSettings(
            f"JWT_KEY_FILE: {path} cannot be read as an unencrypted PEM private key"
        ) from error
    if algorithm == "EdDSA" and isinstance(key, Ed25519PrivateKey):
        return key
    if algorithm == "RS256" and isinstance(key, RSAPrivateKey) and key.key_size >= MIN_RSA_BITS:
        return key
    needed = "an Ed25519 key" if algorithm == "EdDSA" else f"an RSA key of {MIN_RSA_BITS} bits or more"
    raise InvalidSettings(f"JWT_KEY_FILE: {algorithm} needs {needed}")


def _public_key(path: Path) -> VerifyingKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidSettings(f"JWT_PREVIOUS_KEYS: {path} cannot be read as a PEM public key") from error
    if isinstance(key, Ed25519PublicKey):
        return VerifyingKey("EdDSA", key)
    if isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return VerifyingKey("RS256", key)
    raise InvalidSettings(
        f"JWT_PREVIOUS_KEYS: {path} is neither Ed25519 nor RSA of {MIN_RSA_BITS} bits or more"
    )
