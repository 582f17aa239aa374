"""Queries with a mistyped word, as people type."""

from __future__ import annotations

import random
import re
import string
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z]{4,}")


def mistyped(query: str, chance: random.Random) -> str:
    """The query with one edit inside one of its words of four letters or more; its first and last letter stay.

    A query without such a word stays as it is.
    """
    words = [match for match in _WORD.finditer(query) if _is_whole(query, match)]
    if not words:
        return query
    match = chance.choice(words)
    return query[: match.start()] + _edited(match[0], chance) + query[match.end() :]


def _is_whole(query: str, match: re.Match[str]) -> bool:
    """Whether the letters are a word of their own, with no digit or letter at their side."""
    before, after = query[: match.start()][-1:], query[match.end() :][:1]
    return not (before.isalnum() or after.isalnum())


def _edited(word: str, chance: random.Random) -> str:
    inner = range(1, len(word) - 1)
    edit = chance.choice(["insert", "delete", "substitute", "transpose"])
    position = chance.choice(inner)
    letter = chance.choice([each for each in string.ascii_lowercase if each != word[position].lower()])
    if edit == "insert":
        return word[:position] + letter + word[position:]
    if edit == "delete":
        return word[:position] + word[position + 1 :]
    if edit == "substitute":
        return word[:position] + letter + word[position + 1 :]
    pairs = [i for i in inner if i + 1 < len(word) - 1 and word[i] != word[i + 1]]
    if not pairs:
        return word[:position] + letter + word[position + 1 :]
    first = chance.choice(pairs)
    return word[:first] + word[first + 1] + word[first] + word[first + 2 :]
