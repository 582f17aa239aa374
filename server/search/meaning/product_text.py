"""The text by which a sentence model places a product."""

from __future__ import annotations

import hashlib

from server.recommend.serving.queries import ProductWords

DESCRIPTION_LIMIT = 400
"""Characters: models are trained on sentences, and a long description drowns what the product is."""


def text_of(words: ProductWords) -> str:
    """What the product is, and whose, before what is said of it."""
    named = words.name
    if words.brand and not words.name.lower().startswith(words.brand.lower()):
        named = f"{words.brand} {words.name}"
    parts = (named, words.category, words.description[:DESCRIPTION_LIMIT])
    return ". ".join(part.strip() for part in parts if part.strip())


def hash_of(text: str) -> str:
    """What tells texts apart."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
