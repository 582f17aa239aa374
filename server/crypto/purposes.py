"""What the shop's keys are for: each purpose has its own, so that what leaks from one use opens no other."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Purpose(StrEnum):
    """A use of keys. tests/integration/keys/test_purposes.py proves that each outlives a rotation."""

    ACCESS_TOKENS = "access-token"
    REFRESH_TOKENS = "refresh-token"
    PASSWORDS = "password"
    DEVICES = "device"
    RECOVERY_CODES = "recovery-code"
    RECOVERY_ADDRESSES = "recovery-address"
    PAGE_TOKENS = "page-token"
    PAGE_NONCES = "page-token-nonce"
    SEALED_TOKENS = "vault"
    """Tokens of payments as earlier releases sealed them: `SEALING` took its place."""
    NEIGHBOURS = "names"
    GIFT_CARD_CODES = "gift card codes"
    WEBHOOKS = "webhooks"
    DEMO_GATEWAY = "demo gateway webhooks"
    ATTRIBUTION = "attribution"
    ORIGINS = "origin"
    ARTIFACTS = "artifact"
    SEARCHERS = "searchers"
    SEALING = "sealing"
    PHONE_INDEX = "phone index"
    AUDIT_LOG = "audit log"


LASTING: Final = frozenset(
    {
        Purpose.PASSWORDS,
        Purpose.DEVICES,
        Purpose.RECOVERY_ADDRESSES,
        Purpose.GIFT_CARD_CODES,
        Purpose.WEBHOOKS,
        Purpose.NEIGHBOURS,
        Purpose.AUDIT_LOG,
    }
)
"""Those whose work cannot be done again under another key, as what it was done to is not stored: the derived keys
are kept, sealed, when their secret is dropped."""

HKDF_PURPOSES: Final = frozenset({Purpose.SEALING, Purpose.PHONE_INDEX, Purpose.AUDIT_LOG})
"""Those whose keys HKDF derives (RFC 5869); the keys of the others are older, and must not change."""
