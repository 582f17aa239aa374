"""Slugs: names as they stand in a URL."""

from __future__ import annotations

import re
import secrets
import unicodedata

from anyascii import anyascii

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LETTER = re.compile("[a-z]")
_NO_SLUG = re.compile("[^a-z0-9]+")


def slugify(name: str, *, max_length: int = 200) -> str:
    """`name` in lower-case ASCII letters, digits and single hyphens: "Crème brûlée" is "creme-brulee".

    Letters of other scripts are transliterated: "Straße" is "strasse", "Тестовый" "testovyi". A name without any
    letter or digit, or with digits only (which would read as an id), becomes "item-…".
    """
    plain = name if name.isascii() else anyascii(unicodedata.normalize("NFC", name))
    slug = _NO_SLUG.sub("-", plain.lower()).strip("-")[:max_length].strip("-")
    if not has_letter(slug):
        return f"item-{slug}".rstrip("-")
    return slug


def has_letter(slug: str) -> bool:
    """Return whether a slug cannot be taken for an id."""
    return _LETTER.search(slug) is not None


def with_suffix(slug: str) -> str:
    """`slug` with a random ending, for when it is taken."""
    return f"{slug}-{''.join(secrets.choice(_ALPHABET) for _ in range(5))}"


def random_sku() -> str:
    """A sku for a product that came without one."""
    return "SKU-" + "".join(secrets.choice(_ALPHABET) for _ in range(10)).upper()
