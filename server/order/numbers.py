"""The numbers that people see: of orders and of parcels. Random, so that nobody counts a shop's orders by them."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U to misread


def order_number() -> str:
    """A number for an order: "SO-7K3M9-QX42T", 50 random bits."""
    return f"SO-{_symbols(5)}-{_symbols(5)}"


def tracking_number() -> str:
    """A number for a parcel: "TRK7K3M9QX42T01"."""
    return f"TRK{_symbols(12)}"


def _symbols(count: int) -> str:
    return "".join(_ALPHABET[byte % 32] for byte in secrets.token_bytes(count))
