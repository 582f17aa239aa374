"""Signatures of entries: who can write to the database, and has no key, can neither change nor forge one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from server.audit.values import canonical
from server.crypto.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """What of an entry is signed."""

    at: datetime
    actor_id: int | None
    is_service: bool
    action: str
    subject: str
    event: str
    occurrences: int
    request_id: str
    personal_digest: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """Those of a stored row."""
        return cls(**{name: getattr(row, name) for name in cls.__slots__})

    def __bytes__(self) -> bytes:
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        others = (getattr(self, name) for name in self.__slots__ if name != "at")
        return canonical([at, *others])


def new_salt() -> str:
    """What makes a digest of personal values useless to whoever tries values, once it is forgotten."""
    return secrets.token_hex(16)


def personal_digest(salt: str, address: str, details: Mapping[str, Any]) -> str:
    """The digest that stands for the personal values of an entry."""
    return hashlib.sha256(canonical([salt, address, details])).hexdigest()


def sign(vault: Vault, content: bytes) -> str | None:
    """The signature of a content; None in a process that has no keys."""
    return vault.audit_signature(content) if vault.ring.secrets else None


def is_signed(vault: Vault, content: bytes, signature: str) -> bool:
    """Whether a signature is of this content, by a key that the shop has or had."""
    return vault.is_audit_signature(content, signature)
