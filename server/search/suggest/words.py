"""Words of names and of what people type: the form in which they are compared."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"[^\W_]+")


class Word(NamedTuple):
    """A word of a text, in the form that is compared, and where it stands."""

    folded: str
    start: int
    end: int


def words_of(text: str) -> list[str]:
    """The words of a text, without case and accents: "Café-Crème 16GB" has cafe, creme and 16gb."""
    return _WORD.findall(_folded(text))


def placed_words(text: str) -> list[Word]:
    """The same, each with its place in the text as it is written, where that is in composed characters (NFC)."""
    return [Word(_folded(match[0]), *match.span()) for match in _WORD.finditer(text)]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
