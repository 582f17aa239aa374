"""Terms of synonyms as the words that search compares."""

from __future__ import annotations

from typing import Final, TypeAlias

from server.search.index.words import Wording, words

Words: TypeAlias = tuple[str, ...]

MAX_KEY: Final = 300


def split(term: str) -> Words:
    """The words of a term, without those that say nothing beside others."""
    written = words(term)
    return tuple(word for word in written if not Wording().is_stop_word(word)) or tuple(written)


def key_of(term: str) -> str:
    """The form in which terms are the same."""
    return " ".join(split(term))[:MAX_KEY]
