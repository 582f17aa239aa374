"""Highlights: the parts of a text that a query is found in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from server.search.index.words import Wording, words

MAX_LOOKED_AT: Final = 2_000
"""Characters of a text in which its best piece is looked for."""
SNIPPET: Final = 200
"""Characters of a long text that are shown."""
LEAD: Final = 40
"""Of them before the first word that matches."""

STEMMED: Final = 3
"""The last letters of a stem that its words may write in another way: batteri of battery, abl of ability."""

_IRREGULAR: Final = frozenset({"die", "lie", "tie"})
"""Stems of dying, lying and tying."""

_WORD: Final = re.compile(r"[^\W_]+")
_FOREIGN_WORD: Final = re.compile(r"[a-zA-Z0-9]*[^\W_\x00-\x7f][^\W_]*")


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of a text."""

    text: str
    matches: bool


def highlighted(text: str, stems: frozenset[str], wording: Wording) -> list[TextPart]:
    """A short text in parts; none when nothing matches."""
    return _parts(text, list(_spans(text, stems, wording)), 0, len(text))


def snippet(text: str, stems: frozenset[str], wording: Wording) -> list[TextPart]:
    """The piece of a long text around the first word that matches, in parts; none when nothing matches."""
    spans = list(_spans(text[:MAX_LOOKED_AT], stems, wording))
    if not spans:
        return []
    start = _word_start(text, spans[0][0] - LEAD)
    end = _word_end(text, start + SNIPPET)
    return _parts(text, [span for span in spans if span[1] <= end], start, end)


def _spans(text: str, stems: frozenset[str], wording: Wording) -> Iterator[tuple[int, int]]:
    """Where the words stand that match."""
    lowered = text.lower()
    if len(lowered) == len(text):
        spans = _candidates(text, lowered, stems)
    else:  # a few letters become two
        spans = [match.span() for match in _WORD.finditer(text)]
    for start, end in spans:
        if not stems.isdisjoint(_stems_of(text[start:end], wording)):
            yield start, end


def _candidates(text: str, lowered: str, stems: frozenset[str]) -> list[tuple[int, int]]:
    """The words that may match, in their order: most texts have few, and looking at each word takes long.

    A stem and its words have a beginning in common, but for accents, which the words with other letters may have.
    """
    starts: set[int] = set()
    for beginning in _beginnings(stems):
        at = lowered.find(beginning)
        while at >= 0:
            if not at or not lowered[at - 1].isalnum():
                starts.add(at)
            at = lowered.find(beginning, at + 1)
    spans = {match.span() for start in starts if (match := _WORD.match(text, start))}
    if not text.isascii():
        spans.update(match.span() for match in _FOREIGN_WORD.finditer(text))
    return sorted(spans)


@lru_cache(maxsize=1_000)
def _beginnings(stems: frozenset[str]) -> frozenset[str]:
    """What the words of these stems begin with."""
    return frozenset(
        each[: 1 if each in _IRREGULAR else max(len(each) - STEMMED, min(len(each), 2))] for each in stems
    )


@lru_cache(maxsize=20_000)
def _stems_of(word: str, wording: Wording) -> tuple[str, ...]:
    return tuple(stem for each in words(word) for stem in wording.stems(each))


def _parts(text: str, spans: list[tuple[int, int]], start: int, end: int) -> list[TextPart]:
    if not spans:
        return []
    parts: list[TextPart] = []
    for first, last in spans:
        if first > start:
            parts.append(TextPart(text[start:first], matches=False))
        parts.append(TextPart(text[first:last], matches=True))
        start = last
    if start < end:
        parts.append(TextPart(text[start:end], matches=False))
    return parts


def _word_start(text: str, position: int) -> int:
    if position <= 0:
        return 0
    blank = text.find(" ", position)
    return blank + 1 if 0 <= blank < position + LEAD else position


def _word_end(text: str, position: int) -> int:
    if position >= len(text):
        return len(text)
    blank = text.rfind(" ", 0, position)
    return blank if blank > position - LEAD else position
