"""Names of things of the shop: the form in which two of them are the same."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

MAX_KEY_LENGTH: Final = 300
"""Composing can make a name many times longer; what differs behind this much is the same."""


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """The form in which names are compared: trimmed, single blanks, whatever the case, accents composed (NFKC)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())[:MAX_KEY_LENGTH]
