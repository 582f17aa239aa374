"""Names of things of the shop: the form in which two of them are the same."""

from __future__ import annotations

import unicodedata


def name_key(name: str) -> str:
    """The form in which names are compared: trimmed, single blanks, whatever the case, accents composed (NFKC)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())
