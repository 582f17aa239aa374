"""The numbers of orders, which people see. Random, so that nobody counts a shop's orders by them."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U to misread


def order_number() -> str:
    """A number for an order: "SO-7K3M9-QX42T", 50 random bits."""
    return f"SO-{_symbols(5)}-{_symbols(5)}"


def _symbols(count: int) -> str:
    return "".join(_ALPHABET[byte % 32] for byte in secrets.token_bytes(count))
